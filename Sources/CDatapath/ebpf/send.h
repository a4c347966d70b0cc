// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// From the local side to remotes: to one, or a copy to each.

#ifndef ESW_SEND_H
#define ESW_SEND_H

#include "encapsulate.h"
#include "port.h"
#include "toobig.h"

/// For who captures: a copy is on its way.
inline_always void note_sent(struct frame *frame, __u32 index, enum esw_capture_outer outer_at) {
  frame->sent |= 1 << (index & (ESW_REMOTES_MAX - 1));
  frame->outer_at = outer_at;
}

inline_always enum esw_capture_outer outer_by(const struct esw_next_hop *hop) {
  return hop->state == ESW_NEXT_HOP_RESOLVED ? ESW_OUTER_FIRST : ESW_OUTER_WITHOUT_ADDRESSES;
}

/// Gives the frame to the kernel's VXLAN device; as a copy when the frame is still needed.
rare int send_through_device(struct __sk_buff *skb, struct frame *frame, __u32 index, int copy) {
  index &= ESW_REMOTES_MAX - 1;
  const struct esw_remote *remote = &frame->connection->remotes[index];
  struct bpf_tunnel_key key = {
      .tunnel_id = remote->vni,
      // This helper speaks the machine's byte order.
      .remote_ipv4 = bpf_ntohl(remote->address_be),
      .local_ipv4 = bpf_ntohl(frame->connection->tunnel_address_be),
      .tunnel_tos = outer_service(skb, frame, 0),
      .tunnel_ttl = frame->connection->time_to_live,
  };
  __u64 flags = frame->connection->flags & ESW_CONNECTION_UDP_CHECKSUM ? 0 : BPF_F_ZERO_CSUM_TX;
  if (frame->outer_flags)
    flags |= BPF_F_DONT_FRAGMENT;
  if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key), flags) != 0)
    return drop(frame, ESW_TO_REMOTE, ESW_DROP_KERNEL);
  count_sent(frame, index);
  note_sent(frame, index, ESW_OUTER_OF_DEVICE);
  frame->activity->directions[ESW_TO_REMOTE].slow += frame->segments;
  if (!copy)
    return bpf_redirect(external_ifindex(), 0);
  bpf_clone_redirect(skb, external_ifindex(), 0);
  return TCX_DROP;
}

/// Sends a packet that has its outer headers.
inline_always int send_encapsulated(const struct esw_next_hop *hop, enum way way) {
  if (likely(way == WAY_DIRECT))
    return bpf_redirect(hop->ifindex, 0);
  struct bpf_redir_neigh next = {.nh_family = ESW_AF_INET, .ipv4_nh = hop->gateway_be};
  return bpf_redirect_neigh(hop->ifindex, &next, sizeof(next), 0);
}

/// A verdict among ourselves: the frame is as it was, does not fit, and nothing has been done about it. Telling somebody
/// takes more stack than is left down here.
#define VERDICT_TOO_BIG -100

/// Sends the frame by a way that was found for it.
inline_always int send_by(struct __sk_buff *skb, struct frame *frame, __u32 index, enum way way) {
  __u32 sum = 0;
  if (unlikely(way == WAY_DEVICE))
    return send_through_device(skb, frame, index, 0);
  if (unlikely(make_room(skb) != 0 || !write_outer(skb, frame, index, way, &sum)))
    return drop(frame, ESW_TO_REMOTE, ESW_DROP_KERNEL);
  count_sent(frame, index);
  const struct esw_next_hop *hop = &frame->activity->remotes[index & (ESW_REMOTES_MAX - 1)].next_hop;
  note_sent(frame, index, outer_by(hop));
  return send_encapsulated(hop, way);
}

/// Sends a frame of our own to remote number `index`.
inline_always int answer_to_remote(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  __u32 reason = ESW_DROP_UNRESOLVED;
  enum way way = choose_way(skb, frame, index, &reason);
  return way == WAY_NONE ? drop(frame, ESW_TO_REMOTE, reason) : send_by(skb, frame, index, way);
}

/// Sends a frame of the local side to remote number `index`.
inline_always int send_to_remote(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  __u32 reason = ESW_DROP_UNRESOLVED;
  enum way way = choose_way(skb, frame, index, &reason);
  if (likely(way != WAY_NONE))
    return send_by(skb, frame, index, way);
  return reason == ESW_DROP_TOO_BIG ? VERDICT_TOO_BIG : drop(frame, ESW_TO_REMOTE, reason);
}

/// The way of a copy that is not the last: the kernel resolves a neighbour only for the packet that a program ends with.
inline_always enum way way_of_copy(const struct frame *frame, __u32 index, enum way way) {
  if (way != WAY_NEIGHBOUR)
    return way;
  enum way other = way_through_device(&frame->connection->remotes[index]);
  int resolved = frame->activity->remotes[index].next_hop.state == ESW_NEXT_HOP_RESOLVED;
  return other == WAY_NONE && resolved ? WAY_DIRECT : other;
}

/// Sends a copy to each of two remotes. Copies that the VXLAN device makes must come first, from the bare frame.
rare int send_to_both(struct __sk_buff *skb, struct frame *frame) {
  __u32 reason[2] = {ESW_DROP_UNRESOLVED, ESW_DROP_UNRESOLVED}, sum = 0;
  enum way way[2], copy[2];
  for (__u32 i = 0; i < 2; i++) {
    way[i] = choose_way(skb, frame, i, &reason[i]);
    copy[i] = way_of_copy(frame, i, way[i]);
  }
  // Who has to send less to the one remote shall do so to both: the copy for the other would come twice.
  for (__u32 i = 0; i < 2; i++)
    if (way[i] == WAY_NONE && reason[i] == ESW_DROP_TOO_BIG && !is_group(frame->ethernet.destination))
      return VERDICT_TOO_BIG;
  // Last goes the one that only the kernel's neighbour code can help, or else one that it would rather have.
  int first = 0;
  if (way[0] == WAY_NEIGHBOUR)
    first = way[1] != WAY_NEIGHBOUR || (copy[0] == WAY_NONE && copy[1] != WAY_NONE);
  __u32 last = 1 - first;
  struct esw_next_hop *hop = &frame->activity->remotes[first].next_hop;
  enum way way_first = first ? copy[1] : copy[0];
  enum way way_last = first ? way[0] : way[1];

  if (way_last == WAY_DEVICE && way_first == WAY_DIRECT) {
    send_through_device(skb, frame, last, 1);
    way_last = WAY_NONE;
    reason[last] = ESW_DROP_REASON_COUNT;
  }
  if (way_first == WAY_DEVICE)
    send_through_device(skb, frame, first, 1);
  else if (way_first == WAY_NONE)
    drop(frame, ESW_TO_REMOTE, reason[first]);
  if (way_last == WAY_DEVICE)
    return send_through_device(skb, frame, last, 0);
  if (way_last == WAY_NONE && reason[last] != ESW_DROP_REASON_COUNT)
    drop(frame, ESW_TO_REMOTE, reason[last]);
  if (way_first != WAY_DIRECT && way_last == WAY_NONE)
    return TCX_DROP;

  if (make_room(skb) != 0)
    return drop(frame, ESW_TO_REMOTE, ESW_DROP_KERNEL);
  if (way_first == WAY_DIRECT) {
    if (!write_outer(skb, frame, first, way_first, &sum))
      return drop(frame, ESW_TO_REMOTE, ESW_DROP_KERNEL);
    count_sent(frame, first);
    note_sent(frame, first, outer_by(hop));
    if (way_last == WAY_NONE)
      return send_encapsulated(hop, way_first);
    bpf_clone_redirect(skb, hop->ifindex, 0);
  }
  if (!write_outer(skb, frame, last, way_last, &sum))
    return drop(frame, ESW_TO_REMOTE, ESW_DROP_KERNEL);
  count_sent(frame, last);
  hop = &frame->activity->remotes[last].next_hop;
  note_sent(frame, last, outer_by(hop));
  return send_encapsulated(hop, way_last);
}

/// Broadcast, multicast and unknown unicast from the local side.
rare int flood_to_remotes(struct __sk_buff *skb, struct frame *frame) {
  __u32 count = frame->connection->remote_count;
  if (count == 0)
    return drop(frame, ESW_TO_REMOTE, ESW_DROP_NO_REMOTE);
  frame->activity->directions[ESW_TO_REMOTE].flooded += frame->segments * count;
  return count == 1 ? send_to_remote(skb, frame, 0) : send_to_both(skb, frame);
}

/// Drops a frame of the local side that does not fit, and says so to its sender. With two remotes the lesser size counts,
/// because the flow may go by the other one later.
rare int refuse_to_send(struct __sk_buff *skb, struct frame *frame) {
  __u32 mtu = 0;
  for (__u32 i = 0; i < ESW_REMOTES_MAX; i++) {
    const struct esw_next_hop *hop = &frame->activity->remotes[i].next_hop;
    if (i < frame->connection->remote_count && hop->remote_address_be == frame->connection->remotes[i].address_be &&
        hop->mtu > OUTER_LENGTH && (!mtu || hop->mtu < mtu))
      mtu = hop->mtu;
  }
  frame->reason = ESW_DROP_TOO_BIG;
  show_now(skb, frame, ESW_AT_PORT_IN, ESW_FATE_DROPPED, 0);
  return tell_too_big(skb, frame, mtu ? mtu - OUTER_LENGTH : 0, ESW_TO_REMOTE)
             ? leave_by_port(skb, frame, ESW_TO_REMOTE)
             : TCX_DROP;
}

#endif
