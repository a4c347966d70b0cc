"""The servers that are compared. Each is started, waited for, measured and stopped."""

import contextlib
import http.client
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

from bench.failure import Failure

from .signing import Credentials, signed

HERE = pathlib.Path(__file__).resolve().parent
ADDRESS = "127.0.0.1"
PATIENCE = 30.0
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


class Server:
    """A process, with those that it started, and where it listens."""

    key = ""
    label = ""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen | None = None

    @property
    def host(self) -> str:
        return f"{ADDRESS}:{self.port}"

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> float:
        """Seconds until it answers."""
        with open(self.folder / "log", "ab") as log:
            started = time.monotonic()
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, start_new_session=True)
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - started > PATIENCE:
                tail = (self.folder / "log").read_text(errors="replace")[-2000:]
                raise Failure(f"{self.label} does not answer; its log ends in:\n{tail}")
            time.sleep(0.002)
        return time.monotonic() - started

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _pids(self) -> list[int]:
        found = [self._process.pid] if self._process else []
        for pid in found:
            with contextlib.suppress(OSError):
                children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                found += map(int, children)
        return found

    def cpu_seconds(self) -> float:
        """Of all its processes since they began."""
        total = 0
        for pid in self._pids():
            words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(words[11]) + int(words[12])
        return total / TICKS

    def resident_bytes(self) -> int:
        text = "".join(pathlib.Path(f"/proc/{pid}/status").read_text() for pid in self._pids())
        return sum(int(kilobytes) << 10 for kilobytes in re.findall(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE))


class OpenESW(Server):
    """`esw serve` as anybody runs it, without an agent, on a store with so many connections."""

    def __init__(self, folder: pathlib.Path, executable: pathlib.Path, connections: int, reported: int, threads: int):
        super().__init__(folder)
        self.key = f"esw{connections}"
        self.label = f"OpenESW, {connections:,} in the store"
        self.connections = connections
        self.reported = reported
        self._executable = executable
        self._threads = threads

    def command(self) -> list[str]:
        return [
            str(self._executable), "serve", "--no-agent", "--data", str(self.folder), "--listen", self.host,
        ]

    def fill(self) -> None:
        """Makes the store, the first project in it, and the connections."""
        self.start()
        self.stop()
        done = subprocess.run(
            [
                str(self._executable), "benchmark", "store", "--data", str(self.folder), "--connections",
                str(self.connections), "--reported", str(self.reported),
            ],
            capture_output=True, text=True, check=False,
        )
        if done.returncode:
            raise Failure(f"the store could not be filled: {done.stderr.strip()}")

    @property
    def credentials(self) -> Credentials:
        return Credentials.read(self.folder / "credentials")

    @property
    def list_path(self) -> str:
        return f"/v3/{self.credentials.project}/l2cg/connections"

    def get(self, path: str, query: str = "") -> bytes:
        """One signed request."""
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            headers = signed(self.credentials, "GET", path, query, self.host)
            connection.request("GET", path + ("?" + query if query else ""), headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise Failure(f"{self.label}: GET {path} gave {answer.status}: {body[:300]!r}")
        return body

    def report(self) -> None:
        """What the node says once a second."""
        token = (self.folder / "agent-token").read_text().strip()
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(
                "PUT", "/openesw/v1/agent/bench/report", (self.folder / "report.json").read_bytes(),
                {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != 204:
            raise Failure(f"{self.label}: the node's report gave {answer.status}: {body[:300]!r}")


class Nginx(Server):
    """The same bytes from files, as Debian's nginx serves them at its best."""

    key = "nginx"
    label = "nginx"

    def __init__(self, folder: pathlib.Path, pages: dict[int, bytes], workers: int):
        super().__init__(folder)
        folder.chmod(0o755)
        for rows, page in pages.items():
            (folder / f"page-{rows}.json").write_bytes(page)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"""{user}
            daemon off;
            worker_processes {workers};
            pid {folder}/pid;
            error_log {folder}/log;
            events {{ worker_connections 1024; }}
            http {{
              access_log off;
              sendfile on;
              tcp_nopush on;
              keepalive_requests 1000000000;
              open_file_cache max=100 inactive=1h;
              open_file_cache_valid 1h;
              default_type application/json;
              client_body_temp_path {folder}/t1;
              proxy_temp_path {folder}/t2;
              fastcgi_temp_path {folder}/t3;
              uwsgi_temp_path {folder}/t4;
              scgi_temp_path {folder}/t5;
              server {{ listen {ADDRESS}:{self.port} backlog=1024; root {folder}; }}
            }}
            """
        )

    def command(self) -> list[str]:
        return [program("nginx"), "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder)]


class Flask(Server):
    """What an emulator usually is: a dictionary for each row, and Flask's own server with threads."""

    key = "flask"
    label = "Flask stub"

    def __init__(self, folder: pathlib.Path, page: bytes):
        super().__init__(folder)
        (folder / "rows.json").write_bytes(page)

    def command(self) -> list[str]:
        return [sys.executable, str(HERE / "stub.py"), str(self.folder / "rows.json"), str(self.port)]


def program(name: str) -> str:
    """Where it is; administrators' folders are not on everybody's path."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Failure(f"the program {name} is missing: apt-get install {name}")
    return found
