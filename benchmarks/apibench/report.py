"""The result as text: tables that read well in a terminal and in Markdown."""

import statistics
import textwrap

from bench.machine import Noise
from bench.report import quartiles

from .measure import FAST_SECONDS, RATE, RATE_SECONDS, STARTS, WRITERS, Results, list_case

FEW, MANY = "esw1000", "esw100000"
NAMES = {FEW: "OpenESW", MANY: "OpenESW, 100,000", "nginx": "nginx", "flask": "Flask stub"}

# What was asked for: requests of ours for one of theirs, by case and server.
GOALS = {
    (list_case(20), "nginx"): 0.5, (list_case(1000), "nginx"): 0.8,
    (list_case(20), "flask"): 20, (list_case(1000), "flask"): 20,
}
MOST_P99_MS = 20


def markdown(lines: list[list[str]], sides: str) -> str:
    """`sides`: `<` or `>` for each column."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(sides))]
    text = [
        "| " + " | ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, sides, widths)) + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 1) + (":" if side == ">" else "-") for side, width in zip(sides, widths)) + "|"
    return "\n".join([text[0], rule] + text[1:])


def median_of(samples, name: str) -> float:
    return statistics.median(getattr(sample, name) for sample in samples)


def spread(figures: list[float], digits: int) -> str:
    low, high = quartiles(figures)
    return f"{low:.{digits}f} ... {high:.{digits}f}"


def loads(results: Results) -> str:
    lines = [["asked", "server", "requests/s", "middle half", "p50", "p99", "CPU of the server", "answer"]]
    for (case, server), samples in sorted(results.lists.items(), key=lambda item: order(item[0])):
        rates = [sample.per_second for sample in samples]
        low, high = quartiles(rates)
        lines.append(
            [
                case, NAMES[server], f"{statistics.median(rates):,.0f}", f"{low:,.0f} ... {high:,.0f}",
                f"{median_of(samples, 'p50_ms'):.2f} ms", f"{median_of(samples, 'p99_ms'):.2f} ms",
                f"{median_of(samples, 'cpu_us'):,.0f} us", f"{median_of(samples, 'bytes'):,.0f} B",
            ]
        )
    return markdown(lines, "<<>>>>>>")


def order(key: tuple[str, str]) -> tuple[int, int]:
    case, server = key
    return [list_case(20), list_case(1000), "show"].index(case), list(NAMES).index(server)


def ratios(results: Results) -> str:
    lines = [["OpenESW for one of", "asked", "**ratio**", "middle half", "all rounds", "to be reached"]]
    for other in ("nginx", "flask"):
        for rows in results.plan.pages:
            case = list_case(rows)
            figures = results.ratios(case, FEW, other)
            goal, got = GOALS[case, other], statistics.median(figures)
            digits = 1 if goal > 5 else 2
            lines.append(
                [
                    NAMES[other], case, f"**{got:.{digits}f}**", spread(figures, digits),
                    f"{min(figures):.{digits}f} ... {max(figures):.{digits}f}",
                    f"{goal:g}, {'reached' if got >= goal else 'missed'}",
                ]
            )
    return markdown(lines, "<<>>>>")


def stores(results: Results) -> str:
    lines = [["store", "start to first answer", "memory then", "memory at the end", *(
        f"{case}: p50, p99" for case in (list_case(20), list_case(1000), "show"))]]
    for key, name in ((FEW, "1,000 connections"), (MANY, "100,000 connections")):
        starts = results.starts[key]
        cells = [
            name, f"{statistics.median(start.seconds for start in starts):.2f} s",
            f"{statistics.median(start.resident_bytes for start in starts) / 2**20:.0f} MiB",
            f"{results.memory[key] / 2**20:.0f} MiB",
        ]
        for case in (list_case(20), list_case(1000), "show"):
            samples = results.samples(case, key)
            cells.append(f"{median_of(samples, 'p50_ms'):.2f}, {median_of(samples, 'p99_ms'):.2f} ms")
        lines.append(cells)
    lines.append(["", "", "", ""] + [""] * 3)
    lines.pop()
    return markdown(lines, "<>>>>>>")


def growth(results: Results) -> str:
    """Whether a large store is slower, against what two runs of one server differ anyway."""
    sentences = []
    for case in (list_case(20), list_case(1000), "show"):
        figures = results.ratios(case, MANY, FEW)
        sentences.append(f"{case} {statistics.median(figures):.2f} ({spread(figures, 2)})")
    return (
        "Requests a second with 100,000 connections for one with 1,000, median of the rounds' ratios and their middle "
        f"half: {', '.join(sentences)}."
    )


def writes(results: Results) -> str:
    lines = [["store", "load", "pairs/s", "create p50", "p99", "most", "delete p50", "p99", "most", "to be reached"]]
    for key, name in ((FEW, "1,000 connections"), (MANY, "100,000 connections")):
        for load, title in (("rate", f"{RATE} pairs/s"), ("fast", f"{WRITERS} writers")):
            told = results.writes[key][load]
            figures = [f"{told[f'{verb}_{part}_ms']:.1f} ms" for verb in ("create", "delete") for part in
                       ("p50", "p99", "max")]
            goal = "-"
            if load == "rate":
                worst = max(told["create_p99_ms"], told["delete_p99_ms"])
                goal = f"p99 {MOST_P99_MS} ms, {'reached' if worst < MOST_P99_MS else 'missed'}"
            lines.append([name, title, f"{told['pairs_a_second']:,.0f}", *figures, goal])
    return markdown(lines, "<<>>>>>>>>")


def summary(results: Results) -> str:
    parts = [loads(results), ratios(results)]
    if results.writes:
        parts += [stores(results), growth(results), writes(results)]
    return "\n\n".join(parts)


def paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_on_hyphens=False)


def document(results: Results, facts: dict[str, str], noise: Noise, threads: int) -> str:
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    plan = results.plan
    pages = ", ".join(f"{rows:,} rows {size:,} bytes" for rows, size in results.page_bytes.items())
    clients = f"{plan.threads} thread{'s' if plan.threads > 1 else ''} and {plan.connections} connections"
    return f"""# The HTTP API: lists, writes, and a large store

Written by `make bench-api`; each run overwrites it. Figures of different machines do not compare, ratios do.

{listed}

## Lists

{ratios(results)}

`ratio`: requests a second of OpenESW for one of the other, median of the rounds' own ratios; `middle half`: its
quartiles.

{loads(results)}

`CPU of the server`: for one request, of all its processes and threads, user and kernel. Medians of {plan.rounds} rounds.

{paragraph(
    f"wrk runs {plan.seconds} s in each round against one server after the other, with {clients}; who is first turns "
    f"from round to round. wrk and the servers share the machine's CPUs. Load before and after, and what else ran: load "
    f"{noise.load[0]:.1f} at the start and {noise.load[1]:.1f} at the end, {noise.steal:.1%} of the time taken by other "
    "virtual machines.")}

- *OpenESW*: `esw serve --no-agent`, default settings: {threads} event loops. `ListConnectionsAllInstances` with `limit`
  of 20 and 1,000 (`ListConnections` of one switch has six rows at most); a switch in a store of 1,000 connections in
  168 switches. Every request is signed and its signature verified; nothing of that is remembered. A node reports all
  1,000 connections once a second, so no page is older than that.
- *nginx*: the body of one of these answers as a file, {threads} workers, `sendfile`, no access log, open files cached,
  and the same request headers.
- *Flask stub*: rows as dictionaries in memory, a page of them by `jsonify`, Flask's own server with threads; it checks
  no signature.

Bodies: {pages}.

## A large store

{stores(results)}

{paragraph(growth(results))}

{paragraph(
    f"Start: from the process's start to its first answer, median of {STARTS}, with the file in the page cache. Both "
    "servers run at the same time and take their turns. In the large store 100,000 connections are in 16,667 switches "
    "of one project, each with a layer-2 subnet of its own; 1,000 of them are on the node that reports. It was filled "
    "through the store's seam.")}

## Writes

{writes(results)}

{paragraph(
    f"A pair is a CreateConnection and the DeleteConnection of what it made, by signed calls of our own client, which "
    f"shares the CPUs. Each is answered when it is on the disk. At {RATE} pairs a second, for {RATE_SECONDS} s, a "
    "create's time counts from when it was due, so that what an answer holds up is counted too; with "
    f"{WRITERS} writers, for {FAST_SECONDS} s, each goes on as soon as it is answered.")}

Not measured here: TLS, more than one project, a remote client, an agent's own requests under load.
"""
