// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Copies of frames for who captures a connection (docs/decisions/0032): each frame once, where its fate is known. Nobody
// else's frame pays more than a look at the time (`is_captured`); XDP leaves a captured connection to tcx.

#ifndef ESW_CAPTURE_H
#define ESW_CAPTURE_H

#include "frame.h"
#include "tables.h"

/// What `take_copy` is told, in one number.
inline_always __u32 account(__u32 point, __u32 fate, __u32 reason, __u32 remotes) {
  return point | fate << 8 | reason << 16 | remotes << 24;
}

/// Keeps the outer headers of a packet that is about to lose them, until this CPU takes its copy.
apart int note_outer(struct __sk_buff *skb) {
  __u32 zero = 0;
  struct esw_captured_row *row = bpf_map_lookup_elem(&esw_capturing, &zero);
  if (row)
    bpf_skb_load_bytes(skb, 0, row->outer, OUTER_LENGTH);
  return 0;
}

/// A copy for each who captures the connection.
apart int take_copy(struct __sk_buff *skb, __u32 connection, __u32 account, __u32 outer_at) {
  __u32 zero = 0;
  struct esw_captured_row *row = bpf_map_lookup_elem(&esw_capturing, &zero);
  __u32 cpu = bpf_get_smp_processor_id();
  if (!row || cpu >= ESW_CAPTURE_CPUS)
    return 0;
  row->moment_ns = bpf_ktime_get_ns();
  row->connection = connection;
  row->packet_bytes = skb->len;
  row->segment_bytes = skb->gso_size;
  row->point = account;
  row->fate = account >> 8;
  row->reason = account >> 16;
  row->remotes = account >> 24;
  row->outer_at = outer_at;
#pragma unroll
  for (__u32 i = 0; i < ESW_CAPTURES_MAX; i++) {
    __u32 place = 1 + i;
    const struct esw_capture_row *capture = bpf_map_lookup_elem(&esw_captures, &place);
    if (!capture || capture->connection != connection || capture->until_ns <= row->moment_ns)
      continue;
    row->copied_bytes = smaller(smaller(skb->len, capture->snap_bytes), ESW_SNAP_MAX);
    __u64 ring = i * ESW_CAPTURE_CPUS + cpu;
    __u64 flags = (__u64)row->copied_bytes << 32 | ring;
    if (bpf_perf_event_output(skb, &esw_captured, flags, row, sizeof(*row)) < 0)
      row->lost[i]++;
  }
  return 0;
}

/// The frame as it stands, and what becomes of it.
inline_always void show(struct __sk_buff *skb, struct frame *frame, __u32 point, __u32 fate, __u32 remotes) {
  take_copy(skb, frame->number, account(point, fate, frame->reason, remotes), frame->outer_at);
}

/// What has to be shown before it becomes something else: a question before its answer is made of it, a frame before the
/// letter about it, or before tags are put on.
inline_always void show_now(struct __sk_buff *skb, struct frame *frame, __u32 point, __u32 fate, __u32 remotes) {
  if (likely(frame->captured != FRAME_UNSEEN))
    return;
  frame->captured = FRAME_SHOWN;
  show(skb, frame, point, fate, remotes);
}

/// At the end of a program, when all is known of a frame. `point` is where it was if it went no further.
inline_always void show_end(struct __sk_buff *skb, struct frame *frame, __u32 point, __u32 remotes) {
  if (frame->sent)
    show(skb, frame, ESW_AT_REMOTE_OUT, point == ESW_AT_PORT_IN ? ESW_FATE_SENT : ESW_FATE_ANSWER, frame->sent);
  else
    show_now(skb, frame, point, frame->reason == ESW_DROP_REASON_COUNT ? ESW_FATE_KEPT : ESW_FATE_DROPPED, remotes);
}

#endif
