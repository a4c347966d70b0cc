"""Packets that XDP may forward before the kernel makes an skb of them: the node with XDP against the same node without
and the tuned bridge.

    BPF_PROG_TEST_RUN --> port0-far ==> port0  [gateway]  underlay0 ==> underlay0-far: counted and dropped

An XDP program sees only what comes in by a driver, so here frames enter all gateways by the far end of the interface's
veth pair. That costs something which a network card does not; `DropEarly` is what it costs alone. What the bridge and
the node without XDP send is counted and dropped before the driver of the way out, as in the other table, and so is what the
node with XDP leaves to tcx. What XDP sends has no such place: it goes through that driver and is counted at the far end,
and so its figures include both.
"""

import dataclasses
import pathlib
import socket
import statistics
import struct
import time

from . import frames
from .failure import Failure
from .gateways import LOCAL_PORT, UNDERLAY, Gateway, TunedBridge
from .kernel import BPF_TCX_EGRESS, BPF_XDP, Loaded, inside, run, run_time_ns
from .measure import CPU_CLOCK, Row, Sample
from .node import NodeGateway
from .report import aligned

# More frames lost than this share is no measurement; it is made again, at most so often. The rings of a veth hold 256
# frames: when the CPU is taken away in between, they overflow.
TOLERATED_LOSS = 0.01
ATTEMPTS = 20
WARM_UP_PASSES = 16
# Frames for each host before a measurement.
REMINDERS = 4
CALIBRATION_FRAMES = 20_000


class EarlyPrograms(Loaded):
    """Those of early.bpf.c."""

    def __init__(self, compiled: pathlib.Path):
        super().__init__(compiled, ("enter", "leave", "leave_early", "pass_on"))

    def expect(self, case, at: int, length: int, doors: tuple[int, int], keep: bool = False) -> None:
        """Says what enters and where, and what counts where it leaves."""
        row = struct.pack("=IIII", case.entering_at, at, case.hosts - 1, length)
        row += socket.inet_aton(case.source_address) + struct.pack("=III", keep, *doors)
        self._write("settings", 0, row)


class Early:
    """What each gateway of this comparison has more than in the other: doors at the far ends."""

    # Whether frames leave by a driver, to the far end.
    leaves_early = False

    def place(self, programs: EarlyPrograms) -> None:
        with inside(self.namespace):
            for name in (LOCAL_PORT, UNDERLAY):
                run("ethtool", "-K", name, "gro", "on")
                self._index[f"{name}-far"] = socket.if_nametoindex(f"{name}-far")
            self.catch(programs)

    def catch(self, programs: EarlyPrograms) -> None:
        for name in (LOCAL_PORT, UNDERLAY):
            programs.attach("leave", self._index[name], BPF_TCX_EGRESS)
            if self.leaves_early:
                programs.attach("leave_early", self._index[f"{name}-far"], BPF_XDP)

    def doors(self, case: frames.Case) -> tuple[int, int]:
        """Where frames are sent in, and by which interface they leave."""
        ways = (LOCAL_PORT, UNDERLAY) if case.direction == frames.ENCAPSULATE else (UNDERLAY, LOCAL_PORT)
        return self._index[f"{ways[0]}-far"], self._index[ways[1]]


class DropEarly(Early, Gateway):
    """No gateway: frames are counted and dropped where they come in, by XDP."""

    key = "early-nothing"
    label = "nothing (dropped by XDP where it comes in)"

    def catch(self, programs: EarlyPrograms) -> None:
        for name in (LOCAL_PORT, UNDERLAY):
            programs.attach("leave_early", self._index[name], BPF_XDP)


class PassOn(Early, Gateway):
    """XDP that sends every frame on as it is."""

    key = "early-through"
    label = "XDP that only redirects"
    leaves_early = True

    def catch(self, programs: EarlyPrograms) -> None:
        super().catch(programs)
        for name in (LOCAL_PORT, UNDERLAY):
            programs.attach("pass_on", self._index[name], BPF_XDP)


class EarlyBridge(Early, TunedBridge):
    key = "early-bridge"


class EarlyNode(Early, NodeGateway):
    """The node without XDP."""

    key = "early-tcx"
    label = "OpenESW, tcx"


class XDPNode(Early, NodeGateway):
    """The node with XDP."""

    key = "early-xdp"
    label = "OpenESW, XDP"
    leaves_early = True
    options = ("--xdp", "on", "--flavor-limits", "off")


class EarlyMeter:
    """Sends frames through gateways on one CPU and takes the CPU time, as `Meter` does."""

    def __init__(self, programs: EarlyPrograms, drain: pathlib.Path):
        self._programs = programs
        self._drain = drain
        self._counts: dict[tuple[str, frames.Case], int] = {}

    def verify(self, gateway, case: frames.Case) -> None:
        """Until a frame has come through byte for byte: the first may be lost while a way is looked for."""
        at, length = gateway.exit(case)
        for _ in range(20):
            self._programs.expect(case, at, length, gateway.doors(case), keep=True)
            before = self._programs.left()[0]
            self._enter(gateway, case, 1)
            if self._await(before + 1) == before + 1:
                wrong = gateway.why_wrong(case, self._programs.kept(length), frames.ONLY)
                if wrong:
                    raise Failure(f"{gateway.label}: {case.direction} ({case.size} bytes): {wrong}")
                return
        raise Failure(f"{gateway.label}: a frame to {case.direction} ({case.size} bytes) did not come through")

    def send(self, gateway, case: frames.Case, count: int) -> Sample:
        self._programs.expect(case, *gateway.exit(case), gateway.doors(case))
        before = self._programs.left()[0]
        drained, started = run_time_ns(self._drain), time.clock_gettime_ns(CPU_CLOCK)
        self._enter(gateway, case, count)
        used = time.clock_gettime_ns(CPU_CLOCK) - started
        left = self._await(before + count)
        return Sample(frames=left - before, cpu_ns=used + run_time_ns(self._drain) - drained)

    def _enter(self, gateway, case: frames.Case, count: int) -> None:
        with inside(gateway.namespace):
            self._programs.enter("enter", case.entering(), gateway.doors(case)[0], count)

    def _await(self, wanted: int) -> int:
        deadline = time.monotonic() + 0.1
        while (now := self._programs.left()[0]) < wanted and time.monotonic() < deadline:
            time.sleep(0.0001)
        return now

    def calibrate(self, gateway, case: frames.Case, seconds: float) -> None:
        sample = self.send(gateway, case, CALIBRATION_FRAMES)
        if sample.frames == 0:
            raise Failure(f"{gateway.label}: no frame came through ({case})")
        self._counts[gateway.key, case] = max(int(seconds * 1e9 / sample.ns_per_frame), 5_000)

    def measure(self, gateway, case: frames.Case) -> Sample:
        count = self._counts[gateway.key, case]
        for _ in range(ATTEMPTS):
            if case.hosts > 1:
                # A node remembers a host for a tenth of a second, and the others had their turn meanwhile.
                self.send(gateway, case, case.hosts * REMINDERS)
            sample = self.send(gateway, case, count)
            if sample.frames >= count * (1 - TOLERATED_LOSS):
                return sample
        raise Failure(f"{gateway.label}: of {count} frames only {sample.frames} came through ({case})")


def create(gateway, programs: EarlyPrograms) -> None:
    """Doors first: what the far ends can do decides where the node uses XDP."""
    connect, gateway.connect = gateway.connect, lambda: gateway.place(programs)
    gateway.create(None)
    gateway.connect = connect
    connect()


def warm_up(meter: EarlyMeter, gateway, sizes: list[int], hosts: int) -> None:
    for _ in range(2):
        for direction in (frames.DECAPSULATE, frames.ENCAPSULATE):
            meter.send(gateway, frames.Case(direction, min(sizes), hosts), hosts * WARM_UP_PASSES)
    for direction in (frames.DECAPSULATE, frames.ENCAPSULATE):
        for size in sizes:
            meter.verify(gateway, frames.Case(direction, size, 1))


def measure_early(meter: EarlyMeter, gateways: list, cases: list, rounds: int, seconds: float, progress) -> list[Row]:
    """As `measure.measure_all`."""
    for gateway in gateways:
        for case in cases:
            meter.calibrate(gateway, case, seconds)
    samples = {case: {gateway.key: [] for gateway in gateways} for case in cases}
    for number in range(rounds):
        first = number % len(gateways)
        for case in cases:
            for gateway in gateways[first:] + gateways[:first]:
                samples[case][gateway.key].append(meter.measure(gateway, case))
        progress(number + 1)
    return [Row(case, samples[case]) for case in cases]


# ---- The table ----


@dataclasses.dataclass(frozen=True)
class Ratio:
    raw: float
    net: float


def ratio(row: Row, gateway: str, other: str) -> Ratio:
    """Frames of `gateway` for one of `other` in the same CPU time; `net`: without what coming in by a veth costs both.
    Medians of the rounds."""
    triples = list(zip(row.samples[gateway], row.samples[other], row.samples[DropEarly.key], strict=True))
    raw = [theirs.ns_per_frame / ours.ns_per_frame for ours, theirs, _ in triples]
    net = [
        (theirs.ns_per_frame - bed.ns_per_frame) / max(ours.ns_per_frame - bed.ns_per_frame, 1)
        for ours, theirs, bed in triples
    ]
    return Ratio(statistics.median(raw), statistics.median(net))


def table(rows: list[Row]) -> str:
    gateways = (DropEarly, PassOn, EarlyBridge, EarlyNode, XDPNode)
    head = ["direction", "frame", "hosts a side", "coming in", "XDP that only redirects", "bridge + VXLAN, tuned"]
    head += ["OpenESW, tcx", "OpenESW, XDP", "**XDP to bridge**", "**net**", "XDP to tcx", "net"]
    lines = [head]
    for row in rows:
        cells = [row.case.direction, f"{row.case.size:,} B", f"{row.case.hosts:,}"]
        cells += [f"{row.ns(gateway.key):,.0f} ns" for gateway in gateways]
        for other, mark in ((EarlyBridge, "**"), (EarlyNode, "")):
            found = ratio(row, XDPNode.key, other.key)
            cells += [f"{mark}{found.raw:.2f}{mark}", f"{mark}{found.net:.2f}{mark}"]
        lines.append(cells)
    return aligned(lines, 3)


def section(rows: list[Row]) -> str:
    """The part of the page."""
    return f"""## XDP

CPU time of a frame. Frames come in by the far end of a veth pair, because XDP sees only what a driver receives; that costs
every gateway here something, which is the column *coming in*; *net* ratios leave it out. The node with XDP also pays for a
driver at the way out and for being counted behind it, which the others do not (*XDP that only redirects* is that without any
gateway). Between 4,096 hosts a side, each frame is between two at random.

{table(rows)}

"""
