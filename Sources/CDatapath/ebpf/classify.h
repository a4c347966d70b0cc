// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// What a frame is to the rules (`enum esw_class`). `inspect` decides most of it on its way; what it takes for odd,
// IPv4 with options or in fragments and IPv6 with extension headers, is read here, where time does not matter.
//
// What cannot be read: later fragments have no ports and no type, so they are what their destination says; without
// the first, which is classified, nobody can put them together. An IPv6 packet whose upper layer is behind more than
// ESW_EXTENSIONS_MAX headers, or not in its first fragment (RFC 7112 section 5 forbids that), counts as configuration,
// the class that is held back first: RFC 7113 section 3 drops it. What IPsec encrypts is what its destination says.

#ifndef ESW_CLASSIFY_H
#define ESW_CLASSIFY_H

#include "kernel.h"
#include "wire.h"

/// `frame.class` of what has to be looked at again.
#define CLASS_ODD ESW_CLASS_COUNT

/// Extension headers of one packet that are read. RFC 8200 section 4.1 names six, one of them twice.
#define ESW_EXTENSIONS_MAX 8

/// DHCP (RFC 2131 section 4.1) and DHCPv6 (RFC 8415 section 7.2): these ports and the ones after them. Only the
/// destination decides: that is what makes a host take it.
#define DHCP_PORT 67
#define DHCPV6_PORT 546

inline_always int is_configuration_port(__u16 port_be, const __u16 first) {
  return (__u16)(bpf_ntohs(port_be) - first) <= 1;
}

/// Of frames that nothing else is known of. A unicast one's host is looked for later.
inline_always __u8 class_of_destination(const struct ethernet_header *ethernet) {
  if (likely(!is_group(ethernet->destination)))
    return ESW_CLASS_KNOWN_UNICAST;
  const __u16 *mac = (const __u16 *)ethernet->destination;
  return (mac[0] & mac[1] & mac[2]) == 0xffff ? ESW_CLASS_BROADCAST : ESW_CLASS_MULTICAST;
}

/// By the type of an ICMPv6 message (RFC 4861 section 4).
inline_always __u8 class_of_icmpv6(__u8 type, __u8 otherwise) {
  switch (type) {
  case ICMPV6_ROUTER_SOLICITATION:
  case ICMPV6_ROUTER_ADVERTISEMENT:
  case ICMPV6_REDIRECT:
    return ESW_CLASS_CONFIGURATION;
  case ICMPV6_NEIGHBOUR_SOLICITATION:
  case ICMPV6_NEIGHBOUR_ADVERTISEMENT:
    return ESW_CLASS_NEIGHBOUR;
  default:
    return otherwise;
  }
}

inline_always int is_extension(__u8 header) {
  return header == EXTENSION_HOP_BY_HOP || header == EXTENSION_ROUTING || header == EXTENSION_FRAGMENT ||
         header == EXTENSION_AUTHENTICATION || header == EXTENSION_DESTINATION;
}

/// IPv4 with options or a fragment, at `at`.
rare __u8 class_of_odd_ipv4(struct __sk_buff *skb, __u32 at, __u8 otherwise) {
  struct ipv4_header ip;
  struct udp_header udp;
  if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) != 0)
    return otherwise;
  if (ip.protocol == PROTOCOL_VRRP)
    return ESW_CLASS_VRRP;
  if (ip.protocol != PROTOCOL_UDP || (ip.fragment & bpf_htons(IPV4_OFFSET_MASK)))
    return otherwise;
  if (bpf_skb_load_bytes(skb, at + (ip.version_and_words & 15) * 4, &udp, sizeof(udp)) != 0)
    return otherwise;
  return is_configuration_port(udp.destination_port, DHCP_PORT) ? ESW_CLASS_CONFIGURATION : otherwise;
}

/// What stands behind the extension headers, at `at`.
inline_always __u8 class_of_upper(struct __sk_buff *skb, __u32 at, __u8 protocol, __u8 otherwise) {
  struct udp_header udp;
  __u8 type;
  switch (protocol) {
  case PROTOCOL_VRRP:
    return ESW_CLASS_VRRP;
  case PROTOCOL_ICMPV6:
    if (bpf_skb_load_bytes(skb, at, &type, sizeof(type)) != 0)
      return ESW_CLASS_CONFIGURATION;
    return class_of_icmpv6(type, otherwise);
  case PROTOCOL_UDP:
    if (bpf_skb_load_bytes(skb, at, &udp, sizeof(udp)) != 0)
      return ESW_CLASS_CONFIGURATION;
    return is_configuration_port(udp.destination_port, DHCPV6_PORT) ? ESW_CLASS_CONFIGURATION : otherwise;
  default:
    return otherwise;
  }
}

/// IPv6 with extension headers, at `at`.
rare __u8 class_of_odd_ipv6(struct __sk_buff *skb, __u32 at, __u8 otherwise) {
  struct ipv6_header ip;
  struct extension_header header;
  if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) != 0)
    return otherwise;
  __u8 next = ip.next_header;
  at += sizeof(ip);
  for (__u32 i = 0; i < ESW_EXTENSIONS_MAX; i++) {
    if (!is_extension(next))
      return class_of_upper(skb, at, next, otherwise);
    if (bpf_skb_load_bytes(skb, at, &header, sizeof(header)) != 0)
      return ESW_CLASS_CONFIGURATION;
    if (next == EXTENSION_FRAGMENT) {
      if (header.fragment & bpf_htons(IPV6_OFFSET_MASK))
        return otherwise;
      at += sizeof(header);
    } else
      // RFC 8200 section 4.2: in 8 bytes, without the first 8; RFC 4302 section 2.2: in 4, without two of them.
      at += next == EXTENSION_AUTHENTICATION ? (header.length + 2) * 4 : (header.length + 1) * 8;
    next = header.next_header;
  }
  return is_extension(next) ? ESW_CLASS_CONFIGURATION : class_of_upper(skb, at, next, otherwise);
}

#endif
