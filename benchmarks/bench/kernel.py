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

from .failure import Failure

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
# linux/bpf.h; the two attach points are there since 6.6, newer than Debian 12's libbpf.
BPF_TCX_INGRESS = 46
BPF_TCX_EGRESS = 47
BPF_F_TEST_XDP_LIVE_FRAMES = 2

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


# ---- eBPF ----


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


class Programs:
    """The programs of frames.bpf.c, loaded. What they hold ends with this process."""

    FRAME_MAX = 2048

    def __init__(self, compiled: pathlib.Path):
        self._lib = load_libbpf()
        self._object = self._lib.bpf_object__open_file(str(compiled).encode(), None)
        if not self._object:
            raise OSError(ctypes.get_errno(), f"open {compiled.name}")
        checked(self._lib.bpf_object__load(self._object), f"load {compiled.name}")
        self._enter_one, self._enter_many, self._leave = map(self._program, ("enter_one", "enter_many", "leave"))
        self._settings, self._left, self._kept = map(self._map, ("settings", "left", "kept"))
        self._links: list[int] = []

    def _program(self, name: str) -> int:
        program = self._lib.bpf_object__find_program_by_name(self._object, name.encode())
        return checked(self._lib.bpf_program__fd(program), f"find program {name}")

    def _map(self, name: str) -> int:
        return checked(self._lib.bpf_object__find_map_fd_by_name(self._object, name.encode()), f"find map {name}")

    def catch(self, interface: int, point: int) -> None:
        """Counts and drops what passes an interface of this thread's network namespace."""
        attempt = f"attach a program to interface {interface}"
        self._links.append(checked(self._lib.bpf_link_create(self._leave, interface, point, None), attempt))

    def release(self) -> None:
        while self._links:
            os.close(self._links.pop())

    def expect(self, case, leaving_at: int, length: int, keep: bool = False) -> None:
        """Says what enters next, and what counts where it leaves."""
        row = struct.pack("=IIII", case.entering_at, leaving_at, case.hosts - 1, length)
        row += socket.inet_aton(case.source_address) + struct.pack("=I", keep)
        attempt = "write the settings of a measurement"
        checked(self._lib.bpf_map_update_elem(self._settings, bytes(4), row, 0), attempt)

    def enter(self, frame: bytes, interface: int, count: int, many: bool) -> None:
        """Lets frames enter at an interface of this thread's namespace; returns when the kernel has taken them in."""
        data = ctypes.create_string_buffer(frame, len(frame))
        # struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex.
        context = ctypes.create_string_buffer(struct.pack("=6I", 0, len(frame), 0, interface, 0, 0), 24)
        options = TestRunOptions(
            sz=ctypes.sizeof(TestRunOptions), data_in=ctypes.addressof(data), data_size_in=len(frame),
            ctx_in=ctypes.addressof(context), ctx_size_in=24, repeat=count, flags=BPF_F_TEST_XDP_LIVE_FRAMES,
            batch_size=min(BATCH, count),
        )
        program = self._enter_many if many else self._enter_one
        checked(self._lib.bpf_prog_test_run_opts(program, ctypes.addressof(options)), "send frames in")

    def left(self) -> tuple[int, int]:
        """Frames that left so far: as expected, and others."""
        cpus = possible_cpus()
        counts = []
        for index in range(2):
            row = ctypes.create_string_buffer(8 * cpus)
            found = self._lib.bpf_map_lookup_elem(self._left, struct.pack("=I", index), row)
            checked(found, "read the counters")
            counts.append(sum(struct.unpack(f"={cpus}Q", row.raw)))
        return counts[0], counts[1]

    def kept(self, length: int) -> bytes:
        """The last expected frame that left while `keep` was set."""
        row = ctypes.create_string_buffer(self.FRAME_MAX)
        checked(self._lib.bpf_map_lookup_elem(self._kept, bytes(4), row), "read the kept frame")
        return row.raw[:length]
