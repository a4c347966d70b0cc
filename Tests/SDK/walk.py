"""Walks the flow of a user with the vendor's own SDK against a running server.

    walk.py ENDPOINT NODE UNDERLAY SEGMENT sync|async
"""
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkesw import v3 as esw
from huaweicloudsdkvpc import v2 as vpc

from common import check, client, credentials, own, project, refused, wait, walked

endpoint, node, underlay, segment, manner = sys.argv[1:6]
switch = client(esw, "Esw", manner, endpoint)
network = client(vpc, "Vpc", manner, endpoint)


def attach(subnet, role, interface):
    body = '{"attachment":{"subnet_id":"%s","node":"%s","role":"%s","interface":"%s"}}' % (subnet, node, role, interface)
    answer = own(endpoint, "POST", f"/openesw/v1/{project}/attachments", body)
    check(f"attach {interface} as {role}", answer.status_code == 201, answer.text)
    return answer.json()["attachment"]["id"]


# The network, by the VPC SDK.
made = network.create_vpc(vpc.CreateVpcRequest(body=vpc.CreateVpcRequestBody(
    vpc=vpc.CreateVpcOption(name="walk", cidr="192.168.0.0/16")))).vpc
check("create a VPC", made.cidr == "192.168.0.0/16" and made.status == "OK", made)


def subnet(name, cidr, gateway):
    row = network.create_subnet(vpc.CreateSubnetRequest(body=vpc.CreateSubnetRequestBody(
        subnet=vpc.CreateSubnetOption(name=name, cidr=cidr, gateway_ip=gateway, vpc_id=made.id)))).subnet
    check(f"create subnet {name}", row.neutron_network_id == row.id and row.gateway_ip == gateway, row)
    return row


tunnel = subnet("tunnel", "192.168.100.0/24", "192.168.100.1")
layer2 = subnet("stretched", "192.168.0.0/24", "192.168.0.1")
check("list subnets of the VPC", {row.id for row in network.list_subnets(
    vpc.ListSubnetsRequest(vpc_id=made.id)).subnets} == {tunnel.id, layer2.id})
check("show the VPC", network.show_vpc(vpc.ShowVpcRequest(vpc_id=made.id)).vpc.name == "walk")
attachments = [attach(tunnel.id, "tunnel", underlay), attach(layer2.id, "layer2", segment)]

# What there is to choose from.
flavors = switch.list_flavors(esw.ListFlavorsRequest()).flavors
check("list flavors, small first", [row.name for row in flavors] == ["l2cg.small.ha", "l2cg.medium.ha", "l2cg.large.ha"])
zones = switch.list_availability_zones(esw.ListAvailabilityZonesRequest()).availability_zones
check("list at least two zones", len(zones) >= 2, zones)
quota = switch.list_quotas(esw.ListQuotasRequest()).quotas.resources[0]
check("list quotas", (quota.type, quota.used) == ("instance", 0), quota)


# The switch.
def instance_body(**changes):
    values = dict(
        name="edge-01", flavor_ref="l2cg.medium.ha", ha_mode="ha", description="made by the SDK",
        availability_zones=esw.AvailabilityZones(primary=zones[0], standby=zones[1]),
        charge_infos=esw.PostPaidChargeInfos(charge_mode="postPaid"),
        tunnel_info=esw.TunnelInfoOption(vpc_id=made.id, virsubnet_id=tunnel.id, tunnel_ip="192.168.100.12"))
    values.update(changes)
    return esw.CreateInstanceRequest(body=esw.CreatePostPaidInstanceRequestBody(
        instance=esw.CreatePostpaidInstanceOption(**values)))


refused("a flavor that does not exist", 400, "l2cg.9941",
        lambda: switch.create_instance(instance_body(flavor_ref="l2cg.huge.ha")))
created = switch.create_instance(instance_body())
instance = created.instance
check("create an instance: 201, build, its address, a job", created.status_code == 201 and instance.status in ("build", "active")
      and instance.tunnel_info.tunnel_ip == "192.168.100.12" and instance.tunnel_info.tunnel_port == 4789
      and created.job_id, created)
refused("the same tunnel address again", 400, "l2cg.9901", lambda: switch.create_instance(instance_body(name="edge-02")))


def job():
    rows = switch.list_resource_jobs(esw.ListResourceJobsRequest(resource_id=instance.id)).jobs
    return next(row.status for row in rows if row.id == created.job_id)


wait("the job is COMPLETED", job, {"COMPLETED"})
shown = switch.show_instance(esw.ShowInstanceRequest(instance_id=instance.id)).instance
check("the instance is active", shown.status == "active" and shown.description == "made by the SDK", shown)
listed = switch.list_instances(esw.ListInstancesRequest(name="edge-01"))
check("list instances by name", [row.id for row in listed.instances] == [instance.id]
      and listed.page_info.current_count == 1, listed)
renamed = switch.update_instance(esw.UpdateInstanceRequest(instance_id=instance.id, body=esw.UpdateInstanceRequestBody(
    instance=esw.UpdateInstanceOption(name="edge-renamed", description="")))).instance
check("update an instance", (renamed.name, renamed.description) == ("edge-renamed", ""), renamed)

# More of them, to turn pages.
more = [switch.create_instance(instance_body(
    name=name, flavor_ref="l2cg.small.ha",
    tunnel_info=esw.TunnelInfoOption(vpc_id=made.id, virsubnet_id=tunnel.id))).instance for name in ("二号", "edge-03")]
walked("list instances page by page", [instance.id] + [row.id for row in more], lambda marker: [
    row.id for row in switch.list_instances(esw.ListInstancesRequest(limit=2, marker=marker)).instances])
check("a tunnel address is chosen for who names none", len({row.tunnel_info.tunnel_ip for row in more}) == 2, more)
check("list instances by a Chinese name", [row.id for row in switch.list_instances(
    esw.ListInstancesRequest(name="二号")).instances] == [more[0].id])
walked("list jobs page by page", [created.job_id], lambda marker: [
    row.id for row in switch.list_resource_jobs(
        esw.ListResourceJobsRequest(resource_id=instance.id, limit=1, marker=marker)).jobs])
refused("a limit out of range", 400, "l2cg.8001", lambda: switch.list_instances(esw.ListInstancesRequest(limit=-1)))
check("list quotas counts them", switch.list_quotas(esw.ListQuotasRequest()).quotas.resources[0].used == 3)
for row in more:
    wait(f"{row.name} is active", lambda: switch.show_instance(
        esw.ShowInstanceRequest(instance_id=row.id)).instance.status, {"active"})
    switch.delete_instance(esw.DeleteInstanceRequest(instance_id=row.id))


# The connection.
def connection_body(**changes):
    values = dict(name="l2conn", vpc_id=made.id, virsubnet_id=layer2.id,
                  fixed_ips=["192.168.0.116", "192.168.0.96"],
                  remote_infos=[esw.RemoteInfosOption(segmentation_id=7127, tunnel_ip="192.168.111.111")])
    values.update(changes)
    return esw.CreateConnectionRequest(instance_id=instance.id, body=esw.CreateConnectionRequestBody(
        connection=esw.CreateConnectionOption(**values)))


refused("a VNI of 25 bits", 400, "l2cg.8001", lambda: switch.create_connection(connection_body(
    remote_infos=[esw.RemoteInfosOption(segmentation_id=16777216, tunnel_ip="192.168.111.111")])))
refused("no remote", 400, "l2cg.8001", lambda: switch.create_connection(connection_body(remote_infos=[])))
refused("a fixed IP outside of the subnet", 400, "l2cg.8005",
        lambda: switch.create_connection(connection_body(fixed_ips=["192.168.0.116", "10.0.0.1"])))
made_connection = switch.create_connection(connection_body())
connection = made_connection.connection
check("create a connection: 201, pending or settled, as asked", made_connection.status_code == 201
      and connection.status in ("pending", "disconnect", "connected")
      and connection.fixed_ips == ["192.168.0.116", "192.168.0.96"]
      and connection.remote_infos[0].segmentation_id == 7127
      and connection.remote_infos[0].tunnel_port == 4789
      and connection.remote_infos[0].tunnel_type == "vxlan", made_connection)
refused("the same subnet again", 409, "l2cg.8004", lambda: switch.create_connection(connection_body(
    remote_infos=[esw.RemoteInfosOption(segmentation_id=9, tunnel_ip="192.168.111.112")])))


def status():
    return switch.show_connection(esw.ShowConnectionRequest(
        instance_id=instance.id, connection_id=connection.id)).connection.status


wait("the connection is connected: frames come through the tunnel", status, {"connected"}, 30)
page = switch.list_connections(esw.ListConnectionsRequest(instance_id=instance.id))
check("ListConnections: the row, the page, the request id", [row.id for row in page.connections] == [connection.id]
      and page.page_info.previous_marker == connection.id and page.page_info.current_count == 1
      and page.page_info.next_marker is None and len(page.request_id) == 32, page)
check("ListConnections after the last row is empty", switch.list_connections(esw.ListConnectionsRequest(
    instance_id=instance.id, marker=connection.id)).connections == [])
check("ListConnections by another name is empty", switch.list_connections(esw.ListConnectionsRequest(
    instance_id=instance.id, name="other")).connections == [])
everywhere = switch.list_connections_all_instances(esw.ListConnectionsAllInstancesRequest(virsubnet_id=layer2.id))
check("list connections of all instances", [row.id for row in everywhere.connections] == [connection.id])
named = switch.update_connection(esw.UpdateConnectionRequest(
    instance_id=instance.id, connection_id=connection.id,
    body=esw.UpdateConnectionRequestBody(connection=esw.UpdateConnectionOption(name="renamed"))))
check("update a connection", (named.status_code, named.connection.name) == (200, "renamed"), named)

# A virtual IP, as the VPC SDK makes one, and a private IP, as the Terraform provider takes for one.
port = network.create_port(vpc.CreatePortRequest(body=vpc.CreatePortRequestBody(port=vpc.CreatePortOption(
    network_id=layer2.id, device_owner="neutron:VIP_PORT",
    fixed_ips=[vpc.FixedIp(subnet_id=layer2.neutron_subnet_id, ip_address="192.168.0.9")])))).port
answer = own(endpoint, "POST", f"/v1/{project}/privateips", '{"privateips":[{"subnet_id":"%s",'
             '"device_owner":"neutron:VIP_PORT"}]}' % layer2.id)
check("create a private IP as Terraform does", answer.status_code == 200, answer.text)
private = answer.json()["privateips"][0]["id"]


def bind(id, of=None):
    return switch.bind_vport(esw.BindVportRequest(connection_id=of or connection.id, body=esw.BindVportRequestBody(
        vport=esw.Vport(id=id))))


def unbind(id):
    return switch.unbind_vport(esw.UnbindVportRequest(connection_id=connection.id, body=esw.UnbindVportRequestBody(
        vport=esw.Vport(id=id))))


def device():
    return network.show_port(vpc.ShowPortRequest(port_id=port.id)).port.device_id


for id in (port.id, private, port.id):
    check("bind a vport: 204", bind(id).status_code == 204)
check("the port shows the connection as its device", device() == connection.id, device())
check("list the connection's ports", {row.id for row in network.list_ports(
    vpc.ListPortsRequest(device_id=connection.id)).ports} == {port.id, private})
refused("delete a bound port", 409, "l2cg.8008", lambda: network.delete_port(vpc.DeletePortRequest(port_id=port.id)))
refused("bind a port that does not exist", 404, "l2cg.8007", lambda: bind(connection.id))
refused("bind to a connection that does not exist", 404, "l2cg.9904", lambda: bind(port.id, of=port.id))
for id in (port.id, port.id):
    check("unbind a vport: 204", unbind(id).status_code == 204)
check("the port shows no device", device() == "", device())
network.delete_port(vpc.DeletePortRequest(port_id=port.id))
refused("unbind a port that is gone", 404, "l2cg.8007", lambda: unbind(port.id))

# Taking it away.
refused("delete an instance that has connections", 409, "l2cg.9907",
        lambda: switch.delete_instance(esw.DeleteInstanceRequest(instance_id=instance.id)))
gone = switch.delete_connection(esw.DeleteConnectionRequest(instance_id=instance.id, connection_id=connection.id))
check("delete the connection", gone.status_code == 204, gone)
refused("a deleted connection is not found", 404, "l2cg.9904", status)
check("the private IP is free again", network.show_port(vpc.ShowPortRequest(port_id=private)).port.device_id == "")
network.delete_privateip(vpc.DeletePrivateipRequest(privateip_id=private))
check("delete the instance", switch.delete_instance(
    esw.DeleteInstanceRequest(instance_id=instance.id)).status_code == 204)
refused("a deleted instance is not found", 404, "l2cg.9923",
        lambda: switch.show_instance(esw.ShowInstanceRequest(instance_id=instance.id)))
for attachment in attachments:
    answer = own(endpoint, "DELETE", f"/openesw/v1/{project}/attachments/{attachment}")
    check("delete an attachment", answer.status_code == 204, answer.text)
for row in (tunnel, layer2):
    network.delete_subnet(vpc.DeleteSubnetRequest(vpc_id=made.id, subnet_id=row.id))
network.delete_vpc(vpc.DeleteVpcRequest(vpc_id=made.id))
check("the project is empty again", network.list_vpcs(vpc.ListVpcsRequest()).vpcs == [])

# Who is not let in.
stranger = esw.EswClient.new_builder().with_endpoint(endpoint).with_credentials(
    BasicCredentials(credentials.ak, "x" * 40, project)).build()
refused("a wrong secret", 401, "APIGW.0301", lambda: stranger.list_flavors(esw.ListFlavorsRequest()))
print("the walk is complete")
