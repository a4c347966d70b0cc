// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Whose an address is: heard from ARP (RFC 826) and neighbour discovery (RFC 4861) of either side, and told to who asks
// for it on the other, so that the question needs not cross (RFC 9161 calls it proxy ARP and ND).

#ifndef ESW_NEIGHBOUR_H
#define ESW_NEIGHBOUR_H

#include "virtual.h"

/// With the flags of an advertisement, which says whether it is a router; a solicitation does not.
#define NEIGHBOUR_FLAGS_TOLD 0x80

/// Options of a message that are looked at. Hosts send one or two.
#define ND_OPTIONS_MAX 4

/// The Ethernet address in an option of the message; false: there is none, or the message has not the right form.
/// `end` is that of the frame's IPv6 packet.
inline_always int find_link_address(struct __sk_buff *skb, __u8 kind, __u32 end, __u8 *mac) {
  __u32 at = ETHERNET_LENGTH + sizeof(struct nd_packet);
  int found = 0;
  for (__u32 i = 0; i < ND_OPTIONS_MAX && at < end; i++) {
    struct nd_link_option option;
    if (at + sizeof(option) > end || bpf_skb_load_bytes(skb, at, &option, sizeof(option)) != 0 || !option.words)
      return 0;
    if (option.kind == kind && option.words == 1) {
      copy_mac(mac, option.mac);
      found = 1;
    }
    at += option.words * 8;
  }
  return found && at <= end;
}

/// IPv4 inside IPv6: no address on a wire (RFC 4291 section 2.5.5.2), and the keys of what ARP says.
inline_always int is_mapped(const __u32 *address) {
  return !(address[0] | address[1]) && address[2] == bpf_htonl(0xffff);
}

/// Sections 7.1.1 and 7.1.2 but for the checksum, which says nothing about who wrote it; the message is FRAME_ND, so its
/// hop limit and code are right.
inline_always int has_right_form(const struct nd_packet *packet, __u32 length) {
  if (length < sizeof(*packet) || (packet->target[0] & 0xff) == IPV6_MULTICAST)
    return 0;
  if ((packet->ip.source[0] & 0xff) == IPV6_MULTICAST || is_mapped(packet->ip.source) || is_mapped(packet->target))
    return 0;
  int to_all = (packet->ip.destination[0] & 0xff) == IPV6_MULTICAST;
  return packet->type != ICMPV6_NEIGHBOUR_ADVERTISEMENT || !to_all || !(packet->flags & ND_FLAG_SOLICITED);
}

inline_always int is_unspecified(const __u32 *address) {
  return !(address[0] | address[1] | address[2] | address[3]);
}

/// Takes a place under the connection's limit; false: there is none left.
inline_always int take_place(struct esw_state_row *state, __u64 limit) {
  if (state->neighbours >= limit)
    return 0;
  if (__sync_fetch_and_add(&state->neighbours, 1) < limit)
    return 1;
  __sync_fetch_and_add(&state->neighbours, -1);
  return 0;
}

/// Notes that the frame's source has the address of `key`.
rare void note_neighbour(struct frame *frame, struct esw_neighbour_key *key, __u8 side, __u8 flags) {
  struct esw_neighbour_row *row = bpf_map_lookup_elem(&esw_neighbours, key);
  if (row) {
    // The latest claim counts, as it does for hosts. Solicitations do not say whether it is a router.
    if (!same_mac(row->mac, frame->ethernet.source))
      row->flags = 0;
    if (flags & NEIGHBOUR_FLAGS_TOLD)
      row->flags = flags & ~NEIGHBOUR_FLAGS_TOLD;
    copy_mac(row->mac, frame->ethernet.source);
    row->side = side;
    row->last_seen_ns = frame->now;
    return;
  }
  struct esw_connection_key state_key = {.connection = key->connection};
  struct esw_state_row *state = bpf_map_lookup_elem(&esw_states, &state_key);
  if (!state || !take_place(state, (__u64)frame->connection->learning_limit * ESW_NEIGHBOURS_PER_HOST))
    return;
  struct esw_neighbour_row fresh = {
      .last_seen_ns = frame->now, .side = side, .flags = flags & ~NEIGHBOUR_FLAGS_TOLD};
  copy_mac(fresh.mac, frame->ethernet.source);
  if (bpf_map_update_elem(&esw_neighbours, key, &fresh, BPF_NOEXIST) != 0)
    __sync_fetch_and_add(&state->neighbours, -1);
}

/// Whether the address is one that somebody on the other side has, whose MAC address then stands in `answer_mac`. Both
/// what was said of the address and the host itself must be alive.
inline_always int is_known_elsewhere(struct frame *frame, const struct esw_neighbour_key *key, __u8 side, __u8 *flags) {
  const struct esw_neighbour_row *row = bpf_map_lookup_elem(&esw_neighbours, key);
  // From remote to remote nothing crosses, so nothing is answered.
  if (!row || (row->side == ESW_SIDE_LOCAL) == (side == ESW_SIDE_LOCAL))
    return 0;
  __u64 ageing = frame->connection->ageing_seconds * NANOSECONDS;
  if (ageing && row->last_seen_ns + ageing < frame->now)
    return 0;
  struct esw_fdb_key host_key = {.connection = frame->number};
  copy_mac(host_key.mac, row->mac);
  const struct esw_fdb_row *host = bpf_map_lookup_elem(&esw_fdb, &host_key);
  if (!host || host->side != row->side || is_aged(host, frame->connection->ageing_seconds, frame->now))
    return 0;
  copy_mac(frame->answer_mac, row->mac);
  *flags = row->flags;
  return 1;
}

/// IPv4 as IPv6 writes it.
inline_always void map_address(struct esw_neighbour_key *key, __u32 address_be) {
  __u32 *words = (__u32 *)key->address;
  words[0] = words[1] = 0;
  words[2] = bpf_htonl(0xffff);
  words[3] = address_be;
}

/// ARP that may cross: heard, and perhaps to be answered.
rare int heed_arp(struct __sk_buff *skb, struct frame *frame, __u8 side) {
  struct arp_header arp;
  if (!read_arp(skb, frame, &arp))
    return 0;
  struct esw_neighbour_key key = {.connection = frame->number};
  // A bound virtual address is its holder's (virtual.h), and the fixed IP nobody's but ours.
  if (frame->sender_from_arp && arp.sender_address && !virtual_row(frame, arp.sender_address)) {
    map_address(&key, arp.sender_address);
    note_neighbour(frame, &key, side, 0);
  }
  // As in heed_remote: announcements and probes cross, and who asks a host itself gets to hear it.
  if (!(frame->connection->flags & ESW_CONNECTION_ANSWER_KNOWN) || arp.operation != bpf_htons(ARP_REQUEST) ||
      !arp.sender_address || arp.sender_address == arp.target_address || !is_group(frame->ethernet.destination))
    return 0;
  __u8 flags;
  map_address(&key, arp.target_address);
  if (virtual_row(frame, arp.target_address) || !is_known_elsewhere(frame, &key, side, &flags))
    return 0;
  frame->meaning = FRAME_ARP_REQUEST_FOR_HOLDER;
  return 1;
}

/// Neighbour discovery that may cross, likewise.
rare int heed_nd(struct __sk_buff *skb, struct frame *frame, __u8 side) {
  struct nd_packet packet;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &packet, sizeof(packet)) != 0)
    return 0;
  __u32 length = sizeof(packet.ip) + bpf_ntohs(packet.ip.payload_length);
  if (!has_right_form(&packet, length) || ETHERNET_LENGTH + length > skb->len)
    return 0;
  int solicits = packet.type == ICMPV6_NEIGHBOUR_SOLICITATION;
  __u8 mac[6] __attribute__((aligned(8)));
  struct esw_neighbour_key key = {.connection = frame->number};
  int told = find_link_address(skb, solicits ? ND_OPTION_SOURCE : ND_OPTION_TARGET, ETHERNET_LENGTH + length, mac);
  // An advertisement that does not override speaks for somebody else, or for an address that many have.
  if (told && same_mac(mac, frame->ethernet.source) && !is_unspecified(packet.ip.source) &&
      (solicits || (packet.flags & ND_FLAG_OVERRIDE))) {
    __builtin_memcpy(key.address, solicits ? packet.ip.source : packet.target, sizeof(key.address));
    __u8 router = packet.flags & ND_FLAG_ROUTER ? ESW_NEIGHBOUR_ROUTER : 0;
    note_neighbour(frame, &key, side, solicits ? 0 : router | NEIGHBOUR_FLAGS_TOLD);
  }
  // Who is not sure yet of his own address (source ::) is answered by nobody but its owner.
  if (!solicits || !(frame->connection->flags & ESW_CONNECTION_ANSWER_KNOWN) || is_unspecified(packet.ip.source) ||
      !is_group(frame->ethernet.destination))
    return 0;
  __u8 flags;
  __builtin_memcpy(key.address, packet.target, sizeof(key.address));
  if (!is_known_elsewhere(frame, &key, side, &flags))
    return 0;
  frame->meaning = flags & ESW_NEIGHBOUR_ROUTER ? FRAME_SOLICITATION_OF_ROUTER : FRAME_SOLICITATION_OF_HOST;
  return 1;
}

/// Hears a frame that may cross. True: it is a question that the node answers.
inline_always int heed_neighbours(struct __sk_buff *skb, struct frame *frame, __u8 side) {
  if (frame->meaning == FRAME_ARP)
    return heed_arp(skb, frame, side);
  return frame->meaning == FRAME_ND && heed_nd(skb, frame, side);
}

#endif
