// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Frames that do not fit the way out: who sent one is told what fits, so that path MTU discovery works across the
// stretch (RFC 1191, RFC 8201). docs/decisions/0019-frames-that-do-not-fit.md has the addresses and why.

#ifndef ESW_TOOBIG_H
#define ESW_TOOBIG_H

#include "count.h"

/// What is quoted of the packet. RFC 1812 section 4.3.2.3: the message has up to 576 bytes; a power of two, because
/// bpf_csum_diff sums no more than 512 bytes at once.
#define QUOTE_IPV4 512u
/// RFC 4443 section 2.4 (c): as much as fits 1,280 bytes.
#define QUOTE_IPV6 (IPV6_LEAST_MTU - 48u)
#define QUOTE_AT ETHERNET_LENGTH

/// Of messages about errors: RFC 1812 section 4.3.2.5, precedence 6 (internetwork control).
#define SERVICE_OF_ERRORS 0xc0

struct letter_ipv4 {
  struct ipv4_header ip;
  struct icmp_header icmp;
  __u16 unused;
  __u16 mtu;
};
_Static_assert(sizeof(struct letter_ipv4) == 28, "RFC 1191 section 4");

struct letter_ipv6 {
  struct ipv6_header ip;
  struct icmp_header icmp;
  __u32 mtu;
};
_Static_assert(sizeof(struct letter_ipv6) == 48, "RFC 4443 section 3.2");

/// RFC 1122 section 3.2.2: what is never answered with an error. `ip` is the header of the frame.
inline_always int may_tell_ipv4(struct __sk_buff *skb, const struct ipv4_header *ip) {
  __u8 source = ip->source & 0xff, destination = ip->destination & 0xff;  // first bytes
  if (source == 0 || source == 127 || source >= IPV4_MULTICAST || destination >= IPV4_MULTICAST)
    return 0;
  if ((ip->version_and_words >> 4) != 4 || (ip->fragment & bpf_htons(IPV4_OFFSET_MASK)))
    return 0;
  __u8 type = ICMP_ECHO_REPLY;
  if (ip->protocol == PROTOCOL_ICMP &&
      bpf_skb_load_bytes(skb, ETHERNET_LENGTH + (ip->version_and_words & 15) * 4, &type, 1) != 0)
    return 0;
  return type == ICMP_ECHO_REPLY || type == ICMP_ECHO_REQUEST || type > ICMP_LAST_ERROR;
}

/// RFC 4443 section 2.4 (e). Later fragments are no exception there; the first one is as big, and is told of.
inline_always int may_tell_ipv6(struct __sk_buff *skb, const struct ipv6_header *ip) {
  __u8 source = ip->source[0] & 0xff, destination = ip->destination[0] & 0xff;
  if (source == IPV6_MULTICAST || destination == IPV6_MULTICAST || !(ip->source[0] | ip->source[1] | ip->source[2]))
    return 0;
  struct extension_header next;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH + sizeof(*ip), &next, sizeof(next)) != 0)
    return 0;
  if (ip->next_header == EXTENSION_FRAGMENT)
    return !(next.fragment & bpf_htons(IPV6_OFFSET_MASK));
  // The first byte of ICMPv6 is its type; errors have those below 128.
  return ip->next_header != PROTOCOL_ICMPV6 || (next.next_header & 128);
}

/// Whether this CPU may tell somebody of the connection now.
inline_always int tells_now(const struct frame *frame, struct esw_direction_row *row) {
  __u64 from = row->told_clock_ns + ESW_TELL_BURST_NS < frame->now ? frame->now - ESW_TELL_BURST_NS : row->told_clock_ns;
  if (from + ESW_TELL_INTERVAL_NS > frame->now)
    return 0;
  row->told_clock_ns = from + ESW_TELL_INTERVAL_NS;
  return 1;
}

/// Makes the frame as long as its quote, and room for the letter before that.
inline_always int cut(struct __sk_buff *skb, __u32 quote, __u32 letter) {
  return skb->len >= QUOTE_AT + quote && bpf_skb_change_tail(skb, QUOTE_AT + quote, 0) == 0 &&
         bpf_skb_adjust_room(skb, letter, BPF_ADJ_ROOM_MAC, 0) == 0 &&
         readable(skb, QUOTE_AT + letter + quote);
}

/// Sum of what the quote holds behind its IP header, with another checksum in its transport header at `sum_at`
/// (0: there is none to change). A sum that the sending host left to its device may still be made by one further on,
/// which would make ours wrong: so it gets the value that stays what it is when it is made once more.
inline_always __u32 settle(struct __sk_buff *skb, __u32 sum, __u32 sum_at) {
  __u16 old = 0;
  if (!sum_at || bpf_skb_load_bytes(skb, sum_at, &old, sizeof(old)) != 0)
    return sum;
  __u32 others = fold16((__u32)fold16(sum) + (__u16)~old);
  // x = -(others + x) in one's complement: half of the negative; of an odd one, half of the same plus 65,535.
  __u32 negative = 0xffff - others;
  __u16 settled = (negative & 1 ? negative + 0xffff : negative) >> 1;
  bpf_skb_store_bytes(skb, sum_at, &settled, sizeof(settled), BPF_F_RECOMPUTE_CSUM);
  return others + settled;
}

/// Where the sum of a protocol stands in its header; 0: it has none that devices make.
inline_always __u32 checksum_at(__u8 protocol) {
  return protocol == PROTOCOL_TCP ? TCP_CHECKSUM_AT : protocol == PROTOCOL_UDP ? UDP_CHECKSUM_AT : 0;
}

/// Makes the packet a letter from `speaker`; 0: from the quoted packet's destination. False: it may not be answered.
apart int write_letter_ipv4(struct __sk_buff *skb, __u32 speaker, __u32 mtu) {
  struct ipv4_header quoted;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &quoted, sizeof(quoted)) != 0 || !may_tell_ipv4(skb, &quoted) ||
      !cut(skb, QUOTE_IPV4, sizeof(struct letter_ipv4)))
    return 0;
  struct letter_ipv4 letter = {
      .ip =
          {
              .version_and_words = IPV4_WORDS_WITHOUT_OPTIONS,
              .service = SERVICE_OF_ERRORS,
              .length = bpf_htons(sizeof(letter) + QUOTE_IPV4),
              .fragment = bpf_htons(IPV4_DONT_FRAGMENT),
              .time_to_live = 64,
              .protocol = PROTOCOL_ICMP,
              .source = speaker ?: quoted.destination,
              .destination = quoted.source,
          },
      .icmp = {.type = ICMP_UNREACHABLE, .code = ICMP_TOO_BIG},
      .mtu = bpf_htons(mtu),
  };
  letter.ip.checksum = ~fold16(sum16(&letter.ip, sizeof(letter.ip)));
  void *quote = (void *)(long)skb->data + QUOTE_AT + sizeof(letter);
  if (quote + QUOTE_IPV4 > (void *)(long)skb->data_end)
    return 0;
  __u32 sum = bpf_csum_diff(0, 0, quote + sizeof(quoted), QUOTE_IPV4 - sizeof(quoted), 0);
  int plain = quoted.version_and_words == IPV4_WORDS_WITHOUT_OPTIONS;
  __u32 at = plain ? checksum_at(quoted.protocol) : 0;
  sum = settle(skb, sum, at ? at + QUOTE_AT + sizeof(letter) + sizeof(quoted) : 0);
  sum = (__u32)fold16(sum) + sum16(&quoted, sizeof(quoted)) + sum16(&letter.icmp, sizeof(letter) - sizeof(letter.ip));
  letter.icmp.checksum = ~fold16(sum);
  return bpf_skb_store_bytes(skb, ETHERNET_LENGTH, &letter, sizeof(letter), BPF_F_RECOMPUTE_CSUM) == 0;
}

/// Likewise; from the quoted packet's destination, because we have no IPv6 address.
apart int write_letter_ipv6(struct __sk_buff *skb, __u32 mtu) {
  struct ipv6_header quoted;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &quoted, sizeof(quoted)) != 0 || !may_tell_ipv6(skb, &quoted) ||
      !cut(skb, QUOTE_IPV6, sizeof(struct letter_ipv6)))
    return 0;
  struct letter_ipv6 letter = {
      .ip =
          {
              .version_class_flow = bpf_htonl(6u << 28),
              .payload_length = bpf_htons(sizeof(letter) - sizeof(letter.ip) + QUOTE_IPV6),
              .next_header = PROTOCOL_ICMPV6,
              .hop_limit = 64,
          },
      .icmp = {.type = ICMPV6_TOO_BIG},
      .mtu = bpf_htonl(mtu),
  };
  __builtin_memcpy(letter.ip.source, quoted.destination, sizeof(quoted.destination));
  __builtin_memcpy(letter.ip.destination, quoted.source, sizeof(quoted.source));
  void *quote = (void *)(long)skb->data + QUOTE_AT + sizeof(letter);
  if (quote + QUOTE_IPV6 > (void *)(long)skb->data_end)
    return 0;
  const __u32 rest = QUOTE_IPV6 - 1024 - sizeof(quoted);
  __u32 sum = bpf_csum_diff(0, 0, quote + sizeof(quoted), 512, 0);
  sum = bpf_csum_diff(0, 0, quote + sizeof(quoted) + 512, 512, sum);
  sum = bpf_csum_diff(0, 0, quote + sizeof(quoted) + 1024, rest, sum);
  __u32 at = checksum_at(quoted.next_header);
  sum = settle(skb, sum, at ? at + QUOTE_AT + sizeof(letter) + sizeof(quoted) : 0);
  // The pseudo-header (RFC 8200 section 8.1): addresses, length, protocol.
  sum = (__u32)fold16(sum) + sum16(&quoted, sizeof(quoted)) +
        sum16(letter.ip.source, sizeof(letter.ip.source) + sizeof(letter.ip.destination)) +
        letter.ip.payload_length + bpf_htons(PROTOCOL_ICMPV6) +
        sum16(&letter.icmp, sizeof(letter) - sizeof(letter.ip));
  letter.icmp.checksum = ~fold16(sum);
  return bpf_skb_store_bytes(skb, ETHERNET_LENGTH, &letter, sizeof(letter), BPF_F_RECOMPUTE_CSUM) == 0;
}

/// Counts the drop of a frame that is bigger than `mtu`, and makes it a letter to its sender. False: nobody is to be
/// told. The frame starts at `skb->data`.
rare int tell_too_big(struct __sk_buff *skb, struct frame *frame, __u32 mtu, const enum esw_direction direction) {
  drop(frame, direction, ESW_DROP_TOO_BIG);
  struct esw_direction_row *row = &frame->activity->directions[direction];
  if (!mtu || is_group(frame->ethernet.destination) || !tells_now(frame, row))
    return 0;
  const __u8 *speaker = frame->ethernet.destination;
  if (frame->ethernet.type == bpf_htons(ETHERTYPE_IPV4)) {
    if (!write_letter_ipv4(skb, frame->connection->fixed_address_be, smaller(mtu, 0xffff)))
      return 0;
    if (frame->connection->fixed_address_be)
      speaker = frame->connection->fixed_mac;
  } else if (frame->ethernet.type != bpf_htons(ETHERTYPE_IPV6) ||
             !write_letter_ipv6(skb, mtu < IPV6_LEAST_MTU ? IPV6_LEAST_MTU : mtu))
    return 0;
  __u8 mac[6] __attribute__((aligned(8)));
  copy_mac(mac, speaker);
  copy_mac(frame->ethernet.destination, frame->ethernet.source);
  copy_mac(frame->ethernet.source, mac);
  if (bpf_skb_store_bytes(skb, 0, &frame->ethernet, sizeof(frame->ethernet), 0) != 0)
    return 0;
  frame->bytes = skb->len;
  frame->segments = 1;
  row->told_too_big++;
  return 1;
}

#endif
