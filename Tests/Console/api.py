"""A signed client of the API, of nothing but Python's own library: what the tests make before they look."""
import datetime
import hashlib
import hmac
import http.client
import json
import time
import urllib.parse


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


class API:
    def __init__(self, endpoint, key, secret, project):
        self.host = urllib.parse.urlsplit(endpoint).netloc
        self.key, self.secret, self.project = key, secret, project
        self.connection = http.client.HTTPConnection(self.host, timeout=30)

    def call(self, method, path, body=None, query="", headers=None):
        text = "" if body is None else json.dumps(body)
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        canonical = "\n".join([
            method, path + "/", query, f"x-sdk-date:{date}\n", "x-sdk-date", hashlib.sha256(text.encode()).hexdigest()])
        to_sign = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        self.connection.request(method, path + ("?" + query if query else ""), text or None, {
            "X-Sdk-Date": date, "Content-Type": "application/json",
            "Authorization": f"SDK-HMAC-SHA256 Access={self.key}, SignedHeaders=x-sdk-date, Signature={signature}",
            **(headers or {})})
        answer = self.connection.getresponse()
        read = answer.read()
        if answer.status >= 400:
            raise Refused(answer.status, read.decode(errors="replace"))
        self.answer = answer
        return json.loads(read) if read else None

    # What a flow needs.

    def vpc(self, name, cidr):
        body = {"vpc": {"name": name, "cidr": cidr}}
        return self.call("POST", f"/v1/{self.project}/vpcs", body)["vpc"]["id"]

    def subnet(self, vpc, name, cidr, gateway):
        body = {"subnet": {"name": name, "cidr": cidr, "gateway_ip": gateway, "vpc_id": vpc}}
        return self.call("POST", f"/v1/{self.project}/subnets", body)["subnet"]["id"]

    def attach(self, subnet, node, role, interface):
        body = {"attachment": {"subnet_id": subnet, "node": node, "role": role, "interface": interface}}
        return self.call("POST", f"/openesw/v1/{self.project}/attachments", body)["attachment"]["id"]

    def instance(self, name, vpc, subnet, address=None, flavor="l2cg.large.ha", description=""):
        tunnel = {"vpc_id": vpc, "virsubnet_id": subnet}
        if address:
            tunnel["tunnel_ip"] = address
        return self.call("POST", f"/v3/{self.project}/l2cg/instances", {"instance": {
            "name": name, "description": description, "flavor_ref": flavor, "ha_mode": "ha",
            "availability_zones": {"primary": "az1", "standby": "az2"}, "tunnel_info": tunnel,
            "charge_infos": {"charge_mode": "postPaid"}}})["instance"]["id"]

    def connect(self, instance, name, vpc, subnet, remotes):
        """:param remotes: pairs of VNI and VTEP"""
        infos = [{"segmentation_id": vni, "tunnel_ip": address} for vni, address in remotes]
        body = {"connection": {"name": name, "vpc_id": vpc, "virsubnet_id": subnet, "remote_infos": infos}}
        return self.call("POST", f"/v3/{self.project}/l2cg/instances/{instance}/connections", body)["connection"]["id"]

    def instances(self):
        return self.call("GET", f"/v3/{self.project}/l2cg/instances")["instances"]

    def connections(self):
        return self.call("GET", f"/v3/{self.project}/l2cg/connections")["connections"]

    def await_active(self, instance, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            row = self.call("GET", f"/v3/{self.project}/l2cg/instances/{instance}")["instance"]
            if row["status"] == "active":
                return
            time.sleep(0.05)
        raise TimeoutError(f"switch {instance} is {row['status']}")

    def many(self, count):
        """So many connections, of as many switches as that takes; nothing is attached."""
        vpc = self.vpc("many", "10.0.0.0/8")
        tunnel = self.subnet(vpc, "many-tunnel", "10.255.0.0/16", "10.255.0.1")
        instance = None
        for number in range(count):
            if number % 6 == 0:
                instance = self.instance(f"switch-{number // 6:03}", vpc, tunnel)
            high, low = divmod(number, 250)
            subnet = self.subnet(vpc, f"segment-{number:04}", f"10.{high}.{low}.0/24", f"10.{high}.{low}.1")
            self.connect(instance, f"connection-{number:04}", vpc, subnet, [(10_000 + number, f"198.51.100.{number % 250 + 1}")])
