// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// What a CPU remembers of hosts beside the FDB, in two steps: a few places in the connection's own row, which is at
// hand anyway and serves who talks with few, and a table for thousands. A host is in its place of the row, in one of
// its two of the table, in both or in none; whatever is written is written to both, so that they never disagree.

#ifndef ESW_RECENT_H
#define ESW_RECENT_H

#include "frame.h"
#include "tables.h"

#define RECENT_TICKS ((__u32)(ESW_REFRESH_NS >> ESW_RECENT_TICK_SHIFT))

inline_always __u32 recent_tick(__u64 ns) { return ns >> ESW_RECENT_TICK_SHIFT; }

inline_always struct esw_recent_host *place_in_row(const struct frame *frame, const __u8 *mac) {
  return &frame->activity->recent[(mac[5] ^ mac[4]) & (ESW_RECENT_HOSTS - 1)];
}

/// The first of a host's places in the table; null never happens.
inline_always struct esw_recent_host *places_in_table(const struct frame *frame, const __u8 *mac) {
  const __u16 *words = (const __u16 *)mac;
  __u32 hash = mix(frame->number, words[0] | (__u32)words[1] << 16, words[2]);
  __u32 block = hash % ESW_RECENT_BLOCKS;
  struct esw_recent_row *row = bpf_map_lookup_elem(&esw_recent, &block);
  if (unlikely(!row))
    return 0;
  __u32 set = hash / ESW_RECENT_BLOCKS % (ESW_RECENT_BLOCK_HOSTS / ESW_RECENT_PLACES);
  // Or the compiler adds before it compares with null, which the verifier refuses.
  barrier_var(set);
  return &row->hosts[set * ESW_RECENT_PLACES];
}

inline_always int is_host(const struct esw_recent_host *recent, const struct frame *frame, const __u8 *mac) {
  return same_mac(recent->mac, mac) && recent->connection == frame->number;
}

/// Between 1 and RECENT_TICKS of its ticks are left, also when the counter has gone round.
inline_always int is_fresh(const struct esw_recent_host *recent, const struct frame *frame) {
  return recent->until - recent_tick(frame->now) - 1 < RECENT_TICKS;
}

inline_always const struct esw_recent_host *recent_in_table(const struct frame *frame, const __u8 *mac) {
  const struct esw_recent_host *place = places_in_table(frame, mac);
  if (unlikely(!place))
    return 0;
  if (!is_host(place, frame, mac) && !is_host(++place, frame, mac))
    return 0;
  return is_fresh(place, frame) ? place : 0;
}

/// What is remembered of a host and still counts, or null.
inline_always const struct esw_recent_host *recent_host(const struct frame *frame, const __u8 *mac) {
  const struct esw_recent_host *place = place_in_row(frame, mac);
  if (likely(same_mac(place->mac, mac)))
    return is_fresh(place, frame) ? place : 0;
  return recent_in_table(frame, mac);
}

rare void remember(const struct frame *frame, const __u8 *mac, __u8 side, __u8 heard, __u64 since) {
  struct esw_recent_host fresh = {
      .until = recent_tick(since) + RECENT_TICKS, .connection = frame->number, .side = side, .heard = heard};
  copy_mac(fresh.mac, mac);
  *place_in_row(frame, mac) = fresh;
  struct esw_recent_host *place = places_in_table(frame, mac);
  if (!place)
    return;
  // Its own place, or else that of whom was found longer ago.
  if (!is_host(&place[0], frame, mac) &&
      (is_host(&place[1], frame, mac) || (__s32)(place[0].until - place[1].until) > 0))
    place++;
  *place = fresh;
}

#endif
