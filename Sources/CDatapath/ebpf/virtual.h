// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Virtual addresses that are bound to a connection: hosts hand them to each other, and only ARP tells who has one.
//
// The path believes the latest claim of either side, answers remotes for a holder of the local side while that one is
// heard, and announces a new one. A host that user space asks answers to the fixed MAC; that frame, which nobody else
// needs, is what becomes the announcement. All of it is ARP: no other frame comes here.

#ifndef ESW_VIRTUAL_H
#define ESW_VIRTUAL_H

#include "learn.h"
#include "send.h"

/// `esw_virtual_row.holder`
union holder {
  __u64 word;
  struct {
    __u8 mac[6];
    __u8 side;
    __u8 known;
  };
};

/// Reads the frame's ARP; it starts at `skb->data`. False: it is none.
inline_always int read_arp(struct __sk_buff *skb, const struct frame *frame, struct arp_header *arp) {
  return frame->ethernet.type == bpf_htons(ETHERTYPE_ARP) &&
         bpf_skb_load_bytes(skb, ETHERNET_LENGTH, arp, sizeof(*arp)) == 0;
}

inline_always struct esw_virtual_row *virtual_row(const struct frame *frame, __u32 address_be) {
  struct esw_virtual_key key = {.connection = frame->number, .address_be = address_be};
  return bpf_map_lookup_elem(&esw_virtuals, &key);
}

inline_always int is_silent(const struct esw_virtual_row *row, __u64 now) {
  return row->last_seen_ns + ESW_HOLDER_SILENT_NS < now;
}

/// Notes that the sender says that a bound address is his. Returns its row; null: it is none, or he cannot have it.
inline_always struct esw_virtual_row *heed_claim(const struct frame *frame, const struct arp_header *arp, __u8 side) {
  struct esw_virtual_row *row = virtual_row(frame, arp->sender_address);
  if (!row)
    return 0;
  union holder holder = {.side = side, .known = 1};
  // What hosts will send to: some holders use a MAC for the address that is not the one they send with.
  __builtin_memcpy(holder.mac, arp->sender_mac, sizeof(holder.mac));
  const __u16 *mac = (const __u16 *)holder.mac;
  if (is_group(holder.mac) || !(mac[0] | mac[1] | mac[2]) || same_mac(holder.mac, frame->connection->fixed_mac))
    return 0;
  if (row->holder != holder.word || is_silent(row, frame->now)) {
    if (row->holder && row->holder != holder.word)
      row->moves++;
    row->since_ns = frame->now;
    // Not the time of the last announcement: two who take the address from each other would have every frame of
    // theirs announced.
    row->announcements = 0;
  }
  row->last_seen_ns = frame->now;
  row->holder = holder.word;
  return row;
}

/// Makes an announcement (RFC 5227 section 3) of what is a reply to us. False: the kernel refused.
inline_always int write_announcement(struct __sk_buff *skb, struct frame *frame, struct arp_header *arp) {
  arp->operation = bpf_htons(ARP_REQUEST);
  __builtin_memset(arp->target_mac, 0, sizeof(arp->target_mac));
  arp->target_address = arp->sender_address;
  if (bpf_skb_store_bytes(skb, ETHERNET_LENGTH, arp, sizeof(*arp), BPF_F_RECOMPUTE_CSUM) != 0)
    return 0;
  __builtin_memset(frame->ethernet.destination, 0xff, sizeof(frame->ethernet.destination));
  __builtin_memcpy(frame->ethernet.source, arp->sender_mac, sizeof(arp->sender_mac));
  return bpf_skb_store_bytes(skb, 0, &frame->ethernet, sizeof(frame->ethernet), 0) == 0;
}

/// ARP of the local side. True: the frame has become an announcement, to be sent to all remotes.
rare int heed_local(struct __sk_buff *skb, struct frame *frame) {
  struct arp_header arp;
  if (!read_arp(skb, frame, &arp))
    return 0;
  struct esw_virtual_row *row = heed_claim(frame, &arp, ESW_SIDE_LOCAL);
  if (!row || row->announcements >= ESW_ANNOUNCEMENTS || !frame->connection->remote_count)
    return 0;
  if (row->announced_ns && row->announced_ns + ESW_ANNOUNCE_INTERVAL_NS > frame->now)
    return 0;
  int answers_us = frame->meaning == FRAME_ANSWER_FOR_NODE;
  // The holder's own announcement crosses as it is.
  int announces = is_group(frame->ethernet.destination) && arp.sender_address == arp.target_address;
  if (!answers_us && !announces)
    return 0;
  if (answers_us && !write_announcement(skb, frame, &arp))
    return 0;
  row->announcements++;
  row->announced_ns = frame->now;
  return answers_us;
}

/// Whether a host of ours has gone behind a remote: then it took its addresses along, whatever it last said here.
inline_always int has_left(const struct frame *frame, const union holder *holder) {
  struct esw_fdb_key key = {.connection = frame->number};
  __builtin_memcpy(key.mac, holder->mac, sizeof(key.mac));
  const struct esw_fdb_row *row = bpf_map_lookup_elem(&esw_fdb, &key);
  return row && row->side != ESW_SIDE_LOCAL && !is_aged(row, frame->connection->ageing_seconds, frame->now);
}

/// ARP of a remote. True: it asks for a bound address whose holder is of the local side, and shall be answered.
rare int heed_remote(struct __sk_buff *skb, struct frame *frame, __u8 side) {
  struct arp_header arp;
  if (!read_arp(skb, frame, &arp))
    return 0;
  heed_claim(frame, &arp, side);
  // Not for us to answer: an announcement, and the question of one who is about to take the address (RFC 5227
  // section 2.1.1, sender 0), which only the holder may refuse.
  if (frame->meaning != FRAME_ARP || arp.operation != bpf_htons(ARP_REQUEST) || !arp.sender_address ||
      arp.sender_address == arp.target_address)
    return 0;
  struct esw_virtual_row *row = virtual_row(frame, arp.target_address);
  if (!row)
    return 0;
  union holder holder = {.word = row->holder};
  if (!holder.known || holder.side != ESW_SIDE_LOCAL || is_silent(row, frame->now) || has_left(frame, &holder))
    return 0;
  // Who asks the holder himself gets to hear him.
  if (same_mac(frame->ethernet.destination, holder.mac))
    return 0;
  frame->meaning = FRAME_ARP_REQUEST_FOR_HOLDER;
  copy_mac(frame->answer_mac, holder.mac);
  __sync_fetch_and_add(&row->answered, 1);
  return 1;
}

#endif
