// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The two ends of the benchmark: programs that make frames enter a gateway, and one that counts those that leave it.
//
//   enter_one    XDP, run by BPF_PROG_TEST_RUN with live frames: the frame enters as it is
//   enter_many   the same, between random hosts and with random UDP source ports
//   enter_spread the same, spread over connections at random: each frame has the tag, or VNI and addresses, of one
//   leave        tcx egress of both interfaces of a gateway: counts what is as expected, and drops all
//   leave_sent   the same, for senders that give up what follows a frame that was dropped: they hear that it was sent
//   leave_spread the same as leave; expected is also that a frame leaves where those of its connection do
//   split        tcx ingress of a trunk: hands frames to an interface for each VLAN, as VLAN devices would

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

/// In front of the IPv4 header when the frame has a tag.
#define TAG_LENGTH 4
#define ETHERTYPE_VLAN 0x8100

/// In the outer headers: IPv4 checksum and addresses, VNI. In a tagged frame: the tag.
#define OUTER_CHECKSUM_AT 24
#define OUTER_SOURCE_AT 26
#define OUTER_DESTINATION_AT 30
#define VNI_AT 46
#define TAG_AT 14

/// An interface that there is not.
#define NOWHERE 0x7fffffff

#define VID 0x0fff
#define CONNECTIONS_MAX 8192

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
  /// For enter_spread: rows of `entrances` that frames are spread over, and the first of them.
  __u32 connections;
  __u32 first;
  /// Frames in a row that are of the same connection.
  __u32 train;
  /// Of the outer IPv4 header without its addresses, and what the frame begins with. Pages come back with what the
  /// gateway has made of them, so everything that changes is written again.
  __u32 outer_sum;
  __u32 macs[3];
};

/// Where frames of a connection come in, and where they have to leave; written by user space.
struct entrance {
  __u16 tag_be;
  /// Of the two addresses, for the checksum of the outer IPv4 header.
  __u16 address_sum;
  __u32 vni_be;
  __u32 remote_address_be;
  __u32 tunnel_address_be;
  /// An interface of its own on the local side; 0: its frames have the tag.
  __u32 ifindex;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, CONNECTIONS_MAX);
  __type(key, __u32);
  __type(value, struct entrance);
} entrances SEC(".maps");

/// The train of frames that is entering: of which connection, and how many are still to come.
struct train {
  __u32 place;
  __u32 left;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct train);
} trains SEC(".maps");

/// By VID: near end of the pair whose far end frames are handed to.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, CONNECTIONS_MAX);
  __type(key, __u32);
  __type(value, __u32);
} splits SEC(".maps");

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

static __attribute__((always_inline)) inline __u32 next_place(const struct settings *now) {
  __u32 zero = 0;
  struct train *train = bpf_map_lookup_elem(&trains, &zero);
  if (!train)
    return 0;
  if (train->left == 0 || train->place - now->first >= now->connections) {
    train->place = now->first + ((__u64)bpf_get_prandom_u32() * now->connections >> 32);
    train->left = now->train;
  }
  train->left--;
  return train->place;
}

SEC("xdp")
int enter_spread(struct xdp_md *context) {
  const struct settings *now = current();
  if (!now)
    return XDP_ABORTED;
  __u32 place = next_place(now);
  const struct entrance *entrance = bpf_map_lookup_elem(&entrances, &place);
  __u8 *frame = (__u8 *)(long)context->data, *end = (__u8 *)(long)context->data_end;
  __u8 *carried = frame, *packet = frame + TAG_LENGTH;
  if (!entrance || packet + HEADERS_LENGTH + sizeof(place) > end)
    return XDP_ABORTED;
  if (now->entering_at == 0) {
    __builtin_memcpy(frame, now->macs, sizeof(now->macs));
    *(__u16 *)(frame + TAG_AT - 2) = bpf_htons(ETHERTYPE_VLAN);
    *(__u16 *)(frame + TAG_AT) = entrance->tag_be;
  } else {
    carried = packet = frame + OUTER_LENGTH;
    if (packet + HEADERS_LENGTH + sizeof(place) > end)
      return XDP_ABORTED;
    __u32 sum = now->outer_sum + entrance->address_sum;
    *(__u16 *)(frame + OUTER_CHECKSUM_AT) = ~(sum + (sum >> 16));
    *(__u32 *)(frame + OUTER_SOURCE_AT) = entrance->remote_address_be;
    *(__u32 *)(frame + OUTER_DESTINATION_AT) = entrance->tunnel_address_be;
    *(__u32 *)(frame + VNI_AT) = entrance->vni_be;
  }
  __u32 random = bpf_get_prandom_u32();
  *(__u16 *)(carried + DESTINATION_HOST_AT) = bpf_htons(random & now->host_mask);
  *(__u16 *)(carried + SOURCE_HOST_AT) = bpf_htons((random >> 16) & now->host_mask);
  *(__u16 *)(packet + SOURCE_PORT_AT) = random >> 8;
  // For leave_spread, in the payload.
  *(__u32 *)(packet + HEADERS_LENGTH) = place;
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

/// Whether a frame has what its connection's have where it leaves.
static __attribute__((always_inline)) inline int is_in_place(struct __sk_buff *skb, const struct settings *now) {
  if (!is_expected(skb, now) || now->leaving_at > OUTER_LENGTH)
    return 0;
  __u8 *frame = (__u8 *)(long)skb->data;
  if ((void *)(frame + now->leaving_at + HEADERS_LENGTH + sizeof(__u32)) > (void *)(long)skb->data_end)
    return 0;
  __u32 place = *(__u32 *)(frame + now->leaving_at + HEADERS_LENGTH);
  const struct entrance *entrance = bpf_map_lookup_elem(&entrances, &place);
  if (!entrance)
    return 0;
  if (now->leaving_at == 0)
    return entrance->ifindex ? skb->ifindex == entrance->ifindex
                             : skb->vlan_present && (skb->vlan_tci & VID) == bpf_ntohs(entrance->tag_be);
  if ((void *)(frame + OUTER_LENGTH) > (void *)(long)skb->data_end)
    return 0;
  // Entering or leaving: one address is the remote's, the other is ours.
  __u32 addresses = *(__u32 *)(frame + OUTER_SOURCE_AT) ^ *(__u32 *)(frame + OUTER_DESTINATION_AT);
  return *(__u32 *)(frame + VNI_AT) == entrance->vni_be &&
         addresses == (entrance->remote_address_be ^ entrance->tunnel_address_be);
}

static __attribute__((always_inline)) inline int count_and_drop(struct __sk_buff *skb, const struct settings *now,
                                                                __u32 index) {
  __u64 *count = bpf_map_lookup_elem(&left, &index);
  if (count)
    (*count)++;
  if (now->keep && index == 0)
    keep(skb);
  return TCX_DROP;
}

SEC("tc")
int leave(struct __sk_buff *skb) {
  const struct settings *now = current();
  return now ? count_and_drop(skb, now, is_expected(skb, now) ? 0 : 1) : TCX_DROP;
}

SEC("tc")
int leave_sent(struct __sk_buff *skb) {
  leave(skb);
  // The kernel frees what it cannot redirect, and calls it sent.
  return bpf_redirect(NOWHERE, 0);
}

SEC("tc")
int leave_spread(struct __sk_buff *skb) {
  const struct settings *now = current();
  return now ? count_and_drop(skb, now, is_in_place(skb, now) ? 0 : 1) : TCX_DROP;
}

SEC("tc")
int split(struct __sk_buff *skb) {
  __u32 number = skb->vlan_tci & VID;
  const __u32 *ifindex = bpf_map_lookup_elem(&splits, &number);
  if (!ifindex || !*ifindex || bpf_skb_vlan_pop(skb) != 0)
    return TCX_DROP;
  return bpf_redirect_peer(*ifindex, 0);
}

char frames_license[] SEC("license") = "GPL";
