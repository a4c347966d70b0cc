"""Many connections and many hosts: whether a frame costs more because others are there."""

import dataclasses
import pathlib
import statistics

from .failure import Failure, Failures
from .frames import DECAPSULATE, ENCAPSULATE, SpreadCase
from .kernel import sweep_ns
from .measure import Meter, Row, measure_all
from .report import RATIO_COLUMNS, aligned, ratio_cells
from .trunk import ManyBridges, Trunk, TrunkNode

CONNECTIONS = 4000
BRIDGES = 200
# Hosts a side of a connection; and connections of the node that knows more than 100,000 hosts of them.
HOSTS = 4096
CROWDED = 13
# Frames in a row that a host sends: what a window or a receive interrupt brings at once.
TRAIN = 16


@dataclasses.dataclass(frozen=True)
class Line:
    """What is measured at one gateway, and with what it is compared: the first line of the same name and gateway."""

    gateway: str
    connections: int
    hosts: int
    text: str
    base: "Line | None" = None
    train: int = 1


ONE = Line("trunk-few", 1, 1, "1 connection, 1 host a side")
ONE_BUSY = Line("trunk-few", 1, HOSTS, f"1 connection, {HOSTS:,} hosts a side")
ONE_BRIDGE = Line("trunk-bridges", 1, 1, f"1 of {BRIDGES} connections, 1 host a side")
LINES = [
    ONE,
    ONE_BUSY,
    Line("trunk-many", CONNECTIONS, 1, f"{CONNECTIONS:,} connections, 1 host a side each", ONE),
    Line("trunk-many", CONNECTIONS, 1, f"{CONNECTIONS:,} connections, 1 host a side each", ONE_BUSY),
    Line("trunk-many", CONNECTIONS, 1, f"the same, {TRAIN} frames in a row of each", ONE, TRAIN),
    Line("trunk-crowd", 1, 1, "1 connection, 1 host a side; 106,496 hosts known", ONE),
    Line("trunk-crowd", 1, HOSTS, f"1 connection, {HOSTS:,} hosts a side; 106,496 hosts known", ONE_BUSY),
    ONE_BRIDGE,
    Line("trunk-bridges", BRIDGES, 1, f"{BRIDGES} connections, 1 host a side each", ONE_BRIDGE),
]


@dataclasses.dataclass(frozen=True)
class Look:
    """What esw's own looks take, in milliseconds."""

    connections: int
    hosts: int
    evidence: float
    sweep: float


@dataclasses.dataclass(frozen=True)
class Crowd:
    rows: list[Row]
    looks: list[Look]

    def samples(self, line: Line, direction: str, size: int) -> list:
        for row in self.rows:
            case = row.case
            if (case.direction, case.size, case.connections, case.hosts, case.train) == (
                direction, size, line.connections, line.hosts, line.train
            ):
                return row.samples.get(line.gateway, [])
        return []

    def ns(self, line: Line, direction: str, size: int) -> float:
        """Of a frame, median."""
        return statistics.median(sample.ns_per_frame for sample in self.samples(line, direction, size))

    def harness_ns(self, line: Line, direction: str, size: int) -> float:
        """What making and counting such frames costs; with many hosts as with one. 0: not measured."""
        if line.gateway == "trunk-bridges":
            return 0
        bare = dataclasses.replace(line, gateway=Trunk.key, hosts=1)
        return self.ns(bare, direction, size) if self.samples(bare, direction, size) else 0

    def without_harness(self, line: Line, direction: str, size: int) -> str:
        own, base = self.harness_ns(line, direction, size), self.harness_ns(line.base, direction, size)
        if not own or not base:
            return ""
        return f"{(self.ns(line.base, direction, size) - base) / (self.ns(line, direction, size) - own):.2f}"


def gateways(executable: pathlib.Path, folder: pathlib.Path) -> list[Trunk]:
    return [
        Trunk(CONNECTIONS, (1, CONNECTIONS)),
        TrunkNode(executable, folder, 1, (1,), "few"),
        TrunkNode(executable, folder, CONNECTIONS, (CONNECTIONS,), "many"),
        TrunkNode(executable, folder, CROWDED, (1,), "crowd"),
        ManyBridges(BRIDGES, (1, BRIDGES)),
    ]


def cases(sizes: list[int]) -> list[SpreadCase]:
    kinds = ((1, 1, 1), (HOSTS, 1, 1), (1, CONNECTIONS, 1), (1, CONNECTIONS, TRAIN), (1, BRIDGES, 1))
    return [
        SpreadCase(direction, size, *kind)
        for direction in (ENCAPSULATE, DECAPSULATE) for size in sizes for kind in kinds
    ]


def measure_crowd(
    meter: Meter, there: list[Trunk], sizes: list[int], rounds: int, seconds: float, failures: Failures, progress
) -> Crowd:
    ready, looks = [], []
    agree(meter, there)
    for gateway in there:
        hosts = HOSTS if gateway.key in ("trunk-few", "trunk-crowd") else 1
        try:
            gateway.warm_up(meter, hosts, sizes)
            ready.append(gateway)
        except Failure as failure:
            failures.accept(gateway, failure)
            continue
        if isinstance(gateway, TrunkNode):
            told = gateway.look()
            sweep = sweep_ns(gateway.pins) / 1e6
            looks.append(Look(len(gateway.entrances), int(told["hosts"]), told["evidence"], sweep))
    rows = measure_all(meter, ready, cases(sizes), rounds, seconds, failures, progress)
    return Crowd(rows, looks)


def agree(meter: Meter, there: list[Trunk]) -> None:
    """The programs have one list of where frames enter, which the largest node says."""
    nodes = [gateway for gateway in there if isinstance(gateway, TrunkNode)]
    longest = max((node.entrances for node in nodes), key=len)
    for node in nodes:
        if node.entrances != longest[: len(node.entrances)]:
            raise Failure(f"{node.namespace}: its connections are not the first of those of the largest node")
    for gateway in there:
        if not isinstance(gateway, (TrunkNode, ManyBridges)):
            gateway.entrances = longest
    meter.programs.admit(0, longest, [0] * len(longest))


# ---- The page ----


def crowd_table(crowd: Crowd, sizes: list[int]) -> str:
    heads = ["direction", "frame", "gateway", "traffic among", "M/s", "compared with", *RATIO_COLUMNS]
    lines = [[*heads, "without the harness"]]
    for direction in (ENCAPSULATE, DECAPSULATE):
        for size in sizes:
            for line in LINES:
                samples = crowd.samples(line, direction, size)
                if not samples:
                    continue
                gateway = ManyBridges.label if line.gateway == ManyBridges.key else TrunkNode.label
                speed = f"{1e3 / crowd.ns(line, direction, size):.2f}"
                cells = [direction, f"{size:,} B", gateway, line.text, speed]
                base = crowd.samples(line.base, direction, size) if line.base else []
                if not base:
                    lines.append([*cells, "", "", "", "", ""])
                    continue
                ratios = [theirs.ns_per_frame / ours.ns_per_frame for ours, theirs in zip(samples, base, strict=True)]
                bare = crowd.without_harness(line, direction, size)
                lines.append([*cells, line.base.text, *ratio_cells(ratios), bare])
    return aligned(lines, 4)


def look_table(crowd: Crowd) -> str:
    lines = [["connections", "hosts known", "sweep, CPU time", "sweep and reading the evidence"]]
    for look in crowd.looks:
        lines.append(
            [f"{look.connections:,}", f"{look.hosts:,}", f"{look.sweep:.1f} ms", f"{look.evidence:.1f} ms"]
        )
    return aligned(lines, 0)


def crowd_section(crowd: Crowd, sizes: list[int]) -> str:
    return f"""## Many connections and many hosts

{crowd_table(crowd, sizes)}

All connections of a node are VLANs of one trunk, all hosts are known, and each frame is of a connection, and of hosts, at
random, which is the worst for a processor's caches; *in a row* says how many follow each other before the next
connection is drawn. A frame counts only if it leaves with the VLAN, or VNI and addresses, of its own connection. The
bridges have an interface for each connection; this kernel may have no VLAN devices, so an eBPF program does their work
and hands each frame of the trunk to its interface (`bpf_redirect_peer`). *Without the harness* takes off both what making
and counting the frames costs.

What the agent does once a second beside its comparison, by the hosts that the node knows:

{look_table(crowd)}
"""
