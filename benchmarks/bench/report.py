"""The result as text: tables that read well in a terminal and in Markdown, and the page around them."""

import statistics
import textwrap

from .gateways import UNDERLAY_MTU
from .machine import Noise
from .measure import Row
from .plot import Bar, Group
from .sites import SiteRow

BASE = "bridge"

LABELS = {
    "none": "no gateway",
    "nothing": "harness",
    "found": "bridge + VXLAN, as found",
    "bridge": "bridge + VXLAN, tuned",
    "ovs": "Open vSwitch, userspace",
    "node": "OpenESW",
    "beside": "OpenESW beside a capture",
    "captured": "OpenESW, captured",
    "bridge-apart": "bridge + VXLAN, tuned",
    "node-apart": "OpenESW",
}


def quartiles(figures: list[float]) -> tuple[float, float]:
    if len(figures) < 2:
        return figures[0], figures[0]
    cut = statistics.quantiles(figures, n=4, method="inclusive")
    return cut[0], cut[2]


def aligned(lines: list[list[str]], texts: int) -> str:
    """A Markdown table; the first `texts` columns are words."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    sides = ["<" if column < texts else ">" for column in range(len(widths))]
    text = [
        "| " + " | ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, sides, widths)) + " |"
        for line in lines
    ]
    rule = "|" + "".join("-" * (width + 1) + ("-" if side == "<" else ":") + "|" for side, width in zip(sides, widths))
    return "\n".join([text[0], rule] + text[1:])


def ratio_cells(ratios: list[float]) -> list[str]:
    low, high = quartiles(ratios)
    return [f"**{statistics.median(ratios):.2f}**", f"{low:.2f} ... {high:.2f}", f"{min(ratios):.2f} ... {max(ratios):.2f}"]


RATIO_COLUMNS = ["**ratio**", "middle half", "all rounds"]


def kind_of(row: Row) -> list[str]:
    direction = row.case.direction
    if any(key.endswith("-apart") for key in row.samples):
        direction += ", to a veth"
    return [direction, f"{row.case.size:,} B", f"{row.case.hosts:,}"]


def gateway_table(rows: list[Row]) -> str:
    """A line for each gateway in each case."""
    lines = [["direction", "frame", "hosts a side", "gateway", "M/s", *RATIO_COLUMNS, "without the harness"]]
    for row in rows:
        base = next((key for key in row.samples if key.startswith(BASE)), None)
        nothing = row.ns("nothing") if "nothing" in row.samples else 0
        for key in row.samples:
            cells = [*kind_of(row), LABELS.get(key, key), f"{1e3 / row.ns(key):.2f}"]
            if not base or key in (base, "nothing"):
                lines.append([*cells, "", "", "", ""])
                continue
            bare = (row.ns(base) - nothing) / (row.ns(key) - nothing) if nothing and row.ns(key) > nothing else None
            lines.append([*cells, *ratio_cells(row.ratios(key, base)), f"{bare:.2f}" if bare else ""])
    return aligned(lines, 4)


def site_table(rows: list[SiteRow]) -> str:
    lines = [["traffic", "gateway", "figure", *RATIO_COLUMNS]]
    for row in rows:
        for key in row.figures:
            cells = [row.traffic.label, LABELS.get(key, key), f"{row.median(key):.2f} {row.traffic.unit}"]
            is_alone = key == BASE or BASE not in row.figures
            lines.append([*cells, *(["", "", ""] if is_alone else ratio_cells(row.ratios(key, BASE)))])
    return aligned(lines, 2)


def gateway_groups(rows: list[Row]) -> list[Group]:
    groups = []
    for row in rows:
        bars = []
        for key in row.samples:
            if key == "nothing":
                continue
            figures = [1e3 / sample.ns_per_frame for sample in row.samples[key]]
            bars.append(Bar(key.removesuffix("-apart"), statistics.median(figures), *quartiles(figures)))
        direction, size, hosts = kind_of(row)
        groups.append(Group(f"{direction}, {size}, {hosts} host{'s' if row.case.hosts > 1 else ''}", "M/s", bars))
    return groups


def site_groups(rows: list[SiteRow]) -> list[Group]:
    return [
        Group(row.traffic.label, row.traffic.unit,
              [Bar(key, row.median(key), *quartiles(row.figures[key])) for key in row.figures])
        for row in rows
        if row.figures
    ]


def typical_spread(rows: list[Row]) -> float:
    """Width of the middle half of a gateway's own figures, as a share of their median; median of all."""
    widths = []
    for row in rows:
        for key in row.samples:
            figures = [sample.ns_per_frame for sample in row.samples[key]]
            low, high = quartiles(figures)
            widths.append((high - low) / statistics.median(figures))
    return statistics.median(widths)


def spread_sentence(rows: list[Row]) -> str:
    share = typical_spread(rows)
    return f"Of a gateway in a case, the middle half of the rounds was {share:.1%} wide (median of all cases)."


def paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_on_hyphens=False)


def document(
    facts: dict[str, str], noise: Noise, rows: list[Row], crowd: str, sites: list[SiteRow], account: str,
    absent: list[str],
) -> str:
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    frames = sum(sample.frames for row in rows for all_of_one in row.samples.values() for sample in all_of_one)
    return f"""# Packets through a node, against the kernel's bridge and VXLAN device and Open vSwitch

Written by `make bench-datapath`; each run overwrites it. Figures of different machines do not compare, ratios do.

{listed}

{paragraph(f"{noise.sentence} {spread_sentence(rows)}")}

## The gateway alone

![frames a second of CPU time](datapath-gateway.svg)

{gateway_table(rows)}

`M/s`: million frames in a second of CPU time of the gateway alone. `ratio`: that figure for one of the tuned bridge's,
median of the rounds' own ratios; `middle half`: its quartiles. All of this includes what the measurement itself costs
(`harness`: frames made, counted and dropped where they come in); the last column is the ratio when its time is taken
off both. *To a veth*: the port's far end is in another namespace and frames are counted when they arrive there; this
includes what the kernel needs to get them there.

{crowd}
## From end to end

![what a local host and a far host see](datapath-sites.svg)

{site_table(sites)}

Everything is on this machine: senders, gateway, the far site's bridge and VXLAN device, and receivers share its CPUs, so
these figures say less about a gateway than those above. `no gateway` is a cable between both hosts. Hosts send finished
packets, as a wire brings them, unless it says super-packets. Round trips are datagrams of 4 bytes, one at a time.

## What is compared

Gateways in network namespaces, each with an attachment port and an underlay (MTU {UNDERLAY_MTU}), a route and a
neighbour entry to one remote VTEP.

- *OpenESW*: `esw serve` with its agent, set up by `esw vpc`, `subnet`, `attachment`, `instance` and `connection`, and
  running as it does in use, with the settings that it has by default but for `--flavor-limits off`: a flavor ends at
  10 Gbit/s and 2 million frames a second, which one core does easily. Hosts are learned from their frames.
- *Beside a capture*: the same while `esw capture` asks for frames of nobody here. *Captured*: while it asks for the very frames,
  128 bytes of each; more come than can be written to a file, so most copies are lost (and counted), no frame is.
- *Bridge + VXLAN, as found*: one bridge, one VXLAN device, nothing set: bridge netfilter as the machine has it, GRO as
  its interfaces have it, addresses learned.
- *Tuned*: static entries for all hosts, learning and UDP checksum off, bridge netfilter off, GRO on at both interfaces.
- *Open vSwitch, userspace*: Debian's `openvswitch-switch`, `datapath_type=netdev`, one bridge for the underlay and one
  with a VXLAN port. Alone, it gets 8,192 frames whenever it has worked off those before, into receive buffers that hold them,
  so that it is busy all the time; the time of all its threads counts, in which it also sends, and that of the kernel
  where frames enter. One host a side: its caches have a place for each pair of hosts, and pairs at random are always new.

All know the same hosts all the time; "hosts a side" is how many take part in a case, at random with random UDP source
ports. Frames enter by `BPF_PROG_TEST_RUN` with live XDP frames, as from a driver's poll of 64, at one interface; they
are counted and dropped at tcx egress of the other. Sizes are those of the carried Ethernet frame without FCS. Before
measuring, one frame of each kind is compared byte by byte where it leaves; while measuring, every frame is counted by
its length and inner source address, and a run in which more than one of 1,000 is missing is refused. All is on one CPU,
the gateways take turns within each round, and time that the kernel spends in `ksoftirqd` counts.

{paragraph(f"In this run {frames:,} frames were measured at gateways alone. {account}")}

## Not here

{chr(10).join(f"- {sentence}" for sentence in absent)}
"""
