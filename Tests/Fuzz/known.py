"""What the server has given out, so that requests get further than "could not be found"."""
import collections
import json
import re

import requests

from server import INTERFACES, NODE, Signature

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Of users, groups, policies and the domain; of access keys.
IDENTITY = re.compile("[0-9a-f]{32}|[A-Z0-9]{20}")
# Whether a user is in a group, or a group has a policy.
RELATIONS = re.compile(r"/groups/\{group_id\}/(users|roles)/\{")
# What a row stands under in answers; of two in a path the first decides.
KINDS = ["port", "connection", "subnet", "attachment", "instance", "vpc"]
# Of two in a path none decides.
IDENTITY_KINDS = ["user", "group", "role", "credential"]
OTHER_NAMES = {"access_key": "credential", "virsubnet_id": "subnet", "network_id": "subnet", "resource_id": "instance", "privateip_id": "port"}
BUILT_IN_POLICIES = [f"{number:032x}" for number in (1, 2, 3)]
USER, PASSWORD = "furnished", "furnished password"
REQUESTS_BETWEEN_FURNISHINGS = 100


def kind(name):
    return OTHER_NAMES.get(name, name.removesuffix("_id"))


class Known:
    """Rows by kind, the newest of them. Valid values give way to valid ones only: what breaks the document goes on
    breaking it."""

    def __init__(self, server, chance):
        self.server = server
        self.chance = chance
        self.rows = {kind: collections.deque(maxlen=20) for kind in KINDS + IDENTITY_KINDS}
        # Memberships and grants, by the path that they have: what their paths' parameters were.
        self.pairs = collections.defaultdict(lambda: collections.deque(maxlen=20))
        self.networks = 0
        # Where the request is, by its path; for its body.
        self.vpc = self.subnet = None
        self.requests = 0
        self.session = requests.Session()
        self.session.auth = Signature(server, chance)
        self.find_out_who_calls()

    def find_out_who_calls(self):
        """What must not change, else every other request would be 401 or 403: who signs, in what groups, by what key;
        and a user with a password, made here, because only right ones get a token."""
        key = self.server.credentials.ak
        own = self.get(f"/v3.0/OS-CREDENTIAL/credentials/{key}")["credential"]["user_id"]
        groups = [row["id"] for row in self.get(f"/v3/users/{own}/groups")["groups"]]
        (self.domain,) = self.get("/v3/auth/domains")["domains"]
        user = self.make("/v3/users", user={"name": USER, "password": PASSWORD})
        group = self.make("/v3/groups", group={"name": USER})
        for path in (f"/v3/groups/{group['id']}/users/{user['id']}",
                     f"/v3/projects/{self.server.project}/groups/{group['id']}/roles/{BUILT_IN_POLICIES[1]}"):
            self.session.put(self.server.endpoint + path, timeout=30).raise_for_status()
        # Who calls changes only its own password, and has to know the old one.
        self.own, self.password = own, PASSWORD
        self.session.patch(f"{self.server.endpoint}/v3/users/{own}", json={"user": {"password": PASSWORD}},
                           timeout=30).raise_for_status()
        self.untouchable = {own, key, user["id"], group["id"], *groups}
        self.rows["user"].clear()
        self.rows["group"].clear()

    def get(self, path):
        answer = self.session.get(self.server.endpoint + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def likely(self, share=0.8):
        return self.chance.random() < share

    def learn(self, method, path, parameters, response):
        if RELATIONS.search(path):
            if method == "PUT" and response.status_code == 204:
                self.pairs[path].append(dict(parameters))
            # What it is between is still there when it is gone.
            return
        if method == "DELETE" and response.status_code == 204:
            # The last parameter names what is gone; the others are where it was.
            gone = list(parameters.values())[-1]
            for rows in self.rows.values():
                for row in [row for row in rows if row["id"] == gone]:
                    rows.remove(row)
        elif response.status_code == 204 and response.request.url.endswith("/password"):
            self.password = json.loads(response.request.body)["user"]["password"]
        elif method == "POST" and response.status_code in (200, 201):
            for name, rows in response.json().items():
                name = kind(name.removesuffix("s") + "_id") if isinstance(rows, list) else name
                if name in self.rows:
                    for row in rows if isinstance(rows, list) else [rows]:
                        self.remember(name, row)

    def choose(self, name):
        """A row that the name can mean."""
        rows = self.rows.get(kind(name))
        return self.chance.choice(rows) if rows else None

    def is_known(self, name, value):
        return any(row["id"] == value for row in self.rows.get(kind(name), []))

    def put_into_path(self, parameters):
        if not parameters:
            return
        if re.fullmatch("[0-9a-f]{32}", str(parameters.get("project_id"))) and self.likely(0.98):
            parameters["project_id"] = self.server.project
        if re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", str(parameters.get("node"))) and self.likely():
            # Not the node that switches are on: its agent has a mind of its own.
            parameters["node"] = "node-2"
        names = [name for name, value in parameters.items() if UUID.fullmatch(str(value))]
        names.sort(key=lambda name: KINDS.index(kind(name)) if kind(name) in KINDS else len(KINDS))
        if not names or self.is_known(names[0], parameters[names[0]]) or not self.likely():
            return
        row = self.choose(names[0])
        if row:
            parameters[names[0]] = row["id"]
            parameters.update({name: row[name] for name in names[1:] if name in row})

    def put_identity_into_path(self, parameters, changes, changes_password):
        for name, value in (parameters or {}).items():
            if name == "project_id" or not IDENTITY.fullmatch(str(value)):
                continue
            if name == "domain_id" and self.likely(0.95):
                parameters[name] = self.domain["id"]
            elif name == "role_id" and self.likely(0.2):
                parameters[name] = self.chance.choice(BUILT_IN_POLICIES)
            elif kind(name) in IDENTITY_KINDS and not self.is_known(name, value) and self.likely():
                row = self.choose(name)
                parameters[name] = row["id"] if row else value
            if changes_password and self.likely():
                parameters[name] = self.own
            elif changes and parameters[name] in self.untouchable:
                parameters[name] = f"{self.chance.getrandbits(128):032x}"

    def fill(self, case):
        """Puts rows into the path of a request, and into its body such as go with them.

        Returns whether the path is another one now."""
        path_before = dict(case.path_parameters or {})
        if case.path.endswith("/captures") and re.fullmatch("[0-9]{0,2}", str((case.query or {}).get("wait", ""))):
            # Nobody has orders for the agent of that node: it would wait for as long as it says.
            case.query = dict(case.query or {}, wait=0)
        self.put_into_path(case.path_parameters)
        self.put_identity_into_path(case.path_parameters, changes=case.method not in ("GET", "HEAD"),
                                    changes_password=case.path.endswith("/password"))
        if case.method in ("DELETE", "HEAD") and self.pairs[case.path] and self.likely(0.3):
            case.path_parameters.update(self.chance.choice(self.pairs[case.path]))
        path = case.path_parameters or {}
        instance = next((row for row in self.rows["instance"] if row["id"] == path.get("instance_id")), None)
        connection = next((row for row in self.rows["connection"] if row["id"] == path.get("connection_id")), None)
        self.vpc = instance and instance["tunnel_info"]["vpc_id"]
        self.subnet = connection and connection["virsubnet_id"]
        self.put_into_body(case.body, is_valid=case.meta is None or case.meta.generation.mode.is_positive)
        return path != path_before

    def put_into_body(self, value, is_valid):
        if isinstance(value, list):
            for element in value:
                self.put_into_body(element, is_valid)
        if not isinstance(value, dict):
            return
        self.put_ids(value)
        if is_valid:
            self.put_values(value)
        vport = value.get("vport")
        if isinstance(vport, dict) and UUID.fullmatch(str(vport.get("id"))) and self.rows["port"] and self.likely():
            ports = [row for row in self.rows["port"] if row.get("network_id") == self.subnet] or self.rows["port"]
            vport["id"] = self.chance.choice(ports)["id"]
        for member in value.values():
            self.put_into_body(member, is_valid)

    def put_ids(self, body):
        names = [name for name, value in body.items()
                 if name.endswith("_id") and (UUID.fullmatch(str(value)) or IDENTITY.fullmatch(str(value)))]
        # A subnet brings its VPC along.
        for name in sorted(names, key=lambda name: kind(name) != "subnet"):
            row = self.choose(name)
            if kind(name) == "subnet" and self.vpc:
                rows = [row for row in self.rows["subnet"] if row["vpc_id"] == self.vpc]
                row = self.chance.choice(rows) if rows else row
            if row and self.likely():
                body[name] = row["id"]
                if kind(name) == "subnet" and "vpc_id" in names:
                    body["vpc_id"] = row["vpc_id"]
                    return

    def put_values(self, body):
        if {"name", "password", "domain"} <= body.keys() and self.likely(0.9):
            body.update(name=USER, password=PASSWORD, domain={"name": self.domain["name"]})
        if {"original_password", "password"} <= body.keys() and self.likely():
            body["original_password"] = self.password
        if isinstance(body.get("scope"), dict) and self.likely():
            body["scope"] = self.chance.choice(
                [{"project": {"id": self.server.project}}, {"domain": {"id": self.domain["id"]}}])
        if {"cidr", "gateway_ip"} <= body.keys() and self.likely():
            body.update(self.cut())
        elif "cidr" in body and self.likely():
            body["cidr"] = "10.0.0.0/8"
        for optional in ("tunnel_ip", "fixed_ips"):
            # Chosen by the server, they are free. Of a remote the address has to be there.
            if optional in body and "segmentation_id" not in body and self.likely():
                del body[optional]
        for name in {"primary", "standby", "availability_zone"} & body.keys():
            body[name] = self.chance.choice(["az1", "az2"]) if self.likely() else body[name]
        for name in {"interface", "bridge"} & body.keys():
            if isinstance(body[name], str) and self.likely():
                body[name] = self.chance.choice(INTERFACES)
        if isinstance(body.get("node"), str) and self.likely():
            # Who reports is node-2; where attachments are, a node that has interfaces.
            body["node"] = "node-2" if "kernelRelease" in body else NODE

    def cut(self):
        self.networks += 1
        network = f"10.{self.networks // 256 % 256}.{self.networks % 256}"
        return {"cidr": f"{network}.0/24", "gateway_ip": f"{network}.1"}

    def furnish(self):
        """From time to time a whole stretched network, because chance alone seldom makes one."""
        self.requests += 1
        if self.requests % REQUESTS_BETWEEN_FURNISHINGS != 1:
            return
        vpc = self.make("/v1/{}/vpcs", vpc={"name": "furnished", "cidr": "10.0.0.0/8"})
        subnets = [self.make("/v1/{}/subnets", subnet={"name": "furnished", "vpc_id": vpc["id"], **self.cut()})
                   for _ in range(3)]
        for subnet, role, interface in zip(subnets, ["tunnel", "layer2"], [INTERFACES[0], self.free_interface()]):
            self.make("/openesw/v1/{}/attachments", attachment={
                "subnet_id": subnet["id"], "node": NODE, "role": role, "interface": interface})
        instance = self.make("/v3/{}/l2cg/instances", instance={
            "name": "furnished", "flavor_ref": "l2cg.large.ha", "ha_mode": "ha",
            "availability_zones": {"primary": "az1", "standby": "az2"}, "charge_infos": {"charge_mode": "postPaid"},
            "tunnel_info": {"vpc_id": vpc["id"], "virsubnet_id": subnets[0]["id"]}})
        self.server.agent.report()
        self.make("/v3/{}/l2cg/instances/" + instance["id"] + "/connections", connection={
            "name": "furnished", "vpc_id": vpc["id"], "virsubnet_id": subnets[1]["id"],
            "remote_infos": [{"segmentation_id": 7127, "tunnel_ip": "192.0.2.1"}]})
        for _ in range(2):
            self.make("/v1/{}/ports", port={"network_id": subnets[1]["id"], "device_owner": "neutron:VIP_PORT"})
        self.furnish_identity()
        self.server.agent.report()

    def furnish_identity(self):
        name = f"{USER} {self.requests}"
        user = self.make("/v3/users", user={"name": name})
        group = self.make("/v3/groups", group={"name": name})
        self.make("/v3.0/OS-CREDENTIAL/credentials", credential={"user_id": user["id"]})
        path, pair = "/v3/groups/{group_id}/users/{user_id}", {"group_id": group["id"], "user_id": user["id"]}
        self.session.put(self.server.endpoint + path.format(**pair), timeout=30).raise_for_status()
        self.pairs[path].append(pair)

    def free_interface(self):
        taken = [row.get("interface") for row in self.rows["attachment"]]
        return self.chance.choice([name for name in INTERFACES[1:] if name not in taken])

    def make(self, path, **body):
        answer = self.session.post(
            self.server.endpoint + path.format(self.server.project), json=body, timeout=30)
        (name,) = body
        if answer.status_code not in (200, 201):
            # An interface may be taken by an attachment that has been forgotten here.
            if answer.status_code == 409:
                return {"id": "00000000-0000-0000-0000-000000000000"}
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return self.remember(name, answer.json()[name])

    def remember(self, name, row):
        row = {"id": row["access"], **row} if name == "credential" else row
        self.rows[name].append(row)
        return row
