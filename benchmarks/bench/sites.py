"""Traffic from end to end: a local host, a gateway, and the far site, each in a namespace of its own.

    NS-host                 NS                        NS-far
    port0-far ------- port0 [gateway] underlay0 ------- underlay0-far, a kernel's bridge and VXLAN device

The far site is the same for all: what runs on premises. The hosts send finished packets, as a wire brings them (neither
segmentation nor checksums are left to their interfaces), except where a kind of traffic says otherwise.
"""

import dataclasses
import json
import pathlib
import statistics
import subprocess
import time

from . import frames
from .failure import Failure, Failures
from .gateways import LOCAL_PORT, UNDERLAY, UNDERLAY_MTU, Gateway
from .kernel import end, find_clang, run, start

IPERF_PORT = 5201
ECHO_PORT = 5202
ROUND_TRIPS = 4000
IPERF_ATTEMPTS = 3


class Cable(Gateway):
    """No gateway at all: a cable between both hosts. What the bed itself can do."""

    key = "none"
    label = "no gateway"

    def create(self, programs=None) -> None:
        for name in self.ends:
            run("ip", "netns", "add", name)
        run("ip", "-netns", self.ends[0], "link", "add", f"{LOCAL_PORT}-far", "type", "veth", "peer", "name", "br0",
            "netns", self.ends[1])


@dataclasses.dataclass(frozen=True)
class Traffic:
    """One kind of traffic: a row of the result."""

    label: str
    unit: str
    iperf: tuple[str, ...] = ()
    """Words for iperf3; none: round trips."""
    super_packets: bool = False
    more_is_better: bool = True
    percentile: int = 0
    """Of round trips: which figure."""


TRAFFIC = [
    Traffic("TCP, 1 stream", "Gbit/s", ("-P", "1")),
    Traffic("TCP, 4 streams", "Gbit/s", ("-P", "4")),
    Traffic("TCP, 1 stream, from the far site", "Gbit/s", ("-P", "1", "-R")),
    Traffic("TCP, 4 streams, from the far site", "Gbit/s", ("-P", "4", "-R")),
    Traffic("TCP, 1 stream, super-packets", "Gbit/s", ("-P", "1"), super_packets=True),
    Traffic("UDP, 64 bytes of payload", "kpackets/s", ("-u", "-b", "0", "-l", "64")),
    Traffic("UDP, 1,400 bytes of payload", "kpackets/s", ("-u", "-b", "0", "-l", "1400")),
    Traffic("round trip, median", "µs", more_is_better=False, percentile=50),
    Traffic("round trip, 99th percentile", "µs", more_is_better=False, percentile=99),
]


class Site:
    """Both hosts of a gateway, and the programs that they run."""

    def __init__(self, gateway: Gateway, echo: pathlib.Path):
        self.gateway = gateway
        self._echo = str(echo)
        self._servers: list[subprocess.Popen] = []
        self._iperf_server: subprocess.Popen | None = None
        self._trips: dict[int, float] = {}

    @property
    def key(self) -> str:
        return self.gateway.key.removesuffix("-apart")

    def create(self) -> None:
        self.gateway.create(None)
        host, far = self.gateway.ends
        if not isinstance(self.gateway, Cable):
            self._far_switch(far)
        for name, interface, address in ((host, f"{LOCAL_PORT}-far", frames.LOCAL_ADDRESS),
                                         (far, "br0", frames.DISTANT_ADDRESS)):
            run("ip", "-netns", name, "link", "set", interface, "up")
            run("ip", "-netns", name, "address", "add", f"{address}/16", "dev", interface)
        self._offload(False)
        self._serve_iperf()
        self._servers.append(start(far, self._echo, "serve", str(ECHO_PORT)))
        self._await_reach()

    def _far_switch(self, far: str) -> None:
        lines = [
            f"link set {UNDERLAY}-far address {frames.REMOTE_MAC} mtu {UNDERLAY_MTU}",
            f"address add {frames.REMOTE_ADDRESS}/24 dev {UNDERLAY}-far",
            f"neighbour replace {frames.TUNNEL_ADDRESS} lladdr {frames.UNDERLAY_MAC} dev {UNDERLAY}-far nud permanent",
            "link add br0 type bridge",
            f"link add vxlan0 type vxlan id {frames.VNI} local {frames.REMOTE_ADDRESS} "
            f"remote {frames.TUNNEL_ADDRESS} dstport {frames.VXLAN_PORT} noudpcsum",
            "link set vxlan0 master br0", "link set vxlan0 up",
        ]
        run("ip", "-netns", far, "-batch", "-", text="\n".join(lines) + "\n")
        # The far site is at its best, and so is no reason for anything.
        for table in ("arptables", "iptables", "ip6tables"):
            setting = f"/proc/sys/net/bridge/bridge-nf-call-{table}"
            run("ip", "netns", "exec", far, "sh", "-c", f"[ ! -e {setting} ] || echo 0 > {setting}")
        run("ip", "netns", "exec", far, "ethtool", "-K", f"{UNDERLAY}-far", "gro", "on")

    def _offload(self, on: bool) -> None:
        word = "on" if on else "off"
        host, far = self.gateway.ends
        ends = [(host, f"{LOCAL_PORT}-far"), (far, "br0")]
        if not isinstance(self.gateway, Cable):
            # Else the kernel would not take the other end of this cable for a wire, and do no GRO there.
            ends.append((far, f"{UNDERLAY}-far"))
        for name, interface in ends:
            run("ip", "netns", "exec", name, "ethtool", "-K", interface, "tx", word, "tso", word, "gso", word)

    def _await_reach(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                self._round_trips(100)
                self._trips.clear()
                return
            except Failure as failure:
                if time.monotonic() > deadline:
                    raise Failure(f"{self.gateway.label}: nothing comes back from the far host: {failure}") from None
                time.sleep(0.1)

    def remove(self) -> None:
        for server in [*self._servers, *filter(None, [self._iperf_server])]:
            end(server)
        self._servers.clear()
        self._iperf_server = None
        self.gateway.remove()

    def measure(self, traffic: Traffic, seconds: int) -> float:
        if traffic.percentile:
            # One run has both figures; the second row takes what the first has left.
            if traffic.percentile not in self._trips:
                self._round_trips(ROUND_TRIPS)
            return self._trips.pop(traffic.percentile)
        if traffic.super_packets:
            self._offload(True)
        try:
            told = self._iperf(traffic.iperf, seconds)
        finally:
            if traffic.super_packets:
                self._offload(False)
        if traffic.unit == "Gbit/s":
            return told["end"]["sum_received"]["bits_per_second"] / 1e9
        end = told["end"]["sum"]
        return (end["packets"] - end["lost_packets"]) / end["seconds"] / 1e3

    def _iperf(self, words: tuple[str, ...], seconds: int) -> dict:
        """iperf3 ends a test by a connection of its own, which the flood may have killed: it gets another go."""
        command = ["iperf3", "-c", frames.DISTANT_ADDRESS, "-p", str(IPERF_PORT), "-t", str(seconds), "-J", *words]
        for attempt in range(IPERF_ATTEMPTS):
            try:
                return json.loads(self._in_host(*command, seconds=seconds + 8))
            except Failure:
                if attempt == IPERF_ATTEMPTS - 1:
                    raise
                self._serve_iperf()

    def _serve_iperf(self) -> None:
        if self._iperf_server:
            end(self._iperf_server)
        self._iperf_server = start(self.gateway.ends[1], "iperf3", "-s", "-p", str(IPERF_PORT))
        # It says nothing when it listens; the next call would come too early.
        time.sleep(0.3)

    def _round_trips(self, count: int) -> None:
        words = self._in_host(self._echo, "ask", frames.DISTANT_ADDRESS, str(ECHO_PORT), str(count)).split()
        self._trips = {50: int(words[0]) / 1e3, 99: int(words[1]) / 1e3}

    def _in_host(self, *command: str, seconds: float = 30) -> str:
        return run("ip", "netns", "exec", self.gateway.ends[0], *command, seconds=seconds)


def compile_echo(source: pathlib.Path, target: pathlib.Path) -> None:
    run(find_clang() or "clang", "-O2", "-Wall", "-Werror", str(source), "-o", str(target))


@dataclasses.dataclass(frozen=True)
class SiteRow:
    """All measurements of a kind of traffic: for each gateway one figure a round."""

    traffic: Traffic
    figures: dict[str, list[float]]

    def median(self, key: str) -> float:
        return statistics.median(self.figures[key])

    def ratios(self, key: str, other: str) -> list[float]:
        """How many times as good, by the rounds."""
        pairs = zip(self.figures[key], self.figures[other], strict=True)
        return [ours / theirs if self.traffic.more_is_better else theirs / ours for ours, theirs in pairs]


def measure_sites(sites: list[Site], rounds: int, seconds: int, failures: Failures, progress) -> list[SiteRow]:
    """In each round every kind of traffic goes through every gateway, one after another. What does not come about is a
    result as well: it has no figure from then on."""
    figures = {traffic: {site.key: [] for site in sites} for traffic in TRAFFIC}
    failed = set()
    for number in range(rounds):
        first = number % len(sites)
        for traffic in TRAFFIC:
            for site in sites[first:] + sites[:first]:
                if (traffic, site.key) in failed:
                    continue
                try:
                    figures[traffic][site.key].append(site.measure(traffic, seconds))
                except Failure as failure:
                    failures.note(site.gateway, f"{traffic.label}: {failure}")
                    failed.add((traffic, site.key))
        progress(number + 1)
    return [
        SiteRow(traffic, {key: all_of_one for key, all_of_one in figures[traffic].items()
                          if (traffic, key) not in failed})
        for traffic in TRAFFIC
    ]
