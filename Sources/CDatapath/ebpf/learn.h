// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Which host is where. Only the source of a frame that may cross teaches anything.

#ifndef ESW_LEARN_H
#define ESW_LEARN_H

#include "limit.h"
#include "recent.h"

inline_always int is_aged(const struct esw_fdb_row *row, __u32 ageing_seconds, __u64 now) {
  return ageing_seconds && !(row->flags & ESW_FDB_STATIC) &&
         row->last_seen_ns + ageing_seconds * NANOSECONDS < now;
}

/// ARP is believed at once; an IPv4 source, which a router may have forwarded, only where ARP said nothing.
inline_always void note_address(struct esw_fdb_row *row, const struct frame *frame) {
  if (!frame->sender_be || row->address_be == frame->sender_be)
    return;
  if (!frame->sender_from_arp && (row->flags & ESW_FDB_ADDRESS_FROM_ARP))
    return;
  row->address_be = frame->sender_be;
  if (frame->sender_from_arp)
    row->flags |= ESW_FDB_ADDRESS_FROM_ARP;
}

rare void learn_new(struct frame *frame, struct esw_fdb_key *key, __u8 side, const enum esw_direction direction) {
  struct esw_connection_key state_key = {.connection = key->connection};
  struct esw_state_row *state = bpf_map_lookup_elem(&esw_states, &state_key);
  if (!state)
    return;
  __u32 limit = frame->connection->learning_limit;
  if (state->learned >= limit) {
    frame->activity->directions[direction].not_learned += frame->segments;
    return;
  }
  // Count first and take back: two CPUs must not both take the last place.
  if (__sync_fetch_and_add(&state->learned, 1) >= limit) {
    __sync_fetch_and_add(&state->learned, -1);
    frame->activity->directions[direction].not_learned += frame->segments;
    return;
  }
  struct esw_fdb_row fresh = {.last_seen_ns = frame->now, .since_ns = frame->now, .side = side};
  note_address(&fresh, frame);
  if (bpf_map_update_elem(&esw_fdb, key, &fresh, BPF_NOEXIST) == 0)
    frame->activity->learned++;
  else
    __sync_fetch_and_add(&state->learned, -1);
}

/// Whether a host that is on `row->side` and now speaks on `side` may move (RFC 7432 section 15.1). Two remotes are two
/// doors of one far site, and a host may use both: only moves across the stretch count.
///
/// The move that makes it a duplicate does not take place: after an even number of moves the host is where it was first,
/// which is its own side when a loop returns its frames. It is held for a fixed time and not until the other side is
/// silent: a host that has really gone there speaks, and must not be locked out for good. It ends sooner when the
/// host's own side falls silent and its row ages.
inline_always int may_move(struct esw_fdb_row *row, __u8 side, __u64 now) {
  if (row->side != ESW_SIDE_LOCAL && side != ESW_SIDE_LOCAL)
    return 1;
  if ((row->flags & ESW_FDB_HELD) && now < row->held_until_ns)
    return 0;
  if ((row->flags & ESW_FDB_HELD) || now - row->moving_since_ns > ESW_DUPLICATE_NS) {
    row->flags &= ~ESW_FDB_HELD;
    row->moving_since_ns = now;
    row->recent_moves = 0;
  }
  row->recent_moves++;
  if (row->recent_moves < ESW_DUPLICATE_MOVES)
    return 1;
  row->flags |= ESW_FDB_HELD;
  row->held_until_ns = now + ESW_DUPLICATE_NS;
  return 0;
}

/// A host of the FDB speaks on another side than the one it is known on.
rare __u32 learn_move(struct frame *frame, struct esw_fdb_row *row, __u8 side) {
  if (row->flags & ESW_FDB_STATIC)
    return ESW_DROP_SOURCE_PROTECTED;
  if (is_aged(row, frame->connection->ageing_seconds, frame->now)) {
    row->recent_moves = 0;
    row->flags &= ~ESW_FDB_HELD;
  } else {
    if (!may_move(row, side, frame->now))
      return ESW_DROP_DUPLICATE;
    row->moves++;
    frame->activity->moved++;
  }
  row->side = side;
  row->since_ns = row->last_seen_ns = frame->now;
  note_address(row, frame);
  // Not `heard`: frames to it follow at once, and its own are still asked for in the FDB.
  remember(frame, frame->ethernet.source, side, 0, frame->now);
  return ESW_DROP_REASON_COUNT;
}

/// A host that moved is asked for in the FDB with every frame as long as its moves count: what a CPU remembers of it
/// would let it through on the side that it is held away from.
inline_always int is_restless(struct esw_fdb_row *row, __u64 now) {
  if (likely(!row->recent_moves))
    return 0;
  if (now - row->moving_since_ns <= ESW_DUPLICATE_NS || ((row->flags & ESW_FDB_HELD) && now < row->held_until_ns))
    return 1;
  row->recent_moves = 0;
  row->flags &= ~ESW_FDB_HELD;
  return 0;
}

/// Learns the frame's source on `side`. Returns ESW_DROP_REASON_COUNT unless the frame must not cross: the address is
/// pinned or held elsewhere.
inline_always __u32 learn(struct frame *frame, __u8 side, const enum esw_direction direction) {
  const struct esw_recent_host *recent = recent_host(frame, frame->ethernet.source);
  if (likely(recent && is_heard_on(recent, side) && !frame->sender_from_arp))
    return ESW_DROP_REASON_COUNT;
  struct esw_fdb_key key = {.connection = frame->number};
  copy_mac(key.mac, frame->ethernet.source);
  struct esw_fdb_row *row = bpf_map_lookup_elem(&esw_fdb, &key);
  if (unlikely(!row)) {
    learn_new(frame, &key, side, direction);
    return ESW_DROP_REASON_COUNT;
  }
  if (unlikely(row->side != side))
    return learn_move(frame, row, side);
  if (unlikely(frame->now - row->last_seen_ns > ESW_REFRESH_NS)) {
    row->last_seen_ns = frame->now;
    note_address(row, frame);
  } else if (frame->sender_from_arp)
    note_address(row, frame);
  if (likely(!is_restless(row, frame->now)))
    remember(frame, frame->ethernet.source, side, 1, row->last_seen_ns);
  return ESW_DROP_REASON_COUNT;
}

#define SIDE_UNKNOWN -1

/// The side on which the frame's destination lives, or SIDE_UNKNOWN.
inline_always int destination_side(const struct frame *frame) {
  const struct esw_recent_host *recent = recent_host(frame, frame->ethernet.destination);
  if (likely(recent))
    return recent_side(recent);
  struct esw_fdb_key key = {.connection = frame->number};
  copy_mac(key.mac, frame->ethernet.destination);
  const struct esw_fdb_row *row = bpf_map_lookup_elem(&esw_fdb, &key);
  if (unlikely(!row || is_aged(row, frame->connection->ageing_seconds, frame->now)))
    return SIDE_UNKNOWN;
  // Not `heard`: its next frame must still refresh the row.
  remember(frame, frame->ethernet.destination, row->side, 0, frame->now);
  return row->side;
}

/// Rules for the source and the form of a frame from either side. Returns ESW_DROP_REASON_COUNT when it may go on.
inline_always __u32 admit(struct __sk_buff *skb, struct frame *frame, __u8 side, const enum esw_direction direction) {
  const struct ethernet_header *ethernet = &frame->ethernet;
  const struct esw_connection_row *connection = frame->connection;
  if (unlikely(connection->flags & ESW_CONNECTION_DISABLED))
    return ESW_DROP_DISABLED;
  if (unlikely(!may_forward(frame->now)))
    return ESW_DROP_HELD;
  const __u16 *source = (const __u16 *)ethernet->source;
  if (unlikely(is_group(ethernet->source) || !(source[0] | source[1] | source[2])))
    return ESW_DROP_SOURCE_INVALID;
  // 01:80:c2:00:00:00 ... 0f never leave their link (IEEE 802.1Q table 8-1): a loop here could not be seen.
  const __u16 *destination = (const __u16 *)ethernet->destination;
  if (unlikely(destination[0] == bpf_htons(0x0180) && destination[1] == bpf_htons(0xc200) &&
               (destination[2] & bpf_htons(0xfff0)) == 0))
    return ESW_DROP_LINK_CONTROL;
  // RFC 7348 section 6.1: frames with an inner VLAN tag should be discarded unless configured otherwise.
  if (unlikely(skb->vlan_present || ethernet->type == bpf_htons(ETHERTYPE_VLAN) ||
               ethernet->type == bpf_htons(ETHERTYPE_SERVICE_VLAN)))
    return ESW_DROP_VLAN_TAGGED;
  // Two sites may have made the same MAC address of the same connection's ID; only their probes meet it.
  if (unlikely(same_mac(ethernet->source, connection->fixed_mac)))
    return frame->meaning == FRAME_PROBE_ANSWER ? ESW_DROP_LINK_CONTROL : ESW_DROP_SOURCE_PROTECTED;
  if (unlikely(frame->meaning >= FRAME_ADDRESS_CONFLICT))
    return frame->meaning == FRAME_ADDRESS_CONFLICT ? ESW_DROP_ADDRESS_CONFLICT : ESW_DROP_LINK_CONTROL;
  // What may not cross teaches nothing, but for ARP and ND: the switch goes by what they say where they do not cross.
  if (unlikely(!is_judged_late(frame->class))) {
    __u32 reason = obey(frame, direction);
    if (reason != ESW_DROP_REASON_COUNT)
      return reason;
  }
  return learn(frame, side, direction);
}

#endif
