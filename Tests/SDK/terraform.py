"""Lives the life of the Terraform provider's resources against a running server.

    terraform.py ENDPOINT NODE UNDERLAY SEGMENT [POLL]

The provider cannot be run here. This does what its resources do: create, wait for a state by polling, read back,
plan again without a difference, update, import, delete, wait for the 404. POLL is the pause between two polls in
seconds; the provider's is 10.
"""
import os
import sys
import time

from golang_client import Client, Refused, only_array

endpoint, node, underlay, segment = sys.argv[1:5]
poll = float(sys.argv[5]) if len(sys.argv) > 5 else 10.0
client = Client(
    endpoint, os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"], os.environ["HUAWEICLOUD_SDK_PROJECT_ID"])
SWITCHES = "/v3/{project_id}/l2cg/instances"
ALL_CONNECTIONS = "/v3/{project_id}/l2cg/connections"


def check(what, condition, seen=None):
    if not condition:
        print(f"FAILED {what}: {seen}")
        sys.exit(1)
    print(f"ok {what}")


def fails(what, status, call):
    try:
        seen = call()
    except Refused as error:
        check(what, error.status == status and error.request_id and len(error.request_id) == 32, error)
    else:
        check(what, False, seen)


class Resource:
    """What a resource of the provider does with one object of the API."""
    ready, name = (), ""

    def path(self):
        raise NotImplementedError

    def state(self, body):
        """The attributes that Terraform keeps, read as the provider reads them."""
        raise NotImplementedError

    def __init__(self, **wanted):
        self.wanted, self.id = wanted, None

    def create(self, collection, body):
        made = client.request("POST", collection, body)
        self.id = made[self.name]["id"]
        check(f"{self.name}: the create names its id", isinstance(self.id, str) and self.id, made)
        self.wait("ready")
        return self.read()

    def read(self):
        return self.state(client.request("GET", self.path())[self.name])

    def refresh(self):
        """One poll: the provider's own three words."""
        try:
            body = client.request("GET", self.path())
        except Refused as error:
            if error.status == 404:
                return "deleted"
            raise
        status = body[self.name].get("status", "")
        check_quietly(f"{self.name}: a status", isinstance(status, str) and status != "", body)
        check_quietly(f"{self.name}: no failure", status not in ("failed", "abnormal"), body)
        return "ready" if status in self.ready else "pending"

    def wait(self, target, seconds=60):
        """A state that is neither pending nor the target ends the provider's wait with an error."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(poll)
            seen = self.refresh()
            if seen == target:
                return check(f"{self.name}: waited for {target}", True)
            check_quietly(f"{self.name}: waiting for {target}", seen == "pending", seen)
        check(f"{self.name}: {target} in time", False)

    def delete(self):
        client.request("DELETE", self.path())
        self.wait("deleted")
        # A second destroy, as after a state that was not written: 404 alone is taken for "gone".
        fails(f"{self.name}: deleting what is gone", 404, lambda: client.request("DELETE", self.path()))
        fails(f"{self.name}: reading what is gone", 404, self.read)


def check_quietly(what, condition, seen):
    if not condition:
        check(what, False, seen)


class Switch(Resource):
    name, ready = "instance", ("active",)

    def path(self):
        return f"{SWITCHES}/{self.id}"

    def state(self, body):
        # The provider casts what JSON gives it for the port to a number, and dies of a text.
        check_quietly("tunnel_port is a number", type(body["tunnel_info"]["tunnel_port"]) is int, body)
        check_quietly("description is a text", isinstance(body["description"], str), body)
        kept = ("name", "flavor_ref", "ha_mode", "availability_zones", "tunnel_info", "charge_infos", "description",
                "status", "created_at", "updated_at")
        return {name: body[name] for name in kept}

    def apply(self):
        return self.create(SWITCHES, {"instance": self.wanted})

    def update(self, **changes):
        # Both, whichever has changed; an empty description clears it.
        client.request("PUT", self.path(), {"instance": changes})
        return self.read()


class Connection(Resource):
    name, ready = "connection", ("connected", "disconnect")

    def __init__(self, switch, **wanted):
        super().__init__(**wanted)
        self.switch = switch

    def path(self):
        return f"{self.switch.path()}/connections/{self.id}"

    def state(self, body):
        for remote in body["remote_infos"]:
            check_quietly("numbers are numbers", all(
                type(remote[name]) is int for name in ("segmentation_id", "tunnel_port")), body)
        kept = ("instance_id", "name", "vpc_id", "virsubnet_id", "remote_infos", "fixed_ips", "status", "created_at",
                "updated_at")
        return {name: body[name] for name in kept}

    def apply(self):
        return self.create(f"{self.switch.path()}/connections", {"connection": self.wanted})

    def rename(self, name):
        client.request("PUT", self.path(), {"connection": {"name": name}})
        return self.read()


class VportBinding:
    """Has no state of its own and is never read; 204 is all that it takes for success."""

    def __init__(self, connection, port):
        self.connection, self.port = connection, port

    def call(self, verb):
        client.request("POST", f"{ALL_CONNECTIONS}/{self.connection.id}/vports/{verb}", {"vport": {"id": self.port}},
                       accepted={204})


def network():
    """What the flow stands on: the VPC, its subnets, and where they are on the node."""
    vpc = client.request("POST", "/v1/{project_id}/vpcs", {"vpc": {"name": "tf", "cidr": "192.168.0.0/16"}})["vpc"]["id"]
    subnets = []
    for name, third in (("tunnel", 100), ("stretched", 0), ("second", 1)):
        body = {"name": name, "cidr": f"192.168.{third}.0/24", "gateway_ip": f"192.168.{third}.1", "vpc_id": vpc}
        subnets.append(client.request("POST", "/v1/{project_id}/subnets", {"subnet": body})["subnet"]["id"])
    for subnet, role, interface in ((subnets[0], "tunnel", underlay), (subnets[1], "layer2", segment)):
        body = {"subnet_id": subnet, "node": node, "role": role, "interface": interface}
        client.request("POST", "/openesw/v1/{project_id}/attachments", {"attachment": body})
    return vpc, subnets


def switch_arguments(vpc, subnet, **changes):
    zones = client.request("GET", "/v3/{project_id}/l2cg/flavors")["flavors"][0]["available_zones"]
    return dict({
        "name": "tf-switch", "flavor_ref": "l2cg.medium.ha", "ha_mode": "ha",
        "availability_zones": {"primary": zones[0], "standby": zones[1]},
        "tunnel_info": {"vpc_id": vpc, "virsubnet_id": subnet}, "charge_infos": {"charge_mode": "postPaid"}}, **changes)


def life_of_a_switch(vpc, subnet):
    switch = Switch(**switch_arguments(vpc, subnet))
    made = switch.apply()
    check("instance: the tunnel address is chosen", made["tunnel_info"]["tunnel_ip"].startswith("192.168.100."), made)
    check("instance: no description is an empty one", made["description"] == "", made)
    for name in ("name", "flavor_ref", "ha_mode", "availability_zones", "charge_infos"):
        check(f"instance: {name} as configured", made[name] == switch.wanted[name], made)
    check("instance: a second plan is empty", switch.read() == made)
    changed = switch.update(name="tf-switch-2", description="by Terraform")
    check("instance: update", (changed["name"], changed["description"]) == ("tf-switch-2", "by Terraform"), changed)
    check("instance: a description is cleared", switch.update(name="tf-switch-2", description="")["description"] == "")
    imported = Switch()
    imported.id = switch.id
    check("instance: import reads the same", imported.read() == switch.read())
    return switch


def life_of_a_connection(switch, vpc, subnet, **changes):
    connection = Connection(switch, **dict({
        "name": "tf-connection", "vpc_id": vpc, "virsubnet_id": subnet,
        "remote_infos": [{"segmentation_id": 7127, "tunnel_ip": "192.168.111.111"}]}, **changes))
    made = connection.apply()
    check("connection: settled, as configured", made["virsubnet_id"] == subnet and made["instance_id"] == switch.id
          and made["remote_infos"][0]["segmentation_id"] == connection.wanted["remote_infos"][0]["segmentation_id"], made)
    check("connection: two addresses are chosen", len(set(made["fixed_ips"])) == 2, made)
    again = connection.read()
    check("connection: a second plan is empty", {**again, "status": ""} == {**made, "status": ""}, again)
    check("connection: update", connection.rename("tf-connection-2")["name"] == "tf-connection-2")
    return connection


def data_sources(switch, connections):
    ids = {connection.id for connection in connections}
    listing = f"{switch.path()}/connections"
    for limit in (None, 1, 2, 1000):
        for path in (listing, ALL_CONNECTIONS):
            rows = client.list(path, limit)
            check(f"{path.rsplit('/', 1)[1]} by pages of {limit}", [row["id"] for row in rows] == sorted(ids), rows)
    check("instances by pages", [row["id"] for row in client.list(SWITCHES, 1)] == [switch.id])
    check("jobs by pages", len(client.list(f"/v3/{{project_id}}/l2cg/resources/{switch.id}/jobs", 1)) == 1)
    one = connections[0]
    check("a filter", [row["id"] for row in client.list(f"{listing}?id={one.id}")] == [one.id])
    check("a filter that fits nothing is an empty list", client.list(f"{listing}?name=none") == [])
    # Filters are put into the URL as they are; only what parsing makes of them is encoded.
    for value, raw in (("中文", False), ("a b", False), ("(*)", False), ("(*)", True)):
        check(f"a filter by {value}", client.request("GET", f"{SWITCHES}?name={value}", raw_query=raw)["instances"] == [])
    check("flavors", len(only_array(client.request("GET", "/v3/{project_id}/l2cg/flavors"))) == 3)
    zones = client.request("GET", "/v3/{project_id}/l2cg/availability-zones")
    check("zones under the name that the data source reads", zones["available_zones"] == zones["availability_zones"])
    used = client.request("GET", "/v3/{project_id}/l2cg/quotas")["quotas"]["resources"][0]["used"]
    check("quotas", used == 1, used)


def has(verb):
    """Whether the server knows the path at all."""
    try:
        client.request("POST", f"{ALL_CONNECTIONS}/none/vports/{verb}", {"vport": {"id": "none"}}, accepted={204})
    except Refused as error:
        return "APIGW.0101" not in error.body
    return True


def life_of_a_vport(connection, subnet):
    port = client.request("POST", "/v1/{project_id}/ports", {"port": {
        "network_id": subnet, "name": "tf-vip", "device_owner": "neutron:VIP_PORT"}})["port"]["id"]
    binding = VportBinding(connection, port)
    binding.call("bind")
    check("vport: bound", True)
    binding.call("unbind")
    check("vport: unbound", True)
    client.request("DELETE", f"/v1/{{project_id}}/ports/{port}")


def main():
    vpc, (tunnel, stretched, second) = network()
    switch = life_of_a_switch(vpc, tunnel)
    connections = [life_of_a_connection(switch, vpc, stretched)]
    address = switch.read()["tunnel_info"]["tunnel_ip"]
    # The provider's own acceptance test names the switch's address as the remote one, and another port.
    remote = {"segmentation_id": 9, "tunnel_ip": address, "tunnel_port": 8888}
    connections.append(life_of_a_connection(
        switch, vpc, second, fixed_ips=["192.168.1.9", "192.168.1.8"], remote_infos=[remote]))
    check("connection: fixed addresses and port as configured", set(connections[1].read()["fixed_ips"])
          == {"192.168.1.9", "192.168.1.8"} and connections[1].read()["remote_infos"][0]["tunnel_port"] == 8888)
    data_sources(switch, connections)
    if has("bind"):
        life_of_a_vport(connections[0], stretched)
    else:
        print("-- the server has no vports: their resource is left out")
    fails("a switch with connections is not destroyed", 409, lambda: client.request("DELETE", switch.path()))
    for connection in connections:
        connection.delete()
    switch.delete()
    check("nothing is left", client.list(SWITCHES) == [] and client.list(ALL_CONNECTIONS) == [])
    fails("a wrong field is a 400", 400, lambda: client.request("POST", SWITCHES, {"instance": {"name": 1}}))
    client.secret += "x"
    fails("a wrong secret is a 401", 401, lambda: client.list(SWITCHES))
    print("terraform's life is complete")


if __name__ == "__main__":
    main()
