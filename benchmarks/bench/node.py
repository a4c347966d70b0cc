"""OpenESW itself as a gateway of the benchmark."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time

from . import frames
from .failure import Failure
from .gateways import LOCAL_PORT, UNDERLAY, Gateway
from .kernel import BPF_TCX_EGRESS, die_with_parent, run


class NodeGateway(Gateway):
    """`esw serve` with its agent in the namespace, set up by signed calls of the API and by nothing else."""

    key = "node"
    label = "OpenESW"
    catching_at = BPF_TCX_EGRESS

    # XDP has a comparison of its own, and large frames are more than any flavor carries.
    options = ("--xdp", "off", "--flavor-limits", "off")

    PINS = pathlib.Path("/sys/fs/bpf/openesw")
    START_SECONDS = 30
    REPORT_SECONDS = 2

    def __init__(self, executable: pathlib.Path, folder: pathlib.Path, apart: bool = False):
        """`folder`: where each server gets one for its data and log."""
        super().__init__(apart)
        self._executable = str(executable)
        self._folder = folder / self.key
        self._process: subprocess.Popen | None = None
        self._environment: dict[str, str] = {}
        self._connection = ""

    def connect(self) -> None:
        self._serve()
        self._await_node()
        vpc = self._call("vpc", "create", "bench", "--cidr", "10.0.0.0/8")["id"]
        tunnel = self._subnet("tunnel", vpc, frames.TUNNEL_NETWORK, "10.9.0.254")
        stretched = self._subnet("stretched", vpc, frames.STRETCHED_NETWORK, "10.5.255.254")
        self._call("attachment", "create", tunnel, "--node", "bench", "--tunnel", UNDERLAY)
        self._call("attachment", "create", stretched, "--node", "bench", "--interface", LOCAL_PORT)
        place = ["--vpc", vpc, "--tunnel-subnet", tunnel, "--tunnel-ip", frames.TUNNEL_ADDRESS]
        instance = self._call("instance", "create", "bench", *place, "--wait")["id"]
        remote = f"{frames.VNI}@{frames.REMOTE_ADDRESS}"
        ends = ["--instance", instance, "--vpc", vpc, "--subnet", stretched, "--remote", remote]
        self._connection = self._call("connection", "create", "bench", *ends, "--wait")["id"]

    def account(self) -> str:
        """What the node itself says of the frames, as a sentence."""
        # The agent's last report has to come in first.
        time.sleep(self.REPORT_SECONDS)
        told = self._call("connection", "diagnose", self._connection)
        frames_to = [told["counters"][way]["frames"] for way in ("to_remote", "to_local")]
        drops = [f"{row['frames']} {row['reason']} ({row['direction']})" for row in told["drops"]]
        return (
            f"The node itself counted {frames_to[0]:,} frames to the remote and {frames_to[1]:,} to the local side, "
            f"with those to warm up, and dropped {', '.join(drops) or 'none'}."
        )

    def remove(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        # What is pinned outlives the process; it belongs to this namespace alone.
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.PINS / f"ns-{self.namespace}")
        with contextlib.suppress(OSError):
            self.PINS.rmdir()
        super().remove()

    def _subnet(self, name: str, vpc: str, network: str, gateway: str) -> str:
        return self._call("subnet", "create", name, "--vpc", vpc, "--cidr", network, "--gateway", gateway)["id"]

    def _serve(self) -> None:
        self._folder.mkdir()
        log = self._folder / "log"
        # In a session of its own: Ctrl-C at the terminal reaches the benchmark, which then ends it in good order.
        with open(log, "wb") as output:
            self._process = subprocess.Popen(
                [self._executable, "serve", "--listen", "127.0.0.1:0", "--data", str(self._folder / "data"), "--node",
                 "bench", "--namespace", f"/run/netns/{self.namespace}", "--log", "warning", *self.options],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                preexec_fn=die_with_parent,
            )
        credentials = self._folder / "data" / "credentials"
        # The port is chosen by the kernel, and written there once it is.
        self._wait(lambda: credentials.exists() and "127.0.0.1:0\n" not in credentials.read_text(), "listen")
        self._environment = dict(os.environ)
        for line in credentials.read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self._environment[name] = value

    def _await_node(self) -> None:
        def is_there() -> bool:
            nodes = self._call("node")
            return any(node.get("name") == "bench" for node in nodes)

        self._wait(is_there, "report its interfaces")

    def _wait(self, condition, what: str) -> None:
        deadline = time.monotonic() + self.START_SECONDS
        while not condition():
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = (self._folder / "log").read_text().strip() or "(it said nothing)"
                raise Failure(f"{self._executable} serve did not {what}:\n{words}")
            time.sleep(0.05)

    def _call(self, *arguments: str):
        return json.loads(run(self._executable, *arguments, "--output", "json", environment=self._environment))
