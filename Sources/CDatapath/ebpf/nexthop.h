// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The way to a remote. The kernel's routes and neighbours decide; each CPU remembers their answer for
// ESW_NEXT_HOP_NS. The packet that asks again is handed to the kernel's neighbour code (WAY_NEIGHBOUR), so that the
// kernel sees the neighbour in use, probes it before it goes stale and queues packets while it is looked for, just as
// for traffic of its own. None of this needs a process of ours.

#ifndef ESW_NEXTHOP_H
#define ESW_NEXTHOP_H

#include "count.h"

enum way {
  /// MAC addresses are known: write them and hand the packet to the interface.
  WAY_DIRECT,
  /// The kernel writes the MAC addresses, resolving them if need be. Only for what the kernel takes for IP.
  WAY_NEIGHBOUR,
  /// The kernel's VXLAN device encapsulates and finds the way.
  WAY_DEVICE,
  /// Not at all; the drop is counted.
  WAY_NONE,
};

/// Asks the kernel, and keeps its answer. Not a function of its own: Linux 6.6 rounds the stack of each call up to 32
/// bytes, and with one call more a copy to each of two remotes would take more than there is (decision 0023).
inline_always void ask_next_hop(struct __sk_buff *skb, struct frame *frame, const struct esw_remote *remote,
                                struct esw_next_hop *hop) {
  struct bpf_fib_lookup lookup = {
      .family = ESW_AF_INET,
      // As coming in through a device of ours that forwards: it does not matter whether the underlay does.
      .ifindex = external_ifindex(),
      .ipv4_src = frame->connection->tunnel_address_be,
      .ipv4_dst = remote->address_be,
      // Any length makes the kernel report the route's MTU.
      .tot_len = 1,
  };
  if (!lookup.ifindex)
    lookup.ifindex = frame->connection->underlay_ifindex ?: skb->ifindex;
  long answer = bpf_fib_lookup(skb, &lookup, sizeof(lookup), 0);
  hop->asked_ns = frame->now;
  hop->remote_address_be = remote->address_be;
  hop->gateway_be = lookup.ipv4_dst;
  hop->ifindex = lookup.ifindex;
  hop->mtu = 0;
  switch (answer) {
  case BPF_FIB_LKUP_RET_SUCCESS:
    hop->state = ESW_NEXT_HOP_RESOLVED;
    hop->mtu = lookup.mtu_result;
    copy_mac(hop->destination_mac, lookup.dmac);
    copy_mac(hop->source_mac, lookup.smac);
    break;
  case BPF_FIB_LKUP_RET_NO_NEIGH: {
    __u32 mtu = 0;
    hop->state = ESW_NEXT_HOP_PENDING;
    bpf_check_mtu(skb, lookup.ifindex, &mtu, 0, 0);
    hop->mtu = mtu;
    break;
  }
  case BPF_FIB_LKUP_RET_BLACKHOLE:
  case BPF_FIB_LKUP_RET_UNREACHABLE:
  case BPF_FIB_LKUP_RET_PROHIBIT:
  case BPF_FIB_LKUP_RET_NOT_FWDED:
    hop->state = ESW_NEXT_HOP_UNREACHABLE;
    break;
  default:
    hop->state = ESW_NEXT_HOP_DECLINED;
  }
}

/// The slow path needs our VXLAN device, and that sends to one port only.
inline_always enum way way_through_device(const struct esw_remote *remote) {
  return external_ifindex() && remote->port_be == bpf_htons(ESW_VXLAN_PORT) ? WAY_DEVICE : WAY_NONE;
}

/// The way for a packet when the remembered answer is missing or old.
rare enum way find_way(struct __sk_buff *skb, struct frame *frame, const struct esw_remote *remote,
                       struct esw_next_hop *hop, __u32 *reason) {
  int same = hop->remote_address_be == remote->address_be;
  // The clock moves in steps of milliseconds; what is not resolved is asked once a step.
  if (!same || hop->asked_ns != frame->now || hop->state == ESW_NEXT_HOP_NEVER)
    ask_next_hop(skb, frame, remote, hop);
  enum way way;
  switch (hop->state) {
  case ESW_NEXT_HOP_RESOLVED:
  case ESW_NEXT_HOP_PENDING:
    if (skb->protocol == bpf_htons(ETHERTYPE_IPV4) || skb->protocol == bpf_htons(ETHERTYPE_IPV6))
      return WAY_NEIGHBOUR;
    way = way_through_device(remote);
    if (way == WAY_NONE && hop->state == ESW_NEXT_HOP_RESOLVED)
      way = WAY_DIRECT;
    *reason = ESW_DROP_UNRESOLVED;
    return way;
  case ESW_NEXT_HOP_DECLINED:
    *reason = ESW_DROP_UNRESOLVED;
    return way_through_device(remote);
  default:
    *reason = ESW_DROP_UNREACHABLE;
    return WAY_NONE;
  }
}

/// Whether the outer packet may be cut in pieces instead: where the inner one may be too, where nobody could be told
/// (not IP), and where the tunnel carries less than every link and host must (docs/decisions/0019).
inline_always int may_be_cut(struct __sk_buff *skb, const struct frame *frame, __u32 carried) {
  if (frame->ethernet.type == bpf_htons(ETHERTYPE_IPV6))
    return carried < IPV6_LEAST_MTU && largest_frame(skb, frame) <= ETHERNET_LENGTH + IPV6_LEAST_MTU;
  if (frame->ethernet.type != bpf_htons(ETHERTYPE_IPV4) || carried < IPV4_LEAST_MTU)
    return 1;
  struct ipv4_header ip;
  return bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &ip, sizeof(ip)) == 0 &&
         !(ip.fragment & bpf_htons(IPV4_DONT_FRAGMENT));
}

/// The way of a frame that does not fit: the kernel's VXLAN device lets its outer packets be fragmented.
rare enum way way_of_too_big(struct __sk_buff *skb, const struct frame *frame, const struct esw_remote *remote,
                             __u32 mtu, __u32 *reason) {
  *reason = ESW_DROP_TOO_BIG;
  __u32 carried = mtu > OUTER_LENGTH ? mtu - OUTER_LENGTH : 0;
  return may_be_cut(skb, frame, carried) ? way_through_device(remote) : WAY_NONE;
}

/// Whether what this CPU remembers of the way to a remote is of that remote, complete and fresh.
inline_always int is_remembered(const struct frame *frame, const struct esw_next_hop *hop,
                                const struct esw_remote *remote) {
  return hop->state == ESW_NEXT_HOP_RESOLVED && frame->now - hop->asked_ns <= ESW_NEXT_HOP_NS &&
         hop->remote_address_be == remote->address_be;
}

/// Chooses the way of this frame to remote number `index`. With WAY_NONE, `reason` says why.
inline_always enum way choose_way(struct __sk_buff *skb, struct frame *frame, __u32 index, __u32 *reason) {
  index &= ESW_REMOTES_MAX - 1;
  const struct esw_remote *remote = &frame->connection->remotes[index];
  struct esw_next_hop *hop = &frame->activity->remotes[index].next_hop;
  enum way way = WAY_DIRECT;
  if (unlikely(!is_remembered(frame, hop, remote)))
    way = find_way(skb, frame, remote, hop, reason);
  // Only the kernel's device makes outer checksums.
  if (unlikely(frame->connection->flags & ESW_CONNECTION_UDP_CHECKSUM) && way != WAY_NONE)
    way = way_through_device(remote);
  if (likely(way != WAY_NONE) && unlikely(hop->mtu && largest_frame(skb, frame) + OUTER_IP_OVERHEAD > hop->mtu))
    return way_of_too_big(skb, frame, remote, hop->mtu, reason);
  return way;
}

#endif
