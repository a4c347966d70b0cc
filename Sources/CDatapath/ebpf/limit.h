// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Rules by class of frames, and what the flavor of an instance carries.
//
// A rate is a virtual clock: each frame moves it on by its share of a second, and none may pass while it is ahead of
// the time. One that stands still is taken along ESW_BURST_NS behind, which is what may pass at once. All CPUs move
// the same clock by atomic additions; two that look at the same moment both pass, and both pay.

#ifndef ESW_LIMIT_H
#define ESW_LIMIT_H

#include "count.h"

/// Frames of a tenth of a second may pass at once (maps.h).
#define ESW_BURST_NS 100000000ull

#define NANOSECONDS 1000000000ull

/// A CPU borrows a meter's share of this part of a second for a connection and direction: less often than a thousand
/// times a second, and little enough to lie idle.
#define ESW_CREDITS_A_SECOND 1024

/// What a CPU is given of what has no limit; so that one that comes later is felt soon.
#define ESW_UNLIMITED_PACKETS (1ull << 16)
#define ESW_UNLIMITED_BYTES (1ull << 26)

/// Rules of this class are asked when the frame's host is known, or the switch has heard what it says.
inline_always int is_judged_late(__u8 class) {
  return class == ESW_CLASS_KNOWN_UNICAST || class == ESW_CLASS_UNKNOWN_UNICAST || class == ESW_CLASS_NEIGHBOUR;
}

/// Whether something may pass now.
inline_always int is_due(__u64 *clock, __u64 now) {
  __u64 was = *(volatile __u64 *)clock;
  if (was > now)
    return 0;
  // Who comes second finds it moved: then the other's word counts.
  if (was + ESW_BURST_NS < now)
    __sync_val_compare_and_swap(clock, was, now - ESW_BURST_NS);
  return 1;
}

inline_always __u32 held_back(const struct frame *frame, __u32 direction, __u32 reason) {
  struct esw_direction_row *row = &frame->activity->directions[direction & (ESW_DIRECTIONS - 1)];
  row->class_drops[frame->class & (ESW_CLASSES_MAX - 1)] += frame->segments;
  return reason;
}

/// A rule that is not "forward".
rare __u32 obey_rule(struct frame *frame, __u32 direction, __u32 rule) {
  if (rule == ESW_RULE_DROP)
    return held_back(frame, direction, ESW_DROP_CLASS);
  struct esw_connection_key key = {.connection = frame->number};
  struct esw_state_row *state = bpf_map_lookup_elem(&esw_states, &key);
  if (!state)
    return held_back(frame, direction, ESW_DROP_CLASS_RATE);
  __u64 *clock = &state->clocks[direction & (ESW_DIRECTIONS - 1)][frame->class & (ESW_CLASSES_MAX - 1)];
  if (!is_due(clock, frame->now))
    return held_back(frame, direction, ESW_DROP_CLASS_RATE);
  __sync_fetch_and_add(clock, frame->segments * NANOSECONDS / rule);
  return ESW_DROP_REASON_COUNT;
}

/// What the rule of the frame's class says: ESW_DROP_REASON_COUNT when it may cross.
inline_always __u32 obey(struct frame *frame, const enum esw_direction direction) {
  __u32 rule = frame->connection->rules[direction][frame->class & (ESW_CLASSES_MAX - 1)];
  return likely(rule == ESW_RULE_FORWARD) ? ESW_DROP_REASON_COUNT : obey_rule(frame, direction, rule);
}

/// Gets credit from the meter, at least for this frame. False: the instance has used up what it may carry.
rare int borrow(struct frame *frame, __u32 direction) {
  struct esw_meter_key key = {.meter = frame->connection->meter};
  struct esw_meter_row *meter = bpf_map_lookup_elem(&esw_meters, &key);
  // User space puts the meter before the connections: it was taken away by hand, or its limit was.
  if (!meter)
    return 1;
  struct esw_direction_row *row = &frame->activity->directions[direction & (ESW_DIRECTIONS - 1)];
  __u64 *bits = &meter->bit_clocks[direction & (ESW_DIRECTIONS - 1)];
  __u64 *packets = &meter->packet_clocks[direction & (ESW_DIRECTIONS - 1)];
  __u64 bit_rate = meter->bits_per_second, packet_rate = meter->packets_per_second;
  if ((bit_rate && !is_due(bits, frame->now)) || (packet_rate && !is_due(packets, frame->now)))
    return 0;
  if (row->credit_bytes < frame->bytes) {
    __u64 share = bit_rate ? bit_rate / 8 / ESW_CREDITS_A_SECOND : ESW_UNLIMITED_BYTES;
    share = share < frame->bytes ? frame->bytes : share;
    row->credit_bytes += share;
    if (bit_rate)
      __sync_fetch_and_add(bits, share * 8 * NANOSECONDS / bit_rate);
  }
  if (row->credit_packets < frame->segments) {
    __u64 share = packet_rate ? packet_rate / ESW_CREDITS_A_SECOND : ESW_UNLIMITED_PACKETS;
    share = share < frame->segments ? frame->segments : share;
    row->credit_packets += share;
    if (packet_rate)
      __sync_fetch_and_add(packets, share * NANOSECONDS / packet_rate);
  }
  row->credit_bytes -= frame->bytes;
  row->credit_packets -= frame->segments;
  return 1;
}

/// Whether what this CPU has borrowed pays for the frame; true without a meter.
inline_always int has_credit(const struct frame *frame, const enum esw_direction direction) {
  const struct esw_direction_row *row = &frame->activity->directions[direction];
  return !frame->connection->meter || (row->credit_bytes >= frame->bytes && row->credit_packets >= frame->segments);
}

/// Pays for a frame that has credit.
inline_always void pay(const struct frame *frame, const enum esw_direction direction) {
  struct esw_direction_row *row = &frame->activity->directions[direction];
  if (!frame->connection->meter)
    return;
  row->credit_bytes -= frame->bytes;
  row->credit_packets -= frame->segments;
}

/// Whether the instance may carry the frame; it is paid for then.
inline_always int is_carried(struct frame *frame, const enum esw_direction direction) {
  if (unlikely(!has_credit(frame, direction)))
    return borrow(frame, direction);
  pay(frame, direction);
  return 1;
}

/// Nobody knows where its host is.
inline_always void note_unknown(struct frame *frame) {
  if (frame->class == ESW_CLASS_KNOWN_UNICAST)
    frame->class = ESW_CLASS_UNKNOWN_UNICAST;
}

/// The rules for a frame that is about to cross: ESW_DROP_REASON_COUNT when it may.
inline_always __u32 let_cross(struct frame *frame, const enum esw_direction direction) {
  __u32 reason = ESW_DROP_REASON_COUNT;
  if (likely(is_judged_late(frame->class)))
    reason = obey(frame, direction);
  if (unlikely(reason != ESW_DROP_REASON_COUNT))
    return reason;
  return likely(is_carried(frame, direction)) ? ESW_DROP_REASON_COUNT : ESW_DROP_FLAVOR_RATE;
}

#endif
