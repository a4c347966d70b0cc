// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// The maps. Their layouts and who writes them are in maps.h.

#ifndef ESW_TABLES_H
#define ESW_TABLES_H

#include "kernel.h"

/// linux/bpf.h: rows are allocated when they are made. 4,000 connections must not cost the memory of 8,192.
#define GROWING(kind, capacity, key_type, row_type)                                                            \
  __uint(type, kind);                                                                                          \
  __uint(map_flags, BPF_F_NO_PREALLOC);                                                                        \
  __uint(max_entries, capacity);                                                                               \
  __type(key, key_type);                                                                                       \
  __type(value, row_type)

#define FIXED(kind, capacity, key_type, row_type)                                                              \
  __uint(type, kind);                                                                                          \
  __uint(max_entries, capacity);                                                                               \
  __type(key, key_type);                                                                                       \
  __type(value, row_type)

struct {
  FIXED(BPF_MAP_TYPE_ARRAY, 1, __u32, struct esw_meta_row);
} esw_meta SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_TUNNELS_MAX, struct esw_tunnel_key, struct esw_tunnel_row);
} esw_tunnels SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_PORTS_MAX, struct esw_port_key, struct esw_port_row);
} esw_ports SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_CONNECTIONS_MAX, struct esw_connection_key, struct esw_connection_row);
} esw_connections SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_SOURCES_MAX, struct esw_source_key, struct esw_source_row);
} esw_sources SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_CONNECTIONS_MAX, struct esw_connection_key, struct esw_state_row);
} esw_states SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_PERCPU_HASH, ESW_CONNECTIONS_MAX, struct esw_connection_key, struct esw_activity_row);
} esw_activity SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_FDB_MAX, struct esw_fdb_key, struct esw_fdb_row);
} esw_fdb SEC(".maps");

struct {
  FIXED(BPF_MAP_TYPE_PERCPU_ARRAY, ESW_RECENT_BLOCKS, __u32, struct esw_recent_row);
} esw_recent SEC(".maps");

struct {
  FIXED(BPF_MAP_TYPE_PERCPU_ARRAY, 1, __u32, struct esw_node_row);
} esw_node SEC(".maps");

struct {
  FIXED(BPF_MAP_TYPE_LRU_HASH, ESW_OFFENDERS_MAX, struct esw_offender_key, struct esw_offender_row);
} esw_offenders SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_VIRTUALS_MAX, struct esw_virtual_key, struct esw_virtual_row);
} esw_virtuals SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_NEIGHBOURS_MAX, struct esw_neighbour_key, struct esw_neighbour_row);
} esw_neighbours SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_METERS_MAX, struct esw_meter_key, struct esw_meter_row);
} esw_meters SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_UNDERLAYS_MAX, struct esw_underlay_key, struct esw_underlay_row);
} esw_underlays SEC(".maps");

struct {
  FIXED(BPF_MAP_TYPE_DEVMAP_HASH, ESW_EXITS_MAX, struct esw_exit_key, struct esw_exit_row);
} esw_exits SEC(".maps");

struct {
  GROWING(BPF_MAP_TYPE_HASH, ESW_PROBES_MAX, struct esw_connection_key, struct esw_probe_row);
} esw_probes SEC(".maps");

struct {
  FIXED(BPF_MAP_TYPE_ARRAY, 1, __u32, struct esw_permission_row);
} esw_permission SEC(".maps");

/// Whether this node may forward now.
inline_always int may_forward(__u64 now) {
  __u32 zero = 0;
  const struct esw_permission_row *permission = bpf_map_lookup_elem(&esw_permission, &zero);
  return likely(permission != 0) && (likely(!permission->until_ns) || permission->until_ns > now);
}

struct {
  FIXED(BPF_MAP_TYPE_ARRAY, ESW_CAPTURES_MAX + 1, __u32, struct esw_capture_row);
} esw_captures SEC(".maps");

struct {
  FIXED(BPF_MAP_TYPE_PERF_EVENT_ARRAY, ESW_CAPTURES_MAX * ESW_CAPTURE_CPUS, __u32, __u32);
} esw_captured SEC(".maps");

struct {
  FIXED(BPF_MAP_TYPE_PERCPU_ARRAY, 1, __u32, struct esw_captured_row);
} esw_capturing SEC(".maps");

/// Some captures go on: whether one is of that connection.
apart int is_captured_by_any(__u32 connection, __u64 now) {
#pragma unroll
  for (__u32 i = 0; i < ESW_CAPTURES_MAX; i++) {
    __u32 place = 1 + i;
    const struct esw_capture_row *capture = bpf_map_lookup_elem(&esw_captures, &place);
    if (capture && capture->connection == connection && capture->until_ns > now)
      return 1;
  }
  return 0;
}

/// `connection` 0: what belongs to none.
inline_always int is_captured(__u32 connection, __u64 now) {
  __u32 all = 0;
  const struct esw_capture_row *capture = bpf_map_lookup_elem(&esw_captures, &all);
  if (likely(!capture || capture->until_ns <= now))
    return 0;
  return unlikely(capture->connection & 1u << (connection & 31)) && is_captured_by_any(connection, now);
}

inline_always __u32 external_ifindex(void) {
  __u32 zero = 0;
  const struct esw_meta_row *meta = bpf_map_lookup_elem(&esw_meta, &zero);
  return meta ? meta->external_ifindex : 0;
}

/// What packets carry that esw_underlay passed on; 0: nothing.
inline_always __u32 arrival_proof(void) {
  __u32 zero = 0;
  const struct esw_meta_row *meta = bpf_map_lookup_elem(&esw_meta, &zero);
  return meta ? meta->arrival_proof : 0;
}

inline_always int is_our_tunnel(__u32 address_be) {
  struct esw_tunnel_key key = {.address_be = address_be};
  return bpf_map_lookup_elem(&esw_tunnels, &key) != 0;
}

#endif
