// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// From a remote to the local side: the rules, and the way out of the attachment port. The same for frames that this
// path stripped and for those that the kernel's VXLAN device did.

#ifndef ESW_DELIVER_H
#define ESW_DELIVER_H

#include "clamp.h"
#include "learn.h"
#include "neighbour.h"
#include "port.h"
#include "probe.h"
#include "respond.h"
#include "virtual.h"

/// linux/bpf.h: check each segment of a super-packet.
#define CHECK_SEGMENTS BPF_MTU_CHK_SEGS

/// Every interface takes frames of this length: Ethernet header and IPv6's minimum MTU (RFC 8200 section 5).
#define ALWAYS_FITS (ETHERNET_LENGTH + 1280)

/// What to do with a frame from a remote.
enum fate {
  FATE_DELIVER,
  FATE_ANSWER,
  FATE_KEEP,
  /// A probe or its answer: `heed_probe`.
  FATE_PROBE,
  /// FATE_DROP + enum esw_drop_reason
  FATE_DROP,
};

/// Decides on a frame from remote number `index`, and learns from it.
inline_always __u32 judge_from_remote(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  struct esw_remote_activity *seen = &frame->activity->remotes[index & (ESW_REMOTES_MAX - 1)];
  seen->last_received_ns = frame->now;
  __u32 reason = admit(skb, frame, ESW_SIDE_REMOTE + index, ESW_TO_LOCAL);
  if (unlikely(reason != ESW_DROP_REASON_COUNT))
    return reason == ESW_DROP_LINK_CONTROL && frame->meaning >= FRAME_PROBE ? FATE_PROBE : FATE_DROP + reason;
  if (unlikely(frame->meaning == FRAME_HANDSHAKE)) {
    clamp(skb, frame, ESW_TO_LOCAL);
  } else if (unlikely(frame->meaning != FRAME_PLAIN)) {
    if (heed_remote(skb, frame, ESW_SIDE_REMOTE + index) || is_request_for_node(frame) ||
        heed_neighbours(skb, frame, ESW_SIDE_REMOTE + index))
      return FATE_ANSWER;
    if (frame->meaning != FRAME_ARP && frame->meaning != FRAME_ND) {
      seen->last_answer_ns = frame->now;
      return FATE_PROBE;
    }
  }
  __u32 flooded = 0;
  frame->to_known = 0;
  if (unlikely(is_group(frame->ethernet.destination)))
    flooded = frame->segments;
  else {
    int side = destination_side(frame);
    frame->to_known = side == ESW_SIDE_LOCAL;
    if (unlikely(side > ESW_SIDE_LOCAL))
      return FATE_DROP + (side == ESW_SIDE_REMOTE + (int)index ? ESW_DROP_SAME_SIDE : ESW_DROP_SPLIT_HORIZON);
    if (unlikely(side == SIDE_UNKNOWN)) {
      if (same_mac(frame->ethernet.destination, frame->connection->fixed_mac))
        return FATE_KEEP;
      note_unknown(frame);
      flooded = frame->segments;
    }
  }
  reason = let_cross(frame, ESW_TO_LOCAL);
  if (unlikely(reason != ESW_DROP_REASON_COUNT))
    return FATE_DROP + reason;
  if (unlikely(flooded))
    frame->activity->directions[ESW_TO_LOCAL].flooded += flooded;
  return likely(frame->connection->port_ifindex) ? FATE_DELIVER : FATE_DROP + ESW_DROP_NO_PORT;
}

/// Drops a frame of a remote that does not fit the attachment port, and says so to its sender.
rare int refuse_to_deliver(struct __sk_buff *skb, struct frame *frame, __u32 mtu, __u32 index) {
  frame->reason = ESW_DROP_TOO_BIG;
  show_now(skb, frame, ESW_AT_REMOTE_IN, ESW_FATE_DROPPED, 1 << index);
  return tell_too_big(skb, frame, mtu, ESW_TO_LOCAL) ? answer_to_remote(skb, frame, index) : TCX_DROP;
}

/// Whether the frame may be handed to the far end of the port's veth pair at once, as if it had come in there. That
/// end does not look at the frame's type again: it goes on as the IPv4 packet to this machine that the outer one was.
/// So only IPv4 may, to a host that is known there, and only what this path has stripped itself.
inline_always int may_hand_over(struct __sk_buff *skb, const struct frame *frame) {
  return (frame->connection->flags & ESW_CONNECTION_PEER) && frame->to_known &&
         frame->ethernet.type == bpf_htons(ETHERTYPE_IPV4) && skb->protocol == bpf_htons(ETHERTYPE_IPV4) &&
         skb->pkt_type == ESW_PACKET_HOST;
}

/// Sends a bare frame of remote number `index` out of the attachment port.
inline_always int deliver(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  __u32 port = frame->connection->port_ifindex;
  if (unlikely(frame->bytes > ALWAYS_FITS)) {
    __u32 mtu = 0;
    if (bpf_check_mtu(skb, port, &mtu, 0, skb->gso_size ? CHECK_SEGMENTS : 0) > 0)
      return refuse_to_deliver(skb, frame, mtu, index);
  }
  count_delivered(frame);
  show_now(skb, frame, ESW_AT_REMOTE_IN, ESW_FATE_DELIVERED, 1 << index);
  if (may_hand_over(skb, frame))
    return bpf_redirect_peer(port, 0);
  return leave_by_port(skb, frame, ESW_TO_LOCAL);
}

/// Does what the rules say with a bare frame of remote number `index`.
inline_always int take_from_remote(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  __u32 fate = judge_from_remote(skb, frame, index);
  if (likely(fate == FATE_DELIVER))
    return deliver(skb, frame, index);
  if (fate == FATE_ANSWER)
    return answer_remote(skb, frame, index);
  if (fate == FATE_PROBE)
    return heed_probe(skb, frame, index);
  return fate == FATE_KEEP ? keep(frame, ESW_TO_LOCAL) : drop(frame, ESW_TO_LOCAL, fate - FATE_DROP);
}

/// The verdict on a frame of remote number `index`, shown to who captures.
inline_always int conclude(struct __sk_buff *skb, struct frame *frame, __u32 index, int verdict) {
  if (unlikely(frame->captured))
    show_end(skb, frame, ESW_AT_REMOTE_IN, 1 << index);
  return verdict;
}

#endif
