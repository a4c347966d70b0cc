"""What the benchmark asks of the kernel: network namespaces, eBPF programs (by libbpf), CPU time."""

import contextlib
import ctypes
import glob
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time

from .failure import Failure

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
# linux/bpf.h; the two attach points are there since 6.6, newer than Debian 12's libbpf.
BPF_TCX_INGRESS = 46
BPF_TCX_EGRESS = 47
BPF_F_TEST_XDP_LIVE_FRAMES = 2
# linux/bpf.h, linux/if_link.h
BPF_XDP = 37
XDP_FLAGS_DRV_MODE = 4
# asm-generic/unistd.h, asm-generic/socket.h
SYS_PIDFD_GETFD = 438
SO_RCVBUFFORCE = 33

# Frames that the kernel makes at once: as many as a driver takes in one poll.
BATCH = 64

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, attempt: str) -> int:
    if result < 0:
        number = ctypes.get_errno() or -result
        raise OSError(number, f"{attempt}: {os.strerror(number)}")
    return result


# ---- Namespaces and processes ----


@contextlib.contextmanager
def inside(namespace: str):
    """This thread inside a network namespace of `ip netns`."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        checked(libc.setns(there, CLONE_NEWNET), f"enter network namespace {namespace}")
        yield
    finally:
        checked(libc.setns(home, CLONE_NEWNET), "return from a network namespace")
        os.close(there)
        os.close(home)


def die_with_parent() -> None:
    """In a child before it becomes another program: no server outlives a benchmark that was killed."""
    libc.prctl(PR_SET_PDEATHSIG, 9)


def run(*command: str, text: str = "", environment: dict | None = None, seconds: float = 120) -> str:
    """A program's output. A failure says the command and the program's own words."""
    try:
        result = subprocess.run(
            command, input=text, capture_output=True, text=True, env=environment, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(command)}\n  did not end within {seconds:g} seconds") from None
    if result.returncode != 0:
        words = (result.stderr + result.stdout).strip()
        raise Failure(f"{' '.join(command)}\n  ended with status {result.returncode}: {words}")
    return result.stdout


def start(namespace: str, *command: str, environment: dict | None = None) -> subprocess.Popen:
    """A server in a namespace of `ip netns`. In a session of its own: Ctrl-C reaches the benchmark, which ends it."""
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent, env=environment,
    )


def end(process: subprocess.Popen, seconds: float = 5) -> None:
    """Asks it to end, and sees to it."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def widen_receive_buffers(process: int, size: int) -> None:
    """Of a process's packet sockets, in bytes, so that a burst is not lost before the process has seen it."""
    handle = os.pidfd_open(process)
    try:
        for name in os.listdir(f"/proc/{process}/fd"):
            number = libc.syscall(SYS_PIDFD_GETFD, handle, int(name), 0)
            if number < 0:
                continue
            try:
                with socket.socket(fileno=number) as copy:
                    if copy.family == socket.AF_PACKET:
                        copy.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
            except OSError:
                # No socket.
                os.close(number)
    finally:
        os.close(handle)


# ---- CPU time ----


def thread_that_drains(cpu: int) -> pathlib.Path | None:
    """Run time of the kernel thread that takes over packets when there are too many for one go."""
    for comm in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(OSError):
            folder = pathlib.Path(comm).parent
            if pathlib.Path(comm).read_text().strip() == f"ksoftirqd/{cpu}" and (folder / "schedstat").exists():
                return folder / "schedstat"
    return None


def run_time_ns(schedstat: pathlib.Path) -> int:
    return int(schedstat.read_text().split()[0])


def threads_run_time_ns(process: int) -> int:
    """Of all threads that a process has."""
    return sum(run_time_ns(path) for path in pathlib.Path(f"/proc/{process}/task").glob("*/schedstat"))


# ---- eBPF ----


def sweep_ns(pins: pathlib.Path, runs: int = 10) -> int:
    """CPU time of a node's sweep, median: its pinned program, run as the agent runs it."""
    lib = load_libbpf()
    path = next(iter(pins.glob("programs-*/esw_sweep")), None)
    if not path:
        raise Failure(f"there is no esw_sweep below {pins}")
    program = checked(lib.bpf_obj_get(str(path).encode()), f"open {path}")
    times = []
    try:
        for _ in range(runs):
            # struct esw_sweep_context: flushes nothing.
            context = ctypes.create_string_buffer(32)
            options = TestRunOptions(
                sz=ctypes.sizeof(TestRunOptions), ctx_in=ctypes.addressof(context), ctx_size_in=32,
            )
            started = time.thread_time_ns()
            checked(lib.bpf_prog_test_run_opts(program, ctypes.addressof(options)), "run esw_sweep")
            times.append(time.thread_time_ns() - started)
    finally:
        os.close(program)
    return sorted(times)[runs // 2]


def find_clang() -> str | None:
    """The Swift toolchain's clang has the bpf target; others may."""
    swift = shutil.which("swift")
    beside = str(pathlib.Path(swift).resolve().parent / "clang") if swift else None
    for candidate in (os.environ.get("CLANG"), beside, "/opt/swift/usr/bin/clang", shutil.which("clang")):
        if candidate and os.access(candidate, os.X_OK):
            targets = subprocess.run([candidate, "--print-targets"], capture_output=True, text=True, check=False)
            if " bpf " in targets.stdout:
                return candidate
    return None


def compile_programs(source: pathlib.Path, target: pathlib.Path) -> None:
    # Debian keeps <asm/types.h> in a folder of the machine's architecture, which -target bpf does not search.
    includes = [f"-idirafter{os.path.dirname(folder)}" for folder in glob.glob("/usr/include/*/asm")]
    options = ["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-std=gnu11", "-Wall", "-Wextra", "-Werror"]
    run(find_clang() or "clang", *options, "-Wno-unused-parameter", *includes, "-c", str(source), "-o", str(target))


def load_libbpf() -> ctypes.CDLL:
    lib = ctypes.CDLL("libbpf.so.1", use_errno=True)
    lib.bpf_object__open_file.restype = ctypes.c_void_p
    lib.bpf_object__open_file.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    lib.bpf_object__load.argtypes = [ctypes.c_void_p]
    lib.bpf_object__find_program_by_name.restype = ctypes.c_void_p
    lib.bpf_object__find_program_by_name.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    lib.bpf_program__fd.argtypes = [ctypes.c_void_p]
    lib.bpf_object__find_map_fd_by_name.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    lib.bpf_map_lookup_elem.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    lib.bpf_map_update_elem.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64]
    lib.bpf_link_create.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
    lib.bpf_prog_test_run_opts.argtypes = [ctypes.c_int, ctypes.c_void_p]
    return lib


class TestRunOptions(ctypes.Structure):
    """`struct bpf_test_run_opts` of bpf/bpf.h."""

    _fields_ = [
        ("sz", ctypes.c_size_t),
        ("data_in", ctypes.c_void_p),
        ("data_out", ctypes.c_void_p),
        ("data_size_in", ctypes.c_uint32),
        ("data_size_out", ctypes.c_uint32),
        ("ctx_in", ctypes.c_void_p),
        ("ctx_out", ctypes.c_void_p),
        ("ctx_size_in", ctypes.c_uint32),
        ("ctx_size_out", ctypes.c_uint32),
        ("retval", ctypes.c_uint32),
        ("repeat", ctypes.c_int),
        ("duration", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("cpu", ctypes.c_uint32),
        ("batch_size", ctypes.c_uint32),
    ]


def possible_cpus() -> int:
    last = pathlib.Path("/sys/devices/system/cpu/possible").read_text().strip().replace(",", "-").split("-")[-1]
    return int(last) + 1


class LinkOptions(ctypes.Structure):
    """`struct bpf_link_create_opts` of bpf/bpf.h, as far as it is needed."""

    _fields_ = [("sz", ctypes.c_size_t), ("flags", ctypes.c_uint32), ("rest", ctypes.c_uint8 * 64)]


class Loaded:
    """Programs and maps of one object, with the maps `settings`, `left` and `kept`. What they hold ends with this
    process."""

    FRAME_MAX = 2048

    def __init__(self, compiled: pathlib.Path, programs: tuple, maps: tuple = ()):
        self._lib = load_libbpf()
        self._object = self._lib.bpf_object__open_file(str(compiled).encode(), None)
        if not self._object:
            raise OSError(ctypes.get_errno(), f"open {compiled.name}")
        checked(self._lib.bpf_object__load(self._object), f"load {compiled.name}")
        self._programs = {name: self._program(name) for name in programs}
        self._maps = {name: self._map(name) for name in ("settings", "left", "kept", *maps)}
        self._links: list[int] = []

    def _program(self, name: str) -> int:
        program = self._lib.bpf_object__find_program_by_name(self._object, name.encode())
        return checked(self._lib.bpf_program__fd(program), f"find program {name}")

    def _map(self, name: str) -> int:
        return checked(self._lib.bpf_object__find_map_fd_by_name(self._object, name.encode()), f"find map {name}")

    def attach(self, program: str, interface: int, point: int) -> None:
        """To an interface of this thread's network namespace; XDP in the driver."""
        options = LinkOptions(sz=ctypes.sizeof(LinkOptions), flags=XDP_FLAGS_DRV_MODE if point == BPF_XDP else 0)
        link = self._lib.bpf_link_create(self._programs[program], interface, point, ctypes.addressof(options))
        self._links.append(checked(link, f"attach {program} to interface {interface}"))

    def release(self) -> None:
        while self._links:
            os.close(self._links.pop())

    def _write(self, name: str, index: int, row: bytes) -> None:
        written = self._lib.bpf_map_update_elem(self._maps[name], struct.pack("=I", index), row, 0)
        checked(written, f"write row {index} of the benchmark's map {name}")

    def enter(self, program: str, frame: bytes, interface: int, count: int) -> None:
        """Lets frames enter at an interface of this thread's namespace; returns when the kernel has taken them in."""
        data = ctypes.create_string_buffer(frame, len(frame))
        # struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex.
        context = ctypes.create_string_buffer(struct.pack("=6I", 0, len(frame), 0, interface, 0, 0), 24)
        options = TestRunOptions(
            sz=ctypes.sizeof(TestRunOptions), data_in=ctypes.addressof(data), data_size_in=len(frame),
            ctx_in=ctypes.addressof(context), ctx_size_in=24, repeat=count, flags=BPF_F_TEST_XDP_LIVE_FRAMES,
            batch_size=min(BATCH, count),
        )
        run = self._lib.bpf_prog_test_run_opts(self._programs[program], ctypes.addressof(options))
        checked(run, "send frames in")

    def left(self) -> tuple[int, int]:
        """Frames that left so far: as expected, and others."""
        cpus = possible_cpus()
        counts = []
        for index in range(2):
            row = ctypes.create_string_buffer(8 * cpus)
            found = self._lib.bpf_map_lookup_elem(self._maps["left"], struct.pack("=I", index), row)
            checked(found, "read the counters")
            counts.append(sum(struct.unpack(f"={cpus}Q", row.raw)))
        return counts[0], counts[1]

    def kept(self, length: int) -> bytes:
        """The last expected frame that left while `keep` was set."""
        row = ctypes.create_string_buffer(self.FRAME_MAX)
        checked(self._lib.bpf_map_lookup_elem(self._maps["kept"], bytes(4), row), "read the kept frame")
        return row.raw[:length]


class Programs(Loaded):
    """Those of frames.bpf.c: `leave` and its like count and drop what passes."""

    def __init__(self, compiled: pathlib.Path):
        names = ("enter_one", "enter_many", "enter_spread", "leave", "leave_sent", "leave_spread", "split")
        super().__init__(compiled, names, ("entrances", "splits"))

    def expect(self, case, leaving_at: int, length: int, first: int, keep: bool = False) -> None:
        """Says what enters next, and what counts where it leaves."""
        row = struct.pack("=IIII", case.entering_at, leaving_at, case.hosts - 1, length)
        row += socket.inet_aton(case.source_address)
        row += struct.pack("=IIIII", keep, case.connections, first, case.train, case.outer_sum) + case.carried[:12]
        self._write("settings", 0, row)

    def admit(self, first: int, entrances: list, interfaces: list[int]) -> None:
        """Says where connections' frames enter and leave; `interfaces`: one for each, or 0 for those with tags."""
        for place, (entrance, interface) in enumerate(zip(entrances, interfaces, strict=True)):
            self._write("entrances", first + place, entrance.row + struct.pack("=I", interface))

    def split(self, interfaces: dict[int, int]) -> None:
        """Says where `split` hands frames to, by VLAN."""
        for vlan, interface in interfaces.items():
            self._write("splits", vlan, struct.pack("=I", interface))
