"""Walks the life of VPCs, subnets, ports and private IPs with the vendor's VPC SDK.

    vpc.py ENDPOINT NODE UNDERLAY SEGMENT sync|async
"""
import sys

from huaweicloudsdkvpc import v2 as vpc
from huaweicloudsdkvpc import v3

from common import check, client, project, refused, walked

endpoint, manner = sys.argv[1], sys.argv[5]
network = client(vpc, "Vpc", manner, endpoint)
newer = client(v3, "Vpc", manner, endpoint)
nothing = "0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe"


def make_vpc(name, cidr="10.0.0.0/8"):
    return network.create_vpc(vpc.CreateVpcRequest(body=vpc.CreateVpcRequestBody(
        vpc=vpc.CreateVpcOption(name=name, cidr=cidr, description="made by the SDK"))))


def change_vpc(id, **values):
    return network.update_vpc(vpc.UpdateVpcRequest(vpc_id=id, body=vpc.UpdateVpcRequestBody(
        vpc=vpc.UpdateVpcOption(**values))))


def make_subnet(of, name, cidr, gateway, **values):
    return network.create_subnet(vpc.CreateSubnetRequest(body=vpc.CreateSubnetRequestBody(
        subnet=vpc.CreateSubnetOption(name=name, cidr=cidr, gateway_ip=gateway, vpc_id=of, **values)))).subnet


def change_subnet(row, **values):
    return network.update_subnet(vpc.UpdateSubnetRequest(
        vpc_id=row.vpc_id, subnet_id=row.id, body=vpc.UpdateSubnetRequestBody(
            subnet=vpc.UpdateSubnetOption(**values))))


def make_port(of, **values):
    return network.create_port(vpc.CreatePortRequest(body=vpc.CreatePortRequestBody(
        port=vpc.CreatePortOption(network_id=of, **values))))


def make_private_ips(*options):
    return network.create_privateip(vpc.CreatePrivateipRequest(body=vpc.CreatePrivateipRequestBody(
        privateips=[vpc.CreatePrivateipOption(**option) for option in options])))


# VPCs.
created = make_vpc("总部")
made = created.vpc
check("create a VPC", created.status_code == 200 and (made.name, made.cidr, made.status, made.routes)
      == ("总部", "10.0.0.0/8", "OK", []) and made.tenant_id == project, created)
others = [make_vpc(f"vpc-{number}").vpc for number in range(4)]
walked("list VPCs page by page", [made.id] + [row.id for row in others], lambda marker: [
    row.id for row in network.list_vpcs(vpc.ListVpcsRequest(limit=2, marker=marker)).vpcs])
check("list VPCs by id", [row.id for row in network.list_vpcs(vpc.ListVpcsRequest(id=made.id)).vpcs] == [made.id])
changed = change_vpc(made.id, name="hq", description="", cidr="10.0.0.0/9", routes=[]).vpc
check("update a VPC", (changed.name, changed.description, changed.cidr) == ("hq", "", "10.0.0.0/9"), changed)
check("a VPC is in version 3 too", newer.show_vpc(v3.ShowVpcRequest(vpc_id=made.id)).vpc.extend_cidrs == [])
refused("a VPC of a network that cannot be", 400, "l2cg.8001", lambda: make_vpc("x", "224.0.0.0/8"))
refused("update a VPC that does not exist", 404, "l2cg.8006", lambda: change_vpc(nothing, name="x"))
refused("show a VPC that does not exist", 404, "l2cg.8006",
        lambda: network.show_vpc(vpc.ShowVpcRequest(vpc_id=nothing)))
for row in others:
    gone = network.delete_vpc(vpc.DeleteVpcRequest(vpc_id=row.id))
    check("delete a VPC: 204", gone.status_code == 204, gone)

# Subnets.
subnet = make_subnet(made.id, "first", "10.1.0.0/24", "10.1.0.1", primary_dns="192.0.2.53")
check("create a subnet", subnet.status == "ACTIVE" and subnet.dns_list == ["192.0.2.53"] and subnet.dhcp_enable, subnet)
second = make_subnet(made.id, "second", "10.2.0.0/28", "10.2.0.1")
third = make_subnet(made.id, "third", "10.3.0.0/24", "10.3.0.1")
walked("list subnets page by page", [subnet.id, second.id, third.id], lambda marker: [
    row.id for row in network.list_subnets(vpc.ListSubnetsRequest(vpc_id=made.id, limit=2, marker=marker)).subnets])
result = change_subnet(subnet, name="renamed", description="d", dhcp_enable=False, secondary_dns="192.0.2.54")
check("update a subnet", (result.status_code, result.subnet.id, result.subnet.status) == (200, subnet.id, "ACTIVE"), result)
shown = network.show_subnet(vpc.ShowSubnetRequest(subnet_id=subnet.id)).subnet
check("show what the update made", (shown.name, shown.description, shown.dhcp_enable, shown.dns_list)
      == ("renamed", "d", False, ["192.0.2.53", "192.0.2.54"]), shown)
refused("a subnet that overlaps", 409, "l2cg.8013", lambda: make_subnet(made.id, "x", "10.1.0.0/25", "10.1.0.1"))
refused("a subnet with IPv6", 400, "l2cg.8001", lambda: change_subnet(subnet, name="x", ipv6_enable=True))
refused("a VPC that would lose its subnets", 409, "l2cg.8012", lambda: change_vpc(made.id, cidr="10.1.0.0/16"))
refused("delete a VPC with subnets", 409, "l2cg.8012", lambda: network.delete_vpc(vpc.DeleteVpcRequest(vpc_id=made.id)))

# Ports.
vip = make_port(subnet.id, name="虚拟", device_owner="neutron:VIP_PORT", admin_state_up=True,
                fixed_ips=[vpc.FixedIp(subnet_id=subnet.neutron_subnet_id, ip_address="10.1.0.9")], security_groups=[])
port = vip.port
check("create a virtual IP", (vip.status_code, port.name, port.status, port.device_owner, port.network_id, port.device_id)
      == (200, "虚拟", "DOWN", "neutron:VIP_PORT", subnet.id, "") and port.fixed_ips[0].ip_address == "10.1.0.9"
      and port.bindingvnic_type == "normal" and port.allowed_address_pairs == [] and len(port.mac_address) == 17, vip)
rows = [port] + [make_port(subnet.id).port for _ in range(4)]
check("each port has an address of its own", len({row.fixed_ips[0].ip_address for row in rows}) == 5, rows)
walked("list ports page by page", [row.id for row in rows], lambda marker: [
    row.id for row in network.list_ports(vpc.ListPortsRequest(limit=2, marker=marker)).ports])


def found(**filters):
    return [row.id for row in network.list_ports(vpc.ListPortsRequest(**filters)).ports]


for filters in ({"name": "虚拟"}, {"device_owner": "neutron:VIP_PORT"}, {"mac_address": port.mac_address},
                {"id": [port.id]}, {"fixed_ips": ["ip_address=10.1.0.9"]}):
    check(f"find a port by {filters}", found(**filters) == [port.id], found(**filters))
check("find ports by ids", found(id=[rows[1].id, rows[3].id]) == [rows[1].id, rows[3].id])
check("find ports by what all are", found(admin_state_up=True, status="DOWN", network_id=subnet.id, enable_efi=False,
                                          enterprise_project_id="all_granted_eps") == [row.id for row in rows])
for filters in ({"status": "ACTIVE"}, {"admin_state_up": False}, {"security_groups": [port.id]}, {"network_id": nothing},
                {"device_id": nothing}, {"fixed_ips": [f"subnet_id={nothing}"]}):
    check(f"find no port by {filters}", found(**filters) == [])
renamed = network.update_port(vpc.UpdatePortRequest(port_id=port.id, body=vpc.UpdatePortRequestBody(
    port=vpc.UpdatePortOption(name="other", security_groups=[], allowed_address_pairs=[])))).port
check("update a port", (renamed.name, renamed.id, renamed.mac_address) == ("other", port.id, port.mac_address), renamed)
refused("an address that is taken", 400, "l2cg.8021",
        lambda: make_port(subnet.id, fixed_ips=[vpc.FixedIp(ip_address="10.1.0.9")]))
refused("an owner that there is not", 400, "l2cg.8001", lambda: make_port(subnet.id, device_owner="compute:az1"))
refused("a port in no subnet", 400, "l2cg.8006", lambda: make_port(nothing))
refused("show a port that does not exist", 404, "l2cg.8007",
        lambda: network.show_port(vpc.ShowPortRequest(port_id=nothing)))
refused("delete a subnet with ports", 409, "l2cg.8004", lambda: network.delete_subnet(
    vpc.DeleteSubnetRequest(vpc_id=made.id, subnet_id=subnet.id)))
for row in rows:
    gone = network.delete_port(vpc.DeletePortRequest(port_id=row.id))
    check("delete a port: 204", gone.status_code == 204, gone)
refused("a deleted port is not found", 404, "l2cg.8007", lambda: network.show_port(vpc.ShowPortRequest(port_id=port.id)))

# Private IPs.
answer = make_private_ips({"subnet_id": second.id}, {"subnet_id": second.id, "ip_address": "10.2.0.9"})
private = answer.privateips
check("create private IPs", answer.status_code == 200 and [row.ip_address for row in private] == ["10.2.0.2", "10.2.0.9"]
      and {row.status for row in private} == {"DOWN"} and {row.subnet_id for row in private} == {second.id}, answer)
private += make_private_ips({"subnet_id": second.id}).privateips
walked("list private IPs page by page", [row.id for row in private], lambda marker: [
    row.id for row in network.list_privateips(
        vpc.ListPrivateipsRequest(subnet_id=second.id, limit=2, marker=marker)).privateips])
shown = network.show_privateip(vpc.ShowPrivateipRequest(privateip_id=private[1].id)).privateip
check("show a private IP", (shown.ip_address, shown.device_owner) == ("10.2.0.9", ""), shown)
refused("the gateway's address", 400, "l2cg.8021",
        lambda: make_private_ips({"subnet_id": second.id, "ip_address": "10.2.0.1"}))
refused("private IPs of an unknown subnet", 404, "l2cg.8006",
        lambda: network.list_privateips(vpc.ListPrivateipsRequest(subnet_id=nothing)))
refused("more private IPs than addresses", 409, "l2cg.8021",
        lambda: make_private_ips(*[{"subnet_id": second.id}] * 9))
check("nothing was made of those", len(network.list_privateips(
    vpc.ListPrivateipsRequest(subnet_id=second.id)).privateips) == 3)
for row in private:
    gone = network.delete_privateip(vpc.DeletePrivateipRequest(privateip_id=row.id))
    check("delete a private IP: 204", gone.status_code == 204, gone)
refused("a deleted private IP is not found", 404, "l2cg.8007",
        lambda: network.show_privateip(vpc.ShowPrivateipRequest(privateip_id=private[0].id)))

for row in (subnet, second, third):
    gone = network.delete_subnet(vpc.DeleteSubnetRequest(vpc_id=made.id, subnet_id=row.id))
    check("delete a subnet: 204", gone.status_code == 204, gone)
network.delete_vpc(vpc.DeleteVpcRequest(vpc_id=made.id))
check("the project is empty again", network.list_vpcs(vpc.ListVpcsRequest()).vpcs == [])
print("the walk is complete")
