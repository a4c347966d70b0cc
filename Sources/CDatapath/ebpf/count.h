// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Counting. Rows are per CPU and programs of one CPU do not interrupt each other here, so plain additions do.

#ifndef ESW_COUNT_H
#define ESW_COUNT_H

#include "capture.h"

/// Drops a frame of a connection.
inline_always int drop(struct frame *frame, const enum esw_direction direction, __u32 reason) {
  frame->reason = reason;
  frame->activity->directions[direction].drops[reason & (ESW_DROP_REASONS_MAX - 1)] += frame->segments;
  return TCX_DROP;
}

/// Drops a frame that belongs to no connection.
rare int drop_at_node(__u32 reason) {
  __u32 zero = 0;
  struct esw_node_row *node = bpf_map_lookup_elem(&esw_node, &zero);
  if (node)
    node->drops[reason & (ESW_DROP_REASONS_MAX - 1)]++;
  return TCX_DROP;
}

/// Drops VXLAN that nobody configured and remembers who sent it, so that a diagnosis can name him. `outer_at` is
/// where its outer headers are (`esw_capture_outer`).
rare int drop_offender(struct __sk_buff *skb, __u32 reason, const struct esw_source_key *source, __u32 outer_at) {
  struct esw_offender_key key = {.vni = source->vni,
                                 .remote_address_be = source->remote_address_be,
                                 .tunnel_address_be = source->tunnel_address_be,
                                 .reason = reason};
  __u64 now = clock_ns();
  if (unlikely(is_captured(0, now)))
    take_copy(skb, 0, account(ESW_AT_REMOTE_IN, ESW_FATE_DROPPED, reason, 0), outer_at);
  struct esw_offender_row *row = bpf_map_lookup_elem(&esw_offenders, &key);
  if (row) {
    __sync_fetch_and_add(&row->count, 1);
    row->last_ns = now;
  } else {
    struct esw_offender_row fresh = {.count = 1, .first_ns = now, .last_ns = now};
    bpf_map_update_elem(&esw_offenders, &key, &fresh, BPF_NOEXIST);
  }
  return drop_at_node(reason);
}

inline_always void count_sent(const struct frame *frame, __u32 remote) {
  struct esw_direction_row *row = &frame->activity->directions[ESW_TO_REMOTE];
  row->frames += frame->segments;
  row->bytes += frame->bytes;
  frame->activity->remotes[remote & (ESW_REMOTES_MAX - 1)].last_sent_ns = frame->now;
}

inline_always void count_delivered(const struct frame *frame) {
  struct esw_direction_row *row = &frame->activity->directions[ESW_TO_LOCAL];
  row->frames += frame->segments;
  row->bytes += frame->bytes;
}

#endif
