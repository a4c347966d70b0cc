// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// What a CPU remembers of hosts beside the FDB, in two steps: a few places in the connection's own row, which is at
// hand anyway and serves who talks with few, and a table for thousands. A host is in its place of the row, in one of
// its four of the table, in both or in none; whatever is written is written to both, so that they never disagree.
// Four, because with half of the table in use two would not hold one host in ten, and each of those costs a look-up
// in the FDB with every frame.

#ifndef ESW_RECENT_H
#define ESW_RECENT_H

#include "frame.h"
#include "tables.h"

#define RECENT_TICKS ((__u32)(ESW_REFRESH_NS >> ESW_RECENT_TICK_SHIFT))

inline_always __u32 recent_tick(__u64 ns) { return ns >> ESW_RECENT_TICK_SHIFT; }

/// A MAC address as `esw_recent_host.host` has it.
inline_always __u64 host_of(const __u8 *mac) {
  const __u16 *words = (const __u16 *)mac;
  return words[0] | (__u64)words[1] << 16 | (__u64)words[2] << 32;
}

inline_always __u8 recent_side(const struct esw_recent_host *recent) { return (__u8)(recent->host >> ESW_RECENT_SIDE_SHIFT); }

/// Whether it was heard on this side, and not only looked for.
inline_always int is_heard_on(const struct esw_recent_host *recent, __u8 side) {
  return recent->host >> ESW_RECENT_SIDE_SHIFT == (side | 1u << (ESW_RECENT_HEARD_SHIFT - ESW_RECENT_SIDE_SHIFT));
}

inline_always struct esw_recent_host *place_in_row(const struct frame *frame, const __u8 *mac) {
  return &frame->activity->recent[(mac[5] ^ mac[4]) & (ESW_RECENT_HOSTS - 1)];
}

/// The first of a host's places in the table; null never happens.
inline_always struct esw_recent_host *places_in_table(const struct frame *frame, __u64 host) {
  __u32 hash = mix(frame->number, (__u32)host, host >> 32);
  __u32 block = hash % ESW_RECENT_BLOCKS;
  struct esw_recent_row *row = bpf_map_lookup_elem(&esw_recent, &block);
  if (unlikely(!row))
    return 0;
  __u32 set = hash / ESW_RECENT_BLOCKS % (ESW_RECENT_BLOCK_HOSTS / ESW_RECENT_PLACES);
  // Or the compiler adds before it compares with null, which the verifier refuses.
  barrier_var(set);
  return &row->hosts[set * ESW_RECENT_PLACES];
}

/// What is above the address is shifted out.
inline_always int is_address(const struct esw_recent_host *recent, __u64 host) {
  return recent->host << (64 - ESW_RECENT_SIDE_SHIFT) == host << (64 - ESW_RECENT_SIDE_SHIFT);
}

inline_always int is_host(const struct esw_recent_host *recent, const struct frame *frame, __u64 host) {
  return is_address(recent, host) && recent->connection == frame->number;
}

/// Between 1 and RECENT_TICKS of its ticks are left, also when the counter has gone round.
inline_always int is_fresh(const struct esw_recent_host *recent, const struct frame *frame) {
  return recent->until - recent_tick(frame->now) - 1 < RECENT_TICKS;
}

inline_always const struct esw_recent_host *recent_in_table(const struct frame *frame, __u64 host) {
  const struct esw_recent_host *place = places_in_table(frame, host);
  if (unlikely(!place))
    return 0;
  for (int i = 0; i < ESW_RECENT_PLACES; i++, place++)
    if (is_host(place, frame, host))
      return is_fresh(place, frame) ? place : 0;
  return 0;
}

/// What is remembered of a host and still counts, or null.
inline_always const struct esw_recent_host *recent_host(const struct frame *frame, const __u8 *mac) {
  __u64 host = host_of(mac);
  const struct esw_recent_host *place = place_in_row(frame, mac);
  if (likely(is_address(place, host)))
    return is_fresh(place, frame) ? place : 0;
  return recent_in_table(frame, host);
}

rare void remember(const struct frame *frame, const __u8 *mac, __u8 side, __u8 heard, __u64 since) {
  __u64 host = host_of(mac);
  struct esw_recent_host fresh = {
      .until = recent_tick(since) + RECENT_TICKS,
      .connection = frame->number,
      .host = host | (__u64)side << ESW_RECENT_SIDE_SHIFT | (__u64)heard << ESW_RECENT_HEARD_SHIFT,
  };
  *place_in_row(frame, mac) = fresh;
  struct esw_recent_host *place = places_in_table(frame, host);
  if (!place)
    return;
  // Its own place, or else that of whom was found longest ago.
  struct esw_recent_host *chosen = place;
  for (int i = 0; i < ESW_RECENT_PLACES; i++, place++) {
    if (is_host(place, frame, host)) {
      chosen = place;
      break;
    }
    if ((__s32)(place->until - chosen->until) < 0)
      chosen = place;
  }
  *chosen = fresh;
}

#endif
