// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// What the switch itself answers: ARP and ICMP echo for the connection's first fixed IP, ARP for virtual addresses, and
// ARP and neighbour solicitations for known hosts.

#ifndef ESW_RESPOND_H
#define ESW_RESPOND_H

#include "port.h"
#include "send.h"

/// Turns the frame into its answer. The frame starts at `skb->data`.
/// Beyond the Ethernet header only bpf_skb_store_bytes writes: it keeps sums of hardware that sums whole packets right.
/// `mac` has the address that is asked for.
inline_always int write_arp_reply(struct __sk_buff *skb, const __u8 *mac) {
  struct arp_header arp;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &arp, sizeof(arp)) != 0)
    return 0;
  __u32 asked = arp.target_address;
  arp.operation = bpf_htons(ARP_REPLY);
  copy_mac(arp.target_mac, arp.sender_mac);
  arp.target_address = arp.sender_address;
  copy_mac(arp.sender_mac, mac);
  arp.sender_address = asked;
  return bpf_skb_store_bytes(skb, ETHERNET_LENGTH, &arp, sizeof(arp), BPF_F_RECOMPUTE_CSUM) == 0;
}

inline_always int write_echo_reply(struct __sk_buff *skb) {
  struct {
    struct ipv4_header ip;
    struct icmp_header icmp;
  } __attribute__((packed, aligned(4))) packet;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &packet, sizeof(packet)) != 0)
    return 0;
  __u32 source = packet.ip.source;
  packet.ip.source = packet.ip.destination;
  packet.ip.destination = source;
  packet.ip.time_to_live = 64;
  packet.ip.checksum = 0;
  packet.ip.checksum = ~fold16(sum16(&packet.ip, sizeof(packet.ip)));
  packet.icmp.type = ICMP_ECHO_REPLY;
  // RFC 1624: the first word fell by 0x0800, so the inverted sum rises by it.
  packet.icmp.checksum = fold16((__u32)packet.icmp.checksum + bpf_htons(ICMP_ECHO_REQUEST << 8));
  return bpf_skb_store_bytes(skb, ETHERNET_LENGTH, &packet, sizeof(packet), BPF_F_RECOMPUTE_CSUM) == 0;
}

/// RFC 4861 section 7.2.4, with the flags that RFC 9161 section 3.2 has a proxy set: solicited, override (a host's own
/// address is not one of many), and router as the host said it. `mac` is the host's. Apart from what it asks for, the
/// question is replaced: options of its own would make the answer longer than its meaning.
apart int write_advertisement(struct __sk_buff *skb, __u64 mac, __u32 is_router) {
  struct {
    struct nd_packet nd;
    struct nd_link_option link;
  } packet;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &packet.nd, sizeof(packet.nd)) != 0 ||
      bpf_skb_change_tail(skb, ETHERNET_LENGTH + sizeof(packet), 0) != 0)
    return 0;
  struct ipv6_header *ip = &packet.nd.ip;
  __builtin_memcpy(ip->destination, ip->source, sizeof(ip->source));
  __builtin_memcpy(ip->source, packet.nd.target, sizeof(ip->source));
  ip->payload_length = bpf_htons(sizeof(packet) - sizeof(*ip));
  packet.nd.type = ICMPV6_NEIGHBOUR_ADVERTISEMENT;
  packet.nd.flags = ND_FLAG_SOLICITED | ND_FLAG_OVERRIDE | (is_router ? ND_FLAG_ROUTER : 0);
  packet.nd.checksum = 0;
  packet.link.kind = ND_OPTION_TARGET;
  packet.link.words = 1;
  __builtin_memcpy(packet.link.mac, &mac, sizeof(packet.link.mac));
  // The pseudo-header: addresses, length, protocol (RFC 8200 section 8.1).
  __u32 sum = sum16(ip->source, 2 * sizeof(ip->source)) + ip->payload_length + bpf_htons(PROTOCOL_ICMPV6) +
              sum16(&packet.nd.type, sizeof(packet) - sizeof(*ip));
  packet.nd.checksum = ~fold16(sum);
  return bpf_skb_store_bytes(skb, ETHERNET_LENGTH, &packet, sizeof(packet), BPF_F_RECOMPUTE_CSUM) == 0;
}

inline_always int is_solicitation(const struct frame *frame) {
  return frame->meaning == FRAME_SOLICITATION_OF_HOST || frame->meaning == FRAME_SOLICITATION_OF_ROUTER;
}

/// Makes the answer of a request, Ethernet header included. False: the kernel refused.
rare int write_answer(struct __sk_buff *skb, struct frame *frame) {
  __u8 mac[8] __attribute__((aligned(8))) = {0};
  if (frame->meaning == FRAME_ARP_REQUEST_FOR_HOLDER || is_solicitation(frame))
    copy_mac(mac, frame->answer_mac);
  else
    copy_mac(mac, frame->connection->fixed_mac);
  int written = 0;
  if (frame->meaning == FRAME_ECHO_REQUEST_FOR_NODE)
    written = write_echo_reply(skb);
  else if (is_solicitation(frame))
    written = write_advertisement(skb, *(__u64 *)mac, frame->meaning == FRAME_SOLICITATION_OF_ROUTER);
  else
    written = write_arp_reply(skb, mac);
  if (!written)
    return 0;
  frame->bytes = skb->len;
  copy_mac(frame->ethernet.destination, frame->ethernet.source);
  // The holder's own for its address: far switches must learn that it is on this side.
  copy_mac(frame->ethernet.source, mac);
  return bpf_skb_store_bytes(skb, 0, &frame->ethernet, sizeof(frame->ethernet), 0) == 0;
}

inline_always int is_request_for_node(const struct frame *frame) {
  return frame->meaning == FRAME_ARP_REQUEST_FOR_NODE || frame->meaning == FRAME_ECHO_REQUEST_FOR_NODE;
}

/// Answers a host of the local side, out of the port it came in by.
rare int answer_local(struct __sk_buff *skb, struct frame *frame) {
  show_now(skb, frame, ESW_AT_PORT_IN, ESW_FATE_ANSWERED, 0);
  if (!write_answer(skb, frame))
    return drop(frame, ESW_TO_REMOTE, ESW_DROP_KERNEL);
  frame->activity->directions[ESW_TO_REMOTE].answered++;
  return leave_by_port(skb, frame, ESW_TO_REMOTE);
}

/// Answers a host behind a remote, to that very remote; the frame has been stripped.
/// Counts as an answer in the direction of the request, and as a frame in that of the reply.
rare int answer_remote(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  show_now(skb, frame, ESW_AT_REMOTE_IN, ESW_FATE_ANSWERED, 1 << index);
  if (!write_answer(skb, frame))
    return drop(frame, ESW_TO_LOCAL, ESW_DROP_KERNEL);
  frame->activity->directions[ESW_TO_LOCAL].answered++;
  return answer_to_remote(skb, frame, index);
}

/// A frame to the fixed MAC that asks for nothing ends here.
inline_always int keep(struct frame *frame, const enum esw_direction direction) {
  frame->activity->directions[direction].for_node += frame->segments;
  return TCX_DROP;
}

#endif
