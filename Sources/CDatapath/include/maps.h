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
#define ESW_LAYOUT_VERSION 2u

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

/// A time in a shared row is written again only when it is older than this, so that cache lines stay quiet.
/// Read times as "not more than this too old".
#define ESW_REFRESH_NS 100000000ull

/// A next hop is asked of the kernel again when the answer is older than this.
#define ESW_NEXT_HOP_NS 100000000ull

/// Who holds a virtual address and has said nothing for longer than this is not spoken for: two questions of user
/// space, which asks every two seconds, went unanswered (RFC 1122 section 2.3.2.1 (2): "N successive polls").
#define ESW_HOLDER_SILENT_NS 5000000000ull

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
// esw_node         PERCPU_ARRAY, 1 __u32 0               esw_node_row
// esw_offenders    LRU_HASH        esw_offender_key      esw_offender_row
// esw_virtuals     HASH            esw_virtual_key       esw_virtual_row
//
// Written by user space only: meta, tunnels, ports, connections, sources.
// Created (zero, BPF_NOEXIST) and deleted by user space, written by the path only: states, activity, virtuals.
// Written by the path and the sweep only: fdb, node, offenders.

/// The node: the map set's identity, and what the path must know of the machine.
struct esw_meta_row {
  /// ESW_MAGIC.
  __u32 magic;
  /// ESW_LAYOUT_VERSION of the object that made these maps.
  __u32 layout_version;
  /// Index of the `external` VXLAN device of the slow path; 0: there is none.
  /// Its `net.ipv4.conf.DEV.forwarding` must be 1: bpf_fib_lookup answers only for an ingress that forwards.
  __u32 external_ifindex;
  __u32 reserved;
};

/// An address that we receive VXLAN on: the tunnel IP of an instance.
struct esw_tunnel_key {
  __u32 address_be;
};

struct esw_tunnel_row {
  __u32 reserved;
};

/// An attachment port: the interface through which a layer-2 subnet is reached on this node.
struct esw_port_key {
  __u32 ifindex;
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
  /// Reserved: compute the outer UDP checksum (RFC 7348 section 5 allows zero, the default). Not yet obeyed.
  ESW_CONNECTION_UDP_CHECKSUM = 1 << 1,
};

/// Everything that the path must know of a connection. Replaced as a whole by user space, so it is always consistent.
struct esw_connection_row {
  /// Attachment port; 0: none, frames from remotes are dropped as `no_port`.
  __u32 port_ifindex;
  /// The only interface that frames of remotes may come from and go to; 0: as routed.
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
  __u8 reserved;
  struct esw_remote remotes[ESW_REMOTES_MAX];
  /// The connection's ID in the API, for people who read the maps.
  __u8 uuid[16];
  __u32 reserved2;
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
  __u32 reserved;
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
};

/// A learned host. It counts as unknown, without being deleted, from `last_seen_ns` + ageing on.
struct esw_fdb_row {
  __u64 last_seen_ns;
  /// When it was learned on this side.
  __u64 since_ns;
  /// Last IPv4 address seen from it; 0: none.
  __u32 address_be;
  /// Times that it changed sides.
  __u32 moves;
  /// `esw_side`, or ESW_SIDE_REMOTE + remote index.
  __u8 side;
  /// Bits of `esw_fdb_flag`.
  __u8 flags;
  __u8 reserved[6];
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
  X(ESW_DROP_WRONG_INTERFACE, "wrong_interface", "not through the underlay interface that is configured")        \
  X(ESW_DROP_NO_REMOTE, "no_remote", "the connection has no remote")                                             \
  X(ESW_DROP_NO_PORT, "no_port", "the connection has no attachment port")                                        \
  X(ESW_DROP_DISABLED, "disabled", "the connection is disabled")                                                 \
  X(ESW_DROP_KERNEL, "kernel", "the kernel refused to change or copy the frame")                                 \
  X(ESW_DROP_UNKNOWN_PORT, "unknown_port", "from a port that belongs to no connection")                          \
  X(ESW_DROP_UNKNOWN_SOURCE, "unknown_source", "VXLAN from a remote and VNI that are not configured")            \
  X(ESW_DROP_UNKNOWN_CONNECTION, "unknown_connection", "rows of the connection are missing")

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

/// Hosts whose side a CPU remembers beside the FDB, a power of two.
#define ESW_RECENT_HOSTS 8

/// Where this CPU found a host less than ESW_REFRESH_NS ago: saves two look-ups in the FDB for most frames, at the
/// price that another CPU follows a host's move that much later. A cache of the path; nothing for user space.
struct esw_recent_host {
  __u64 until_ns;
  __u8 mac[6];
  __u8 side;
  /// 1: it was heard, and the FDB's `last_seen_ns` refreshed; 0: only looked for as a destination.
  __u8 heard;
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

/// Context of the program `esw_sweep`, given and returned by BPF_PROG_TEST_RUN (`ctx_in` and `ctx_out`).
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
_Static_assert(sizeof(struct esw_connection_row) == 80, "layout");
_Static_assert(sizeof(struct esw_source_key) == 12, "layout");
_Static_assert(sizeof(struct esw_fdb_key) == 12, "layout");
_Static_assert(sizeof(struct esw_fdb_row) == 32, "layout");
_Static_assert(sizeof(struct esw_virtual_key) == 8, "layout");
_Static_assert(sizeof(struct esw_virtual_row) == 48, "layout");
_Static_assert(sizeof(struct esw_activity_row) == 896, "layout");
_Static_assert(sizeof(struct esw_node_row) == 264, "layout");
_Static_assert(sizeof(struct esw_sweep_context) == 32, "layout");

#endif
