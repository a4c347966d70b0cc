"""The frames that go through a gateway, as bytes, and what each must be where it leaves."""

import dataclasses
import socket
import struct

VXLAN_PORT = 4789
VNI = 100
OUTER_LENGTH = 50

TUNNEL_ADDRESS = "10.9.0.1"
TUNNEL_NETWORK = "10.9.0.0/24"
REMOTE_ADDRESS = "10.9.0.2"
UNDERLAY_MAC = "02:00:00:09:00:01"
REMOTE_MAC = "02:00:00:09:00:02"

STRETCHED_NETWORK = "10.5.0.0/16"
LOCAL_ADDRESS = "10.5.0.1"
DISTANT_ADDRESS = "10.5.1.1"


def local_mac(host: int) -> str:
    """Of a host at the attachment; the benchmark's programs vary the last two bytes."""
    return f"02:00:00:05:{host >> 8:02x}:{host & 0xff:02x}"


def distant_mac(host: int) -> str:
    """Of a host behind the remote VTEP."""
    return f"02:00:00:06:{host >> 8:02x}:{host & 0xff:02x}"


def mac_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def checksum(header: bytes) -> int:
    """Of an IPv4 header of an even length (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp_frame(macs: tuple, addresses: tuple, ports: tuple, payload: bytes) -> bytes:
    """Ethernet, IPv4, UDP without a checksum. Each pair is (source, destination)."""
    length = 28 + len(payload)
    ends = socket.inet_aton(addresses[0]) + socket.inet_aton(addresses[1])
    bare = struct.pack("!BBHHHBBH", 0x45, 0, length, 1, 0, 64, socket.IPPROTO_UDP, 0) + ends
    ip = bare[:10] + struct.pack("!H", checksum(bare)) + bare[12:]
    udp = struct.pack("!HHHH", ports[0], ports[1], length - 20, 0)
    return mac_bytes(macs[1]) + mac_bytes(macs[0]) + b"\x08\x00" + ip + udp + payload


def folded(numbers: bytes) -> int:
    """Sum of 16-bit words as they are in memory, for a checksum (RFC 1071 section 2 (B): the byte order is no matter)."""
    total = sum(struct.unpack(f"={len(numbers) // 2}H", numbers))
    return (total & 0xFFFF) + (total >> 16)


@dataclasses.dataclass(frozen=True)
class Entrance:
    """What frames of a connection have where they enter."""

    vni: int
    remote: str
    tunnel: str
    vlan: int = 0
    """At the local side; 0: no tag."""

    @property
    def row(self) -> bytes:
        """`struct entrance` of frames.bpf.c, but for its interface."""
        addresses = socket.inet_aton(self.remote) + socket.inet_aton(self.tunnel)
        return struct.pack("!H", self.vlan) + struct.pack("=H", folded(addresses)) + vxlan_vni(self.vni) + addresses


def vxlan_vni(vni: int) -> bytes:
    """The second half of the VXLAN header (RFC 7348 section 5)."""
    return struct.pack("!I", vni << 8)


# The only connection of most gateways.
ONLY = Entrance(VNI, REMOTE_ADDRESS, TUNNEL_ADDRESS)


@dataclasses.dataclass(frozen=True)
class Case:
    """One kind of traffic: a row of the result."""

    direction: str
    """ENCAPSULATE or DECAPSULATE."""
    size: int
    """Bytes of the carried Ethernet frame, without FCS."""
    hosts: int
    """Hosts on each side that take part."""

    connections = 1
    train = 1
    payload = b""

    @property
    def program(self) -> str:
        """Which of the benchmark's programs lets the frames enter."""
        return "enter_many" if self.hosts > 1 else "enter_one"

    @property
    def carried(self) -> bytes:
        """The frame of the stretched subnet."""
        macs, addresses = (local_mac(1), distant_mac(2)), (LOCAL_ADDRESS, DISTANT_ADDRESS)
        if self.direction == DECAPSULATE:
            macs, addresses = macs[::-1], addresses[::-1]
        return udp_frame(macs, addresses, (1000, 2000), self.payload.ljust(self.size - 42, b"\0"))

    @property
    def source_address(self) -> str:
        return LOCAL_ADDRESS if self.direction == ENCAPSULATE else DISTANT_ADDRESS

    def entering(self, entrance: Entrance = ONLY) -> bytes:
        """The frame as it enters the gateway."""
        if self.direction == ENCAPSULATE:
            tag = struct.pack("!HH", 0x8100, entrance.vlan) if entrance.vlan else b""
            return self.carried[:12] + tag + self.carried[12:]
        payload = struct.pack("!I", 0x08000000) + vxlan_vni(entrance.vni) + self.carried
        ends = (entrance.remote, entrance.tunnel)
        return udp_frame((REMOTE_MAC, UNDERLAY_MAC), ends, (50000, VXLAN_PORT), payload)

    @property
    def outer_sum(self) -> int:
        """Of the outer IPv4 header without its checksum and addresses."""
        if self.direction == ENCAPSULATE:
            return 0
        header = self.entering()[14:34]
        return folded(header[:10] + header[12:12])

    @property
    def entering_at(self) -> int:
        """Where the carried frame begins when it enters."""
        return 0 if self.direction == ENCAPSULATE else OUTER_LENGTH

    @property
    def leaving_at(self) -> int:
        """Where the carried frame begins when it leaves."""
        return OUTER_LENGTH - self.entering_at


ENCAPSULATE = "encapsulate"
DECAPSULATE = "decapsulate"


@dataclasses.dataclass(frozen=True)
class SpreadCase(Case):
    """Frames of many connections at random, those of the local side with tags."""

    connections: int = 1
    train: int = 1
    """Frames in a row that are of the same connection."""
    place: int = 0
    """Of a frame by itself: where its connection stands in the benchmark's list."""
    program = "enter_spread"

    @property
    def payload(self) -> bytes:
        return struct.pack("=I", self.place)


def why_wrong(case: Case, left: bytes, entrance: Entrance = ONLY) -> str | None:
    """What is wrong with a frame that left a gateway; None: it is byte for byte what it should be.

    Free are only what the sender of a tunnel may choose: IPv4 identification, fragment bit and time to live,
    and the UDP source port.
    """
    if left[case.leaving_at :] != case.carried:
        return "the carried frame was changed"
    if case.direction == DECAPSULATE:
        return None
    ethernet, ip, udp, vxlan = left[:14], left[14:34], left[34:42], left[42:50]
    if ethernet != mac_bytes(REMOTE_MAC) + mac_bytes(UNDERLAY_MAC) + b"\x08\x00":
        return f"outer Ethernet header {ethernet.hex()}"
    ends = socket.inet_aton(entrance.tunnel) + socket.inet_aton(entrance.remote)
    if ip[0] != 0x45 or ip[9] != socket.IPPROTO_UDP or ip[12:] != ends or checksum(ip) != 0:
        return f"outer IPv4 header {ip.hex()}"
    if struct.unpack("!H", ip[2:4])[0] != len(left) - 14:
        return f"length in the outer IPv4 header {ip.hex()}"
    port, length = struct.unpack("!HH", udp[2:6])
    if port != VXLAN_PORT or length != len(left) - 34:
        return f"outer UDP header {udp.hex()}"
    if vxlan != struct.pack("!I", 0x08000000) + vxlan_vni(entrance.vni):
        return f"VXLAN header {vxlan.hex()}"
    return None
