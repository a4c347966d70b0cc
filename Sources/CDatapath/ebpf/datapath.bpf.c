// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The forwarding path of OpenESW: six programs.
//
//   esw_local         tcx ingress of each attachment port:   frame -> rules -> outer headers -> underlay
//   esw_underlay      tcx ingress of the underlay interface: VXLAN -> allow-list, rules -> attachment port
//   esw_slow          tcx ingress of the `external` VXLAN device: what the kernel decapsulated -> the same rules
//   esw_xdp_local     XDP of an attachment port and
//   esw_xdp_underlay  XDP of an underlay interface: what needs no more than a look at what this CPU remembers (xdp.h)
//   esw_sweep         run by user space about once a second: ages the FDB
//
// They run on Linux 6.6 and later and share the maps of tables.h, whose layouts are in ../include/maps.h.

#include "arrive.h"
#include "deliver.h"
#include "sweep.h"
#include "xdp.h"

/// Bytes of a frame that are looked at: Ethernet, IPv6, TCP up to its length.
#define INSPECTED (ETHERNET_LENGTH + (__u32)sizeof(struct ipv6_header) + 16)

/// What becomes of a frame of the local side: a verdict, or VERDICT_TOO_BIG.
inline_always int forward_local(struct __sk_buff *skb, struct frame *frame) {
  __u32 reason = admit(skb, frame, ESW_SIDE_LOCAL, ESW_TO_REMOTE);
  if (unlikely(reason != ESW_DROP_REASON_COUNT))
    return drop(frame, ESW_TO_REMOTE, reason);
  if (unlikely(frame->meaning == FRAME_HANDSHAKE)) {
    clamp(skb, frame, ESW_TO_REMOTE);
  } else if (unlikely(frame->meaning != FRAME_PLAIN)) {
    if (heed_local(skb, frame))
      return flood_to_remotes(skb, frame);
    if (is_request_for_node(frame) || heed_neighbours(skb, frame, ESW_SIDE_LOCAL))
      return answer_local(skb, frame);
    if (frame->meaning != FRAME_ARP && frame->meaning != FRAME_ND)
      return keep(frame, ESW_TO_REMOTE);
  }
  int side = SIDE_UNKNOWN;
  if (likely(!is_group(frame->ethernet.destination))) {
    side = destination_side(frame);
    if (unlikely(side == ESW_SIDE_LOCAL))
      return drop(frame, ESW_TO_REMOTE, ESW_DROP_SAME_SIDE);
    if (unlikely(side == SIDE_UNKNOWN || side > frame->connection->remote_count)) {
      if (same_mac(frame->ethernet.destination, frame->connection->fixed_mac))
        return keep(frame, ESW_TO_REMOTE);
      note_unknown(frame);
      side = SIDE_UNKNOWN;
    }
  }
  reason = let_cross(frame, ESW_TO_REMOTE);
  if (unlikely(reason != ESW_DROP_REASON_COUNT))
    return drop(frame, ESW_TO_REMOTE, reason);
  return likely(side != SIDE_UNKNOWN) ? send_to_remote(skb, frame, side - ESW_SIDE_REMOTE)
                                      : flood_to_remotes(skb, frame);
}

/// The verdict on a frame of the local side, shown to who captures.
inline_always int conclude_local(struct __sk_buff *skb, struct frame *frame, int verdict) {
  if (unlikely(frame->captured) && (frame->sent || verdict == TCX_DROP))
    show_end(skb, frame, ESW_AT_PORT_IN, 0);
  return verdict;
}

SEC("tc")
int esw_local(struct __sk_buff *skb) {
  struct frame frame;
  struct esw_port_key port = {.ifindex = skb->ifindex};
  const struct esw_port_row *row;
  __u32 tags = 0;
  if (likely(!skb->vlan_present))
    row = bpf_map_lookup_elem(&esw_ports, &port);
  else
    row = tagged_port(skb, &port, &tags);
  // Without a port it is somebody else's: a trunk may carry an underlay and other VLANs beside ours.
  if (unlikely(!row))
    return TCX_NEXT;
  if (unlikely(!belongs_to(&frame, row->connection)))
    return drop_at_node(ESW_DROP_UNKNOWN_CONNECTION);
  if (unlikely(tags) && !pop_tags(skb, tags)) {
    frame.segments = 1;
    return conclude_local(skb, &frame, drop(&frame, ESW_TO_REMOTE, ESW_DROP_KERNEL));
  }
  if (unlikely(!readable(skb, smaller(INSPECTED, skb->len)) || !inspect(skb, &frame, 0, skb->len))) {
    frame.segments = 1;
    return conclude_local(skb, &frame, drop(&frame, ESW_TO_REMOTE, ESW_DROP_MALFORMED));
  }

  int verdict = forward_local(skb, &frame);
  return conclude_local(skb, &frame, likely(verdict != VERDICT_TOO_BIG) ? verdict : refuse_to_send(skb, &frame));
}

SEC("tc")
int esw_underlay(struct __sk_buff *skb) {
  struct frame frame;
  struct arrival arrival;
  int odd = 0;
  if (skb->protocol != bpf_htons(ETHERTYPE_IPV4) || skb->pkt_type != ESW_PACKET_HOST)
    return TCX_NEXT;
  // A tag here is that of a VLAN interface on top of this one: its packets are not ours.
  if (unlikely(skb->vlan_present))
    return TCX_NEXT;
  if (!readable(skb, smaller(OUTER_LENGTH + INSPECTED, skb->len)))
    return TCX_NEXT;
  if (!read_outer((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, &arrival, &odd))
    return TCX_NEXT;
  // A super-packet.
  odd |= skb->gso_size != 0;
  if (unlikely(odd))
    return take_odd(skb, &arrival);

  const struct esw_source_row *source = bpf_map_lookup_elem(&esw_sources, &arrival.key);
  if (unlikely(!source || !(arrival.flags & bpf_htonl(VXLAN_FLAG_VNI)))) {
    if (!is_our_tunnel(arrival.key.tunnel_address_be))
      return TCX_NEXT;
    return drop_offender(skb, source ? ESW_DROP_MALFORMED : ESW_DROP_UNKNOWN_SOURCE, &arrival.key, ESW_OUTER_FIRST);
  }
  if (unlikely(!belongs_to(&frame, source->connection)))
    return drop_at_node(ESW_DROP_UNKNOWN_CONNECTION);
  frame.segments = 1;
  frame.outer_at = ESW_OUTER_FIRST;
  __u32 index = source->remote_index & (ESW_REMOTES_MAX - 1);
  __u32 underlay = frame.connection->underlay_ifindex;
  if (unlikely(underlay && underlay != skb->ifindex))
    return conclude(skb, &frame, index, drop(&frame, ESW_TO_LOCAL, ESW_DROP_WRONG_INTERFACE));
  if (unlikely(!inspect(skb, &frame, OUTER_LENGTH, skb->len - OUTER_LENGTH)))
    return conclude(skb, &frame, index, drop(&frame, ESW_TO_LOCAL, ESW_DROP_MALFORMED));

  if (unlikely(frame.captured))
    note_outer(skb);
  // Stripping comes first: when the kernel refuses it, esw_slow shall see the frame as if nobody had.
  if (unlikely(!strip_outer(skb, &frame)))
    return pass_to_slow(skb, arrival.key.tunnel_address_be);
  frame.outer_at = ESW_OUTER_BESIDE;
  return conclude(skb, &frame, index, take_from_remote(skb, &frame, index));
}

SEC("tc")
int esw_slow(struct __sk_buff *skb) {
  struct frame frame;
  struct bpf_tunnel_key tunnel;
  // The full size is one that the kernel knows, and it includes our own address (linux/bpf.h since 6.0).
  if (bpf_skb_get_tunnel_key(skb, &tunnel, sizeof(tunnel), 0) != 0)
    return drop_at_node(ESW_DROP_MALFORMED);
  struct esw_source_key key = {
      .vni = tunnel.tunnel_id,
      // This helper speaks the machine's byte order.
      .remote_address_be = bpf_htonl(tunnel.remote_ipv4),
      .tunnel_address_be = bpf_htonl(tunnel.local_ipv4),
  };
  const struct esw_source_row *source = bpf_map_lookup_elem(&esw_sources, &key);
  if (!source)
    return drop_offender(skb, ESW_DROP_UNKNOWN_SOURCE, &key, ESW_OUTER_NONE);
  if (!belongs_to(&frame, source->connection))
    return drop_at_node(ESW_DROP_UNKNOWN_CONNECTION);
  frame.segments = 1;
  frame.outer_at = ESW_OUTER_OF_DEVICE;
  __u32 index = source->remote_index & (ESW_REMOTES_MAX - 1);
  if (!readable(skb, smaller(INSPECTED, skb->len)) || !inspect(skb, &frame, 0, skb->len))
    return conclude(skb, &frame, index, drop(&frame, ESW_TO_LOCAL, ESW_DROP_MALFORMED));
  if (!came_right(skb, frame.connection))
    return conclude(skb, &frame, index, drop(&frame, ESW_TO_LOCAL, ESW_DROP_WRONG_INTERFACE));
  frame.activity->directions[ESW_TO_LOCAL].slow += frame.segments;
  return conclude(skb, &frame, index, take_from_remote(skb, &frame, index));
}

SEC("syscall")
int esw_sweep(struct esw_sweep_context *context) {
  sweep_all(context);
  return 0;
}

// Some helpers (bpf_fib_lookup) are given to GPL-compatible programs only; this source may be used under the GPL.
char datapath_license[] SEC("license") = "GPL";
