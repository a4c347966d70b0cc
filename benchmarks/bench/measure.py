"""Measuring: interleaved rounds of all gateways in all cases."""

import dataclasses
import os
import pathlib
import statistics
import time

from .failure import Failure, Failures
from .frames import DECAPSULATE, ENCAPSULATE, ONLY, Case, Entrance
from .gateways import Gateway
from .kernel import Programs, inside, run_time_ns

CPU_CLOCK = time.CLOCK_THREAD_CPUTIME_ID

# Frames that find out how long a measurement takes; and the bounds of one.
CALIBRATION_FRAMES = 20_000
FEWEST_FRAMES = 5_000
MOST_FRAMES = 20_000_000

# Passes over all hosts before anything is measured: with random hosts, e^-16 of them would be missed.
WARM_UP_PASSES = 16

# A measurement in which more frames than this share get lost is none; it is made again, at most so often.
TOLERATED_LOSS = 0.001
ATTEMPTS = 3

# The longest time in which not one frame that is under way leaves.
PATIENCE_SECONDS = 0.2


@dataclasses.dataclass(frozen=True)
class Sample:
    """One measurement of one gateway."""

    frames: int
    cpu_ns: int

    @property
    def ns_per_frame(self) -> float:
        return self.cpu_ns / self.frames


@dataclasses.dataclass(frozen=True)
class Row:
    """All measurements of a case: for each gateway one sample a round, in the order of the rounds."""

    case: Case
    samples: dict[str, list[Sample]]

    def ns(self, gateway: str) -> float:
        """CPU time of a frame, median of the rounds."""
        return statistics.median(sample.ns_per_frame for sample in self.samples[gateway])

    def ratios(self, gateway: str, other: str) -> list[float]:
        """Frames of `gateway` for one of `other`, at the same cost: one figure a round, because what disturbs
        a machine lasts longer than a round and so disturbs both."""
        pairs = zip(self.samples[gateway], self.samples[other], strict=True)
        return [theirs.ns_per_frame / ours.ns_per_frame for ours, theirs in pairs]


class Meter:
    """Sends frames through gateways on one CPU and takes the CPU time.

    Nearly all work is done in this thread, within the system call that lets the frames in. When the kernel puts
    some off, the CPU's ksoftirqd does it: its time counts as well.
    """

    def __init__(self, programs: Programs, drain: pathlib.Path):
        self.programs = programs
        self._drain = drain
        self._counts: dict[tuple[str, Case], int] = {}
        self.repeated = 0
        """Measurements that were made again."""

    @property
    def repeated_sentence(self) -> str:
        return f"{self.repeated or 'No'} measurement{'s were' if self.repeated != 1 else ' was'} made again."

    def verify(self, gateway: Gateway, case: Case, entrance: Entrance = ONLY) -> None:
        """Sends one frame and looks at every byte of what leaves."""
        at, length = gateway.exit(case)
        self.programs.expect(case, at, length, gateway.first_entrance, keep=True)
        before, _ = self.programs.left()
        namespace, interface = gateway.entrance(case)
        with inside(namespace):
            self.programs.enter("enter_one", case.entering(entrance), interface, 1)
        self._await(before + 1)
        after, _ = self.programs.left()
        if after != before + 1:
            raise Failure(f"{gateway.label}: a frame to {case.direction} ({case.size} bytes) did not come through")
        wrong = gateway.why_wrong(case, self.programs.kept(length), entrance)
        if wrong:
            raise Failure(f"{gateway.label}: {case.direction} ({case.size} bytes): {wrong}")

    def send(self, gateway: Gateway, case: Case, count: int) -> Sample:
        """Lets `count` frames in and counts those that leave."""
        self.programs.expect(case, *gateway.exit(case), gateway.first_entrance)
        before, _ = self.programs.left()
        namespace, interface = gateway.entrance(case)
        frame, used, sent = case.entering(gateway.entrances[0]), -gateway.cpu_ns(), 0
        with inside(namespace):
            while sent < count:
                part = min(count - sent, gateway.window or count)
                drained, started = run_time_ns(self._drain), time.clock_gettime_ns(CPU_CLOCK)
                self.programs.enter(case.program, frame, interface, part)
                used += time.clock_gettime_ns(CPU_CLOCK) - started
                sent += part
                self._await(before + sent)
                used += run_time_ns(self._drain) - drained
        used += gateway.cpu_ns()
        return Sample(frames=self.programs.left()[0] - before, cpu_ns=used)

    def _await(self, wanted: int) -> None:
        """Waits for frames that the kernel, or a process, has not got to yet, as long as some leave."""
        last, deadline = -1, 0.0
        while (now := self.programs.left()[0]) < wanted:
            if now != last:
                last, deadline = now, time.monotonic() + PATIENCE_SECONDS
            elif time.monotonic() > deadline:
                return
            time.sleep(0.0001)

    def calibrate(self, gateway: Gateway, case: Case, seconds: float) -> None:
        sample = self.send(gateway, case, CALIBRATION_FRAMES)
        if sample.frames == 0:
            raise Failure(f"{gateway.label}: no frame came through ({case})")
        count = int(seconds * 1e9 / sample.ns_per_frame)
        self._counts[gateway.key, case] = min(max(count, FEWEST_FRAMES), MOST_FRAMES)

    def measure(self, gateway: Gateway, case: Case) -> Sample:
        """As many frames as take the time asked for.

        - Raises Failure: when frames were lost or spoilt, also when it was tried again.
        """
        count = self._counts[gateway.key, case]
        for _ in range(ATTEMPTS):
            sample = self.send(gateway, case, count)
            if sample.frames >= count * (1 - TOLERATED_LOSS):
                return sample
            self.repeated += 1
        raise Failure(f"{gateway.label}: of {count} frames only {sample.frames} came through ({case})")


def warm_up(meter: Meter, gateway: Gateway, sizes: list[int], hosts: int) -> None:
    """Every host is heard on its side, and each kind of frame is looked at."""
    for direction in (DECAPSULATE, ENCAPSULATE):
        case = Case(direction, min(sizes), hosts)
        if gateway.takes(case):
            meter.send(gateway, case, hosts * WARM_UP_PASSES)
        else:
            # The first frame may be the one for which a way is looked for, and be gone by then.
            meter.send(gateway, Case(direction, min(sizes), 1), WARM_UP_PASSES)
    for direction in (DECAPSULATE, ENCAPSULATE):
        for size in sizes:
            meter.verify(gateway, Case(direction, size, 1))


def measure_all(
    meter: Meter, gateways: list[Gateway], cases: list[Case], rounds: int, seconds: float, failures: Failures, progress
) -> list[Row]:
    """Rows in the order of the cases. In each round every case is measured at every gateway, one after another;
    the order of the gateways turns from round to round. A gateway that may fail and does has no figures."""
    samples = {case: {gateway.key: [] for gateway in gateways if gateway.takes(case)} for case in cases}

    def attempt(gateway: Gateway, case: Case, act) -> None:
        if gateway.key not in samples[case]:
            return
        try:
            act()
        except Failure as failure:
            failures.accept(gateway, failure)
            del samples[case][gateway.key]

    for gateway in gateways:
        for case in cases:
            attempt(gateway, case, lambda: meter.calibrate(gateway, case, seconds))
    for number in range(rounds):
        first = number % len(gateways)
        for case in cases:
            for gateway in gateways[first:] + gateways[:first]:
                attempt(gateway, case, lambda: samples[case][gateway.key].append(meter.measure(gateway, case)))
        progress(number + 1)
    return [Row(case, samples[case]) for case in cases]


def pin(cpu: int) -> None:
    """This thread on one CPU, whose ksoftirqd is watched."""
    os.sched_setaffinity(0, {cpu})
