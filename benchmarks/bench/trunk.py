"""Gateways with many connections, alone:

    trunk0                       underlay0 (MTU 1600)
    frames with tags  [gateway]  a route and neighbour entries to 200 remotes

A node has each connection on a VLAN of the trunk. The kernel's bridge has an interface for each: where it has no VLAN
devices, a program takes the trunk apart and hands each frame to an interface of the gateway, at the cost of a look-up.
"""

import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import time

from . import frames
from .failure import Failure
from .frames import DECAPSULATE, ENCAPSULATE, Entrance, SpreadCase
from .gateways import PREFIX, UNDERLAY, UNDERLAY_MTU, Gateway
from .kernel import BPF_TCX_EGRESS, BPF_TCX_INGRESS, Programs, die_with_parent, end, inside, run
from .measure import WARM_UP_PASSES, Meter

TRUNK = "trunk0"
REMOTES = [f"192.0.2.{number}" for number in range(1, 201)]
# Connections whose frames are compared byte by byte before anything is measured.
LOOKED_AT = 16


class Trunk(Gateway):
    """A trunk and an underlay with nothing between them: what the measurement itself costs."""

    key = "trunk-nothing"
    port = TRUNK
    catcher = "leave_spread"

    def __init__(self, connections: int, measured: tuple[int, ...]):
        """`measured`: among how many of its connections traffic is spread, by the cases."""
        super().__init__()
        self._measured = measured
        self.entrances = [
            Entrance(place + 1, REMOTES[place % len(REMOTES)], "10.128.0.1", place + 1) for place in range(connections)
        ]

    def takes(self, case: frames.Case) -> bool:
        return case.connections in self._measured

    def warm_up(self, meter: Meter, hosts: int, sizes: list[int]) -> None:
        """All hosts of all connections are heard, and frames of some connections are looked at."""
        count = len(self.entrances)
        for direction in (DECAPSULATE, ENCAPSULATE):
            meter.send(self, SpreadCase(direction, min(sizes), hosts, count), count * hosts * WARM_UP_PASSES)
        for place in range(0, count, max(count // LOOKED_AT, 1)):
            for direction in (DECAPSULATE, ENCAPSULATE):
                for size in sizes:
                    case = SpreadCase(direction, size, 1, count, place=self.first_entrance + place)
                    meter.verify(self, case, self.entrances[place])


class TrunkNode(Trunk):
    """`esw benchmark node`: the agent and the data path as they are in use, with connections from a store."""

    label = "OpenESW"
    catching_at = BPF_TCX_EGRESS
    START_SECONDS = 60

    def __init__(self, executable: pathlib.Path, folder: pathlib.Path, connections: int, measured: tuple[int, ...],
                 purpose: str):
        super().__init__(connections, measured)
        self.key = f"trunk-{purpose}"
        self.namespace = PREFIX + self.key
        self.ends = (self.namespace,) * 2
        self._executable = str(executable)
        self._folder = folder / self.key
        self.pins = pathlib.Path("/sys/fs/bpf") / self.namespace
        self._process: subprocess.Popen | None = None

    def connect(self) -> None:
        self.batch(
            f"route add 192.0.2.0/24 dev {UNDERLAY}",
            *[f"neighbour add {remote} lladdr {frames.REMOTE_MAC} dev {UNDERLAY} nud permanent" for remote in REMOTES],
        )
        self._folder.mkdir()
        command = [self._executable, "benchmark", "node", "--namespace", f"/run/netns/{self.namespace}"]
        command += ["--pins", str(self.pins), "--data", str(self._folder), "--connections", str(len(self.entrances))]
        with open(self._folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self.entrances = [Entrance(**row) for row in self._answer()]

    def look(self) -> dict[str, float]:
        """What the agent's looks at the kernel and the evidence take, in milliseconds, and the hosts that it sees."""
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self):
        deadline, text = time.monotonic() + self.START_SECONDS, b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(deadline - time.monotonic(), 0))
            part = os.read(self._process.stdout.fileno(), 1 << 16) if ready else b""
            if not part:
                words = (self._folder / "log").read_text().strip() or "(it said nothing)"
                raise Failure(f"esw benchmark node did not answer: {words}")
            text += part
        return json.loads(text)

    def remove(self) -> None:
        if self._process:
            self._process.stdin.close()
            end(self._process)
            self._process.stdout.close()
            self._process = None
        shutil.rmtree(self.pins, ignore_errors=True)
        super().remove()


class ManyBridges(Trunk):
    """A bridge and a VXLAN device for each connection, tuned, all with one remote."""

    key = "trunk-bridges"
    label = "bridge + VXLAN, tuned"
    catching_at = BPF_TCX_EGRESS
    # Behind those of all nodes.
    first_entrance = 4096

    def __init__(self, connections: int, measured: tuple[int, ...]):
        super().__init__(connections, measured)
        self.ends = (self.namespace + "-host", self.namespace)
        self.entrances = [
            Entrance(place + 1, frames.REMOTE_ADDRESS, frames.TUNNEL_ADDRESS, place + 1) for place in range(connections)
        ]

    def create(self, programs: Programs) -> None:
        host = self.ends[0]
        for name in (self.namespace, host):
            run("ip", "netns", "add", name)
            with inside(name):
                self._set("ipv6/conf/all/disable_ipv6", 1)
                self._set("ipv6/conf/default/disable_ipv6", 1)
        run("ip", "-netns", host, "-batch", "-", text=f"link add {TRUNK} type veth peer name {TRUNK}-far\n"
            f"link set {TRUNK} up\nlink set {TRUNK}-far up\n")
        self.batch(
            f"link add {UNDERLAY} mtu {UNDERLAY_MTU} address {frames.UNDERLAY_MAC} type veth "
            f"peer name {UNDERLAY}-far mtu {UNDERLAY_MTU}",
            f"link set {UNDERLAY} up", f"link set {UNDERLAY}-far up",
            f"address add {frames.TUNNEL_ADDRESS}/24 dev {UNDERLAY}",
            f"neighbour add {frames.REMOTE_ADDRESS} lladdr {frames.REMOTE_MAC} dev {UNDERLAY} nud permanent",
        )
        with inside(self.namespace):
            for table in ("arptables", "iptables", "ip6tables"):
                self._set(f"bridge/bridge-nf-call-{table}", 0)
        self._connect_all()
        self._catch_all(programs)

    def _connect_all(self) -> None:
        links, entries = [], []
        for entrance in self.entrances:
            number = entrance.vlan
            links += [
                f"link add port{number} type veth peer name near{number} netns {self.ends[0]}",
                f"link add br{number} type bridge",
                f"link add vx{number} type vxlan id {entrance.vni} local {entrance.tunnel} "
                f"dstport {frames.VXLAN_PORT} nolearning noudpcsum",
                f"link set port{number} master br{number}", f"link set vx{number} master br{number}",
                f"link set port{number} up", f"link set vx{number} up", f"link set br{number} up",
            ]
            entries += [
                f"fdb append 00:00:00:00:00:00 dev vx{number} dst {entrance.remote}",
                *[f"fdb append {frames.distant_mac(host)} dev vx{number} dst {entrance.remote}" for host in (0, 2)],
                *[f"fdb replace {frames.distant_mac(host)} dev vx{number} master static" for host in (0, 2)],
                *[f"fdb replace {frames.local_mac(host)} dev port{number} master static" for host in (0, 1)],
            ]
        self.batch(*links)
        raised = "".join(f"link set near{entrance.vlan} up\n" for entrance in self.entrances)
        run("ip", "-netns", self.ends[0], "-batch", "-", text=raised)
        run("bridge", "-netns", self.namespace, "-batch", "-", text="\n".join(entries) + "\n")

    def _catch_all(self, programs: Programs) -> None:
        with inside(self.namespace):
            self._index[UNDERLAY] = socket.if_nametoindex(UNDERLAY)
            ports = [socket.if_nametoindex(f"port{entrance.vlan}") for entrance in self.entrances]
            for index in (self._index[UNDERLAY], *ports):
                programs.attach(self.catcher, index, self.catching_at)
        with inside(self.ends[0]):
            self._index[TRUNK] = socket.if_nametoindex(TRUNK)
            near = {entrance.vlan: socket.if_nametoindex(f"near{entrance.vlan}") for entrance in self.entrances}
            programs.attach("split", self._index[TRUNK], BPF_TCX_INGRESS)
        programs.split(near)
        programs.admit(self.first_entrance, self.entrances, ports)

    def entrance(self, case: frames.Case) -> tuple[str, int]:
        if case.direction == ENCAPSULATE:
            return self.ends[0], self._index[TRUNK]
        return self.namespace, self._index[UNDERLAY]
