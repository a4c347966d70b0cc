"""The gateways that are compared, each in network namespaces of its own:

    port0                           underlay0 (MTU 1600)
    hosts of the local side  [gateway]  route and neighbour entry to the remote VTEP

Where a gateway alone is measured, the far end of each interface is in the same namespace and gets nothing: frames
enter by BPF_PROG_TEST_RUN as if they had come in at one interface, and are counted and dropped at the way out of the
other, before its driver. What is measured is therefore the gateway alone, and everything around it is the same for
all. `apart`: the far ends are in two other namespaces, as they are for a container, and in `sites.py` for traffic
from end to end.
"""

import contextlib
import os
import pathlib
import socket

from . import frames
from .kernel import BPF_TCX_EGRESS, BPF_TCX_INGRESS, Programs, inside, run

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
    # The program that counts.
    catcher = "leave"
    # Where its connections stand in the benchmark's list.
    first_entrance = 0
    entrances = (frames.ONLY,)
    port = LOCAL_PORT
    # Whether a comparison goes on without it.
    may_fail = False
    # Frames that may be under way at once; 0: any number, because they are forwarded where they enter.
    window = 0

    def __init__(self, apart: bool = False):
        self.apart = apart
        if apart:
            self.key = f"{self.key}-apart"
        self.namespace = PREFIX + self.key
        # Where the far ends are: the local hosts' side, and the remote VTEP's.
        self.ends = (self.namespace + "-host", self.namespace + "-far") if apart else (self.namespace,) * 2
        self._index: dict[str, int] = {}

    def create(self, programs: Programs | None) -> None:
        """Makes it; with programs, frames are caught at its ends, and nothing gets through."""
        for name in {self.namespace, *self.ends}:
            run("ip", "netns", "add", name)
            with inside(name):
                self._set("ipv6/conf/all/disable_ipv6", 1)
                self._set("ipv6/conf/default/disable_ipv6", 1)
        host, far = (f" netns {name}" if self.apart else "" for name in self.ends)
        self.batch(
            "link set lo up",
            f"link add {self.port} type veth peer name {self.port}-far{host}",
            f"link add {UNDERLAY} mtu {UNDERLAY_MTU} address {frames.UNDERLAY_MAC} type veth "
            f"peer name {UNDERLAY}-far mtu {UNDERLAY_MTU}{far}",
            f"link set {self.port} up",
            f"link set {UNDERLAY} up",
            f"address add {frames.TUNNEL_ADDRESS}/24 dev {UNDERLAY}",
            f"neighbour add {frames.REMOTE_ADDRESS} lladdr {frames.REMOTE_MAC} dev {UNDERLAY} nud permanent",
        )
        for name, interface in zip(self.ends, (self.port, UNDERLAY)):
            run("ip", "-netns", name, "link", "set", f"{interface}-far", "up")
        with inside(self.namespace):
            for name in (self.port, UNDERLAY):
                self._index[name] = socket.if_nametoindex(name)
        if programs:
            self._catch(programs)
        self.connect()

    def _catch(self, programs: Programs) -> None:
        with inside(self.namespace):
            for name in (UNDERLAY,) if self.apart else (self.port, UNDERLAY):
                programs.attach(self.catcher, self._index[name], self.catching_at)
        if self.apart:
            # A frame may be handed to the far end without leaving by this one.
            with inside(self.ends[0]):
                far_end = socket.if_nametoindex(f"{self.port}-far")
                programs.attach(self.catcher, far_end, BPF_TCX_INGRESS)

    def connect(self) -> None:
        """Puts the gateway between the two interfaces."""

    def takes(self, case: frames.Case) -> bool:
        """Whether it is measured in a case."""
        return True

    def cpu_ns(self) -> int:
        """CPU time so far of processes that forward; what the kernel does is not among it."""
        return 0

    def remove(self) -> None:
        """Also what is half there, and what another run left."""
        for name in {self.namespace, *self.ends}:
            if os.path.exists(f"/run/netns/{name}"):
                run("ip", "netns", "delete", name)

    def entrance(self, case: frames.Case) -> tuple[str, int]:
        """Namespace and index of the interface at which the frames of a case come in."""
        return self.namespace, self._index[self.port if case.direction == frames.ENCAPSULATE else UNDERLAY]

    def exit(self, case: frames.Case) -> tuple[int, int]:
        """Where the carried frame begins when it is counted, and the length of all then."""
        at = case.entering_at if self.catching_at == BPF_TCX_INGRESS else case.leaving_at
        return at, at + case.size

    def why_wrong(self, case: frames.Case, left: bytes, entrance: frames.Entrance) -> str | None:
        """What is wrong with a frame that was counted; None: nothing."""
        if self.catching_at == BPF_TCX_EGRESS:
            return frames.why_wrong(case, left, entrance)
        # The kernel has taken a tag off.
        sent = case.carried if case.direction == frames.ENCAPSULATE else case.entering(entrance)
        return None if left == sent else "it is not the frame that was sent"

    def batch(self, *lines: str) -> None:
        """Lines of `ip -batch` in this namespace."""
        run("ip", "-netns", self.namespace, "-batch", "-", text="\n".join(lines) + "\n")

    def _set(self, name: str, value: int) -> None:
        """A setting of the network below /proc/sys/net, of this thread's namespace; one that is not there is off."""
        with contextlib.suppress(FileNotFoundError):
            pathlib.Path("/proc/sys/net", name).write_text(str(value))


class FoundBridge(Gateway):
    """A bridge and a VXLAN device with nothing set: as somebody types it who does not measure."""

    key = "found"
    label = "bridge + VXLAN, as found"
    catching_at = BPF_TCX_EGRESS

    def connect(self) -> None:
        self.batch(
            "link add br0 type bridge",
            f"link add vxlan0 type vxlan id {frames.VNI} local {frames.TUNNEL_ADDRESS} "
            f"remote {frames.REMOTE_ADDRESS} dstport {frames.VXLAN_PORT}",
            *[f"link set {name} master br0" for name in (LOCAL_PORT, "vxlan0")],
            *[f"link set {name} up" for name in ("vxlan0", "br0")],
        )


class TunedBridge(Gateway):
    """The same at its best: static entries, no netfilter, no checksums, no learning by VXLAN, GRO at both interfaces."""

    key = "bridge"
    label = "bridge + VXLAN, tuned"
    catching_at = BPF_TCX_EGRESS

    def __init__(self, hosts: int, apart: bool = False):
        super().__init__(apart)
        self._hosts = hosts

    def connect(self) -> None:
        with inside(self.namespace):
            for table in ("arptables", "iptables", "ip6tables"):
                self._set(f"bridge/bridge-nf-call-{table}", 0)
            for name in (LOCAL_PORT, UNDERLAY):
                run("ethtool", "-K", name, "gro", "on")
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
