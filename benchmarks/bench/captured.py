"""The node while somebody captures: its own frames, or those of others."""

import subprocess

from . import frames
from .kernel import die_with_parent
from .node import NodeGateway


class Watched(NodeGateway):
    """A node at which `esw capture` runs: one pair of hosts and short frames say what that costs."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._capture: subprocess.Popen | None = None

    def takes(self, case: frames.Case) -> bool:
        return super().takes(case) and case.size == 64 and case.hosts == 1

    def connect(self) -> None:
        super().connect()
        command = [self._executable, "capture", *self.subject(), "--namespace", f"/run/netns/{self.namespace}"]
        command += ["--write", "/dev/null", "--snap", "128", "--megabytes", "1000000", "--seconds", "86400"]
        self._capture = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=die_with_parent, env=self._environment,
        )

    def remove(self) -> None:
        if self._capture:
            self._capture.terminate()
            self._capture.wait()
            self._capture = None
        super().remove()

    def subject(self) -> list[str]:
        raise NotImplementedError


class BesideCapture(Watched):
    """Frames of another connection than the one that is captured."""

    key = "beside"
    label = "OpenESW beside a capture"

    def subject(self) -> list[str]:
        # What no connection lets in: nothing comes of it, and every frame pays a look at a bit.
        return ["--refused"]


class Captured(Watched):
    """Frames that are captured themselves, 128 bytes of each."""

    key = "captured"
    label = "OpenESW, captured"

    def subject(self) -> list[str]:
        return [self._connection]
