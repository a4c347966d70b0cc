// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// What the programs take from the kernel's interface, and constants that are newer than the headers of Debian 12.

#ifndef ESW_KERNEL_H
#define ESW_KERNEL_H

#include <linux/types.h>
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "maps.h"

#define inline_always static __attribute__((always_inline)) inline

/// For what is rare: kept out of the way of the common packet, so that the hot code stays small.
#define rare static __attribute__((noinline))

/// Likewise, and with linkage: the verifier looks at it once by itself and not once more for each state that it may be
/// called in. Takes the context and numbers only.
#define apart __attribute__((noinline))

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/// Verdicts of tcx (linux/bpf.h, enum tcx_action_base, since 6.6). A redirect's verdict is what the helper returns.
#define TCX_NEXT -1
#define TCX_DROP 2

/// linux/bpf.h since 6.3: after stripping, `skb->protocol` becomes IPv6.
#define ESW_F_ADJ_ROOM_DECAP_L3_IPV6 (1ull << 8)

/// `__sk_buff.pkt_type` of a frame to this machine (linux/if_packet.h).
#define ESW_PACKET_HOST 0

/// linux/socket.h
#define ESW_AF_INET 2

/// A clock that costs a load instead of a counter read; steps of 1/HZ second are fine for ageing and evidence.
inline_always __u64 clock_ns(void) { return bpf_ktime_get_coarse_ns(); }

inline_always __u32 smaller(__u32 one, __u32 other) { return one < other ? one : other; }

/// True when `length` bytes can be read at `skb->data`; pulls them out of fragments if they are there.
/// Pointers into the packet taken before are void.
inline_always int readable(struct __sk_buff *skb, __u32 length) {
  if (likely((void *)(long)skb->data + length <= (void *)(long)skb->data_end))
    return 1;
  if (skb->len < length)
    return 0;
  return bpf_skb_pull_data(skb, length) == 0;
}

#endif
