"""Bridges and VXLAN devices by rtnetlink itself: messages go to the kernel many at a time, and its answers are read.

The fastest way to make and remove such devices: no program is started, no name is looked up, and a bridge and its VXLAN
device are one message each (linux/rtnetlink.h, linux/if_link.h, RFC 3549).
"""

import errno
import socket
import struct

from .failure import Failure
from .kernel import inside

NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400
NLMSG_ERROR = 2
RTM_NEWLINK, RTM_DELLINK = 16, 17
IFF_UP = 1
IFLA_IFNAME, IFLA_MASTER, IFLA_LINKINFO, IFLA_GROUP = 3, 10, 18, 27
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
IFLA_VXLAN_ID, IFLA_VXLAN_GROUP, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LEARNING, IFLA_VXLAN_PORT = 1, 2, 4, 7, 15
SOL_NETLINK, NETLINK_CAP_ACK = 270, 10

# Messages of one system call.
BATCH = 64
# Of all devices that are made, so that they can go at once.
GROUP = 4789
# Interfaces get numbers that we choose, so that a bridge can be named before the kernel has answered.
FIRST_INDEX = 10_000
SECONDS = 300


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def link_message(kind: int, flags: int, index: int, up: bool, *attributes: bytes) -> bytes:
    """Its sequence number is its index, or 1."""
    payload = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, IFF_UP if up else 0, IFF_UP if up else 0)
    payload += b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(payload), kind, flags | NLM_F_REQUEST | NLM_F_ACK, index or 1, 0) + payload


def new_link(index: int, name: str, kind: str, data: bytes, *attributes: bytes) -> bytes:
    information = attribute(IFLA_INFO_KIND, kind.encode()) + (attribute(IFLA_INFO_DATA, data) if data else b"")
    return link_message(
        RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, True, attribute(IFLA_IFNAME, name.encode() + b"\0"),
        attribute(IFLA_GROUP, struct.pack("=I", GROUP)), attribute(IFLA_LINKINFO, information), *attributes,
    )


def creations(connections: int) -> list[bytes]:
    """A bridge, and a VXLAN device that is plugged in, for each connection; all up."""
    messages = []
    for number in range(connections):
        bridge = FIRST_INDEX + 2 * number
        tunnel = [
            attribute(IFLA_VXLAN_ID, struct.pack("=I", number + 1)),
            attribute(IFLA_VXLAN_GROUP, socket.inet_aton("192.0.2.2")),
            attribute(IFLA_VXLAN_LOCAL, socket.inet_aton("192.0.2.1")),
            attribute(IFLA_VXLAN_LEARNING, b"\0"),
            attribute(IFLA_VXLAN_PORT, struct.pack("!H", 4789)),
        ]
        master = attribute(IFLA_MASTER, struct.pack("=I", bridge))
        messages.append(new_link(bridge, f"br{number}", "bridge", b""))
        messages.append(new_link(bridge + 1, f"vx{number}", "vxlan", b"".join(tunnel), master))
    return messages


def removals(connections: int) -> list[bytes]:
    """Each device by itself: those of VXLAN first, as by hand."""
    indexes = [FIRST_INDEX + 2 * number + place for number in range(connections) for place in (1, 0)]
    return [link_message(RTM_DELLINK, 0, index, False) for index in indexes]


def removal_of_all() -> list[bytes]:
    """All at once, as `ip link delete group` does: the kernel waits once for all of them."""
    return [link_message(RTM_DELLINK, 0, 0, False, attribute(IFLA_GROUP, struct.pack("=I", GROUP)))]


class Pipeline:
    """A socket of rtnetlink in a namespace."""

    def __init__(self, namespace: str):
        with inside(namespace):
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        # Answers without a copy of the question.
        self._socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", SECONDS, 0))
        self._socket.bind((0, 0))

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def execute(self, messages: list[bytes]) -> None:
        """- Raises Failure: with what the kernel refused."""
        for first in range(0, len(messages), BATCH):
            batch = messages[first : first + BATCH]
            self._socket.send(b"".join(batch))
            answers = 0
            while answers < len(batch):
                answers += self._read()

    def _read(self) -> int:
        """How many answers came."""
        try:
            text = self._socket.recv(1 << 16)
        except BlockingIOError:
            raise Failure(f"rtnetlink did not answer within {SECONDS} seconds") from None
        count, at = 0, 0
        while at + 20 <= len(text):
            length, kind, _, number, _ = struct.unpack_from("=IHHII", text, at)
            if kind == NLMSG_ERROR:
                error = -struct.unpack_from("=i", text, at + 16)[0]
                if error:
                    name = errno.errorcode.get(error, error)
                    raise Failure(f"rtnetlink refused the message about interface {number}: {name}")
                count += 1
            at += max(length + 3 & ~3, 16)
        return count


def devices(namespace: str) -> int:
    """Bridges and VXLAN devices that are there."""
    with inside(namespace):
        return sum(name.startswith(("br", "vx")) for _, name in socket.if_nameindex())
