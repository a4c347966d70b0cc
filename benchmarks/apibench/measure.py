"""Measuring: interleaved rounds of all servers in all cases, writes, starts."""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess

from bench.failure import Failure

from .load import Sample, load
from .servers import Flask, Nginx, OpenESW, Server
from .signing import signed

# Starts of each store.
STARTS = 3
# Writes: how long at a rate, at which rate, how long as fast as it goes, and by how many.
RATE_SECONDS, RATE = 10, 50
FAST_SECONDS, WRITERS = 4, 16


@dataclasses.dataclass(frozen=True)
class Plan:
    rounds: int
    seconds: int
    connections: int
    threads: int
    pages: tuple[int, ...] = (20, 1000)


@dataclasses.dataclass(frozen=True)
class Case:
    """Something that is asked of a server."""

    name: str
    target: str
    query: str = ""
    is_signed: bool = True


@dataclasses.dataclass(frozen=True)
class Start:
    seconds: float
    resident_bytes: int


@dataclasses.dataclass(frozen=True)
class Results:
    plan: Plan
    lists: dict[tuple[str, str], list[Sample]]
    """By case and server, in the order of the rounds."""
    starts: dict[str, list[Start]]
    writes: dict[str, dict[str, dict[str, float]]]
    """By server, then `rate` or `fast`."""
    memory: dict[str, int]
    """By server, after all of it."""
    page_bytes: dict[int, int]

    def samples(self, case: str, server: str) -> list[Sample]:
        return self.lists.get((case, server), [])

    def ratios(self, case: str, server: str, other: str) -> list[float]:
        """One a round: what disturbs a machine lasts longer than a round and so disturbs both."""
        pairs = zip(self.samples(case, server), self.samples(case, other), strict=True)
        return [ours.per_second / theirs.per_second for ours, theirs in pairs]


def list_case(rows: int) -> str:
    return f"list {rows:,}"


def cases_of(server: Server, plan: Plan) -> list[Case]:
    match server:
        case OpenESW():
            cases = [Case(list_case(rows), server.list_path, f"limit={rows}") for rows in plan.pages]
            shown = json.loads(server.get(server.list_path, "limit=1"))["connections"][0]
            base = server.list_path.removesuffix("/connections")
            path = f"{base}/instances/{shown['instance_id']}/connections/{shown['id']}"
            return [*cases, Case("show", path)]
        case Nginx():
            return [Case(list_case(rows), f"/page-{rows}.json") for rows in plan.pages]
        case _:
            raise Failure(f"nothing is asked of {server.label}")


def measure_lists(plan: Plan, stores: list[OpenESW], nginx: Nginx, flask: Flask, progress):
    """In each round every case is measured at every server, one after another; who is first turns."""
    asked = [(server, case) for server in [*stores, nginx] for case in cases_of(server, plan)]
    path = stores[0].list_path
    asked += [(flask, Case(list_case(rows), path, f"limit={rows}")) for rows in plan.pages]
    names = list(dict.fromkeys(case.name for _, case in asked))
    samples: dict[tuple[str, str], list[Sample]] = {}

    def measure(server: Server, case: Case, seconds: int) -> Sample:
        # All get the same headers, signed or not: the signature is good for fifteen minutes.
        signer = server if isinstance(server, OpenESW) else stores[0]
        headers = signed(signer.credentials, "GET", case.target, case.query, server.host)
        target = case.target + (f"?{case.query}" if case.query else "")
        return load(server, target, headers, seconds, plan.threads, plan.connections)

    for server, case in asked:
        measure(server, case, 1)
    for number in range(plan.rounds):
        for name in names:
            here = [(server, case) for server, case in asked if case.name == name]
            first = number % len(here)
            for server, case in here[first:] + here[:first]:
                samples.setdefault((name, server.key), []).append(measure(server, case, plan.seconds))
        progress(number + 1)
    return samples


def measure_starts(stores: list[OpenESW], progress) -> dict[str, list[Start]]:
    """From the process's start to its first answer, in turns; the file is in the page cache."""
    starts: dict[str, list[Start]] = {}
    progress("measuring starts")
    for _ in range(STARTS):
        for store in stores:
            try:
                seconds = store.start()
                starts.setdefault(store.key, []).append(Start(seconds, store.resident_bytes()))
            finally:
                store.stop()
    return starts


def measure_writes(executable: pathlib.Path, stores: list[OpenESW], progress) -> dict[str, dict[str, dict[str, float]]]:
    result = {}
    for store in stores:
        progress(f"measuring writes: {store.label}")
        rate = write(executable, store, ["--rate", str(RATE), "--seconds", str(RATE_SECONDS)])
        fast = write(executable, store, ["--seconds", str(FAST_SECONDS)])
        result[store.key] = {"rate": rate, "fast": fast}
    return result


def write(executable: pathlib.Path, store: OpenESW, more: list[str]) -> dict[str, float]:
    """Creates and deletes connections by a client of ours, which signs each request."""
    credentials = store.credentials
    environment = {
        **os.environ,
        "ESW_ENDPOINT": f"http://{store.host}",
        "HUAWEICLOUD_SDK_AK": credentials.key,
        "HUAWEICLOUD_SDK_SK": credentials.secret,
        "HUAWEICLOUD_SDK_PROJECT_ID": credentials.project,
    }
    done = subprocess.run(
        [
            str(executable), "benchmark", "writes", "--lanes", str(store.folder / "lanes.json"), "--writers",
            str(WRITERS), *more,
        ],
        capture_output=True, text=True, check=False, env=environment,
    )
    if done.returncode:
        raise Failure(f"{store.label}: writing failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def median(figures) -> float:
    return statistics.median(figures)
