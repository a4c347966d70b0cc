// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Which host is where. Only the source of a frame that may cross teaches anything.

#ifndef ESW_LEARN_H
#define ESW_LEARN_H

#include "limit.h"

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

inline_always struct esw_recent_host *recent_host(const struct frame *frame, const __u8 *mac) {
  return &frame->activity->recent[(mac[5] ^ mac[4]) & (ESW_RECENT_HOSTS - 1)];
}

inline_always int is_recent(const struct esw_recent_host *recent, const __u8 *mac, __u64 now) {
  return recent->until_ns > now && same_mac(recent->mac, mac);
}

inline_always void remember(struct esw_recent_host *recent, const __u8 *mac, __u8 side, __u8 heard, __u64 since) {
  recent->until_ns = since + ESW_REFRESH_NS;
  copy_mac(recent->mac, mac);
  recent->side = side;
  recent->heard = heard;
}

/// Learns the frame's source on `side`. False: the address is pinned elsewhere and the frame must not cross.
inline_always int learn(struct frame *frame, __u8 side, const enum esw_direction direction) {
  struct esw_recent_host *recent = recent_host(frame, frame->ethernet.source);
  if (likely(is_recent(recent, frame->ethernet.source, frame->now) && recent->heard && recent->side == side &&
             !frame->sender_from_arp))
    return 1;
  struct esw_fdb_key key = {.connection = frame->number};
  copy_mac(key.mac, frame->ethernet.source);
  struct esw_fdb_row *row = bpf_map_lookup_elem(&esw_fdb, &key);
  if (unlikely(!row)) {
    learn_new(frame, &key, side, direction);
    return 1;
  }
  if (likely(row->side == side)) {
    if (unlikely(frame->now - row->last_seen_ns > ESW_REFRESH_NS)) {
      row->last_seen_ns = frame->now;
      note_address(row, frame);
    } else if (frame->sender_from_arp)
      note_address(row, frame);
    remember(recent, frame->ethernet.source, side, 1, row->last_seen_ns);
    return 1;
  }
  if (row->flags & ESW_FDB_STATIC)
    return 0;
  if (!is_aged(row, frame->connection->ageing_seconds, frame->now)) {
    row->moves++;
    frame->activity->moved++;
  }
  row->side = side;
  row->since_ns = row->last_seen_ns = frame->now;
  note_address(row, frame);
  remember(recent, frame->ethernet.source, side, 1, frame->now);
  return 1;
}

#define SIDE_UNKNOWN -1

/// The side on which the frame's destination lives, or SIDE_UNKNOWN.
inline_always int destination_side(const struct frame *frame) {
  struct esw_recent_host *recent = recent_host(frame, frame->ethernet.destination);
  if (likely(is_recent(recent, frame->ethernet.destination, frame->now)))
    return recent->side;
  struct esw_fdb_key key = {.connection = frame->number};
  copy_mac(key.mac, frame->ethernet.destination);
  const struct esw_fdb_row *row = bpf_map_lookup_elem(&esw_fdb, &key);
  if (unlikely(!row || is_aged(row, frame->connection->ageing_seconds, frame->now)))
    return SIDE_UNKNOWN;
  // Not `heard`: its next frame must still refresh the row.
  remember(recent, frame->ethernet.destination, row->side, 0, frame->now);
  return row->side;
}

/// Rules for the source and the form of a frame from either side. Returns ESW_DROP_REASON_COUNT when it may go on.
inline_always __u32 admit(struct __sk_buff *skb, struct frame *frame, __u8 side, const enum esw_direction direction) {
  const struct ethernet_header *ethernet = &frame->ethernet;
  const struct esw_connection_row *connection = frame->connection;
  if (unlikely(connection->flags & ESW_CONNECTION_DISABLED))
    return ESW_DROP_DISABLED;
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
  if (unlikely(same_mac(ethernet->source, connection->fixed_mac)))
    return ESW_DROP_SOURCE_PROTECTED;
  if (unlikely(frame->meaning == FRAME_ADDRESS_CONFLICT))
    return ESW_DROP_ADDRESS_CONFLICT;
  // What may not cross teaches nothing, but for ARP and ND: the switch goes by what they say where they do not cross.
  if (unlikely(!is_judged_late(frame->class))) {
    __u32 reason = obey(frame, direction);
    if (reason != ESW_DROP_REASON_COUNT)
      return reason;
  }
  if (unlikely(!learn(frame, side, direction)))
    return ESW_DROP_SOURCE_PROTECTED;
  return ESW_DROP_REASON_COUNT;
}

#endif
