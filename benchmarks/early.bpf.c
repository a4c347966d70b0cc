// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The ends of the benchmark of XDP. An XDP program sees only what comes in by an interface's driver, so frames enter by
// the far end of its veth pair (ndo_xdp_xmit), and what XDP forwards is met at the far end of the other one.
//
//   enter        XDP, run by BPF_PROG_TEST_RUN with live frames: sends them to the interface that the settings name
//   leave        tcx egress of a gateway's interfaces: counts what is as expected, and drops all
//   leave_early  XDP: the same at the far ends; and where frames come in, to measure what that costs by itself
//   pass_on      XDP: sends all on as it is, to measure what the way costs without a gateway

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

/// What one measurement is about. `bench/early.py` has the same fields in the same order.
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
  /// Where `enter` and `pass_on` send frames.
  __u32 entrance;
  __u32 exit;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct settings);
} settings SEC(".maps");

/// Frames that left: as expected, and others.
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
int enter(struct xdp_md *context) {
  const struct settings *now = current();
  if (!now || now->entering_at > OUTER_LENGTH)
    return XDP_ABORTED;
  __u8 *frame = (__u8 *)(long)context->data + now->entering_at;
  if ((void *)(frame + HEADERS_LENGTH) > (void *)(long)context->data_end)
    return XDP_ABORTED;
  if (now->host_mask) {
    __u32 random = bpf_get_prandom_u32();
    *(__u16 *)(frame + DESTINATION_HOST_AT) = bpf_htons(random & now->host_mask);
    *(__u16 *)(frame + SOURCE_HOST_AT) = bpf_htons((random >> 16) & now->host_mask);
    *(__u16 *)(frame + SOURCE_PORT_AT) = random >> 8;
  }
  return bpf_redirect(now->entrance, 0);
}

SEC("xdp")
int pass_on(struct xdp_md *context) {
  const struct settings *now = current();
  return now ? bpf_redirect(now->exit, 0) : XDP_ABORTED;
}

static __attribute__((always_inline)) inline int is_expected(void *data, void *end, __u32 length,
                                                             const struct settings *now) {
  if (length != now->leaving_length || now->leaving_at > OUTER_LENGTH)
    return 0;
  __u8 *frame = (__u8 *)data + now->leaving_at;
  if ((void *)(frame + HEADERS_LENGTH) > end)
    return 0;
  return *(__u32 *)(frame + SOURCE_ADDRESS_AT) == now->source_address_be;
}

static __attribute__((always_inline)) inline void count(int expected) {
  __u32 index = expected ? 0 : 1;
  __u64 *number = bpf_map_lookup_elem(&left, &index);
  if (number)
    (*number)++;
}

/// The length, in a form in which the verifier sees that it is from 1 to FRAME_MAX.
static __attribute__((always_inline)) inline __u32 kept_length(__u32 length) {
  __u32 less = (length - 1) & (FRAME_MAX - 1);
  asm volatile("" : "+r"(less));
  return (less & (FRAME_MAX - 1)) + 1;
}

SEC("tc")
int leave(struct __sk_buff *skb) {
  const struct settings *now = current();
  if (!now)
    return TCX_DROP;
  __u32 length = skb->len, zero = 0;
  int expected = is_expected((void *)(long)skb->data, (void *)(long)skb->data_end, length, now);
  struct frame *frame = now->keep && expected ? bpf_map_lookup_elem(&kept, &zero) : 0;
  if (frame)
    bpf_skb_load_bytes(skb, 0, frame, kept_length(length));
  count(expected);
  return TCX_DROP;
}

SEC("xdp")
int leave_early(struct xdp_md *context) {
  const struct settings *now = current();
  if (!now)
    return XDP_DROP;
  __u32 length = context->data_end - context->data, zero = 0;
  int expected = is_expected((void *)(long)context->data, (void *)(long)context->data_end, length, now);
  struct frame *frame = now->keep && expected ? bpf_map_lookup_elem(&kept, &zero) : 0;
  if (frame)
    bpf_xdp_load_bytes(context, 0, frame, kept_length(length));
  count(expected);
  return XDP_DROP;
}

char early_license[] SEC("license") = "GPL";
