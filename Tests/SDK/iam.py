"""Walks users, keys, policies, tokens and project discovery with the vendor's own SDK against a running server.

    iam.py ENDPOINT

Credentials of an administrator come from the variables that the SDK's users have. Each step checks what it
sees and says so; the first surprise ends the walk with status 1.
"""
import os
import sys

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkesw import v3 as esw
from huaweicloudsdkiam import v3 as iam
from huaweicloudsdkvpc import v2 as vpc

endpoint, region = sys.argv[1], "local-1"
key, secret = os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"]
project = os.environ["HUAWEICLOUD_SDK_PROJECT_ID"]
os.environ["HUAWEICLOUD_SDK_IAM_ENDPOINT"] = endpoint


def check(what, condition, seen=None):
    if not condition:
        print(f"FAILED {what}: {seen}")
        sys.exit(1)
    print(f"ok {what}")


def refused(what, status, code, call):
    """The call must end in this error, and carry a request id as the SDK reads it."""
    try:
        answer = call()
    except ClientRequestException as error:
        check(what, (error.status_code, error.error_code) == (status, code) and len(error.request_id) == 32,
              f"{error.status_code} {error.error_code} {error.error_msg} {error.request_id}")
    else:
        check(what, False, answer)


def identity(ak, sk, domain=None):
    return iam.IamClient.new_builder().with_endpoint(endpoint).with_credentials(
        GlobalCredentials(ak, sk, domain)).build()


def switch(ak, sk, where=project):
    return esw.EswClient.new_builder().with_endpoint(endpoint).with_credentials(
        BasicCredentials(ak, sk, where)).build()


# Global credentials without a domain find it out; with a region they ask IAM for it.
found = iam.IamClient.new_builder().with_region(Region(region, endpoint)).with_credentials(
    GlobalCredentials(key, secret)).build()
domains = found.keystone_list_auth_domains(iam.KeystoneListAuthDomainsRequest()).domains
check("the one domain", len(domains) == 1 and domains[0].enabled and len(domains[0].id) == 32, domains)
domain = domains[0].id
admin = identity(key, secret, domain)

# Project discovery by a regional client that has no project.
regional = esw.EswClient.new_builder().with_region(Region(region, endpoint)).with_credentials(
    BasicCredentials(key, secret)).build()
check("a regional client finds its project", len(regional.list_flavors(esw.ListFlavorsRequest()).flavors) == 3)
listed = admin.keystone_list_projects(iam.KeystoneListProjectsRequest(name=region))
check("list projects by name", [row.id for row in listed.projects] == [project]
      and listed.projects[0].domain_id == domain and listed.projects[0].enabled, listed)
check("list projects by another name", admin.keystone_list_projects(
    iam.KeystoneListProjectsRequest(name="no-such")).projects == [])
check("list the caller's projects", [row.id for row in admin.keystone_list_auth_projects(
    iam.KeystoneListAuthProjectsRequest()).projects] == [project])
check("show a project", admin.keystone_show_project(
    iam.KeystoneShowProjectRequest(project_id=project)).project.name == region)
catalog = admin.keystone_show_catalog(iam.KeystoneShowCatalogRequest()).catalog
check("the catalog has the three services here", {row.type: row.endpoints[0].url for row in catalog} == {
    "esw": f"{endpoint}/v3/{project}", "iam": f"{endpoint}/v3", "vpc": f"{endpoint}/v1/{project}"}, catalog)
second = admin.keystone_create_project(iam.KeystoneCreateProjectRequest(body=iam.KeystoneCreateProjectRequestBody(
    project=iam.KeystoneCreateProjectOption(name=f"{region}_second", parent_id=domain, description="another")))).project
check("create a project", second.name == f"{region}_second" and second.parent_id == domain, second)
refused("a project of the same name", 409, "iam.8003", lambda: admin.keystone_create_project(
    iam.KeystoneCreateProjectRequest(body=iam.KeystoneCreateProjectRequestBody(
        project=iam.KeystoneCreateProjectOption(name=f"{region}_second", parent_id=domain)))))

# A user.
made = admin.keystone_create_user(iam.KeystoneCreateUserRequest(body=iam.KeystoneCreateUserRequestBody(
    user=iam.KeystoneCreateUserOption(name="walker", domain_id=domain, password="walks every day", description="w"))))
user = made.user
check("create a user: 201", made.status_code == 201 and user.name == "walker" and user.enabled
      and user.domain_id == domain, made)
check("list users by name", [row.id for row in admin.keystone_list_users(
    iam.KeystoneListUsersRequest(name="walker")).users] == [user.id])
check("show a user", admin.keystone_show_user(iam.KeystoneShowUserRequest(user_id=user.id)).user.description == "w")
changed = admin.keystone_update_user_by_admin(iam.KeystoneUpdateUserByAdminRequest(
    user_id=user.id, body=iam.KeystoneUpdateUserByAdminRequestBody(
        user=iam.KeystoneUpdateUserOption(description="walks")))).user
check("update a user", changed.description == "walks" and changed.name == "walker", changed)
refused("a user who does not exist", 404, "iam.8002", lambda: admin.keystone_show_user(
    iam.KeystoneShowUserRequest(user_id="0" * 32)))

# Its key: shown once.
credential = admin.create_permanent_access_key(iam.CreatePermanentAccessKeyRequest(
    body=iam.CreatePermanentAccessKeyRequestBody(
        credential=iam.CreateCredentialOption(user_id=user.id, description="first")))).credential
check("create an access key", len(credential.access) == 20 and len(credential.secret) == 40
      and credential.status == "active", credential.access)
shown = admin.show_permanent_access_key(
    iam.ShowPermanentAccessKeyRequest(access_key=credential.access)).credential
check("show an access key, without its secret", shown.user_id == user.id
      and credential.secret not in str(shown), shown)
rows = admin.list_permanent_access_keys(iam.ListPermanentAccessKeysRequest(user_id=user.id)).credentials
check("list access keys", [row.access for row in rows] == [credential.access])
walker, walker_iam = switch(credential.access, credential.secret), identity(credential.access, credential.secret, domain)
refused("nothing is granted: closed", 403, "l2cg.8009", lambda: walker.list_flavors(esw.ListFlavorsRequest()))
refused("a user lists no users", 403, "APIGW.0302", lambda: walker_iam.keystone_list_users(iam.KeystoneListUsersRequest()))
check("a user lists the own keys", len(walker_iam.list_permanent_access_keys(
    iam.ListPermanentAccessKeysRequest()).credentials) == 1)
check("a user without a grant has no projects", walker_iam.keystone_list_auth_projects(
    iam.KeystoneListAuthProjectsRequest()).projects == [])

# A group and a policy.
group = admin.keystone_create_group(iam.KeystoneCreateGroupRequest(body=iam.KeystoneCreateGroupRequestBody(
    group=iam.KeystoneCreateGroupOption(name="walkers", description="who walk")))).group
check("create a group", group.name == "walkers" and group.domain_id == domain, group)
membership = dict(group_id=group.id, user_id=user.id)
check("add a user to a group: 204", admin.keystone_add_user_to_group(
    iam.KeystoneAddUserToGroupRequest(**membership)).status_code == 204)
check("the user is in the group", admin.keystone_check_user_in_group(
    iam.KeystoneCheckUserInGroupRequest(**membership)).status_code == 204)
check("list the users of a group", [row.id for row in admin.keystone_list_users_for_group_by_admin(
    iam.KeystoneListUsersForGroupByAdminRequest(group_id=group.id)).users] == [user.id])
check("list the groups of a user", [row.id for row in walker_iam.keystone_list_groups_for_user(
    iam.KeystoneListGroupsForUserRequest(user_id=user.id)).groups] == [group.id])


def policy_option(*statements, **changes):
    values = dict(display_name="readers", type="XA", description="reading", policy=iam.ServicePolicy(
        version="1.1", statement=[iam.ServiceStatement(action=actions, effect=effect) for effect, actions in statements]))
    values.update(changes)
    return iam.ServicePolicyRoleOption(**values)


def make_policy(*statements, **changes):
    return admin.create_cloud_service_custom_policy(iam.CreateCloudServiceCustomPolicyRequest(
        body=iam.CreateCloudServiceCustomPolicyRequestBody(role=policy_option(*statements, **changes)))).role


policy = make_policy(("Allow", ["esw:*:list"]))
check("create a custom policy", policy.display_name == "readers" and policy.catalog == "CUSTOMED"
      and policy.policy.statement[0].action == ["esw:*:list"], policy)
refused("a policy for single resources", 400, "l2cg.8001", lambda: make_policy(display_name="narrow", policy=iam.ServicePolicy(
    version="1.1", statement=[iam.ServiceStatement(action=["esw:*:list"], effect="Allow", resource=["esw:*:*:instance:x"])])))
check("show a custom policy", admin.show_custom_policy(
    iam.ShowCustomPolicyRequest(role_id=policy.id)).role.display_name == "readers")
customs = admin.list_custom_policies(iam.ListCustomPoliciesRequest(page=1, per_page=10))
check("list custom policies", [row.id for row in customs.roles] == [policy.id] and customs.total_number == 1, customs)
roles = admin.keystone_list_permissions(iam.KeystoneListPermissionsRequest())
check("list all policies", {"Administrator", "ESW FullAccess", "ESW ReadOnlyAccess", "readers"}
      == {row.display_name for row in roles.roles}, roles)
reader = next(row for row in roles.roles if row.display_name == "ESW ReadOnlyAccess")
check("show a built-in policy", admin.keystone_show_permission(
    iam.KeystoneShowPermissionRequest(role_id=reader.id)).role.name == "ESW ReadOnlyAccess")
grant = dict(project_id=project, group_id=group.id, role_id=policy.id)
check("grant it in a project: 204", admin.keystone_associate_group_with_project_permission(
    iam.KeystoneAssociateGroupWithProjectPermissionRequest(**grant)).status_code == 204)
check("the grant is there", admin.keystone_check_project_permission_for_group(
    iam.KeystoneCheckProjectPermissionForGroupRequest(**grant)).status_code == 204)
check("list what is granted", [row.id for row in admin.keystone_list_project_permissions_for_group(
    iam.KeystoneListProjectPermissionsForGroupRequest(project_id=project, group_id=group.id)).roles] == [policy.id])
check("the user may list", len(walker.list_flavors(esw.ListFlavorsRequest()).flavors) == 3)
refused("and nothing else", 403, "APIGW.0302",
        lambda: walker.show_instance(esw.ShowInstanceRequest(instance_id="0" * 8 + "-0000-0000-0000-" + "0" * 12)))
network = vpc.VpcClient.new_builder().with_endpoint(endpoint).with_credentials(
    BasicCredentials(credential.access, credential.secret, project)).build()
refused("nor another service", 403, "APIGW.0302", lambda: network.list_vpcs(vpc.ListVpcsRequest()))
refused("another project is closed", 403, "l2cg.8009", lambda: switch(
    credential.access, credential.secret, second.id).list_flavors(esw.ListFlavorsRequest()))
refused("and answers as one that does not exist", 403, "l2cg.8009", lambda: switch(
    credential.access, credential.secret, "0" * 32).list_flavors(esw.ListFlavorsRequest()))
check("the user finds the project", [row.id for row in walker_iam.keystone_list_projects(
    iam.KeystoneListProjectsRequest()).projects] == [project])

# Deny beats allow.
admin.update_cloud_service_custom_policy(iam.UpdateCloudServiceCustomPolicyRequest(
    role_id=policy.id, body=iam.UpdateCloudServiceCustomPolicyRequestBody(role=policy_option(
        ("Allow", ["esw:*:*"]), ("Deny", ["esw:quota:*"])))))
check("what is allowed", switch(credential.access, credential.secret).list_instances(esw.ListInstancesRequest()).instances == [])
refused("what is denied beside it", 403, "APIGW.0302", lambda: walker.list_quotas(esw.ListQuotasRequest()))

# A token by password.
token = admin.keystone_create_user_token_by_password(iam.KeystoneCreateUserTokenByPasswordRequest(
    body=iam.KeystoneCreateUserTokenByPasswordRequestBody(auth=iam.PwdAuth(
        identity=iam.PwdIdentity(methods=["password"], password=iam.PwdPassword(user=iam.PwdPasswordUser(
            domain=iam.PwdPasswordUserDomain(name=domains[0].name), name="walker", password="walks every day"))),
        scope=iam.AuthScope(project=iam.AuthScopeProject(name=region))))))
check("a token: 201, in its header", token.status_code == 201 and token.x_subject_token
      and token.token.project.id == project and token.token.user.id == user.id
      and {row.type for row in token.token.catalog} == {"esw", "iam", "vpc"}, token)
headers = {"X-Auth-Token": token.x_subject_token}
flavors = f"{endpoint}/v3/{project}/l2cg/flavors"
check("the token opens the project", requests.get(flavors, headers=headers, timeout=30).status_code == 200)
check("and no other", requests.get(
    f"{endpoint}/v3/{second.id}/l2cg/flavors", headers=headers, timeout=30).status_code == 403)
walker_iam.keystone_update_user_password(iam.KeystoneUpdateUserPasswordRequest(
    user_id=user.id, body=iam.KeystoneUpdateUserPasswordRequestBody(user=iam.KeystoneUpdatePasswordOption(
        original_password="walks every day", password="walks every night"))))
check("a new password voids the token", requests.get(flavors, headers=headers, timeout=30).status_code == 401)

# Grants in all projects and in the domain.
inherited = dict(domain_id=domain, group_id=group.id, role_id=reader.id)
check("grant in all projects", admin.update_domain_group_inherit_role(
    iam.UpdateDomainGroupInheritRoleRequest(**inherited)).status_code == 204)
check("the other project opens", len(switch(credential.access, credential.secret, second.id).list_flavors(
    esw.ListFlavorsRequest()).flavors) == 3)
check("it is there", admin.keystone_checkrole_for_group(
    iam.KeystoneCheckroleForGroupRequest(**inherited)).status_code == 204)
check("list it", [row.id for row in admin.keystone_list_all_project_permissions_for_group(
    iam.KeystoneListAllProjectPermissionsForGroupRequest(domain_id=domain, group_id=group.id)).roles] == [reader.id])
admin.delete_domain_group_inherited_role(iam.DeleteDomainGroupInheritedRoleRequest(**inherited))
of_iam = make_policy(("Allow", ["iam:users:list*"]), display_name="lister", type="AX")
lister = dict(domain_id=domain, group_id=group.id, role_id=of_iam.id)
admin.keystone_associate_group_with_domain_permission(iam.KeystoneAssociateGroupWithDomainPermissionRequest(**lister))
check("grant in the domain", len(walker_iam.keystone_list_users(iam.KeystoneListUsersRequest()).users) == 2)
admin.keystone_check_domain_permission_for_group(iam.KeystoneCheckDomainPermissionForGroupRequest(**lister))
check("list it", [row.id for row in admin.keystone_list_domain_permissions_for_group(
    iam.KeystoneListDomainPermissionsForGroupRequest(domain_id=domain, group_id=group.id)).roles] == [of_iam.id])
admin.keystone_remove_domain_permission_from_group(iam.KeystoneRemoveDomainPermissionFromGroupRequest(**lister))

# The key is disabled, and deleted.
admin.update_permanent_access_key(iam.UpdatePermanentAccessKeyRequest(
    access_key=credential.access, body=iam.UpdatePermanentAccessKeyRequestBody(
        credential=iam.UpdateCredentialOption(status="inactive"))))
refused("a disabled key", 401, "APIGW.0301", lambda: walker.list_flavors(esw.ListFlavorsRequest()))
admin.delete_permanent_access_key(iam.DeletePermanentAccessKeyRequest(access_key=credential.access))
refused("a deleted key", 401, "APIGW.0301", lambda: walker.list_flavors(esw.ListFlavorsRequest()))
refused("a deleted key is not found", 404, "iam.8002", lambda: admin.show_permanent_access_key(
    iam.ShowPermanentAccessKeyRequest(access_key=credential.access)))

# Taking it away.
refused("a policy that is granted", 409, "iam.8006",
        lambda: admin.delete_custom_policy(iam.DeleteCustomPolicyRequest(role_id=policy.id)))
admin.keystone_remove_project_permission_from_group(iam.KeystoneRemoveProjectPermissionFromGroupRequest(**grant))
for row in (policy, of_iam):
    check("delete a policy", admin.delete_custom_policy(
        iam.DeleteCustomPolicyRequest(role_id=row.id)).status_code == 204)
admin.keystone_remove_user_from_group(iam.KeystoneRemoveUserFromGroupRequest(**membership))
renamed = admin.keystone_update_group(iam.KeystoneUpdateGroupRequest(
    group_id=group.id, body=iam.KeystoneUpdateGroupRequestBody(group=iam.KeystoneUpdateGroupOption(name="left"))))
check("update a group", renamed.group.name == "left", renamed)
check("show a group", admin.keystone_show_group(iam.KeystoneShowGroupRequest(group_id=group.id)).group.name == "left")
check("delete a group", admin.keystone_delete_group(
    iam.KeystoneDeleteGroupRequest(group_id=group.id)).status_code == 204)
check("delete a user", admin.keystone_delete_user(
    iam.KeystoneDeleteUserRequest(user_id=user.id)).status_code == 204)
own = admin.keystone_list_users(iam.KeystoneListUsersRequest()).users
refused("the last administrator", 409, "iam.8009", lambda: admin.keystone_delete_user(
    iam.KeystoneDeleteUserRequest(user_id=own[0].id)))
refused("the last administrator's last key", 409, "iam.8009", lambda: admin.delete_permanent_access_key(
    iam.DeletePermanentAccessKeyRequest(access_key=key)))
check("only the administrator and the project's groups are left", len(own) == 1 and [
    row.name for row in admin.keystone_list_groups(iam.KeystoneListGroupsRequest()).groups] == ["admin"], own)
print("the walk is complete")
