// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// TCP handshakes: the largest segment that either end announces (RFC 9293 section 3.7.1) is lowered to what the tunnel
// carries, so that nobody has to be told later. Never raised, and never added where it is missing (then it is 536).

#ifndef ESW_CLAMP_H
#define ESW_CLAMP_H

#include "nexthop.h"

#define TCP_OPTION_END 0
#define TCP_OPTION_NOTHING 1
#define TCP_OPTION_SEGMENT 2
/// Four bits count words of 4 bytes, and 5 of them are the header.
#define TCP_OPTIONS_MAX 40

/// A tunnel that carries less than this is left to fragments: no TCP works with segments of some bytes.
#define CLAMP_LEAST 88

struct segment_option {
  __u8 kind;
  __u8 length;
  __u8 size[2];
};

/// Bytes of inner IP packets that the tunnel to a remote carries, as the kernel says; 0: not known.
inline_always __u32 tunnel_carries(struct __sk_buff *skb, struct frame *frame, const struct esw_remote *remote,
                                   const struct esw_next_hop *hop) {
  struct esw_next_hop fresh = {.mtu = hop->mtu};
  // Not kept: the packet that the answer is kept for shall go by the kernel's neighbour code (see nexthop.h).
  if (hop->remote_address_be != remote->address_be || frame->now - hop->asked_ns > ESW_NEXT_HOP_NS)
    ask_next_hop(skb, frame, remote, &fresh);
  return fresh.mtu > OUTER_LENGTH ? fresh.mtu - OUTER_LENGTH : 0;
}

/// Writes the size of an option that stands at `at`, and corrects the sum at `sum_at` for it.
inline_always void write_segment_size(struct __sk_buff *skb, __u32 at, __u32 header_at, const __u8 *old,
                                      __u32 largest) {
  __u8 size[2] = {largest >> 8, largest};
  __u16 before = old[0] | old[1] << 8, after = size[0] | size[1] << 8;
  // Behind an odd number of bytes it stands across two words of the sum: as if its bytes were swapped.
  if ((at - header_at) & 1) {
    before = bpf_htons(before);
    after = bpf_htons(after);
  }
  // This knows of sums that are still to be made (a host's own offload) and leaves those alone.
  if (bpf_l4_csum_replace(skb, header_at + TCP_CHECKSUM_AT, before, after, sizeof(after)) == 0)
    bpf_skb_store_bytes(skb, at, size, sizeof(size), 0);
}

/// Lowers the announced size to `largest`. The frame starts at `skb->data`, its TCP header at `header_at`.
apart int lower_segment_size(struct __sk_buff *skb, __u32 header_at, __u32 largest) {
  __u8 words = 0;
  if (bpf_skb_load_bytes(skb, header_at + TCP_WORDS_AT, &words, 1) != 0)
    return 0;
  __u32 at = header_at + TCP_LENGTH, end = header_at + (words >> 4) * 4;
  for (__u32 i = 0; i < TCP_OPTIONS_MAX; i++) {
    struct segment_option option = {0};
    if (at + sizeof(option) > end || bpf_skb_load_bytes(skb, at, &option, sizeof(option)) != 0)
      return 0;
    if (option.kind == TCP_OPTION_NOTHING) {
      at++;
      continue;
    }
    if (option.kind == TCP_OPTION_END || option.length < 2)
      return 0;
    if (option.kind != TCP_OPTION_SEGMENT) {
      at += option.length;
      continue;
    }
    if (option.length != sizeof(option) || (option.size[0] << 8 | option.size[1]) <= largest)
      return 0;
    write_segment_size(skb, at + 2, header_at, option.size, largest);
    return 1;
  }
  return 0;
}

/// A handshake (FRAME_HANDSHAKE) of either direction: neither end shall send more than the tunnel between them carries.
/// With two remotes the lesser counts, because the flow may go by the other one later.
rare void clamp(struct __sk_buff *skb, struct frame *frame, const enum esw_direction direction) {
  __u32 carried = 0;
  for (__u32 i = 0; i < ESW_REMOTES_MAX; i++) {
    if (i >= frame->connection->remote_count)
      break;
    __u32 one = tunnel_carries(skb, frame, &frame->connection->remotes[i], &frame->activity->remotes[i].next_hop);
    carried = carried && (!one || carried < one) ? carried : one;
  }
  int six = frame->ethernet.type == bpf_htons(ETHERTYPE_IPV6);
  __u32 header = six ? sizeof(struct ipv6_header) : sizeof(struct ipv4_header);
  if (carried >= CLAMP_LEAST && lower_segment_size(skb, ETHERNET_LENGTH + header, carried - header - TCP_LENGTH))
    frame->activity->directions[direction].clamped++;
}

#endif
