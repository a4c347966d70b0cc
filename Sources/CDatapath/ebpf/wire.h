// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Headers as they are on the wire; all fields in network byte order. They have no gaps by themselves, and are not
// declared packed: a packed field is read byte by byte, and the machines we run on read any address at once.

#ifndef ESW_WIRE_H
#define ESW_WIRE_H

#include <linux/types.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_SERVICE_VLAN 0x88a8
/// Connectivity fault management (IEEE 802.1Q section 21.6).
#define ETHERTYPE_CFM 0x8902

#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_VRRP 112
#define PROTOCOL_SCTP 132

struct ethernet_header {
  __u8 destination[6];
  __u8 source[6];
  __u16 type;
};

struct ipv4_header {
  __u8 version_and_words;
  __u8 service;
  __u16 length;
  __u16 identification;
  /// 3 flags (reserved, don't fragment, more fragments), 13 bits of offset in 8 bytes.
  __u16 fragment;
  __u8 time_to_live;
  __u8 protocol;
  __u16 checksum;
  __u32 source;
  __u32 destination;
};

#define IPV4_WORDS_WITHOUT_OPTIONS 0x45
/// More fragments follow, or this is not the first.
#define IPV4_FRAGMENT_MASK 0x3fff
/// This is not the first.
#define IPV4_OFFSET_MASK 0x1fff
#define IPV4_DONT_FRAGMENT 0x4000
/// First byte of a multicast address, and of all above (RFC 1112 section 4).
#define IPV4_MULTICAST 224
/// Every host reassembles packets of this length (RFC 1122 section 3.3.2).
#define IPV4_LEAST_MTU 576u

struct ipv6_header {
  __u32 version_class_flow;
  __u16 payload_length;
  __u8 next_header;
  __u8 hop_limit;
  __u32 source[4];
  __u32 destination[4];
};

/// RFC 4861 section 4
#define ICMPV6_ROUTER_SOLICITATION 133
#define ICMPV6_ROUTER_ADVERTISEMENT 134
#define ICMPV6_NEIGHBOUR_SOLICITATION 135
#define ICMPV6_NEIGHBOUR_ADVERTISEMENT 136
#define ICMPV6_REDIRECT 137

/// RFC 8200 section 4, RFC 4302
#define EXTENSION_HOP_BY_HOP 0
#define EXTENSION_ROUTING 43
#define EXTENSION_FRAGMENT 44
#define EXTENSION_AUTHENTICATION 51
#define EXTENSION_DESTINATION 60

/// The shortest of them; `fragment` is that of a fragment header only.
struct extension_header {
  __u8 next_header;
  __u8 length;
  __u16 fragment;
  __u32 identification;
};

/// Not the first fragment (RFC 8200 section 4.5).
#define IPV6_OFFSET_MASK 0xfff8

/// Every link carries packets of this length (RFC 8200 section 5).
#define IPV6_LEAST_MTU 1280u
#define IPV6_MULTICAST 0xff

#define UDP_CHECKSUM_AT 6

struct udp_header {
  __u16 source_port;
  __u16 destination_port;
  __u16 length;
  __u16 checksum;
};

/// Of a TCP header (RFC 9293 section 3.1): its least length, and where its length in words, its flags and its sum are.
#define TCP_LENGTH 20
#define TCP_WORDS_AT 12
#define TCP_FLAGS_AT 13
#define TCP_CHECKSUM_AT 16
#define TCP_SYN 0x02

/// RFC 7348 section 5
struct vxlan_header {
  __u32 flags;
  /// Upper 24 bits.
  __u32 vni;
};

/// The I bit: the VNI is valid. Other bits are ignored on receipt.
#define VXLAN_FLAG_VNI 0x08000000

/// RFC 826 for Ethernet and IPv4
struct arp_header {
  __u16 hardware_type;
  __u16 protocol_type;
  __u8 hardware_length;
  __u8 protocol_length;
  __u16 operation;
  __u8 sender_mac[6];
  __u32 sender_address;
  __u8 target_mac[6];
  __u32 target_address;
} __attribute__((packed));

#define ARP_REQUEST 1
#define ARP_REPLY 2

/// RFC 792, echo and echo reply
struct icmp_header {
  __u8 type;
  __u8 code;
  __u16 checksum;
};

/// Loopback message and reply (IEEE 802.1Q sections 21.4, 21.5 and 21.7), with a data TLV first, and its value as
/// OpenESW fills it (docs/decisions/0025). Behind it there are zeros, of which the last is the end TLV.
struct loopback_message {
  /// Maintenance domain level in the upper three bits, version 0.
  __u8 level;
  __u8 opcode;
  __u8 flags;
  /// From behind this field to the first TLV.
  __u8 first_tlv;
  __u32 transaction;
  __u8 tlv_type;
  __u16 tlv_length;
  __u32 magic;
  __u8 options;
  __u8 reserved;
  /// In a reply: length of the message's frame as it arrived.
  __u16 asked_bytes;
} __attribute__((packed));

#define CFM_LOOPBACK_REPLY 2
#define CFM_LOOPBACK_MESSAGE 3
#define CFM_DATA_TLV 3
/// "OESW"
#define LOOPBACK_MAGIC 0x4f455357
/// The reply shall be as short as it can be: what is measured is the way there.
#define LOOPBACK_ANSWER_SHORT 0x01
/// Length of a short reply's frame: the least of Ethernet (IEEE 802.3 section 3.2.8), without the check sequence.
#define LOOPBACK_LEAST 60

#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO_REQUEST 8
#define ICMP_UNREACHABLE 3
/// Code of ICMP_UNREACHABLE: fragmentation needed and DF set.
#define ICMP_TOO_BIG 4
/// Parameter problem; above it are questions and answers (RFC 1122 section 3.2.2).
#define ICMP_LAST_ERROR 12
#define ICMPV6_TOO_BIG 2

/// RFC 4861 sections 4.3 and 4.4
struct nd_packet {
  struct ipv6_header ip;
  __u8 type;
  __u8 code;
  __u16 checksum;
  /// Of an advertisement.
  __u8 flags;
  __u8 reserved[3];
  __u32 target[4];
};

#define ND_HOP_LIMIT 255
#define ND_FLAG_ROUTER 0x80
#define ND_FLAG_SOLICITED 0x40
#define ND_FLAG_OVERRIDE 0x20

/// Section 4.6.1
#define ND_OPTION_SOURCE 1
#define ND_OPTION_TARGET 2

struct nd_link_option {
  __u8 kind;
  /// Its length in 8 bytes.
  __u8 words;
  __u8 mac[6];
};

/// Where the headers of a VXLAN packet stand (RFC 7348 section 5, over IPv4 without options).
#define ETHERNET_LENGTH ((__u32)sizeof(struct ethernet_header))
#define OUTER_IPV4_AT ETHERNET_LENGTH
#define OUTER_UDP_AT (OUTER_IPV4_AT + (__u32)sizeof(struct ipv4_header))
#define OUTER_VXLAN_AT (OUTER_UDP_AT + (__u32)sizeof(struct udp_header))
/// What encapsulation puts before an Ethernet frame.
#define OUTER_LENGTH (OUTER_VXLAN_AT + (__u32)sizeof(struct vxlan_header))
_Static_assert(OUTER_LENGTH == 50, "14 + 20 + 8 + 8");

/// Outer IP packet minus inner Ethernet frame.
#define OUTER_IP_OVERHEAD (OUTER_LENGTH - ETHERNET_LENGTH)

/// One's complement sum of the 16-bit words of `bytes`, not folded. `bytes` is even and a constant.
inline_always __u32 sum16(const void *start, __u32 bytes) {
  const __u16 *word = start;
  __u32 sum = 0;
#pragma unroll
  for (__u32 i = 0; i < bytes / 2; i++)
    sum += word[i];
  return sum;
}

/// Folds a sum of up to 65,536 words into the 16 bits that stand in a header, not yet inverted.
inline_always __u16 fold16(__u32 sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)sum;
}

/// MAC addresses are compared as halves: the verifier's loads are cheap, a byte loop is not.
inline_always int same_mac(const __u8 *one, const __u8 *other) {
  const __u16 *a = (const __u16 *)one, *b = (const __u16 *)other;
  return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2])) == 0;
}

inline_always void copy_mac(__u8 *to, const __u8 *from) {
  __u16 *a = (__u16 *)to;
  const __u16 *b = (const __u16 *)from;
  a[0] = b[0], a[1] = b[1], a[2] = b[2];
}

/// Both ends may be in a packet; one on the stack must be aligned to 8, where the verifier insists on it.
inline_always void copy_ethernet(struct ethernet_header *to, const struct ethernet_header *from) {
  *(__u64 *)to = *(const __u64 *)from;
  *(__u32 *)((__u8 *)to + 8) = *(const __u32 *)((const __u8 *)from + 8);
  to->type = from->type;
}

inline_always int is_group(const __u8 *mac) { return mac[0] & 1; }

#endif
