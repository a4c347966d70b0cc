// libbpf, reduced to loading one ELF object. Its option structs and its variadic log callback stay in C.
#ifndef CLIBBPF_H
#define CLIBBPF_H

#include <stddef.h>
#include <stdint.h>

struct bpf_object;
struct bpf_map;
struct bpf_program;

/// Collects what libbpf says on the calling thread until `clibbpf_log_end`; `room` bytes, the end is kept.
void clibbpf_log_begin(char *buffer, size_t room);
/// Bytes written to the buffer.
size_t clibbpf_log_end(void);

/// Parses an object; null and `*error` = -errno on failure. The name is for messages only.
struct bpf_object *clibbpf_open(const void *bytes, size_t size, const char *name, int *error);
/// Creates maps and loads programs; 0 or -errno.
int clibbpf_load(struct bpf_object *object);
void clibbpf_close(struct bpf_object *object);

/// The map after `map` (null: the first), or null.
struct bpf_map *clibbpf_next_map(const struct bpf_object *object, const struct bpf_map *map);
struct clibbpf_map_layout {
  uint32_t type, key_size, value_size, max_entries, flags;
  /// The compiler's own (.rodata, .bss, .data): never pinned.
  int is_internal;
};
const char *clibbpf_map_name(const struct bpf_map *map);
struct clibbpf_map_layout clibbpf_map_layout(const struct bpf_map *map);
int clibbpf_map_descriptor(const struct bpf_map *map);
/// Before load: use this existing map instead of creating one; libbpf keeps its own copy of the descriptor.
int clibbpf_map_reuse(struct bpf_map *map, int descriptor);
int clibbpf_map_set_max_entries(struct bpf_map *map, uint32_t max_entries);

struct bpf_program *clibbpf_next_program(struct bpf_object *object, struct bpf_program *program);
const char *clibbpf_program_name(const struct bpf_program *program);
int clibbpf_program_descriptor(const struct bpf_program *program);
int clibbpf_program_set_wanted(struct bpf_program *program, int wanted);

struct clibbpf_rings;
/// A record that a program has written (bpf_perf_event_output): the bytes are good during the call only.
typedef void (*clibbpf_take_record)(void *context, const void *bytes, uint32_t size);
/// Opens a ring of `pages` (a power of two) for each of `count` CPUs and puts it into a
/// BPF_MAP_TYPE_PERF_EVENT_ARRAY under its key; they leave the map when this is closed, or the process ends. Null and
/// `*error` = -errno on failure. `record` is called by `clibbpf_rings_read` only.
struct clibbpf_rings *clibbpf_rings_open(int map, size_t pages, int *cpus, int *keys, int count,
                                         clibbpf_take_record record, void *context, int *error);
/// Waits until a ring is half full or the time is over, and hands over all that is in any ring; 0 or -errno.
int clibbpf_rings_read(struct clibbpf_rings *rings, int milliseconds);
void clibbpf_rings_close(struct clibbpf_rings *rings);

#endif
