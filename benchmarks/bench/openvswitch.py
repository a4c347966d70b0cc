"""Open vSwitch's userspace datapath as a gateway of the benchmark: the daemons in the namespace, nothing of the host's.

A machine without its kernel module can run it everywhere. Two bridges, as its documentation has it: one with the
underlay's interface and the tunnel address, one with the port and the VXLAN tunnel (docs.openvswitch.org, "Connecting
VMs Using Tunnels (Userspace)").
"""

import os
import pathlib
import shutil
import subprocess
import time

from . import frames
from .failure import Failure
from .gateways import LOCAL_PORT, UNDERLAY, UNDERLAY_MTU, Gateway
from .kernel import BPF_TCX_EGRESS, end, run, start, threads_run_time_ns, widen_receive_buffers

SCHEMA = pathlib.Path("/usr/share/openvswitch/vswitch.ovsschema")


def is_there() -> bool:
    return SCHEMA.exists() and all(map(shutil.which, ("ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ovsdb-tool")))


class SwitchGateway(Gateway):
    """Its daemons are children of this process and end with it.

    Alone, it gets a window of frames whenever it has worked off the one before, so that it is busy all the time and
    loses none. What is counted is the time of all its threads, which send within their own system calls, and that of
    the kernel where frames enter. Its caches have an entry for each pair of hosts: pairs at random from thousands would
    be new each time.
    """

    key = "ovs"
    label = "Open vSwitch, userspace"
    catching_at = BPF_TCX_EGRESS
    # It sends 32 frames with one system call, which ends at the first that is dropped.
    catcher = "leave_sent"
    may_fail = True
    # More do not fit into the receive buffers.
    window = 8192

    DAEMONS = ("ovsdb-server", "ovs-vswitchd")
    START_SECONDS = 10
    BUFFER_BYTES = 1 << 26

    def __init__(self, folder: pathlib.Path, apart: bool = False):
        super().__init__(apart)
        self._folder = folder / self.key
        self._processes: list[subprocess.Popen] = []
        self._environment = os.environ | {
            name: str(self._folder) for name in ("OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR")
        }

    def connect(self) -> None:
        self._folder.mkdir()
        database, server = self._folder / "conf.db", self._folder / "db.sock"
        self._call("ovsdb-tool", "create", str(database), str(SCHEMA))
        self._start("ovsdb-server", str(database), f"--remote=punix:{server}")
        self._control("--no-wait", "init")
        self._start("ovs-vswitchd", f"unix:{server}")
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
        self._call("ovs-appctl", "-t", str(self._folder / "ovs-vswitchd.ctl"), "tnl/neigh/set", "br-under", frames.REMOTE_ADDRESS,
                   frames.REMOTE_MAC)

        widen_receive_buffers(self._processes[-1].pid, self.BUFFER_BYTES)

    def takes(self, case: frames.Case) -> bool:
        return case.hosts == 1

    def cpu_ns(self) -> int:
        return threads_run_time_ns(self._processes[-1].pid)

    def remove(self) -> None:
        for process in reversed(self._processes):
            end(process)
        self._processes.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        super().remove()

    def _start(self, daemon: str, *words: str) -> None:
        """Returns when it answers."""
        control = self._folder / f"{daemon}.ctl"
        command = [daemon, *words, f"--unixctl={control}", "--no-chdir", "--log-file", "-vconsole:off"]
        self._processes.append(start(self.namespace, *command, environment=self._environment))
        deadline = time.monotonic() + self.START_SECONDS
        while not control.exists():
            if self._processes[-1].poll() is not None or time.monotonic() > deadline:
                raise Failure(f"{daemon} did not start")
            time.sleep(0.02)

    def _control(self, *words: str) -> None:
        self._call("ovs-vsctl", f"--db=unix:{self._folder / 'db.sock'}", "--timeout=20", *words)

    def _call(self, *command: str) -> str:
        return run("ip", "netns", "exec", self.namespace, *command, environment=self._environment)
