"""The gateways that are compared, each in a network namespace of its own:

    port0                           underlay0 (MTU 1600)
    hosts of the local side  [gateway]  route and neighbour entry to the remote VTEP

The far end of each interface is in the same namespace and gets nothing: frames enter by BPF_PROG_TEST_RUN as if
they had come in at one interface, and are counted and dropped at the way out of the other, before its driver.
What is measured is therefore the gateway alone, and everything around it is the same for all.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

from . import frames
from .failure import Failure
from .kernel import BPF_TCX_EGRESS, BPF_TCX_INGRESS, Programs, die_with_parent, inside, run

PREFIX = "eswbench-"
LOCAL_PORT = "port0"
UNDERLAY = "underlay0"
UNDERLAY_MTU = 1600


class Gateway:
    """A namespace with two interfaces and, here, nothing between them: what the measurement itself costs.

    Frames are counted and dropped where they come in.
    """

    key = "nothing"
    label = "nothing"
    catching_at = BPF_TCX_INGRESS

    def __init__(self):
        self.namespace = PREFIX + self.key
        self._index: dict[str, int] = {}

    def create(self, programs: Programs) -> None:
        run("ip", "netns", "add", self.namespace)
        with inside(self.namespace):
            self._set("ipv6/conf/all/disable_ipv6", 1)
            self._set("ipv6/conf/default/disable_ipv6", 1)
            self.batch(
                "link set lo up",
                f"link add {LOCAL_PORT} type veth peer name {LOCAL_PORT}-far",
                f"link add {UNDERLAY} mtu {UNDERLAY_MTU} address {frames.UNDERLAY_MAC} type veth "
                f"peer name {UNDERLAY}-far mtu {UNDERLAY_MTU}",
                *[f"link set {name}{end} up" for name in (LOCAL_PORT, UNDERLAY) for end in ("", "-far")],
                f"address add {frames.TUNNEL_ADDRESS}/24 dev {UNDERLAY}",
                f"neighbour add {frames.REMOTE_ADDRESS} lladdr {frames.REMOTE_MAC} dev {UNDERLAY} nud permanent",
            )
            for name in (LOCAL_PORT, UNDERLAY):
                self._index[name] = socket.if_nametoindex(name)
                programs.catch(self._index[name], self.catching_at)
        self.connect()

    def connect(self) -> None:
        """Puts the gateway between the two interfaces."""

    def remove(self) -> None:
        """Also what is half there, and what another run left."""
        if os.path.exists(f"/run/netns/{self.namespace}"):
            run("ip", "netns", "delete", self.namespace)

    def entrance(self, case: frames.Case) -> int:
        """Index of the interface at which the frames of a case come in."""
        return self._index[LOCAL_PORT if case.direction == frames.ENCAPSULATE else UNDERLAY]

    def exit(self, case: frames.Case) -> tuple[int, int]:
        """Where the carried frame begins when it is counted, and the length of all then."""
        at = case.entering_at if self.catching_at == BPF_TCX_INGRESS else case.leaving_at
        return at, at + case.size

    def why_wrong(self, case: frames.Case, left: bytes) -> str | None:
        """What is wrong with a frame that was counted; None: nothing."""
        if self.catching_at == BPF_TCX_EGRESS:
            return frames.why_wrong(case, left)
        return None if left == case.entering else "it is not the frame that was sent"

    def batch(self, *lines: str) -> None:
        """Lines of `ip -batch` in this namespace."""
        run("ip", "-netns", self.namespace, "-batch", "-", text="\n".join(lines) + "\n")

    def _set(self, name: str, value: int) -> None:
        """A setting of the network below /proc/sys/net, of this thread's namespace; one that is not there is off."""
        with contextlib.suppress(FileNotFoundError):
            pathlib.Path("/proc/sys/net", name).write_text(str(value))


class BridgeGateway(Gateway):
    """The usual hand-made way: a bridge, a VXLAN device, static entries. At its best: no netfilter, no checksums."""

    key = "bridge"
    label = "bridge + VXLAN"
    catching_at = BPF_TCX_EGRESS

    def __init__(self, hosts: int):
        super().__init__()
        self._hosts = hosts

    def connect(self) -> None:
        with inside(self.namespace):
            for table in ("arptables", "iptables", "ip6tables"):
                self._set(f"bridge/bridge-nf-call-{table}", 0)
        self.batch(
            "link add br0 type bridge",
            f"link add vxlan0 type vxlan id {frames.VNI} local {frames.TUNNEL_ADDRESS} dstport {frames.VXLAN_PORT} "
            "nolearning noudpcsum",
            *[f"link set {name} master br0" for name in (LOCAL_PORT, "vxlan0")],
            *[f"link set {name} up" for name in ("vxlan0", "br0")],
        )
        entries = [f"fdb append 00:00:00:00:00:00 dev vxlan0 dst {frames.REMOTE_ADDRESS}"]
        for host in range(self._hosts):
            entries += [
                f"fdb append {frames.distant_mac(host)} dev vxlan0 dst {frames.REMOTE_ADDRESS}",
                f"fdb replace {frames.distant_mac(host)} dev vxlan0 master static",
                f"fdb replace {frames.local_mac(host)} dev {LOCAL_PORT} master static",
            ]
        run("bridge", "-netns", self.namespace, "-batch", "-", text="\n".join(entries) + "\n")


class NodeGateway(Gateway):
    """`esw serve` with its agent in the namespace, set up by signed calls of the API and by nothing else."""

    key = "node"
    label = "OpenESW"
    catching_at = BPF_TCX_EGRESS

    PINS = pathlib.Path("/sys/fs/bpf/openesw")
    START_SECONDS = 30
    REPORT_SECONDS = 2

    def __init__(self, executable: pathlib.Path, folder: pathlib.Path):
        """`folder`: for the server's data and log."""
        super().__init__()
        self._executable = str(executable)
        self._folder = folder
        self._process: subprocess.Popen | None = None
        self._environment: dict[str, str] = {}
        self._connection = ""

    def connect(self) -> None:
        self._serve()
        self._await_node()
        vpc = self._call("vpc", "create", "bench", "--cidr", "10.0.0.0/8")["id"]
        tunnel = self._subnet("tunnel", vpc, frames.TUNNEL_NETWORK, "10.9.0.254")
        stretched = self._subnet("stretched", vpc, frames.STRETCHED_NETWORK, "10.5.255.254")
        self._call("attachment", "create", tunnel, "--node", "bench", "--tunnel", UNDERLAY)
        self._call("attachment", "create", stretched, "--node", "bench", "--interface", LOCAL_PORT)
        place = ["--vpc", vpc, "--tunnel-subnet", tunnel, "--tunnel-ip", frames.TUNNEL_ADDRESS]
        instance = self._call("instance", "create", "bench", *place, "--wait")["id"]
        remote = f"{frames.VNI}@{frames.REMOTE_ADDRESS}"
        ends = ["--instance", instance, "--vpc", vpc, "--subnet", stretched, "--remote", remote]
        self._connection = self._call("connection", "create", "bench", *ends, "--wait")["id"]

    def account(self) -> str:
        """What the node itself says of the frames, as a sentence."""
        # The agent's last report has to come in first.
        time.sleep(self.REPORT_SECONDS)
        told = self._call("connection", "show", self._connection)
        frames_to = [told["counters"][way]["frames"] for way in ("to_remote", "to_local")]
        drops = [f"{row['frames']} {row['reason']} ({row['direction']})" for row in told["drops"]]
        return (
            f"The node itself counted {frames_to[0]:,} frames to the remote and {frames_to[1]:,} to the local side, "
            f"with those to warm up, and dropped {', '.join(drops) or 'none'}."
        )

    def remove(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        # What is pinned outlives the process; it belongs to this namespace alone.
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.PINS / self.namespace)
        with contextlib.suppress(OSError):
            self.PINS.rmdir()
        super().remove()

    def _subnet(self, name: str, vpc: str, network: str, gateway: str) -> str:
        return self._call("subnet", "create", name, "--vpc", vpc, "--cidr", network, "--gateway", gateway)["id"]

    def _serve(self) -> None:
        log = self._folder / "log"
        # In a session of its own: Ctrl-C at the terminal reaches the benchmark, which then ends it in good order.
        with open(log, "wb") as output:
            self._process = subprocess.Popen(
                [self._executable, "serve", "--listen", "127.0.0.1:0", "--data", str(self._folder / "data"), "--node",
                 "bench", "--namespace", f"/run/netns/{self.namespace}", "--log", "warning"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                preexec_fn=die_with_parent,
            )
        credentials = self._folder / "data" / "credentials"
        self._wait(credentials.exists, "listen")
        self._environment = dict(os.environ)
        for line in credentials.read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self._environment[name] = value

    def _await_node(self) -> None:
        def is_there() -> bool:
            nodes = self._call("node")
            return any(node.get("name") == "bench" for node in nodes)

        self._wait(is_there, "report its interfaces")

    def _wait(self, condition, what: str) -> None:
        deadline = time.monotonic() + self.START_SECONDS
        while not condition():
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = (self._folder / "log").read_text().strip() or "(it said nothing)"
                raise Failure(f"{self._executable} serve did not {what}:\n{words}")
            time.sleep(0.05)

    def _call(self, *arguments: str):
        return json.loads(run(self._executable, *arguments, "--output", "json", environment=self._environment))
