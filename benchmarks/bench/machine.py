"""The machine: whether it can run the benchmark, what it is, and how quiet it was."""

import ctypes
import glob
import os
import pathlib
import platform
import re
import shutil
import socket
import time

from .failure import Failure
from .kernel import find_clang, thread_that_drains

# The first kernel with tcx.
LEAST_KERNEL = (6, 6)

# linux/capability.h
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21, "CAP_BPF": 39}


def missing(executable: pathlib.Path, cpu: int) -> list[str]:
    """Each a sentence that says what is missing and what to do; empty: everything is there."""
    result = []
    if not os.access(executable, os.X_OK) or executable.is_dir():
        result.append(f"the program {executable}: make it with  make bench-datapath, or  swift build -c release --product esw")
    result += missing_privilege()
    numbers = tuple(int(number) for number in re.findall(r"\d+", platform.release())[:2])
    if numbers < LEAST_KERNEL:
        wanted = ".".join(map(str, LEAST_KERNEL))
        result.append(f"Linux {wanted} or newer (tcx): this is {platform.release()}")
    for program, package in {"ip": "iproute2", "bridge": "iproute2", "ethtool": "ethtool", "iperf3": "iperf3"}.items():
        if not shutil.which(program):
            result.append(f"the program {program}: apt-get install {package}")
    if not find_clang():
        result.append("a clang with the bpf target: the Swift toolchain has one; put swift on the PATH, or set CLANG")
    if not os.path.exists("/usr/include/bpf/bpf_helpers.h"):
        result.append("libbpf's headers: apt-get install libbpf-dev")
    try:
        ctypes.CDLL("libbpf.so.1")
    except OSError:
        result.append("libbpf 1.0 or newer: apt-get install libbpf-dev")
    if cpu not in os.sched_getaffinity(0):
        result.append(f"CPU {cpu}: this process may run on {sorted(os.sched_getaffinity(0))}; see --cpu")
    elif not thread_that_drains(cpu):
        result.append(f"the run time of ksoftirqd/{cpu}: /proc/PID/schedstat (CONFIG_SCHED_INFO)")
    return result


def absent() -> list[str]:
    """What is not measured on this machine, a sentence each."""
    result = [
        "Network cards: frames enter and leave by veth pairs, so what a driver and its hardware do is in no figure.",
        "More machines than one: senders and receivers take CPU time that the gateway could have.",
        "Flooding.",
    ]
    if not all(map(shutil.which, ("ovs-vswitchd", "ovsdb-server", "ovs-vsctl"))):
        result.append("Open vSwitch: it is not installed (`apt-get install openvswitch-switch`).")
    return result


def missing_privilege() -> list[str]:
    if os.geteuid() != 0:
        return ["root: network namespaces and eBPF need it; build as yourself, then  sudo benchmarks/datapath ESW"]
    status = pathlib.Path("/proc/self/status").read_text()
    effective = int(re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)[1], 16)
    absent = [name for name, bit in CAPABILITIES.items() if not effective >> bit & 1]
    if not absent:
        return []
    return [f"the capabilities {', '.join(absent)}: this root is one of a container without them"]


def processor() -> str:
    text = pathlib.Path("/proc/cpuinfo").read_text()
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    virtual = " (virtual)" if glob.glob("/sys/hypervisor/*") or re.search(r"^flags.*\bhypervisor\b", text, re.M) else ""
    return (named[1].strip() if named else platform.machine()) + virtual


class Alone:
    """Two benchmarks at once would measure each other, and have the same names. Ends with the process."""

    def __init__(self):
        # An abstract name: a lock that leaves no file.
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.bind("\0eswbench")
        except OSError:
            raise Failure("another benchmark is running on this machine") from None


class Watch:
    """What else the machine did in a span of time."""

    def __init__(self):
        self._cpus = os.cpu_count() or 1
        self._own = time.process_time()
        self._started = time.monotonic()
        self._load = os.getloadavg()[0]
        self._first = self._times()

    @staticmethod
    def _times() -> dict[str, int]:
        words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
        return dict(zip(names, map(int, words)))

    def stop(self) -> "Noise":
        last = self._times()
        spent = {name: last[name] - self._first[name] for name in last}
        total = max(sum(spent.values()), 1)
        idle = spent["idle"] + spent["iowait"]
        busy = (total - idle) / total * self._cpus
        own = (time.process_time() - self._own) / (time.monotonic() - self._started)
        load = (self._load, os.getloadavg()[0])
        return Noise(load, self._cpus, others=max(busy - own, 0), steal=spent["steal"] / total)


class Noise:
    """How far a machine was from quiet."""

    # CPUs; the server's agent, which looks at the kernel once a second, is among them.
    QUIET_OTHERS = 0.3
    QUIET_STEAL = 0.01

    def __init__(self, load: tuple[float, float], cpus: int, others: float, steal: float):
        self.load = load
        """Average over a minute, at the start and at the end."""
        self.cpus = cpus
        self.others = others
        """CPUs' worth of work that was not the measurement's."""
        self.steal = steal
        """Share of the time that other virtual machines took."""

    @property
    def is_quiet(self) -> bool:
        return self.others < self.QUIET_OTHERS and self.steal < self.QUIET_STEAL

    @property
    def sentence(self) -> str:
        word = "quiet" if self.is_quiet else "noisy"
        return (
            f"The machine was {word}: besides the measurement {self.others:.1f} of {self.cpus} CPUs were busy, load "
            f"{self.load[0]:.1f} at the start and {self.load[1]:.1f} at the end, {self.steal:.1%} of the time taken "
            "by other virtual machines."
        )
