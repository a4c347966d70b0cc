"""A server to fuzz: `esw serve` on a folder of its own, and an agent that carries out whatever is asked of it."""
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import threading

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from urllib.parse import parse_qsl, urlsplit

NODE = "node-1"
INTERFACES = [f"eth{number}" for number in range(64)]
WRONG_AUTHORIZATIONS = [
    "", "Bearer ", "Bearer wrong", "Basic eDp5", "SDK-HMAC-SHA256", "SDK-HMAC-SHA256 Access=,SignedHeaders=,Signature=",
    "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + 64 * "0", "SDK-HMAC-SHA256 " + 4000 * "="]


class Server:
    """Started when it is made; `stop` says how it ended."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="esw-fuzz-")
        self.log = open(f"{self.folder}/log", "w+")
        environment = dict(os.environ, ESW_QUOTA="1000", ESW_LOG="warning")
        self.process = subprocess.Popen(
            [program, "serve", "--no-agent", "--listen", "127.0.0.1:0", "--data", f"{self.folder}/data"],
            stdout=subprocess.PIPE, stderr=self.log, env=environment, text=True, start_new_session=True)
        for line in self.process.stdout:
            if "listens on" in line:
                self.endpoint = line.split()[-1]
                break
        else:
            raise SystemExit(f"{program} does not start:\n{self.errors()}")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        data = pathlib.Path(self.folder, "data")
        lines = (data / "credentials").read_text().splitlines()
        values = dict(line.removeprefix("export ").split("=", 1) for line in lines if "=" in line)
        self.credentials = BasicCredentials(
            values["HUAWEICLOUD_SDK_AK"], values["HUAWEICLOUD_SDK_SK"], values["HUAWEICLOUD_SDK_PROJECT_ID"])
        self.token = (data / "agent-token").read_text().strip()
        self.agent = Agent(self)

    @property
    def project(self):
        return self.credentials.project_id

    def errors(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    def stop(self):
        """Returns what is wrong with the end of the server, or nothing."""
        self.agent.stop()
        faults = []
        if self.process.poll() is not None:
            faults.append(f"the server ended by itself with status {self.process.returncode}")
        else:
            self.process.send_signal(signal.SIGTERM)
            try:
                if self.process.wait(30) != 0:
                    faults.append(f"the server ended with status {self.process.returncode}")
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                faults.append("the server does not end")
        errors = [line for line in self.errors().splitlines() if " error " in line or " critical " in line]
        faults += [f"the server's log: {line}" for line in errors[:5]]
        shutil.rmtree(self.folder, ignore_errors=True)
        return faults


class Signature(requests.auth.AuthBase):
    """Credentials as the operation's door wants them: by the vendor's own signer, or the token of agents.

    A share of them is wrong, so that the doors are tried too."""

    def __init__(self, server, chance, wrong=0):
        self.server = server
        self.chance = chance
        self.wrong = wrong

    def __call__(self, request):
        url = urlsplit(request.url)
        if self.chance.random() < self.wrong:
            request.headers["Authorization"] = self.chance.choice(WRONG_AUTHORIZATIONS)
            return request
        if url.path.startswith("/openesw/v1/agent/"):
            request.headers["Authorization"] = f"Bearer {self.server.token}"
            return request
        body = request.body or b""
        signed = SdkRequest(
            method=request.method, schema=url.scheme, host=url.netloc, resource_path=url.path, uri="",
            query_params=parse_qsl(url.query, keep_blank_values=True), header_params={}, body=body)
        Signer(self.server.credentials).sign(signed)
        request.headers.update(signed.header_params)
        return request


# A section of a pcapng file with nothing in it.
EMPTY_CAPTURE = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)


class Agent:
    """Reports each configuration as carried out, and evidence as chance has it; ends each capture that it is to make."""

    def __init__(self, server):
        self.server = server
        self.chance = random.Random(1)
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {server.token}"
        self.report()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.run, self.capture)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.ended.wait(0.2):
            try:
                self.report()
            except (requests.RequestException, KeyError):
                # Whether the server lives is told by whoever fuzzes it.
                pass

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def capture(self):
        """Half of them it refuses."""
        link = f"{self.server.endpoint}/openesw/v1/agent/{NODE}/captures"
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.server.token}"
        chance = random.Random(2)
        while not self.ended.is_set():
            try:
                orders = session.get(f"{link}?wait=1", timeout=30)
                for order in orders.json()["captures"] if orders.status_code == 200 else []:
                    if chance.random() < 0.5:
                        session.put(f"{link}/{order['id']}?number=0&last=true", data=EMPTY_CAPTURE, timeout=30)
                    else:
                        session.put(f"{link}/{order['id']}/refusal", json={"version": 1, "refusal": "by chance"}, timeout=30)
            except (requests.RequestException, KeyError, ValueError):
                self.ended.wait(0.2)

    def report(self):
        with self.lock:
            self.report_alone()

    def report_alone(self):
        link = f"{self.server.endpoint}/openesw/v1/agent/{NODE}"
        wanted = self.session.get(f"{link}/configuration", timeout=30).json()["configuration"]
        report = {
            "node": NODE, "store": wanted["store"], "generation": wanted["generation"], "dataplane": "simulated",
            "kernelRelease": "6.18.0", "interfaces": [self.interface(*row) for row in enumerate(INTERFACES)],
            "problems": [], "strangers": [],
            "connections": [self.connection(row) for row in wanted["connections"]]}
        self.session.put(
            f"{link}/report", data=json.dumps({"version": 1, "report": report}), timeout=30,
            headers={"Content-Type": "application/json"})

    def interface(self, index, name):
        return {"name": name, "index": index + 2, "isUp": True, "isPromiscuous": False, "isLoopback": False,
                "mtu": 1500, "hasDefaultRoute": False, "addresses": [], "isOurs": False}

    def connection(self, wanted):
        count = self.chance.randrange(1000)
        ages = {"receivedAgeMilliseconds": self.chance.randrange(40_000)} if self.chance.random() < 0.5 else {}
        return {
            "id": wanted["id"], "remotes": [dict(ages, remote=remote) for remote in wanted["remotes"]],
            "toRemote": {"frames": count, "bytes": 64 * count}, "toLocal": {"frames": 0, "bytes": 0},
            "drops": [{"direction": "toRemote", "reason": "too_big", "frames": count}],
            "hosts": [{"mac": "02:00:00:00:00:01", "side": {"local": {}}, "seenAgeMilliseconds": count},
                      {"mac": "02:00:00:00:00:02", "address": "192.0.2.2", "side": {"remote": {"_0": 0}},
                       "seenAgeMilliseconds": count}]}
