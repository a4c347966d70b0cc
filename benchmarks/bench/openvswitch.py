"""Open vSwitch's userspace datapath as a gateway of the benchmark: the daemons in the namespace, nothing of the host's.

A machine without its kernel module can run it everywhere. Two bridges, as its documentation has it: one with the
underlay's interface and the tunnel address, one with the port and the VXLAN tunnel (docs.openvswitch.org, "Connecting
VMs Using Tunnels (Userspace)").
"""

import contextlib
import os
import pathlib
import shutil
import signal
import time

from . import frames
from .gateways import LOCAL_PORT, UNDERLAY, UNDERLAY_MTU, Gateway
from .kernel import run

SCHEMA = pathlib.Path("/usr/share/openvswitch/vswitch.ovsschema")


def is_there() -> bool:
    return SCHEMA.exists() and all(map(shutil.which, ("ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ovsdb-tool")))


class SwitchGateway(Gateway):
    key = "ovs"
    label = "Open vSwitch, userspace"
    may_fail = True

    DAEMONS = ("ovsdb-server", "ovs-vswitchd")

    def __init__(self, folder: pathlib.Path, apart: bool = False):
        super().__init__(apart)
        self._folder = folder / self.key
        self._environment = os.environ | {
            name: str(self._folder) for name in ("OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR")
        }

    def connect(self) -> None:
        self._folder.mkdir()
        database, server = self._folder / "conf.db", self._folder / "db.sock"
        self._call("ovsdb-tool", "create", str(database), str(SCHEMA))
        daemon = ["--detach", "--no-chdir", "--log-file", "-vconsole:off"]
        self._call("ovsdb-server", str(database), f"--remote=punix:{server}", "--pidfile", *daemon)
        self._control("--no-wait", "init")
        self._call("ovs-vswitchd", f"unix:{server}", "--pidfile", *daemon)
        underlay = ["add-br", "br-under", "--", "set", "bridge", "br-under", "datapath_type=netdev"]
        self._control(*underlay, f'other-config:hwaddr="{frames.UNDERLAY_MAC}"', "--", "add-port", "br-under", UNDERLAY,
                      "--", "set", "interface", "br-under", f"mtu_request={UNDERLAY_MTU}")
        self.batch(
            f"address flush dev {UNDERLAY}",
            f"address add {frames.TUNNEL_ADDRESS}/24 dev br-under",
            "link set br-under up",
        )
        tunnel = ["add-port", "br-inner", "vxlan0", "--", "set", "interface", "vxlan0", "type=vxlan"]
        options = {"remote_ip": frames.REMOTE_ADDRESS, "local_ip": frames.TUNNEL_ADDRESS, "key": frames.VNI,
                   "dst_port": frames.VXLAN_PORT}
        self._control("add-br", "br-inner", "--", "set", "bridge", "br-inner", "datapath_type=netdev",
                      "other-config:mac-table-size=65536", "--", "add-port", "br-inner", LOCAL_PORT, "--", *tunnel,
                      *[f"options:{name}={value}" for name, value in options.items()])
        self.batch("link set br-inner up")
        self._call("ovs-appctl", "-t", "ovs-vswitchd", "tnl/neigh/set", "br-under", frames.REMOTE_ADDRESS,
                   frames.REMOTE_MAC)

    def remove(self) -> None:
        for daemon in reversed(self.DAEMONS):
            number = self._number(daemon)
            if not number:
                continue
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGTERM)
            self._await_end(number)
        shutil.rmtree(self._folder, ignore_errors=True)
        super().remove()

    @staticmethod
    def _await_end(number: int) -> None:
        deadline = time.monotonic() + 5
        while os.path.exists(f"/proc/{number}"):
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
                deadline += 5
            time.sleep(0.02)

    def _number(self, daemon: str) -> int | None:
        """Process number, as long as that process is one of ours."""
        try:
            number = int((self._folder / f"{daemon}.pid").read_text())
            words = pathlib.Path("/proc", str(number), "cmdline").read_text()
        except (OSError, ValueError):
            return None
        return number if str(self._folder) in words else None

    def _control(self, *words: str) -> None:
        self._call("ovs-vsctl", f"--db=unix:{self._folder / 'db.sock'}", "--timeout=20", *words)

    def _call(self, *command: str) -> str:
        return run("ip", "netns", "exec", self.namespace, *command, environment=self._environment)
