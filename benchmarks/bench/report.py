"""The result as text: a table that reads well in a terminal and in Markdown."""

import statistics
import textwrap

from .gateways import UNDERLAY_MTU
from .machine import Noise
from .measure import Row

COLUMNS = (
    ("direction", "<"),
    ("frame", ">"),
    ("hosts a side", ">"),
    ("bridge + VXLAN", ">"),
    ("OpenESW", ">"),
    ("**ratio**", ">"),
    ("middle half", ">"),
    ("all rounds", ">"),
    ("harness", ">"),
    ("without it", ">"),
)


def quartiles(figures: list[float]) -> tuple[float, float]:
    if len(figures) < 2:
        return figures[0], figures[0]
    cut = statistics.quantiles(figures, n=4, method="inclusive")
    return cut[0], cut[2]


def cells(row: Row) -> list[str]:
    ratios = row.ratios("node", "bridge")
    bridge, node, nothing = (row.ns(key) for key in ("bridge", "node", "nothing"))
    low, high = quartiles(ratios)
    return [
        row.case.direction,
        f"{row.case.size:,} B",
        f"{row.case.hosts:,}",
        f"{1e3 / bridge:.2f} M/s",
        f"{1e3 / node:.2f} M/s",
        f"**{statistics.median(ratios):.2f}**",
        f"{low:.2f} ... {high:.2f}",
        f"{min(ratios):.2f} ... {max(ratios):.2f}",
        f"{1e3 / nothing:.2f} M/s",
        f"{(bridge - nothing) / (node - nothing):.2f}" if node > nothing else "-",
    ]


def table(rows: list[Row]) -> str:
    lines = [[name for name, _ in COLUMNS]] + [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    text = [
        "| " + " | ".join(f"{cell:{side}{width}}" for cell, (_, side), width in zip(line, COLUMNS, widths)) + " |"
        for line in lines
    ]
    ends = [":" if side == ">" else "-" for _, side in COLUMNS]
    rule = "|" + "".join("-" * (width + 1) + end + "|" for width, end in zip(widths, ends))
    return "\n".join([text[0], rule] + text[1:])


def typical_spread(rows: list[Row]) -> float:
    """Width of the middle half of a gateway's own figures, as a share of their median; median of all."""
    widths = []
    for row in rows:
        for key in ("bridge", "node"):
            figures = [sample.ns_per_frame for sample in row.samples[key]]
            low, high = quartiles(figures)
            widths.append((high - low) / statistics.median(figures))
    return statistics.median(widths)


def spread_sentence(rows: list[Row]) -> str:
    share = typical_spread(rows)
    return f"Of a gateway in a case, the middle half of the rounds was {share:.1%} wide (median of all cases)."


def paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_on_hyphens=False)


def document(rows: list[Row], facts: dict[str, str], noise: Noise, account: str, table_text: str) -> str:
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    frames = sum(sample.frames for row in rows for all_of_one in row.samples.values() for sample in all_of_one)
    return f"""# Packets through a node, against the kernel's bridge and VXLAN device

Written by `make bench`; each run overwrites it. Figures of different machines do not compare, ratios do.

{listed}

{table_text}

`M/s`: million frames in a second of CPU time of the gateway alone. `ratio`: OpenESW's figure for one of the bridge's,
median of the rounds' own ratios; `middle half`: its quartiles. All of this includes what the measurement itself costs;
that alone is `harness` (frames made, counted and dropped where they come in), and `without it` is the ratio when its
time is taken off both.

{paragraph(f"{noise.sentence} {spread_sentence(rows)}")}

## What is compared

Two gateways in network namespaces, each with an attachment port and an underlay (MTU {UNDERLAY_MTU}), a route and a
neighbour entry to one remote VTEP.

- *OpenESW*: `esw serve` with its agent, set up by `esw vpc`, `subnet`, `attachment`, `instance` and `connection`, and
  running as it does in use; hosts are learned from their frames.
- *Bridge + VXLAN*: one bridge, one VXLAN device with static entries for all hosts, learning and UDP checksum off,
  bridge netfilter off: the usual hand-made way at its best.

Both know the same hosts all the time; "hosts a side" is how many take part in a case, at random with random UDP source
ports. Frames enter by `BPF_PROG_TEST_RUN` with live XDP frames, as from a driver's poll of 64, at one interface; they
are counted and dropped at tcx egress of the other, so that neither drivers nor peers are part of the figures. Sizes
are those of the carried Ethernet frame without FCS. Before measuring, one frame of each kind is compared byte by byte
where it leaves; while measuring, every frame is counted by its length and inner source address, and a run in which
more than one of 1,000 is missing is refused. All is on one CPU, the gateways take turns within each round, and
time that the kernel spends in `ksoftirqd` counts.

{paragraph(f"In this run {frames:,} frames were measured. {account}")}

Not measured here: TCP with super-packets, more than one connection, flooding, real network cards.
"""

