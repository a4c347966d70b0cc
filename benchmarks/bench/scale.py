"""Thousands of connections: ours by `esw benchmark scale`, and peers by `ip`."""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from . import links
from .failure import Failure
from .kernel import die_with_parent
from .machine import Noise

PINS = "/sys/fs/bpf/eswscale"
EXPEDITED = pathlib.Path("/sys/kernel/rcu_expedited")
PEERS = {
    "shell": "a shell loop of `ip`",
    "batch": "`ip -batch`",
    "netlink": "netlink, 64 messages at a time",
    "group": "the same, removed as one group",
}
# As long as 4,000 VXLAN devices need to go.
LIMIT_SECONDS = 900


def ip(*words: str, text: str | None = None) -> None:
    result = subprocess.run(
        ["ip", *words], input=text, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    if result.returncode:
        raise Failure(f"ip {' '.join(words)}: {result.stderr.strip()[:300]}")


@contextlib.contextmanager
def namespace(purpose: str):
    name = f"eswscale-{purpose}-{os.getpid()}"
    ip("netns", "add", name)
    try:
        yield name
    finally:
        ip("netns", "delete", name)


@contextlib.contextmanager
def expedited(wanted: bool):
    """Grace periods of RCU at once, at the price of an interrupt on each CPU; as it was afterwards."""
    before = EXPEDITED.read_text() if wanted else None
    try:
        if wanted:
            EXPEDITED.write_text("1")
        yield
    finally:
        if before is not None:
            EXPEDITED.write_text(before)


@contextlib.contextmanager
def node(connections: int, trunk: bool):
    """A namespace with an underlay, and a trunk or an interface for each connection; and a folder."""
    with namespace("node") as name, tempfile.TemporaryDirectory(prefix="eswscale-") as folder:
        pairs = [("underlay0", "far0")]
        pairs += [("trunk0", "trunk1")] if trunk else [(f"eth{number}", f"host{number}") for number in range(connections)]
        lines = []
        for one, other in pairs:
            lines += [f"link add {one} type veth peer name {other}", f"link set {one} up", f"link set {other} up"]
        ip("-n", name, "-batch", "-", text="\n".join(lines))
        try:
            yield name, folder
        finally:
            shutil.rmtree(PINS, ignore_errors=True)


def command(esw: pathlib.Path, name: str, folder: str, connections: int, trunk: bool, rounds: int) -> list[str]:
    words = [str(esw), "benchmark", "scale", "--namespace", f"/run/netns/{name}", "--pins", PINS, "--data", folder]
    words += ["--connections", str(connections), "--rounds", str(rounds)]
    return words if trunk else [*words, "--own-interfaces"]


class Ours:
    """Medians of the rounds, in milliseconds by stage."""

    def __init__(self, connections: int, trunk: bool, expedited: bool, rounds: list[dict[str, float]]):
        self.connections = connections
        self.trunk = trunk
        self.expedited = expedited
        self.rounds = len(rounds)
        self.median = {stage: statistics.median(row[stage] for row in rounds) for stage in rounds[0]}
        self.least = {stage: min(row[stage] for row in rounds) for stage in rounds[0]}
        self.most = {stage: max(row[stage] for row in rounds) for stage in rounds[0]}


def ours(esw: pathlib.Path, connections: int, rounds: int, trunk: bool, expedited: bool = False) -> Ours:
    with node(connections, trunk) as (name, folder):
        result = subprocess.run(
            command(esw, name, folder, connections, trunk, rounds), capture_output=True, text=True,
            timeout=LIMIT_SECONDS, check=False, preexec_fn=die_with_parent,
        )
    if result.returncode:
        raise Failure(f"esw benchmark scale: {result.stderr.strip()[:500]}")
    return Ours(connections, trunk, expedited, [json.loads(line) for line in result.stdout.splitlines()])


class Memory:
    """Bytes that the kernel took for connections, by map (as the kernel accounts for it) and in all."""

    def __init__(self, connections: int, maps: dict[str, int], whole: int):
        self.connections = connections
        self.maps = maps
        self.whole = whole


def maps_now() -> dict[str, int]:
    """`memlock` of each pinned map, by name."""
    result = {}
    for path in sorted(pathlib.Path(PINS, "maps").glob("esw_*")):
        shown = subprocess.run(["bpftool", "-j", "map", "show", "pinned", str(path)], capture_output=True, text=True)
        if shown.returncode == 0:
            result[path.name] = json.loads(shown.stdout)["bytes_memlock"]
    return result


def kernel_memory() -> int:
    """What the kernel holds for itself: slabs and memory per CPU."""
    rows = dict(line.split(":") for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
    return sum(int(rows[name].split()[0]) for name in ("Slab", "Percpu")) * 1024


def memory(esw: pathlib.Path, connections: int) -> Memory | None:
    """With one connection and with all, while each is there; nil without bpftool."""
    if not shutil.which("bpftool"):
        return None
    found = []
    for count in (1, connections):
        with node(count, trunk=True) as (name, folder):
            child = subprocess.Popen(
                command(esw, name, folder, count, True, 1), stdout=subprocess.PIPE, text=True,
                env={**os.environ, "ESW_BENCHMARK_HOLD": "5"}, preexec_fn=die_with_parent,
            )
            child.stdout.readline()
            found.append((maps_now(), kernel_memory()))
            child.wait(timeout=LIMIT_SECONDS)
    (few, few_whole), (many, many_whole) = found
    return Memory(connections, {name: many[name] - few.get(name, 0) for name in many}, many_whole - few_whole)


class Peer:
    def __init__(self, name: str, connections: int, made: float, removed: float):
        self.name = name
        self.connections = connections
        self.made = made
        self.removed = removed


def creation(number: int) -> list[str]:
    return [
        f"link add br{number} type bridge",
        f"link add vx{number} type vxlan id {number + 1} dstport 4789 local 192.0.2.1 remote 192.0.2.2 nolearning",
        f"link set vx{number} master br{number}", f"link set vx{number} up", f"link set br{number} up",
    ]


def removal(number: int) -> list[str]:
    return [f"link delete vx{number}", f"link delete br{number}"]


def peer(name: str, connections: int) -> Peer:
    with namespace("peer") as where:
        ip("-n", where, "link", "add", "underlay0", "type", "veth", "peer", "name", "far0")
        ip("-n", where, "link", "set", "underlay0", "up")
        ip("-n", where, "address", "add", "192.0.2.1/24", "dev", "underlay0")
        times = []
        if name in ("netlink", "group"):
            return Peer(name, connections, *by_netlink(where, connections, at_once=name == "group"))
        for lines in (creation, removal):
            text = [line for number in range(connections) for line in lines(number)]
            started = time.monotonic()
            if name == "batch":
                ip("-n", where, "-batch", "-", text="\n".join(text))
            else:
                script = "\n".join(f"ip -n {where} {line}" for line in text)
                subprocess.run(["sh", "-e"], input=script, text=True, check=True, timeout=LIMIT_SECONDS)
            times.append(time.monotonic() - started)
        return Peer(name, connections, *times)


def by_netlink(where: str, connections: int, at_once: bool) -> list[float]:
    """Seconds to make and to remove; the messages are ready before."""
    removing = links.removal_of_all() if at_once else links.removals(connections)
    times = []
    with links.Pipeline(where) as pipeline:
        for messages, wanted in ((links.creations(connections), 2 * connections), (removing, 0)):
            started = time.monotonic()
            pipeline.execute(messages)
            times.append(time.monotonic() - started)
            found = links.devices(where)
            if found != wanted:
                raise Failure(f"netlink: {found} devices are there, and not {wanted}")
    return times


# ---- The document ----

STAGES = (
    ("read_store", "read the store (once, at the start)"),
    ("compile", "compile intent for the node"),
    ("configure_observe", "look at the kernel"),
    ("configure_desired", "what it should hold"),
    ("configure_plan", "plan"),
    ("configure_execute", "execute"),
    ("configure_observe_again", "look again, all rows new"),
    ("configure_compare", "compare again, all rows new"),
    ("configure_evidence", "read evidence"),
    ("remove_total", "remove all, from look to execution"),
)


def milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def part(ours: Ours) -> str:
    where = "VLANs of one trunk" if ours.trunk else "interfaces of their own"
    if ours.expedited:
        where += ", RCU expedited"
    whole = ours.median["compile"] + ours.median["configure_total"]
    lines = [
        f"## {ours.connections:,} connections on {where}", "",
        f"**Configured from nothing in {milliseconds(whole)}** (compile to the last of "
        f"{ours.median['configure_steps']:,.0f} steps), **removed in {milliseconds(ours.median['remove_total'])}**. "
        f"A pass of the agent that finds nothing changed, evidence included: **{milliseconds(ours.median['pass_p50'])}** "
        f"(the longest of all {milliseconds(ours.most['pass_max'])}).", "",
        "| stage | median | of all rounds |", "|---|--:|--:|",
    ]
    for stage, text in STAGES:
        lines.append(
            f"| {text} | {milliseconds(ours.median[stage])} | "
            f"{milliseconds(ours.least[stage])} ... {milliseconds(ours.most[stage])} |"
        )
    return "\n".join(lines)


def memory_part(memory: Memory | None) -> str:
    if not memory:
        return "## Memory\n\nNot measured: there is no bpftool."
    count = memory.connections
    lines = [
        "## Memory", "",
        f"Of the kernel, for each of {count:,} connections on {os.cpu_count()} CPUs: "
        f"**{sum(memory.maps.values()) / count:,.0f} bytes** by its own account of the maps (`bpftool map`), "
        f"{memory.whole / count:,.0f} by the growth of `Slab` and `Percpu` in `/proc/meminfo`, which others change too.",
        "", "| map | bytes a connection |", "|---|--:|",
    ]
    for name, size in sorted(memory.maps.items(), key=lambda item: -item[1]):
        if size:
            lines.append(f"| `{name}` | {size / count:,.0f} |")
    return "\n".join(lines)


def peers_part(peers: list[Peer]) -> str:
    lines = [
        "## Peers", "",
        "A bridge and a VXLAN device for each connection, plugged in and up; the way that it is done by hand.", "",
        "| by | connections | made | each | removed | each |", "|---|--:|--:|--:|--:|--:|",
    ]
    for peer in peers:
        lines.append(
            f"| {PEERS[peer.name]} | {peer.connections:,} | {peer.made:.1f} s | "
            f"{1000 * peer.made / peer.connections:.1f} ms | {peer.removed:.1f} s | "
            f"{1000 * peer.removed / peer.connections:.1f} ms |"
        )
    return "\n".join(lines)


def document(
    parts: list[Ours], memory: Memory | None, peers: list[Peer], facts: dict[str, str], noise: Noise
) -> str:
    head = [
        "# Thousands of connections", "",
        "Written by `benchmarks/scale`; each run overwrites it.", "",
        *(f"- {name}: {value}" for name, value in facts.items()), "", noise.sentence,
    ]
    sections = ["\n".join(head), *map(part, parts)]
    if any(not ours.trunk for ours in parts):
        sections.append(
            "An interface of its own costs a program on its hook: `BPF_LINK_CREATE` waits for a grace period of RCU "
            "while it\nholds the lock of all network configuration, so threads would not help. `rcu_expedited` does, "
            "and is the machine's\nto set (`/sys/kernel/rcu_expedited`): the agent leaves it alone. A trunk needs one "
            "program for all of its VLANs."
        )
    sections.append(memory_part(memory))
    if peers:
        sections.append(peers_part(peers))
    return "\n\n".join(sections) + "\n"
