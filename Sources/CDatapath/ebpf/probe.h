// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Probes: those of another data path are sent back, and what answers our own is noted with its time, for user space,
// which asks (docs/decisions/0025). A reply is never longer than its message and goes to the remote that the allow-list
// let in; replies are not answered. None of it crosses, teaches the FDB anything, or is paid for by the flavor.

#ifndef ESW_PROBE_H
#define ESW_PROBE_H

#include "respond.h"
#include "send.h"

/// Null: nobody asks about this connection.
inline_always struct esw_remote_probes *probes_of(const struct frame *frame, __u32 index) {
  struct esw_connection_key key = {.connection = frame->number};
  struct esw_probe_row *row = bpf_map_lookup_elem(&esw_probes, &key);
  if (!row)
    return 0;
  index &= ESW_REMOTES_MAX - 1;
  // Or the compiler adds before it compares with null, which the verifier refuses.
  barrier_var(index);
  return &row->remotes[index];
}

/// User space reads while this writes: it goes by the transaction, which is written last.
inline_always void note_answer(struct esw_probe_answer *answer, __u32 transaction, __u32 bytes, __u32 asked_bytes) {
  answer->arrived_ns = bpf_ktime_get_ns();
  answer->bytes = bytes;
  answer->asked_bytes = asked_bytes;
  *(volatile __u32 *)&answer->transaction = transaction;
}

/// ARP or echo reply to the fixed MAC.
rare void note_host(struct __sk_buff *skb, const struct frame *frame, __u32 index) {
  struct esw_remote_probes *probes = probes_of(frame, index);
  if (!probes)
    return;
  if (frame->ethernet.type == bpf_htons(ETHERTYPE_ARP)) {
    struct arp_header arp;
    if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &arp, sizeof(arp)) != 0)
      return;
    struct esw_probe_host *host = &probes->hosts[bpf_ntohl(arp.sender_address) & (ESW_PROBE_HOSTS - 1)];
    host->arrived_ns = bpf_ktime_get_ns();
    *(volatile __u32 *)&host->address_be = arp.sender_address;
    return;
  }
  __u32 name;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH + sizeof(struct ipv4_header) + sizeof(struct icmp_header), &name,
                         sizeof(name)) != 0)
    return;
  name = bpf_ntohl(name);
  note_answer(&probes->answers[name & (ESW_PROBE_ANSWERS - 1)], name, frame->bytes, 0);
}

/// Notes what a loopback message shows of the way here, and makes it the reply, Ethernet header included. False: it was
/// a reply itself, which is noted, or the kernel refused.
rare int write_reflection(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  struct loopback_message message;
  if (bpf_skb_load_bytes(skb, ETHERNET_LENGTH, &message, sizeof(message)) != 0)
    return 0;
  struct esw_remote_probes *probes = probes_of(frame, index);
  if (message.opcode == CFM_LOOPBACK_REPLY) {
    __u32 transaction = bpf_ntohl(message.transaction);
    if (probes)
      note_answer(&probes->answers[transaction & (ESW_PROBE_ANSWERS - 1)], transaction, frame->bytes,
                  bpf_ntohs(message.asked_bytes));
    return 0;
  }
  if (probes && (frame->bytes >= probes->heard_bytes || frame->now - probes->heard_ns > ESW_PROBE_HEARD_NS)) {
    probes->heard_bytes = frame->bytes;
    probes->heard_ns = frame->now;
  }
  message.opcode = CFM_LOOPBACK_REPLY;
  message.asked_bytes = bpf_htons((__u16)frame->bytes);
  if ((message.options & LOOPBACK_ANSWER_SHORT) && frame->bytes > LOOPBACK_LEAST) {
    if (bpf_skb_change_tail(skb, LOOPBACK_LEAST, 0) != 0)
      return 0;
    // Up to the last byte, which is the end TLV.
    message.tlv_length = bpf_htons(LOOPBACK_LEAST - 1 - ETHERNET_LENGTH - __builtin_offsetof(struct loopback_message, magic));
  }
  copy_mac(frame->ethernet.destination, frame->ethernet.source);
  copy_mac(frame->ethernet.source, frame->connection->fixed_mac);
  return bpf_skb_store_bytes(skb, ETHERNET_LENGTH, &message, sizeof(message), BPF_F_RECOMPUTE_CSUM) == 0 &&
         bpf_skb_store_bytes(skb, 0, &frame->ethernet, sizeof(frame->ethernet), 0) == 0;
}

/// A probe of remote number `index`, or an answer to one of ours; the frame has been stripped. What cannot be answered
/// is no loss of anybody's frames: it is counted as kept.
rare int heed_probe(struct __sk_buff *skb, struct frame *frame, __u32 index) {
  if (frame->meaning < FRAME_PROBE) {
    note_host(skb, frame, index);
    return keep(frame, ESW_TO_LOCAL);
  }
  if (frame->meaning == FRAME_PROBE)
    show_now(skb, frame, ESW_AT_REMOTE_IN, ESW_FATE_ANSWERED, 1 << index);
  if (!write_reflection(skb, frame, index))
    return keep(frame, ESW_TO_LOCAL);
  frame->bytes = skb->len;
  frame->outer_flags = bpf_htons(IPV4_DONT_FRAGMENT);
  __u32 reason = ESW_DROP_UNRESOLVED;
  enum way way = choose_way(skb, frame, index, &reason);
  __u32 mtu = frame->activity->remotes[index & (ESW_REMOTES_MAX - 1)].next_hop.mtu;
  if (way == WAY_NONE || (mtu && frame->bytes + OUTER_IP_OVERHEAD > mtu))
    return keep(frame, ESW_TO_LOCAL);
  frame->activity->directions[ESW_TO_LOCAL].answered++;
  return send_by(skb, frame, index, way);
}

#endif
