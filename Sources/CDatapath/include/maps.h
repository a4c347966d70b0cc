// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The layouts that the eBPF programs and Swift share: keys and rows of the maps, names of drop reasons, limits.
//
// Rules of this file: only integers of fixed width, every gap is a named `reserved` field that must be zero, no
// bit fields, so that a struct has the same bytes for the kernel, for C and for Swift. A field ending in `_be` is in
// network byte order as it is on the wire; every other number is in the order of this machine. A time is
// CLOCK_MONOTONIC in nanoseconds since boot (0: never). Whatever changes the bytes of a row raises
// ESW_LAYOUT_VERSION, because pinned maps outlive the process that made them.

#ifndef ESW_MAPS_H
#define ESW_MAPS_H

#include <linux/types.h>

/// Version of everything in this file. A map set pinned by another version is not adopted.
#define ESW_LAYOUT_VERSION 3u

/// `esw_meta_row.magic`: "ESW1" in memory on a little-endian machine.
#define ESW_MAGIC 0x31575345u

// ---- Limits. Our own choices unless a source is named. ----

/// UDP port on which we receive VXLAN (RFC 7348 section 5). A remote may have any other.
#define ESW_VXLAN_PORT 4789

/// Remote VTEPs of one connection: ESW v3 allows an active and a standby tunnel.
#define ESW_REMOTES_MAX 2

/// Rows of the maps. Hashes grow row by row up to these (BPF_F_NO_PREALLOC); only the bucket heads, 16 bytes a
/// row rounded up to a power of two, are taken at once. Larger is slower even when empty, because bucket heads then
/// miss the caches: an FDB of 524,288 costs 200 ns a frame more with 8,192 hosts. A loader may choose other sizes.
/// Making rows of a growing map in a burst may fail with ENOMEM for a millisecond; repeat it.
#define ESW_TUNNELS_MAX 4096
#define ESW_CONNECTIONS_MAX 8192
#define ESW_PORTS_MAX ESW_CONNECTIONS_MAX
#define ESW_SOURCES_MAX (ESW_CONNECTIONS_MAX * ESW_REMOTES_MAX)
#define ESW_FDB_MAX 131072
#define ESW_OFFENDERS_MAX 1024
#define ESW_VIRTUALS_MAX ESW_CONNECTIONS_MAX
#define ESW_NEIGHBOURS_MAX ESW_FDB_MAX
#define ESW_METERS_MAX ESW_CONNECTIONS_MAX
#define ESW_UNDERLAYS_MAX ESW_TUNNELS_MAX
#define ESW_EXITS_MAX ESW_PORTS_MAX
#define ESW_PROBES_MAX ESW_CONNECTIONS_MAX

/// Captures at a time, and CPUs whose frames they can be of: the rings of one capture stand together, in the order of the
/// CPUs' numbers.
#define ESW_CAPTURES_MAX 4
#define ESW_CAPTURE_CPUS 1024
/// Bytes of a frame that a capture can have: a record of a ring says its length in 16 bits (linux/perf_event.h, struct
/// perf_event_header).
#define ESW_SNAP_MAX 32768

/// A time in a shared row is written again only when it is older than this, so that cache lines stay quiet.
/// Read times as "not more than this too old".
#define ESW_REFRESH_NS 100000000ull

/// Addresses of hosts that are known from ARP and ND: so many times the learned hosts of a connection. An IPv6 host has
/// its link-local address, a stable and a temporary one (RFC 8981), and IPv4.
#define ESW_NEIGHBOURS_PER_HOST 4

/// A next hop is asked of the kernel again when the answer is older than this.
#define ESW_NEXT_HOP_NS 100000000ull

/// Who holds a virtual address and has said nothing for longer than this is not spoken for: two questions of user
/// space, which asks every two seconds, went unanswered (RFC 1122 section 2.3.2.1 (2): "N successive polls").
#define ESW_HOLDER_SILENT_NS 5000000000ull

/// RFC 7432 section 15.1: a host that changes sides this often within this time is a duplicate. The last of these moves
/// does not take place; the host is held where it was for the same time (or until its row ages), then may move again.
#define ESW_DUPLICATE_MOVES 5
#define ESW_DUPLICATE_NS 180000000000ull

/// Who sends too big is told so this often, per connection, direction and CPU: one each interval, and as many at once as
/// have intervals in the burst. RFC 4443 section 2.4 (f) and RFC 1812 section 4.3.2.8 ask for a limit.
#define ESW_TELL_INTERVAL_NS 10000000ull
#define ESW_TELL_BURST_NS 100000000ull

/// Announcements of a new holder, its own included, and the least time between two that count. RFC 5227 section 2.3
/// has two, two seconds apart; the third is for a tunnel that may lose one.
#define ESW_ANNOUNCEMENTS 3
#define ESW_ANNOUNCE_INTERVAL_NS 1000000000ull

// ---- Map names, as in the object and under the pin folder (at most 15 characters: BPF_OBJ_NAME_LEN). ----
//
// name             type            key                   value
// esw_meta         ARRAY, 1        __u32 0               esw_meta_row
// esw_tunnels      HASH            esw_tunnel_key        esw_tunnel_row
// esw_ports        HASH            esw_port_key          esw_port_row
// esw_connections  HASH            esw_connection_key    esw_connection_row
// esw_sources      HASH            esw_source_key        esw_source_row
// esw_states       HASH            esw_connection_key    esw_state_row
// esw_activity     PERCPU_HASH     esw_connection_key    esw_activity_row (one for each possible CPU)
// esw_fdb          HASH            esw_fdb_key           esw_fdb_row
// esw_recent       PERCPU_ARRAY    __u32 block           esw_recent_row
// esw_node         PERCPU_ARRAY, 1 __u32 0               esw_node_row
// esw_offenders    LRU_HASH        esw_offender_key      esw_offender_row
// esw_virtuals     HASH            esw_virtual_key       esw_virtual_row
// esw_neighbours   HASH            esw_neighbour_key     esw_neighbour_row
// esw_meters       HASH            esw_meter_key         esw_meter_row
// esw_underlays    HASH            esw_underlay_key      esw_underlay_row
// esw_exits        DEVMAP_HASH     esw_exit_key          esw_exit_row
// esw_probes       HASH            esw_connection_key    esw_probe_row
// esw_permission   ARRAY, 1        __u32 0               esw_permission_row
// esw_captures     ARRAY           __u32 place           esw_capture_row
// esw_captured     PERF_EVENT_ARRAY __u32 ring           a ring of esw_captured_row, each with its bytes behind it
// esw_capturing    PERCPU_ARRAY, 1 __u32 0               esw_captured_row
//
// Written by user space only: meta, tunnels, ports, connections, sources, underlays, exits, permission, captures.
// Created (zero, BPF_NOEXIST) and deleted by user space, written by the path only: states, activity, virtuals, probes.
// Rates written by user space, clocks by the path: meters.
// Written by the path and the sweep only: fdb, recent, neighbours, node, offenders. By the path for itself: capturing.

/// The node: the map set's identity, and what the path must know of the machine.
struct esw_meta_row {
  /// ESW_MAGIC.
  __u32 magic;
  /// ESW_LAYOUT_VERSION of the object that made these maps.
  __u32 layout_version;
  /// Index of the `external` VXLAN device of the slow path; 0: there is none.
  /// Its `net.ipv4.conf.DEV.forwarding` must be 1: bpf_fib_lookup answers only for an ingress that forwards.
  __u32 external_ifindex;
  /// Random and not 0: the priority that esw_underlay gives to packets for the slow path, so that esw_slow knows that
  /// they came in by the interface that their connection wants. Nobody who may set a priority can guess it.
  __u32 arrival_proof;
};

/// Whether the node may forward at all. As the kernel makes it, all zero, it may, and goes on to.
struct esw_permission_row {
  /// Of two permissions the one with the higher number is the newer. User space compares, the path does not.
  __u64 epoch;
  /// From then on no frame of any connection crosses, and none is answered; 0: it does not end (a node alone),
  /// ESW_PERMISSION_ENDED: it has.
  __u64 until_ns;
};

/// The first nanosecond after boot: past, whenever it is read.
#define ESW_PERMISSION_ENDED 1ull

/// An address that we receive VXLAN on: the tunnel IP of an instance.
struct esw_tunnel_key {
  __u32 address_be;
};

struct esw_tunnel_row {
  __u32 reserved;
};

/// A VLAN tag as rows name it: 0 for none, else its VID (1 ... 4094) and one of these bits for its TPID.
/// A tag with VID 0 (priority only) counts as none (IEEE 802.1Q section 6.9.1).
#define ESW_TAG_CUSTOMER 0x1000
#define ESW_TAG_SERVICE 0x2000
#define ESW_TAG_VID 0x0fff

/// An attachment port: the interface through which a layer-2 subnet is reached on this node, and the tags that its
/// frames carry there. What has no row on an interface is somebody else's.
struct esw_port_key {
  __u32 ifindex;
  /// Nearer to the wire; 0: frames without a tag.
  __u16 outer_tag;
  /// Behind it; 0: there is only one.
  __u16 inner_tag;
};

struct esw_port_row {
  /// Number of its connection, 1 and up.
  __u32 connection;
};

/// Number of a connection on this node: 1 and up, never used again for another connection.
struct esw_connection_key {
  __u32 connection;
};

/// One remote VTEP of a connection.
struct esw_remote {
  /// IPv4 address of the VTEP.
  __u32 address_be;
  /// VNI in both directions, 0 ... 16,777,215.
  __u32 vni;
  /// UDP destination port, 1 ... 65535, usually 4789. Only a remote at 4789 can be served by the slow path.
  __u16 port_be;
  __u16 reserved;
};

/// `esw_connection_row.flags`
enum esw_connection_flag {
  /// No frame crosses and none is learned; each is counted as `disabled`.
  ESW_CONNECTION_DISABLED = 1 << 0,
  /// Compute the outer UDP checksum (RFC 7348 section 5 allows zero, the default). The kernel does it: all frames go
  /// by its VXLAN device, so remotes have to be at 4789.
  ESW_CONNECTION_UDP_CHECKSUM = 1 << 1,
  /// The attachment port is one end of a veth pair whose other end is in another network namespace: frames may be
  /// handed to that end at once (bpf_redirect_peer).
  ESW_CONNECTION_PEER = 1 << 2,
  /// ARP and ND requests for known hosts are answered here and do not cross.
  ESW_CONNECTION_ANSWER_KNOWN = 1 << 3,
  /// The MSS of TCP handshakes is lowered to what fits the tunnel.
  ESW_CONNECTION_CLAMP_MSS = 1 << 4,
  /// The outer DSCP is that of the inner packet, else that of `service`.
  ESW_CONNECTION_COPY_DSCP = 1 << 5,
};

/// What a frame is to the rules. Each frame is of one class, the first of these that fits:
/// X(ENUMERATOR, "name in counters and settings", "sentence for people"). Numbers are part of the layout.
#define ESW_CLASSES_OF_FRAMES(X)                                                                                 \
  X(ESW_CLASS_NEIGHBOUR, "neighbour", "ARP; ICMPv6 neighbour solicitation and advertisement")                    \
  X(ESW_CLASS_CONFIGURATION, "configuration", "DHCP and DHCPv6; ICMPv6 router solicitation, advertisement, redirect") \
  X(ESW_CLASS_VRRP, "vrrp", "VRRP advertisements (RFC 5798)")                                                    \
  X(ESW_CLASS_KNOWN_UNICAST, "known_unicast", "to a host whose side is known")                                   \
  X(ESW_CLASS_UNKNOWN_UNICAST, "unknown_unicast", "to one whose side is not known")                              \
  X(ESW_CLASS_BROADCAST, "broadcast", "other broadcast")                                                         \
  X(ESW_CLASS_MULTICAST, "multicast", "other multicast")

enum esw_class {
#define ESW_CLASS_ENUMERATOR(enumerator, name, sentence) enumerator,
  ESW_CLASSES_OF_FRAMES(ESW_CLASS_ENUMERATOR)
#undef ESW_CLASS_ENUMERATOR
  ESW_CLASS_COUNT
};

/// Length of the arrays below, a power of two with room for one more class.
#define ESW_CLASSES_MAX 8

/// A rule for a class: frames a second and direction, or one of these. A burst of a tenth of a second is let through.
#define ESW_RULE_DROP 0u
#define ESW_RULE_FORWARD 0xffffffffu

/// Everything that the path must know of a connection. Replaced as a whole by user space, so it is always consistent.
struct esw_connection_row {
  /// Attachment port; 0: none, frames from remotes are dropped as `no_port`.
  __u32 port_ifindex;
  /// Tags that frames get on their way out of it, as in `esw_port_key`.
  __u16 outer_tag;
  __u16 inner_tag;
  /// The only interface that frames of remotes may come from; 0: any. They go to where the kernel routes them.
  __u32 underlay_ifindex;
  /// Our side of the tunnel: outer source address.
  __u32 tunnel_address_be;
  /// Bits of `esw_connection_flag`.
  __u32 flags;
  /// Learned addresses of both sides together; 0: learn none. Beyond it frames still cross, flooded.
  __u32 learning_limit;
  /// A host not heard for so long is unknown, 1 ... 1,000,000 seconds; 0: never ages.
  __u32 ageing_seconds;
  /// First fixed IP: the path answers ARP and ICMP echo for it to both sides; 0: none.
  __u32 fixed_address_be;
  /// MAC address that belongs to it. Nobody else may send with it.
  __u8 fixed_mac[6];
  /// Used rows of `remotes`, 0 ... ESW_REMOTES_MAX.
  __u8 remote_count;
  /// Outer TTL, 1 ... 255.
  __u8 time_to_live;
  struct esw_remote remotes[ESW_REMOTES_MAX];
  /// Outer DSCP in the upper six bits; the lower two are zero (RFC 6040 section 4.1, compatibility mode).
  __u8 service;
  __u8 reserved[3];
  /// Key in `esw_meters` of what its instance may carry; 0: no limit.
  __u32 meter;
  /// By direction and class.
  __u32 rules[2][ESW_CLASSES_MAX];
  /// The connection's ID in the API, for people who read the maps.
  __u8 uuid[16];
};

/// The allow-list: a VXLAN frame that matches no row is dropped.
struct esw_source_key {
  __u32 vni;
  /// Outer source: the remote VTEP.
  __u32 remote_address_be;
  /// Outer destination: our tunnel IP.
  __u32 tunnel_address_be;
};

struct esw_source_row {
  __u32 connection;
  /// Index into `esw_connection_row.remotes`.
  __u32 remote_index;
};

/// What the path counts about a connection across CPUs.
struct esw_state_row {
  /// Rows of this connection in `esw_fdb`. Kept by the path and the sweep with atomic additions.
  __u32 learned;
  /// Rows of this connection in `esw_neighbours`, likewise.
  __u32 neighbours;
  /// By direction and class: when what was let through so far is paid for, for rules that are a rate (CLOCK_MONOTONIC;
  /// a virtual clock that each frame advances by its share of a second).
  __u64 clocks[2][ESW_CLASSES_MAX];
};

/// Where a host is: on the local side, or behind remote number `side - ESW_SIDE_REMOTE`.
enum esw_side {
  ESW_SIDE_LOCAL = 0,
  ESW_SIDE_REMOTE = 1,
};

struct esw_fdb_key {
  __u32 connection;
  __u8 mac[6];
  __u16 reserved;
};

/// `esw_fdb_row.flags`
enum esw_fdb_flag {
  /// Never ages, never moves. Only user space sets it; it then also counts the row in `esw_state_row.learned`.
  ESW_FDB_STATIC = 1 << 0,
  /// `address_be` comes from ARP (surer than the source of an IPv4 packet, which may have been routed).
  ESW_FDB_ADDRESS_FROM_ARP = 1 << 1,
  /// A duplicate (RFC 7432 section 15.1): it does not move before `held_until_ns`.
  ESW_FDB_HELD = 1 << 2,
};

/// A learned host. It counts as unknown, without being deleted, from `last_seen_ns` + ageing on.
struct esw_fdb_row {
  __u64 last_seen_ns;
  /// When it was learned on this side.
  __u64 since_ns;
  /// When the moves that `recent_moves` counts began.
  __u64 moving_since_ns;
  /// With ESW_FDB_HELD.
  __u64 held_until_ns;
  /// Last IPv4 address seen from it; 0: none.
  __u32 address_be;
  /// Times that it changed sides.
  __u32 moves;
  /// `esw_side`, or ESW_SIDE_REMOTE + remote index.
  __u8 side;
  /// Bits of `esw_fdb_flag`.
  __u8 flags;
  /// Moves across the stretch since `moving_since_ns`, the one included that was refused when the host was held.
  __u8 recent_moves;
  __u8 reserved[5];
};

/// A host's address, as ARP or ND tell it.
struct esw_neighbour_key {
  __u32 connection;
  /// IPv6, or IPv4 as ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
  __u8 address[16];
};

/// `esw_neighbour_row.flags`
enum esw_neighbour_flag {
  /// It says that it is a router (RFC 4861 section 4.4).
  ESW_NEIGHBOUR_ROUTER = 1 << 0,
};

/// Whose an address is. As good as its host: where the FDB does not know that on this side, neither is this known.
struct esw_neighbour_row {
  __u64 last_seen_ns;
  __u8 mac[6];
  /// As in `esw_fdb_row.side`.
  __u8 side;
  /// Bits of `esw_neighbour_flag`.
  __u8 flags;
};

/// What the connections of an instance may carry together, each direction by itself.
struct esw_meter_key {
  __u32 meter;
};

struct esw_meter_row {
  /// Of inner frames; 0: no limit.
  __u64 bits_per_second;
  __u64 packets_per_second;
  /// By direction: until when what was let through is paid for, as in `esw_state_row.clocks`.
  __u64 bit_clocks[2];
  __u64 packet_clocks[2];
};

/// An interface of remotes at which XDP takes frames; those of others are left to tcx.
struct esw_underlay_key {
  __u32 ifindex;
};

struct esw_underlay_row {
  /// Its own MAC address: XDP is not told to whom a frame is (`pkt_type`), and takes only what is to this one.
  __u8 mac[6];
  __u16 reserved;
};

/// An interface by which XDP may send, under its own index: its driver takes frames that no skb was made of. The kernel
/// removes the row with the interface.
struct esw_exit_key {
  __u32 ifindex;
};

struct esw_exit_row {
  __u32 ifindex;
};

/// A virtual address that is bound to a connection. Its row is there as long as it is bound.
struct esw_virtual_key {
  __u32 connection;
  __u32 address_be;
};

/// Who holds it, as ARP from either side says. The latest claim counts, as it does for the hosts.
struct esw_virtual_row {
  /// Bytes in memory: 0 ... 5 the holder's MAC address, 6 its side as in `esw_fdb_row.side`, 7 is 1.
  /// 0: nobody has been heard. One word, so that nobody reads half of one holder and half of another.
  __u64 holder;
  /// When it last said so.
  __u64 last_seen_ns;
  /// When it began to, or began again after a silence.
  __u64 since_ns;
  /// The last announcement to the remotes, of whichever holder; 0: none yet.
  __u64 announced_ns;
  /// Announcements since then, up to ESW_ANNOUNCEMENTS.
  __u32 announcements;
  /// Times that another holder took over.
  __u32 moves;
  /// Requests of remotes that were answered for a holder.
  __u64 answered;
};

/// Whose frames are copied for user space. Place 0 is of all captures: where its time is over there are none. Who
/// captures has a place of its own, by a lock, and puts both times off again and again: no copy is made for long when it
/// dies, and nothing has to be taken back.
struct esw_capture_row {
  /// 0, or past: nobody captures here.
  __u64 until_ns;
  /// 0: what no allow-list lets in. In place 0: bit N is set where one is captured whose number is N modulo 32.
  __u32 connection;
  /// Bytes of each frame, up to ESW_SNAP_MAX.
  __u32 snap_bytes;
};

/// Where the bytes of a frame were taken.
enum esw_capture_point {
  /// As it came in by the attachment port, without its tags.
  ESW_AT_PORT_IN = 0,
  ESW_AT_REMOTE_OUT = 1,
  ESW_AT_REMOTE_IN = 2,
  /// As it leaves by the attachment port: an answer.
  ESW_AT_PORT_OUT = 3,
};

enum esw_capture_fate {
  ESW_FATE_SENT = 0,
  ESW_FATE_DELIVERED = 1,
  ESW_FATE_DROPPED = 2,
  /// A question; its answer follows.
  ESW_FATE_ANSWERED = 3,
  /// Of the switch itself.
  ESW_FATE_ANSWER = 4,
  ESW_FATE_KEPT = 5,
};

/// Where the outer headers are.
enum esw_capture_outer {
  ESW_OUTER_NONE = 0,
  /// First of the packet's bytes.
  ESW_OUTER_FIRST = 1,
  /// Likewise, MAC addresses zero: the kernel's neighbour code fills them in when it has found them.
  ESW_OUTER_WITHOUT_ADDRESSES = 2,
  /// In `outer`.
  ESW_OUTER_BESIDE = 3,
  /// The kernel's VXLAN device has taken them off, or will put them on.
  ESW_OUTER_OF_DEVICE = 4,
};

/// A captured frame, in a ring; its bytes follow.
struct esw_captured_row {
  /// CLOCK_MONOTONIC, to the nanosecond.
  __u64 moment_ns;
  __u32 connection;
  /// Of the packet that the bytes were copied from, and how many were.
  __u32 packet_bytes;
  __u32 copied_bytes;
  /// Of a super-packet (GSO): payload of each of its frames; else 0.
  __u16 segment_bytes;
  /// `esw_capture_point`, `esw_capture_fate`, with ESW_FATE_DROPPED `esw_drop_reason`.
  __u8 point;
  __u8 fate;
  __u8 reason;
  /// Bit i: it came from remote number i, or was sent to it.
  __u8 remotes;
  /// `esw_capture_outer`
  __u8 outer_at;
  __u8 reserved;
  /// With ESW_OUTER_BESIDE: 50 bytes.
  __u8 outer[52];
  /// By place, from 1: copies for which this CPU's ring had no room, since it was made. User space reads them in
  /// `esw_capturing`: what the ring itself says of losses comes with the next record only.
  __u32 lost[ESW_CAPTURES_MAX];
};

/// Direction of a frame through the node; index of `esw_activity_row.directions`.
enum esw_direction {
  /// From the attachment port to remotes (encapsulated).
  ESW_TO_REMOTE = 0,
  /// From a remote to the attachment port (decapsulated).
  ESW_TO_LOCAL = 1,
  ESW_DIRECTIONS = 2,
};

/// Why a frame was dropped: X(ENUMERATOR, "name in counters", "sentence for people").
/// Numbers are part of the layout: append only.
#define ESW_DROP_REASONS(X)                                                                                      \
  X(ESW_DROP_MALFORMED, "malformed", "too short, or lengths that do not fit")                                    \
  X(ESW_DROP_LINK_CONTROL, "link_control", "STP, LLDP or another frame that must not leave its link")            \
  X(ESW_DROP_SOURCE_INVALID, "source_invalid", "source MAC is a group address or zero")                          \
  X(ESW_DROP_SOURCE_PROTECTED, "source_protected", "source MAC is the switch's own")                             \
  X(ESW_DROP_ADDRESS_CONFLICT, "address_conflict", "somebody else claims the switch's fixed IP in ARP")          \
  X(ESW_DROP_VLAN_TAGGED, "vlan_tagged", "VLAN tag inside; a connection stretches one untagged subnet")          \
  X(ESW_DROP_SAME_SIDE, "same_side", "destination is on the side that the frame came from")                      \
  X(ESW_DROP_SPLIT_HORIZON, "split_horizon", "from a remote to a host behind a remote")                          \
  X(ESW_DROP_TOO_BIG, "too_big", "does not fit the MTU of the way out")                                          \
  X(ESW_DROP_UNRESOLVED, "unresolved", "the next hop's MAC address is not known")                                \
  X(ESW_DROP_UNREACHABLE, "unreachable", "no route to the remote, or one that refuses")                          \
  X(ESW_DROP_WRONG_INTERFACE, "wrong_interface", "from a remote, by another interface than that of the tunnel")        \
  X(ESW_DROP_NO_REMOTE, "no_remote", "the connection has no remote")                                             \
  X(ESW_DROP_NO_PORT, "no_port", "the connection has no attachment port")                                        \
  X(ESW_DROP_DISABLED, "disabled", "the connection is disabled")                                                 \
  X(ESW_DROP_KERNEL, "kernel", "the kernel refused to change or copy the frame")                                 \
  X(ESW_DROP_UNKNOWN_PORT, "unknown_port", "from a port that belongs to no connection")                          \
  X(ESW_DROP_UNKNOWN_SOURCE, "unknown_source", "VXLAN from a remote and VNI that are not configured")            \
  X(ESW_DROP_UNKNOWN_CONNECTION, "unknown_connection", "rows of the connection are missing")                      \
  X(ESW_DROP_CLASS, "class", "the connection's rule for frames of this class: dropped")                          \
  X(ESW_DROP_CLASS_RATE, "class_rate", "the connection's rule for frames of this class: more a second than it lets") \
  X(ESW_DROP_FLAVOR_RATE, "flavor_rate", "more than the instance's flavor carries")                              \
  X(ESW_DROP_DUPLICATE, "duplicate", "source is held on the other side: it moved too often")                      \
  X(ESW_DROP_HELD, "held", "this node may not forward: it is held, or its permission has ended")

enum esw_drop_reason {
#define ESW_DROP_ENUMERATOR(enumerator, name, sentence) enumerator,
  ESW_DROP_REASONS(ESW_DROP_ENUMERATOR)
#undef ESW_DROP_ENUMERATOR
  ESW_DROP_REASON_COUNT
};

/// Length of the arrays below: room for more reasons without a new layout.
#define ESW_DROP_REASONS_MAX 32

/// Counters of one direction on one CPU. Bytes are those of the inner Ethernet frames, without FCS;
/// a super-packet (GSO) counts as its segments.
struct esw_direction_row {
  /// Copies sent: a frame flooded to two remotes counts twice.
  __u64 frames;
  __u64 bytes;
  /// Of these: broadcast, multicast or unknown unicast.
  __u64 flooded;
  /// Of these: through the kernel's VXLAN device (to remotes: sent by it; to local: received by it).
  __u64 slow;
  /// ARP requests and echo requests for the fixed IP, and ARP requests for virtual addresses, that were answered; not
  /// in `frames`.
  __u64 answered;
  /// Other frames to the fixed MAC, consumed; not in `frames`, not an error.
  __u64 for_node;
  /// Frames whose source was not learned because of the limit; they crossed all the same.
  __u64 not_learned;
  /// Frames dropped, by `esw_drop_reason`.
  __u64 drops[ESW_DROP_REASONS_MAX];
  /// Of these, as `class` and `class_rate`: by class.
  __u64 class_drops[ESW_CLASSES_MAX];
  /// TCP handshakes whose MSS was lowered; they are in `frames`.
  __u64 clamped;
  /// ICMP "too big" sent to senders of this direction; their frames are in `drops`.
  __u64 told_too_big;
  /// Until when the latter are paid for: each takes ESW_TELL_INTERVAL_NS (CLOCK_MONOTONIC).
  __u64 told_clock_ns;
  /// What this CPU may still let through before it asks the meter again.
  __u64 credit_bytes;
  __u64 credit_packets;
};

/// `esw_next_hop.state`
enum esw_next_hop_state {
  ESW_NEXT_HOP_NEVER = 0,
  /// MAC addresses are valid.
  ESW_NEXT_HOP_RESOLVED = 1,
  /// A route, but no neighbour yet.
  ESW_NEXT_HOP_PENDING = 2,
  /// No route.
  ESW_NEXT_HOP_UNREACHABLE = 3,
  /// The kernel does not answer (forwarding is off on the ingress asked for): the slow path must do it.
  ESW_NEXT_HOP_DECLINED = 4,
};

/// The way to a remote as the kernel last told it to this CPU. A cache of the path; for people to read.
struct esw_next_hop {
  __u64 asked_ns;
  /// Remote and gateway (or the remote itself) of this answer.
  __u32 remote_address_be;
  __u32 gateway_be;
  __u32 ifindex;
  /// Largest outer IP packet, bytes.
  __u32 mtu;
  __u8 destination_mac[6];
  __u8 source_mac[6];
  /// `esw_next_hop_state`
  __u8 state;
  __u8 reserved[3];
};

/// What one CPU saw of one remote. The evidence for a connection's status: take the latest of all CPUs.
struct esw_remote_activity {
  /// Last frame from it that the allow-list let in.
  __u64 last_received_ns;
  /// Last ARP reply or echo reply from it to the fixed MAC: the answer to a probe.
  __u64 last_answer_ns;
  /// Last frame handed to the kernel for it.
  __u64 last_sent_ns;
  struct esw_next_hop next_hop;
};

/// Answers to probes of one remote that are kept, powers of two: more than user space asks for before it looks, and
/// hosts that it asks by ARP together.
#define ESW_PROBE_ANSWERS 8
#define ESW_PROBE_HOSTS 4

/// A probe that was answered: a loopback reply, or an echo reply to the fixed MAC.
struct esw_probe_answer {
  /// That of the loopback message; identifier and sequence number of an echo. Written last.
  __u32 transaction;
  /// Length of the answer's frame, and of the question's as it arrived there (loopback only; else 0).
  __u16 bytes;
  __u16 asked_bytes;
  /// CLOCK_MONOTONIC, to the nanosecond.
  __u64 arrived_ns;
};

/// A host that answered ARP.
struct esw_probe_host {
  __u32 address_be;
  __u32 reserved;
  __u64 arrived_ns;
};

/// A length heard longer ago than this gives way to a lesser one.
#define ESW_PROBE_HEARD_NS 60000000000ull

struct esw_remote_probes {
  /// Each in the place that the lowest bits of its transaction say.
  struct esw_probe_answer answers[ESW_PROBE_ANSWERS];
  /// Each in the place that the last bits of its address say.
  struct esw_probe_host hosts[ESW_PROBE_HOSTS];
  /// The longest loopback message of its own that has come from the remote, and when.
  __u64 heard_ns;
  __u32 heard_bytes;
  __u32 reserved;
};

/// What came back of the probes that user space sends, and what the remotes' own have shown. Without a row questions are
/// answered, and nothing is noted.
struct esw_probe_row {
  struct esw_remote_probes remotes[ESW_REMOTES_MAX];
};

/// Hosts of one connection that a CPU remembers with its counters, a power of two: there before anything is looked up.
#define ESW_RECENT_HOSTS 8

/// Hosts of all connections that a CPU remembers, in blocks because the kernel gives at most 32 KiB a CPU at once
/// (PCPU_MIN_UNIT_SIZE, linux/percpu.h); both powers of two. 256 KiB a CPU, so that 10,000 hosts fit a core's cache.
#define ESW_RECENT_BLOCKS 16
#define ESW_RECENT_BLOCK_HOSTS 1024

/// Places in which a host can be: one cache line of them.
#define ESW_RECENT_PLACES 4

/// Where the parts of `esw_recent_host.host` begin.
#define ESW_RECENT_SIDE_SHIFT 48
#define ESW_RECENT_HEARD_SHIFT 56

/// Nanoseconds of a tick of `until`, as a power of two: about a millisecond.
#define ESW_RECENT_TICK_SHIFT 20

/// Where this CPU found a host less than ESW_REFRESH_NS ago: saves two look-ups in the FDB for most frames, at the
/// price that another CPU follows a host's move that much later. A cache of the path; nothing for user space.
struct esw_recent_host {
  /// The first tick at which this is no longer so; the lower 32 bits of it.
  __u32 until;
  /// 0: nobody is remembered here.
  __u32 connection;
  /// From the low end: the MAC address (48 bits, in the order of its bytes in this machine's memory); the side (8 bits); 1 when
  /// it was heard, and the FDB's `last_seen_ns` refreshed, 0 when it was only looked for as a destination. One word,
  /// because hosts are compared here more often than anywhere.
  __u64 host;
};

struct esw_recent_row {
  struct esw_recent_host hosts[ESW_RECENT_BLOCK_HOSTS];
};

/// Everything that one CPU counts and remembers of one connection: one look-up for all of it.
struct esw_activity_row {
  struct esw_remote_activity remotes[ESW_REMOTES_MAX];
  struct esw_direction_row directions[ESW_DIRECTIONS];
  /// Hosts learned, and hosts that changed sides.
  __u64 learned;
  __u64 moved;
  struct esw_recent_host recent[ESW_RECENT_HOSTS];
};

/// Counters of one CPU for frames that belong to no connection.
struct esw_node_row {
  /// VXLAN frames to a tunnel IP that were left to the kernel's VXLAN device (fragments, super-packets, odd sizes).
  __u64 passed_to_slow;
  __u64 drops[ESW_DROP_REASONS_MAX];
};

/// Who sends us VXLAN that nobody configured. The map keeps the most recent ones.
struct esw_offender_key {
  __u32 vni;
  __u32 remote_address_be;
  __u32 tunnel_address_be;
  /// `esw_drop_reason`
  __u32 reason;
};

struct esw_offender_row {
  __u64 count;
  __u64 first_ns;
  __u64 last_ns;
};

/// Context of the program `esw_sweep`, given and returned by BPF_PROG_TEST_RUN (`ctx_in` and `ctx_out`). Neighbours are
/// aged and flushed like hosts; the numbers are those of the hosts.
struct esw_sweep_context {
  /// In: delete all learned rows of this connection whatever their age; 0: of none.
  __u32 flush_connection;
  __u32 reserved;
  /// Out: rows seen, deleted for age, deleted because their connection is gone or was flushed.
  __u64 seen;
  __u64 aged;
  __u64 orphaned;
};

// The sizes that Swift and the kernel must agree on.
_Static_assert(sizeof(struct esw_meta_row) == 16, "layout");
_Static_assert(sizeof(struct esw_port_key) == 8, "layout");
_Static_assert(sizeof(struct esw_connection_row) == 152, "layout");
_Static_assert(sizeof(struct esw_source_key) == 12, "layout");
_Static_assert(sizeof(struct esw_fdb_key) == 12, "layout");
_Static_assert(sizeof(struct esw_fdb_row) == 48, "layout");
_Static_assert(sizeof(struct esw_virtual_key) == 8, "layout");
_Static_assert(sizeof(struct esw_virtual_row) == 48, "layout");
_Static_assert(sizeof(struct esw_neighbour_key) == 20, "layout");
_Static_assert(sizeof(struct esw_neighbour_row) == 16, "layout");
_Static_assert(sizeof(struct esw_meter_row) == 48, "layout");
_Static_assert(sizeof(struct esw_state_row) == 136, "layout");
_Static_assert(sizeof(struct esw_underlay_row) == 8, "layout");
_Static_assert(sizeof(struct esw_exit_row) == 4, "layout");
_Static_assert(sizeof(struct esw_activity_row) == 1104, "layout");
_Static_assert(sizeof(struct esw_probe_row) == 416, "layout");
_Static_assert(sizeof(struct esw_permission_row) == 16, "layout");
_Static_assert(sizeof(struct esw_recent_host) == 16, "layout");
_Static_assert(sizeof(struct esw_node_row) == 264, "layout");
_Static_assert(sizeof(struct esw_sweep_context) == 32, "layout");

#endif
