// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The two ends of the benchmark: programs that make frames enter a gateway, and one that counts those that leave it.
//
//   enter_one    XDP, run by BPF_PROG_TEST_RUN with live frames: the frame enters as it is
//   enter_many   the same, between random hosts and with random UDP source ports
//   leave        tcx egress of both interfaces of a gateway: counts what is as expected, and drops all

#include <linux/types.h>
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/// Verdict of tcx (linux/bpf.h, enum tcx_action_base, since 6.6).
#define TCX_DROP 2

/// Outer Ethernet, IPv4, UDP and VXLAN headers.
#define OUTER_LENGTH 50

/// Where things stand in the frame that is carried: Ethernet, IPv4 without options, UDP.
#define DESTINATION_HOST_AT 4
#define SOURCE_HOST_AT 10
#define SOURCE_ADDRESS_AT 26
#define SOURCE_PORT_AT 34
#define HEADERS_LENGTH 42

#define FRAME_MAX 2048

/// What one measurement is about; written by user space. `bench/kernel.py` has the same fields in the same order.
struct settings {
  /// Where the carried frame stands when it enters (0 or OUTER_LENGTH) and when it leaves.
  __u32 entering_at;
  __u32 leaving_at;
  /// Hosts on each side less one; their number is a power of two.
  __u32 host_mask;
  /// A frame that leaves counts when it has this length, and this source address inside.
  __u32 leaving_length;
  __u32 source_address_be;
  /// 1: the last frame that leaves is kept in `kept`.
  __u32 keep;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct settings);
} settings SEC(".maps");

/// Frames that left: as expected, and others (the gateway's own, or spoilt ones).
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u64);
} left SEC(".maps");

struct frame {
  __u8 bytes[FRAME_MAX];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct frame);
} kept SEC(".maps");

static __attribute__((always_inline)) inline const struct settings *current(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&settings, &zero);
}

SEC("xdp")
int enter_one(struct xdp_md *context) {
  return XDP_PASS;
}

SEC("xdp")
int enter_many(struct xdp_md *context) {
  const struct settings *now = current();
  if (!now || now->entering_at > OUTER_LENGTH)
    return XDP_ABORTED;
  __u8 *frame = (__u8 *)(long)context->data + now->entering_at;
  if ((void *)(frame + HEADERS_LENGTH) > (void *)(long)context->data_end)
    return XDP_ABORTED;
  __u32 random = bpf_get_prandom_u32();
  *(__u16 *)(frame + DESTINATION_HOST_AT) = bpf_htons(random & now->host_mask);
  *(__u16 *)(frame + SOURCE_HOST_AT) = bpf_htons((random >> 16) & now->host_mask);
  *(__u16 *)(frame + SOURCE_PORT_AT) = random >> 8;
  return XDP_PASS;
}

/// Keeps a frame for user space to look at.
static __attribute__((noinline)) void keep(struct __sk_buff *skb) {
  __u32 zero = 0, length = skb->len;
  struct frame *frame = bpf_map_lookup_elem(&kept, &zero);
  if (frame && length > 0 && length <= FRAME_MAX)
    bpf_skb_load_bytes(skb, 0, frame, length);
}

static __attribute__((always_inline)) inline int is_expected(struct __sk_buff *skb, const struct settings *now) {
  if (skb->len != now->leaving_length || now->leaving_at > OUTER_LENGTH)
    return 0;
  __u8 *frame = (__u8 *)(long)skb->data + now->leaving_at;
  if ((void *)(frame + HEADERS_LENGTH) > (void *)(long)skb->data_end)
    return 0;
  return *(__u32 *)(frame + SOURCE_ADDRESS_AT) == now->source_address_be;
}

SEC("tc")
int leave(struct __sk_buff *skb) {
  const struct settings *now = current();
  if (!now)
    return TCX_DROP;
  __u32 index = is_expected(skb, now) ? 0 : 1;
  __u64 *count = bpf_map_lookup_elem(&left, &index);
  if (count)
    (*count)++;
  if (now->keep && index == 0)
    keep(skb);
  return TCX_DROP;
}

char frames_license[] SEC("license") = "GPL";
