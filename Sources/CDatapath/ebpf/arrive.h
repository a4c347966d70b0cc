// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// VXLAN as it arrives at the underlay: its outer headers, and what this path leaves to the kernel.

#ifndef ESW_ARRIVE_H
#define ESW_ARRIVE_H

#include "count.h"

/// Outer addresses and VNI of a VXLAN packet at the underlay.
struct arrival {
  struct esw_source_key key;
  __u32 flags;
};

/// Reads the outer headers of a packet of `bytes`. False: not VXLAN to anybody, or nothing that this path takes: the
/// kernel's business. `odd`: it is VXLAN, but not such that this path takes it as it is.
inline_always int read_outer(void *data, void *end, __u32 bytes, struct arrival *arrival, int *odd) {
  if (data + OUTER_LENGTH > end)
    return 0;
  const struct ipv4_header *ip = data + OUTER_IPV4_AT;
  const struct udp_header *udp = data + OUTER_UDP_AT;
  const struct vxlan_header *vxlan = data + OUTER_VXLAN_AT;
  if (ip->version_and_words != IPV4_WORDS_WITHOUT_OPTIONS || ip->protocol != PROTOCOL_UDP)
    return 0;
  if (udp->destination_port != bpf_htons(ESW_VXLAN_PORT))
    return 0;
  arrival->key.remote_address_be = ip->source;
  arrival->key.tunnel_address_be = ip->destination;
  arrival->key.vni = bpf_ntohl(vxlan->vni) >> 8;
  arrival->flags = vxlan->flags;
  // Fragments, bytes behind the packet, wrong lengths and sums.
  __u32 length = bytes - ETHERNET_LENGTH;
  *odd = (ip->fragment & bpf_htons(IPV4_FRAGMENT_MASK)) || bpf_ntohs(ip->length) != length ||
         bpf_ntohs(udp->length) != length - sizeof(*ip) || fold16(sum16(ip, sizeof(*ip))) != 0xffff;
  return 1;
}

/// Leaves a VXLAN packet to the kernel's own VXLAN device: esw_slow sees what comes out of it.
rare int pass_to_slow(struct __sk_buff *skb, __u32 tunnel_be) {
  __u32 zero = 0;
  struct esw_node_row *node = bpf_map_lookup_elem(&esw_node, &zero);
  if (node && is_our_tunnel(tunnel_be))
    node->passed_to_slow++;
  // The kernel's device does not tell where a packet came in, but its priority stays with it, also through reassembly.
  // `mark` would do too, and belongs to the host's firewall.
  skb->priority = arrival_proof();
  return TCX_NEXT;
}

/// Whether the lengths and the sum of the outer headers are such that the kernel would throw the packet away.
inline_always int is_malformed(struct __sk_buff *skb, const struct ipv4_header *ip, const struct udp_header *udp) {
  __u32 length = bpf_ntohs(ip->length);
  if (fold16(sum16(ip, sizeof(*ip))) != 0xffff)
    return 1;
  // A super-packet's lengths are of no packet on the wire.
  if (skb->gso_size)
    return 0;
  if (length > skb->len - ETHERNET_LENGTH)
    return 1;
  // Less than IP's can be: what is behind it is nobody's (RFC 768). The frame's own header must be in it.
  __u32 least = sizeof(*udp) + sizeof(struct vxlan_header) + ETHERNET_LENGTH;
  int fragment = ip->fragment & bpf_htons(IPV4_FRAGMENT_MASK);
  return !fragment && (bpf_ntohs(udp->length) < least || bpf_ntohs(udp->length) > length - sizeof(*ip));
}

/// A VXLAN packet that the kernel's device shall take, if anybody: it does not know where packets came in.
rare int take_odd(struct __sk_buff *skb, const struct arrival *arrival) {
  struct {
    struct ipv4_header ip;
    struct udp_header udp;
  } outer;
  __u32 tunnel = arrival->key.tunnel_address_be;
  if (!is_our_tunnel(tunnel) || bpf_skb_load_bytes(skb, OUTER_IPV4_AT, &outer, sizeof(outer)) != 0)
    return TCX_NEXT;
  if (is_malformed(skb, &outer.ip, &outer.udp) || !(arrival->flags & bpf_htonl(VXLAN_FLAG_VNI)))
    return drop_offender(skb, ESW_DROP_MALFORMED, &arrival->key, ESW_OUTER_FIRST);
  const struct esw_source_row *source = bpf_map_lookup_elem(&esw_sources, &arrival->key);
  if (!source)
    return drop_offender(skb, ESW_DROP_UNKNOWN_SOURCE, &arrival->key, ESW_OUTER_FIRST);
  struct esw_connection_key key = {.connection = source->connection};
  const struct esw_connection_row *connection = bpf_map_lookup_elem(&esw_connections, &key);
  if (connection && connection->underlay_ifindex && connection->underlay_ifindex != skb->ifindex) {
    struct esw_activity_row *activity = bpf_map_lookup_elem(&esw_activity, &key);
    if (activity)
      activity->directions[ESW_TO_LOCAL].drops[ESW_DROP_WRONG_INTERFACE]++;
    if (is_captured(key.connection, clock_ns()))
      take_copy(skb, key.connection,
                account(ESW_AT_REMOTE_IN, ESW_FATE_DROPPED, ESW_DROP_WRONG_INTERFACE, 1 << source->remote_index),
                ESW_OUTER_FIRST);
    return TCX_DROP;
  }
  return pass_to_slow(skb, tunnel);
}

/// Whether a packet that the kernel's device decapsulated came in where it may. Nothing of it goes further.
inline_always int came_right(struct __sk_buff *skb, const struct esw_connection_row *connection) {
  __u32 proof = arrival_proof(), shown = skb->priority;
  if (shown == proof)
    skb->priority = 0;
  return !connection->underlay_ifindex || (proof && shown == proof);
}

#endif
