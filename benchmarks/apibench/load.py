"""wrk, run once, and what it says."""

import dataclasses
import json
import pathlib
import subprocess

from bench.failure import Failure

from .servers import Server, program

SCRIPT = pathlib.Path(__file__).resolve().parent / "report.lua"


@dataclasses.dataclass(frozen=True)
class Sample:
    """One run against one server."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """CPU time of the server for one request."""
    bytes: float
    """Of an answer, with its head."""


def load(
    server: Server, target: str, headers: dict[str, str], seconds: int, threads: int, connections: int
) -> Sample:
    """Requests one after the other on each connection.

    - Raises Failure: when one was not answered with 200.
    """
    given = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    before = server.cpu_seconds()
    done = subprocess.run(
        [
            program("wrk"), "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--latency", "-s",
            str(SCRIPT), *given, f"http://{server.host}{target}",
        ],
        capture_output=True, text=True, check=False,
    )
    used = server.cpu_seconds() - before
    if done.returncode:
        raise Failure(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    told = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    wrong = {name: told[name] for name in ("status", "connect", "read", "write", "timeout") if told[name]}
    if wrong or not told["requests"]:
        raise Failure(f"{server.label}: of {told['requests']} requests to {target} some went wrong: {wrong}")
    return Sample(
        per_second=told["requests"] / told["seconds"], p50_ms=told["p50_ms"], p99_ms=told["p99_ms"],
        cpu_us=used / told["requests"] * 1e6, bytes=told["bytes"] / told["requests"],
    )
