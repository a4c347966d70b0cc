// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// What the path knows of one frame on its way: who it belongs to, and what its headers say.

#ifndef ESW_FRAME_H
#define ESW_FRAME_H

#include "classify.h"
#include "tables.h"

/// Frames that mean something to the switch itself.
enum frame_meaning {
  FRAME_PLAIN = 0,
  FRAME_ARP_REQUEST_FOR_NODE,
  FRAME_ECHO_REQUEST_FOR_NODE,
  /// ARP reply or echo reply to the fixed MAC: a probe was answered.
  FRAME_ANSWER_FOR_NODE,
  /// Any other ARP for IPv4: it crosses like a plain frame, but may be about a virtual address.
  FRAME_ARP,
  /// ARP request of a remote for a virtual address whose holder, `answer_mac`, is known.
  FRAME_ARP_REQUEST_FOR_HOLDER,
  /// TCP SYN or SYN-ACK of a connection that clamps; otherwise plain.
  FRAME_HANDSHAKE,
  /// Neighbour solicitation or advertisement, its hop limit and code right: like FRAME_ARP.
  FRAME_ND,
  /// A solicitation of a known host, whose MAC address is `answer_mac`; it has said that it is a router, or has not.
  FRAME_SOLICITATION_OF_HOST,
  FRAME_SOLICITATION_OF_ROUTER,
  // From here on: what never crosses.
  /// ARP in which somebody else says that he is the fixed IP.
  FRAME_ADDRESS_CONFLICT,
  /// Another data path's probe: a loopback message to the nearest bridge.
  FRAME_PROBE,
  /// A loopback reply to the fixed MAC.
  FRAME_PROBE_ANSWER,
};

struct frame {
  const struct esw_connection_row *connection;
  struct esw_activity_row *activity;
  __u32 number;
  /// 0: nobody captures the connection; FRAME_UNSEEN, FRAME_SHOWN: somebody does, and has not got this frame, or has.
  __u8 captured;
  /// Why it was dropped; ESW_DROP_REASON_COUNT: it was not.
  __u8 reason;
  /// Bit i: a copy went to remote number i.
  __u8 sent;
  /// `esw_capture_outer`: where its outer headers are, as it stands.
  __u8 outer_at;
  __u64 now;

  struct ethernet_header ethernet __attribute__((aligned(8)));
  /// Flags of the outer packet's IPv4 header, as on the wire: DF for what measures the way.
  __u16 outer_flags;
  /// IPv4 address that its source has; 0: not said.
  __u32 sender_be;
  /// Spreads flows over outer source ports.
  __u32 flow;
  /// Bytes of the frame's headers up to the payload that segmentation cuts; used for super-packets only.
  __u32 headers;
  /// Bytes and wire frames, as counted.
  __u32 bytes;
  __u32 segments;
  __u8 meaning;
  __u8 sender_from_arp;
  /// Set for what is answered with another's MAC address only.
  __u8 answer_mac[6];
  /// `enum esw_class`; known unicast until its host was looked for.
  __u8 class;
  /// From a remote, to a host that is known on the local side.
  __u8 to_known;
};

#define FRAME_UNSEEN 1
#define FRAME_SHOWN 2

/// Fills in who the frame belongs to. False: rows are missing.
inline_always int belongs_to(struct frame *frame, __u32 number) {
  struct esw_connection_key key = {.connection = number};
  frame->number = number;
  frame->connection = bpf_map_lookup_elem(&esw_connections, &key);
  if (unlikely(!frame->connection))
    return 0;
  frame->activity = bpf_map_lookup_elem(&esw_activity, &key);
  frame->now = clock_ns();
  frame->captured = is_captured(number, frame->now);
  frame->reason = ESW_DROP_REASON_COUNT;
  frame->sent = 0;
  frame->outer_at = ESW_OUTER_NONE;
  return likely(frame->activity != 0);
}

/// Mixes three words so that neighbouring addresses and ports end in different upper bits.
inline_always __u32 mix(__u32 a, __u32 b, __u32 c) {
  // Odd constants of multiplicative hashing (2^32 divided by the golden ratio, and two others without pattern).
  __u32 h = a * 0x9e3779b1u;
  h = (h << 13 | h >> 19) ^ b * 0x85ebca77u;
  h = (h << 13 | h >> 19) ^ c * 0xc2b2ae3du;
  h ^= h >> 15;
  return h * 0x2c1b3c6du;
}

inline_always int has_ports(__u8 protocol) {
  return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP;
}

/// Ports of the flow, and the end of its headers, from what stands at `at`.
/// `configuration_port` is the first of the family's.
inline_always __u32 inspect_transport(struct frame *frame, void *at, void *end, __u8 protocol, __u32 before,
                                      const __u16 configuration_port) {
  __u32 ports = protocol;
  frame->headers = before + sizeof(struct udp_header);
  if (!has_ports(protocol) || at + 4 > end)
    return ports;
  ports ^= *(__u32 *)at;
  if (protocol == PROTOCOL_UDP && unlikely(is_configuration_port(((__u16 *)at)[1], configuration_port)))
    frame->class = ESW_CLASS_CONFIGURATION;
  if (protocol == PROTOCOL_TCP && at + TCP_FLAGS_AT + 1 <= end) {
    const __u8 *tcp = at;
    frame->headers = before + (tcp[TCP_WORDS_AT] >> 4) * 4;
    if (unlikely(tcp[TCP_FLAGS_AT] & TCP_SYN) && (frame->connection->flags & ESW_CONNECTION_CLAMP_MSS))
      frame->meaning = FRAME_HANDSHAKE;
  }
  return ports;
}

inline_always void inspect_ipv4(struct frame *frame, void *at, void *end) {
  const struct ipv4_header *ip = at;
  if (at + sizeof(*ip) > end)
    return;
  frame->sender_be = ip->source;
  __u32 ports = ip->protocol;
  // A later fragment has no ports: no fragment uses them, so that all of a packet take one way.
  int fragment = ip->fragment & bpf_htons(IPV4_FRAGMENT_MASK);
  if (likely(!fragment && ip->version_and_words == IPV4_WORDS_WITHOUT_OPTIONS))
    ports = inspect_transport(frame, at + sizeof(*ip), end, ip->protocol, ETHERNET_LENGTH + sizeof(*ip), DHCP_PORT);
  else
    frame->class = CLASS_ODD;
  if (unlikely(ip->protocol == PROTOCOL_VRRP))
    frame->class = ESW_CLASS_VRRP;
  frame->flow = mix(ip->source, ip->destination, ports);

  const struct esw_connection_row *connection = frame->connection;
  if (likely(ip->protocol != PROTOCOL_ICMP) || fragment || ip->destination != connection->fixed_address_be ||
      ip->version_and_words != IPV4_WORDS_WITHOUT_OPTIONS || !connection->fixed_address_be ||
      !same_mac(frame->ethernet.destination, connection->fixed_mac))
    return;
  const struct icmp_header *icmp = at + sizeof(*ip);
  if ((void *)(icmp + 1) > end || icmp->code != 0)
    return;
  if (icmp->type == ICMP_ECHO_REQUEST)
    frame->meaning = FRAME_ECHO_REQUEST_FOR_NODE;
  else if (icmp->type == ICMP_ECHO_REPLY)
    frame->meaning = FRAME_ANSWER_FOR_NODE;
}

inline_always void inspect_ipv6(struct frame *frame, void *at, void *end) {
  const struct ipv6_header *ip = at;
  if (at + sizeof(*ip) > end)
    return;
  __u32 ports = inspect_transport(frame, at + sizeof(*ip), end, ip->next_header, ETHERNET_LENGTH + sizeof(*ip),
                                  DHCPV6_PORT);
  // All but ports is read below: only TCP and UDP are worth haste.
  if (unlikely(!has_ports(ip->next_header)))
    frame->class = CLASS_ODD;
  frame->flow = mix(ip->source[0] ^ ip->source[1] ^ ip->source[2] ^ ip->source[3],
                    ip->destination[0] ^ ip->destination[1] ^ ip->destination[2] ^ ip->destination[3], ports);
  if (likely(ip->next_header != PROTOCOL_ICMPV6) || ip->hop_limit != ND_HOP_LIMIT)
    return;
  const struct icmp_header *icmp = at + sizeof(*ip);
  if ((void *)(icmp + 1) <= end && icmp->code == 0 &&
      (icmp->type == ICMPV6_NEIGHBOUR_SOLICITATION || icmp->type == ICMPV6_NEIGHBOUR_ADVERTISEMENT))
    frame->meaning = FRAME_ND;
}

inline_always void inspect_arp(struct frame *frame, void *at, void *end) {
  const struct arp_header *arp = at;
  const struct esw_connection_row *connection = frame->connection;
  if (at + sizeof(*arp) > end || arp->protocol_type != bpf_htons(ETHERTYPE_IPV4) || arp->hardware_length != 6 ||
      arp->protocol_length != 4)
    return;
  if (same_mac(arp->sender_mac, frame->ethernet.source)) {
    frame->sender_be = arp->sender_address;
    frame->sender_from_arp = 1;
  }
  frame->meaning = FRAME_ARP;
  if (!connection->fixed_address_be)
    return;
  if (arp->sender_address == connection->fixed_address_be)
    frame->meaning = FRAME_ADDRESS_CONFLICT;
  else if (arp->operation == bpf_htons(ARP_REQUEST) && arp->target_address == connection->fixed_address_be)
    frame->meaning = FRAME_ARP_REQUEST_FOR_NODE;
  else if (arp->operation == bpf_htons(ARP_REPLY) && same_mac(frame->ethernet.destination, connection->fixed_mac))
    frame->meaning = FRAME_ANSWER_FOR_NODE;
}

/// 01:80:c2:00:00:0e, which no bridge of any kind forwards (IEEE 802.1Q table 8-1, nearest bridge).
inline_always int is_nearest_bridge(const __u8 *mac) {
  const __u16 *words = (const __u16 *)mac;
  return words[0] == bpf_htons(0x0180) && words[1] == bpf_htons(0xc200) && words[2] == bpf_htons(0x000e);
}

/// Loopback messages of others are what their addresses say.
inline_always void inspect_loopback(struct frame *frame, void *at, void *end) {
  const struct loopback_message *message = at;
  if (at + sizeof(*message) > end || message->magic != bpf_htonl(LOOPBACK_MAGIC) || message->first_tlv != 4 ||
      message->tlv_type != CFM_DATA_TLV)
    return;
  if (message->opcode == CFM_LOOPBACK_MESSAGE && is_nearest_bridge(frame->ethernet.destination))
    frame->meaning = FRAME_PROBE;
  else if (message->opcode == CFM_LOOPBACK_REPLY &&
           same_mac(frame->ethernet.destination, frame->connection->fixed_mac))
    frame->meaning = FRAME_PROBE_ANSWER;
}

/// Reads the frame that starts `offset` bytes into the packet. False: it is shorter than an Ethernet header.
/// `length` is that of the frame.
inline_always int inspect(struct __sk_buff *skb, struct frame *frame, const __u32 offset, __u32 length) {
  void *data = (void *)(long)skb->data + offset;
  void *end = (void *)(long)skb->data_end;
  const struct ethernet_header *ethernet = data;
  if (data + sizeof(*ethernet) > end)
    return 0;
  copy_ethernet(&frame->ethernet, ethernet);
  frame->outer_flags = 0;
  frame->sender_be = 0;
  frame->sender_from_arp = 0;
  frame->meaning = FRAME_PLAIN;
  frame->headers = ETHERNET_LENGTH;
  frame->class = class_of_destination(&frame->ethernet);
  void *at = data + sizeof(*ethernet);
  if (likely(ethernet->type == bpf_htons(ETHERTYPE_IPV4)))
    inspect_ipv4(frame, at, end);
  else if (ethernet->type == bpf_htons(ETHERTYPE_IPV6))
    inspect_ipv6(frame, at, end);
  else {
    const __u16 *mac = (const __u16 *)ethernet;
    frame->flow = mix(mac[0] ^ mac[3], mac[1] ^ mac[4], mac[2] ^ mac[5]);
    if (ethernet->type == bpf_htons(ETHERTYPE_ARP)) {
      frame->class = ESW_CLASS_NEIGHBOUR;
      inspect_arp(frame, at, end);
    } else if (ethernet->type == bpf_htons(ETHERTYPE_CFM))
      inspect_loopback(frame, at, end);
  }
  if (unlikely(frame->class == CLASS_ODD)) {
    __u8 otherwise = class_of_destination(&frame->ethernet);
    frame->class = frame->ethernet.type == bpf_htons(ETHERTYPE_IPV4)
                       ? class_of_odd_ipv4(skb, offset + ETHERNET_LENGTH, otherwise)
                       : class_of_odd_ipv6(skb, offset + ETHERNET_LENGTH, otherwise);
  }
  frame->bytes = length;
  frame->segments = 1;
  __u32 size = skb->gso_size;
  if (unlikely(size)) {
    // Trusting `gso_segs` is not possible: it is 0 for packets from outside sources (virtio, tap).
    __u32 payload = length > frame->headers ? length - frame->headers : 1;
    frame->segments = (payload + size - 1) / size;
    frame->bytes = length + (frame->segments - 1) * frame->headers;
  }
  return 1;
}

/// Length of the largest wire frame that this frame becomes.
inline_always __u32 largest_frame(struct __sk_buff *skb, const struct frame *frame) {
  __u32 size = skb->gso_size;
  return likely(!size) ? frame->bytes : frame->headers + size;
}

#endif
