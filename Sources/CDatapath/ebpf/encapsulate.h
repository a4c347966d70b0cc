// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Outer headers: making room for them, writing them, taking them off.

#ifndef ESW_ENCAPSULATE_H
#define ESW_ENCAPSULATE_H

#include "nexthop.h"

/// First of the 16,384 ports that RFC 7348 section 5 recommends for the UDP source (49152 ... 65535).
#define SOURCE_PORT_BASE 49152
#define SOURCE_PORT_BITS 14

/// What bpf_skb_adjust_room must know to leave a packet that the kernel can segment: an Ethernet frame in UDP in IPv4.
/// FIXED_GSO: segments of a super-packet keep their size; whether they fit was checked before.
#define ENCAPSULATION_FLAGS                                                                                    \
  (BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP | BPF_F_ADJ_ROOM_ENCAP_L2(ETHERNET_LENGTH) |     \
   BPF_F_ADJ_ROOM_ENCAP_L2_ETH | BPF_F_ADJ_ROOM_FIXED_GSO)

/// The frame's own DSCP; `at`: where it starts. That of the connection, when it has none.
rare __u8 inner_service(struct __sk_buff *skb, const struct frame *frame, __u32 at) {
  __u8 word[2];
  if (bpf_skb_load_bytes(skb, at + ETHERNET_LENGTH, word, sizeof(word)) != 0)
    return frame->connection->service;
  if (frame->ethernet.type == bpf_htons(ETHERTYPE_IPV4))
    return word[1] & 0xfc;
  // RFC 8200 section 3: four bits of version, then the traffic class.
  if (frame->ethernet.type == bpf_htons(ETHERTYPE_IPV6))
    return (__u8)(word[0] << 4 | word[1] >> 4) & 0xfc;
  return frame->connection->service;
}

/// DSCP and ECN of outer headers. ECN stays 0, RFC 6040's compatibility mode: this path does not carry the marks of the
/// underlay's routers on to the frame, so none may be asked for.
inline_always __u8 outer_service(struct __sk_buff *skb, const struct frame *frame, const __u32 at) {
  return likely(!(frame->connection->flags & ESW_CONNECTION_COPY_DSCP)) ? frame->connection->service
                                                                         : inner_service(skb, frame, at);
}

/// Puts 50 bytes before the frame; what stands in them and in the inner Ethernet header is undefined afterwards.
inline_always long make_room(struct __sk_buff *skb) {
  __u32 protocol = skb->protocol;
  if (likely(protocol == bpf_htons(ETHERTYPE_IPV4) || protocol == bpf_htons(ETHERTYPE_IPV6)))
    return bpf_skb_adjust_room(skb, OUTER_LENGTH, BPF_ADJ_ROOM_MAC, ENCAPSULATION_FLAGS);
  // adjust_room takes IP only. Nothing else is ever a super-packet, so plain room is enough.
  return bpf_skb_change_head(skb, OUTER_LENGTH, 0);
}

/// Writes IPv4, UDP and VXLAN headers of a packet to remote number `index`, whose `bytes` begin with the outer Ethernet
/// header at `data`. There is room for them.
inline_always void write_tunnel(void *data, const struct frame *frame, __u32 index, __u32 bytes, __u8 service) {
  const struct esw_remote *remote = &frame->connection->remotes[index];
  struct ipv4_header *ip = data + OUTER_IPV4_AT;
  struct udp_header *udp = data + OUTER_UDP_AT;
  struct vxlan_header *vxlan = data + OUTER_VXLAN_AT;
  __u32 length = bytes - ETHERNET_LENGTH;
  ip->version_and_words = IPV4_WORDS_WITHOUT_OPTIONS;
  ip->service = service;
  // 0 means "as long as the packet" to the kernel for super-packets above 64 KiB.
  ip->length = length <= 0xffff ? bpf_htons(length) : 0;
  // May be fragmented on the way (like the kernel's VXLAN device), so the number must differ between packets that
  // could be in reassembly together. The sending counter of this CPU does, spread by CPU and remote.
  __u32 identification = frame->activity->directions[ESW_TO_REMOTE].frames + (bpf_get_smp_processor_id() << 11);
  ip->identification = bpf_htons((__u16)identification);
  ip->fragment = frame->outer_flags;
  ip->time_to_live = frame->connection->time_to_live;
  ip->protocol = PROTOCOL_UDP;
  ip->checksum = 0;
  ip->source = frame->connection->tunnel_address_be;
  ip->destination = remote->address_be;
  ip->checksum = ~fold16(sum16(ip, sizeof(*ip)));

  udp->source_port = bpf_htons(SOURCE_PORT_BASE + (frame->flow >> (32 - SOURCE_PORT_BITS)));
  udp->destination_port = remote->port_be;
  udp->length = bpf_htons((__u16)(length - sizeof(*ip)));
  udp->checksum = 0;
  vxlan->flags = bpf_htonl(VXLAN_FLAG_VNI);
  vxlan->vni = bpf_htonl(remote->vni << 8);
}

inline_always void write_link(struct ethernet_header *ethernet, const struct esw_next_hop *hop) {
  copy_mac(ethernet->destination, hop->destination_mac);
  copy_mac(ethernet->source, hop->source_mac);
  ethernet->type = bpf_htons(ETHERTYPE_IPV4);
}

/// Writes all headers up to the inner Ethernet header. `sum` holds the sum of what was written here before
/// (0 at first), and the new one afterwards: where the kernel holds a sum of the whole packet it must follow the change.
inline_always int write_outer(struct __sk_buff *skb, const struct frame *frame, __u32 index, enum way way,
                              __u32 *sum) {
  index &= ESW_REMOTES_MAX - 1;
  __u8 service = outer_service(skb, frame, OUTER_LENGTH);
  void *data = (void *)(long)skb->data;
  struct ethernet_header *ethernet = data;
  struct ethernet_header *inner = data + OUTER_LENGTH;
  if ((void *)(inner + 1) > (void *)(long)skb->data_end)
    return 0;

  const struct esw_next_hop *hop = &frame->activity->remotes[index].next_hop;
  // The kernel's neighbour code writes them once more; until then they are for who captures.
  if (likely(way == WAY_DIRECT) || hop->state == ESW_NEXT_HOP_RESOLVED) {
    write_link(ethernet, hop);
  } else {
    __builtin_memset(ethernet, 0, 12);
    ethernet->type = bpf_htons(ETHERTYPE_IPV4);
  }
  write_tunnel(data, frame, index, skb->len, service);
  copy_ethernet(inner, &frame->ethernet);

  // Declined (negative) unless hardware summed the whole packet, which is rare.
  if (unlikely(bpf_csum_update(skb, 0) >= 0)) {
    // The IPv4 header sums to zero.
    const struct udp_header *udp = data + OUTER_UDP_AT;
    __u32 written = sum16(udp, sizeof(*udp) + sizeof(struct vxlan_header) + sizeof(*inner));
    bpf_csum_update(skb, written + (__u16)~fold16(*sum));
    *sum = written;
  }
  return 1;
}

/// Takes 50 bytes of outer headers off; the frame's own Ethernet header is already in `frame`.
/// False: the kernel refuses (frames with less than 20 bytes of payload, for one); the packet is unchanged.
inline_always int strip_outer(struct __sk_buff *skb, const struct frame *frame) {
  __u64 flags = frame->ethernet.type == bpf_htons(ETHERTYPE_IPV6) ? ESW_F_ADJ_ROOM_DECAP_L3_IPV6 : 0;
  if (bpf_skb_adjust_room(skb, -(__s32)OUTER_LENGTH, BPF_ADJ_ROOM_MAC, flags) != 0)
    return 0;
  struct ethernet_header *ethernet = (void *)(long)skb->data;
  if ((void *)(ethernet + 1) > (void *)(long)skb->data_end)
    return 0;
  copy_ethernet(ethernet, &frame->ethernet);
  return 1;
}

#endif
