// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// XDP in front of tcx: frames that are forwarded before the kernel makes an skb of them.
//
// Only the finished common case is: a plain IPv4 packet that is not TCP, between two hosts that this CPU remembers,
// by a way that it remembers, where every rule that it meets says "forward" and what the CPU has borrowed of the
// flavor pays for it. Everything else goes on (XDP_PASS) with not a byte changed: tcx decides, learns, counts what it
// drops, and refreshes what this CPU remembers, at the latest ESW_REFRESH_NS later. So whoever may not send is not
// remembered here, and no rule is written down twice.
//
// TCP goes on because GRO makes few large packets of it, which cost less than many by the shorter way; by protocol,
// so that no flow has two ways and gets out of order (docs/decisions/0021).
//
// XDP is not told to whom a frame is, of a VLAN tag that hardware has taken off, nor of a checksum that a sender on
// the same machine has left to hardware: the first is asked here, the others by user space before it attaches these.

#ifndef ESW_XDP_H
#define ESW_XDP_H

#include "arrive.h"
#include "deliver.h"
#include "encapsulate.h"
#include "learn.h"

/// Least length of an Ethernet frame without its FCS (IEEE 802.3 section 3.2.8). What is stripped to less is left to
/// the stack, whose drivers pad it.
#define ETHERNET_LEAST 60

/// Bytes that are read of a frame: Ethernet, IPv4, the ports of UDP.
#define COMMON_LENGTH (ETHERNET_LENGTH + (__u32)(sizeof(struct ipv4_header) + sizeof(struct udp_header)))

/// Whether a frame may be of the common case at all; before anything is looked up, so that TCP pays little.
inline_always int may_be_common(void *data, void *end) {
  const struct ethernet_header *ethernet = data;
  const struct ipv4_header *ip = data + ETHERNET_LENGTH;
  return data + COMMON_LENGTH <= end && ethernet->type == bpf_htons(ETHERTYPE_IPV4) && ip->protocol != PROTOCOL_TCP;
}

/// Reads a frame that may be of the common case: false when it is not. It belongs to a connection.
inline_always int is_common(struct frame *frame, void *data, void *end) {
  const __u16 *source = (const __u16 *)frame->ethernet.source;
  if (unlikely(frame->captured))
    return 0;
  copy_ethernet(&frame->ethernet, data);
  frame->outer_flags = 0;
  frame->segments = 1;
  frame->bytes = end - data;
  frame->meaning = FRAME_PLAIN;
  frame->class = class_of_destination(&frame->ethernet);
  inspect_ipv4(frame, data + ETHERNET_LENGTH, end);
  if (frame->meaning != FRAME_PLAIN || frame->class != ESW_CLASS_KNOWN_UNICAST)
    return 0;
  if (is_group(frame->ethernet.source) || !(source[0] | source[1] | source[2]))
    return 0;
  return !(frame->connection->flags & (ESW_CONNECTION_DISABLED | ESW_CONNECTION_UDP_CHECKSUM)) &&
         may_forward(frame->now) && !same_mac(frame->ethernet.source, frame->connection->fixed_mac);
}

/// A packet in several buffers: not all of it is between `data` and `data_end`.
inline_always int is_scattered(struct xdp_md *context, void *data, void *end) {
  return bpf_xdp_get_buff_len(context) != (__u64)(end - data);
}

inline_always int was_heard(const struct frame *frame, __u8 side) {
  const struct esw_recent_host *recent = recent_host(frame, frame->ethernet.source);
  return recent && is_heard_on(recent, side);
}

inline_always int side_remembered(const struct frame *frame) {
  const struct esw_recent_host *recent = recent_host(frame, frame->ethernet.destination);
  return recent ? recent_side(recent) : SIDE_UNKNOWN;
}

/// What `let_cross` asks, as far as nothing has to be done for the answer.
inline_always int may_cross(const struct frame *frame, const enum esw_direction direction) {
  return frame->connection->rules[direction][ESW_CLASS_KNOWN_UNICAST] == ESW_RULE_FORWARD &&
         has_credit(frame, direction);
}

/// Names the way out; false: there is none for XDP. Nothing leaves before the program says XDP_REDIRECT.
inline_always int has_exit(__u32 ifindex) {
  return bpf_redirect_map(&esw_exits, ifindex, XDP_PASS) == XDP_REDIRECT;
}

/// After the frame was changed there is no way back to tcx. Never happens: the lengths were checked.
inline_always int give_up(struct frame *frame, const enum esw_direction direction) {
  drop(frame, direction, ESW_DROP_KERNEL);
  return XDP_DROP;
}

SEC("xdp.frags")
int esw_xdp_local(struct xdp_md *context) {
  struct frame frame;
  void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
  if (!may_be_common(data, end))
    return XDP_PASS;
  struct esw_port_key key = {.ifindex = context->ingress_ifindex};
  const struct esw_port_row *port = bpf_map_lookup_elem(&esw_ports, &key);
  if (unlikely(!port || is_scattered(context, data, end) || !belongs_to(&frame, port->connection)))
    return XDP_PASS;
  if (unlikely(!is_common(&frame, data, end) || !was_heard(&frame, ESW_SIDE_LOCAL)))
    return XDP_PASS;
  int side = side_remembered(&frame);
  if (unlikely(side < ESW_SIDE_REMOTE || side > frame.connection->remote_count))
    return XDP_PASS;
  __u32 index = (side - ESW_SIDE_REMOTE) & (ESW_REMOTES_MAX - 1);
  const struct esw_next_hop *hop = &frame.activity->remotes[index].next_hop;
  if (unlikely(!is_remembered(&frame, hop, &frame.connection->remotes[index]) ||
               frame.bytes + OUTER_IP_OVERHEAD > hop->mtu))
    return XDP_PASS;
  const struct ipv4_header *ip = data + ETHERNET_LENGTH;
  __u8 service = frame.connection->flags & ESW_CONNECTION_COPY_DSCP ? ip->service & 0xfc : frame.connection->service;
  if (unlikely(!may_cross(&frame, ESW_TO_REMOTE) || !has_exit(hop->ifindex)))
    return XDP_PASS;
  if (unlikely(bpf_xdp_adjust_head(context, -(__s32)OUTER_LENGTH) != 0))
    return XDP_PASS;

  data = (void *)(long)context->data;
  if (data + OUTER_LENGTH > (void *)(long)context->data_end)
    return give_up(&frame, ESW_TO_REMOTE);
  write_link(data, hop);
  write_tunnel(data, &frame, index, frame.bytes + OUTER_LENGTH, service);
  pay(&frame, ESW_TO_REMOTE);
  count_sent(&frame, index);
  return XDP_REDIRECT;
}

/// Whether a packet at an underlay is to this machine.
inline_always int is_to_us(__u32 ifindex, const struct ethernet_header *outer) {
  struct esw_underlay_key key = {.ifindex = ifindex};
  const struct esw_underlay_row *row = bpf_map_lookup_elem(&esw_underlays, &key);
  return row && same_mac(outer->destination, row->mac);
}

/// Whether a frame of remote number `index` may be delivered by XDP.
inline_always int may_deliver(struct xdp_md *context, const struct frame *frame, __u32 index) {
  __u32 port = frame->connection->port_ifindex, mtu = 0;
  if (frame->bytes < ETHERNET_LEAST || frame->connection->outer_tag)
    return 0;
  if (!was_heard(frame, ESW_SIDE_REMOTE + index) || side_remembered(frame) != ESW_SIDE_LOCAL)
    return 0;
  if (frame->bytes > ALWAYS_FITS && bpf_check_mtu(context, port, &mtu, -(__s32)OUTER_LENGTH, 0) != 0)
    return 0;
  return may_cross(frame, ESW_TO_LOCAL) && has_exit(port);
}

SEC("xdp.frags")
int esw_xdp_underlay(struct xdp_md *context) {
  struct frame frame;
  struct arrival arrival;
  int odd = 0;
  void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
  if (!read_outer(data, end, end - data, &arrival, &odd) || !may_be_common(data + OUTER_LENGTH, end))
    return XDP_PASS;
  const struct ethernet_header *outer = data;
  if (unlikely(odd || outer->type != bpf_htons(ETHERTYPE_IPV4) || !(arrival.flags & bpf_htonl(VXLAN_FLAG_VNI)) ||
               is_scattered(context, data, end) || !is_to_us(context->ingress_ifindex, outer)))
    return XDP_PASS;
  const struct esw_source_row *source = bpf_map_lookup_elem(&esw_sources, &arrival.key);
  if (unlikely(!source || !belongs_to(&frame, source->connection)))
    return XDP_PASS;
  __u32 underlay = frame.connection->underlay_ifindex;
  if (unlikely((underlay && underlay != context->ingress_ifindex) || !is_common(&frame, data + OUTER_LENGTH, end)))
    return XDP_PASS;
  __u32 index = source->remote_index & (ESW_REMOTES_MAX - 1);
  if (unlikely(!may_deliver(context, &frame, index) || bpf_xdp_adjust_head(context, OUTER_LENGTH) != 0))
    return XDP_PASS;
  frame.activity->remotes[index].last_received_ns = frame.now;
  pay(&frame, ESW_TO_LOCAL);
  count_delivered(&frame);
  return XDP_REDIRECT;
}

#endif
