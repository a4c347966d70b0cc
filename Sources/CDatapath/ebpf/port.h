// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Attachment ports: which one a frame came in by, and the way out. Between the two no frame of a connection has tags.
//
// Where the kernel calls tcx it has moved the outermost tag from the frame into the packet's record (`vlan_tci`); a
// second one still stands in the frame, and moves up when the first is popped.

#ifndef ESW_PORT_H
#define ESW_PORT_H

#include "count.h"

/// A tag as it stands in a frame between the addresses and the type.
struct vlan_header {
  __u16 protocol;
  __u16 control;
};

/// As in `esw_port_key`; 0 for VID 0, which only tells a priority.
inline_always __u16 tag_of(__u16 protocol_be, __u16 control) {
  __u16 kind = protocol_be == bpf_htons(ETHERTYPE_VLAN) ? ESW_TAG_CUSTOMER : ESW_TAG_SERVICE;
  return control & ESW_TAG_VID ? kind | (control & ESW_TAG_VID) : 0;
}

inline_always int is_tag(__u16 protocol_be) {
  return protocol_be == bpf_htons(ETHERTYPE_VLAN) || protocol_be == bpf_htons(ETHERTYPE_SERVICE_VLAN);
}

/// The port of a frame with tags, and how many to pop there. Null: it is somebody else's, and has not been changed.
rare const struct esw_port_row *tagged_port(struct __sk_buff *skb, struct esw_port_key *key, __u32 *pops) {
  struct vlan_header behind[2] = {};
  // What is too short for a second tag has none.
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH - 2, behind, sizeof(behind)) != 0)
    behind[0].protocol = 0;
  int second = is_tag(behind[0].protocol), third = second && is_tag(behind[1].protocol);
  __u16 next = second ? tag_of(behind[0].protocol, bpf_ntohs(behind[0].control)) : 0;
  key->outer_tag = tag_of((__u16)skb->vlan_proto, (__u16)skb->vlan_tci);
  *pops = 1;
  if (!key->outer_tag) {
    // Priority only: the tag behind it counts.
    key->outer_tag = next;
    *pops += second;
    second = third;
    next = third ? tag_of(behind[1].protocol, bpf_ntohs(behind[1].control)) : 0;
  }
  if (!key->outer_tag || !next) {
    *pops += second;
    return bpf_map_lookup_elem(&esw_ports, key);
  }
  key->inner_tag = next;
  const struct esw_port_row *row = bpf_map_lookup_elem(&esw_ports, key);
  if (row) {
    *pops += 1;
    return row;
  }
  // Of a port with the outer one alone, its connection drops it for having more.
  key->inner_tag = 0;
  return bpf_map_lookup_elem(&esw_ports, key);
}

/// Takes off the tags that a port stands for. False: the kernel refused.
rare int pop_tags(struct __sk_buff *skb, __u32 count) {
  if (bpf_skb_vlan_pop(skb) != 0)
    return 0;
  if (count > 1 && bpf_skb_vlan_pop(skb) != 0)
    return 0;
  return count < 3 || bpf_skb_vlan_pop(skb) == 0;
}

inline_always long push_tag(struct __sk_buff *skb, __u16 tag) {
  __u16 protocol = tag & ESW_TAG_SERVICE ? ETHERTYPE_SERVICE_VLAN : ETHERTYPE_VLAN;
  return bpf_skb_vlan_push(skb, bpf_htons(protocol), tag & ESW_TAG_VID);
}

/// Puts the tags of a connection's port on. False: the kernel refused.
rare int push_tags(struct __sk_buff *skb, const struct esw_connection_row *connection) {
  if (connection->inner_tag && push_tag(skb, connection->inner_tag) != 0)
    return 0;
  return push_tag(skb, connection->outer_tag) == 0;
}

/// Sends a bare frame out of the attachment port; everything that leaves there goes through here. Whether it fits was
/// asked before: tags do not count, as for the kernel's VLAN devices. `direction` is where a refusal is counted: that of
/// the question, if the frame is an answer.
inline_always int leave_by_port(struct __sk_buff *skb, struct frame *frame, const enum esw_direction direction) {
  if (direction == ESW_TO_REMOTE && unlikely(frame->captured))
    show(skb, frame, ESW_AT_PORT_OUT, ESW_FATE_ANSWER, 0);
  if (unlikely(frame->connection->outer_tag) && !push_tags(skb, frame->connection))
    return drop(frame, direction, ESW_DROP_KERNEL);
  return bpf_redirect(frame->connection->port_ifindex, 0);
}

#endif
