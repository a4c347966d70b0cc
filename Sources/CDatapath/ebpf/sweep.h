// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Forgetting. The path ignores aged rows by itself; the sweep frees their memory and their place under the limit.

#ifndef ESW_SWEEP_H
#define ESW_SWEEP_H

#include "learn.h"

struct sweep {
  __u64 now;
  __u64 seen;
  __u64 aged;
  __u64 orphaned;
  __u32 flush_connection;
  __u32 reserved;
};

static long sweep_row(void *map, struct esw_fdb_key *key, struct esw_fdb_row *row, struct sweep *sweep) {
  sweep->seen++;
  struct esw_connection_key number = {.connection = key->connection};
  const struct esw_connection_row *connection = bpf_map_lookup_elem(&esw_connections, &number);
  int orphaned = !connection ||
                 (key->connection == sweep->flush_connection && !(row->flags & ESW_FDB_STATIC));
  if (!orphaned && !is_aged(row, connection->ageing_seconds, sweep->now))
    return 0;
  // Only who really deleted the row gives its place back, so the count stays right whoever else deletes.
  if (bpf_map_delete_elem(map, key) != 0)
    return 0;
  struct esw_state_row *state = bpf_map_lookup_elem(&esw_states, &number);
  if (state)
    __sync_fetch_and_add(&state->learned, -1);
  if (orphaned)
    sweep->orphaned++;
  else
    sweep->aged++;
  return 0;
}

static long sweep_neighbour(void *map, struct esw_neighbour_key *key, struct esw_neighbour_row *row,
                            struct sweep *sweep) {
  struct esw_connection_key number = {.connection = key->connection};
  const struct esw_connection_row *connection = bpf_map_lookup_elem(&esw_connections, &number);
  if (connection && key->connection != sweep->flush_connection) {
    __u64 ageing = connection->ageing_seconds * NANOSECONDS;
    if (!ageing || row->last_seen_ns + ageing >= sweep->now)
      return 0;
  }
  if (bpf_map_delete_elem(map, key) != 0)
    return 0;
  struct esw_state_row *state = bpf_map_lookup_elem(&esw_states, &number);
  if (state)
    __sync_fetch_and_add(&state->neighbours, -1);
  return 0;
}

inline_always void sweep_all(struct esw_sweep_context *context) {
  // The coarse clock is not for programs of this type; the exact one is at most one step ahead of it.
  struct sweep sweep = {.now = bpf_ktime_get_ns(), .flush_connection = context->flush_connection};
  bpf_for_each_map_elem(&esw_fdb, sweep_row, &sweep, 0);
  bpf_for_each_map_elem(&esw_neighbours, sweep_neighbour, &sweep, 0);
  context->seen = sweep.seen;
  context->aged = sweep.aged;
  context->orphaned = sweep.orphaned;
}

#endif
