#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLibBPF.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The log callback is one per process, so what it writes to is one per thread: two threads may load at once.
static __thread char *log_buffer;
static __thread size_t log_room;
static __thread size_t log_used;

static int write_log(enum libbpf_print_level level, const char *format, va_list arguments) {
  if (level == LIBBPF_DEBUG || log_buffer == NULL || log_room < 2) return 0;
  // Half is thrown away when full: the verifier's reason is at the end of what it says.
  if (log_room - log_used < log_room / 2) {
    size_t keep = log_used / 2;
    memmove(log_buffer, log_buffer + (log_used - keep), keep);
    log_used = keep;
  }
  size_t room = log_room - log_used;
  va_list measured;
  va_copy(measured, arguments);
  int length = vsnprintf(NULL, 0, format, measured);
  va_end(measured);
  if (length < 0) return 0;
  if ((size_t)length < room) {
    vsnprintf(log_buffer + log_used, room, format, arguments);
    log_used += (size_t)length;
    return length;
  }
  // One line longer than the room, as a verifier log is: keep its end.
  char *whole = NULL;
  if (vasprintf(&whole, format, arguments) < 0) return 0;
  size_t keep = room - 1;
  memcpy(log_buffer + log_used, whole + ((size_t)length - keep), keep);
  log_used += keep;
  free(whole);
  return length;
}

static void install_log(void) { libbpf_set_print(write_log); }

void clibbpf_log_begin(char *buffer, size_t room) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install_log);
  log_buffer = buffer;
  log_room = room;
  log_used = 0;
}

size_t clibbpf_log_end(void) {
  log_buffer = NULL;
  log_room = 0;
  return log_used;
}

struct bpf_object *clibbpf_open(const void *bytes, size_t size, const char *name, int *error) {
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name);
  struct bpf_object *object = bpf_object__open_mem(bytes, size, &options);
  *error = object == NULL ? -errno : 0;
  return object;
}

int clibbpf_load(struct bpf_object *object) { return bpf_object__load(object); }
void clibbpf_close(struct bpf_object *object) { bpf_object__close(object); }

struct bpf_map *clibbpf_next_map(const struct bpf_object *object, const struct bpf_map *map) {
  return bpf_object__next_map(object, map);
}
const char *clibbpf_map_name(const struct bpf_map *map) { return bpf_map__name(map); }
struct clibbpf_map_layout clibbpf_map_layout(const struct bpf_map *map) {
  struct clibbpf_map_layout layout = {
      .type = bpf_map__type(map),
      .key_size = bpf_map__key_size(map),
      .value_size = bpf_map__value_size(map),
      .max_entries = bpf_map__max_entries(map),
      .flags = bpf_map__map_flags(map),
      .is_internal = bpf_map__is_internal(map),
  };
  return layout;
}
int clibbpf_map_descriptor(const struct bpf_map *map) { return bpf_map__fd(map); }
int clibbpf_map_reuse(struct bpf_map *map, int descriptor) { return bpf_map__reuse_fd(map, descriptor); }
int clibbpf_map_set_max_entries(struct bpf_map *map, uint32_t max_entries) {
  return bpf_map__set_max_entries(map, max_entries);
}

struct bpf_program *clibbpf_next_program(struct bpf_object *object, struct bpf_program *program) {
  return bpf_object__next_program(object, program);
}
const char *clibbpf_program_name(const struct bpf_program *program) { return bpf_program__name(program); }
int clibbpf_program_descriptor(const struct bpf_program *program) { return bpf_program__fd(program); }
int clibbpf_program_set_wanted(struct bpf_program *program, int wanted) {
  return bpf_program__set_autoload(program, wanted != 0);
}

// What libbpf hands back to us with each event.
struct reader {
  clibbpf_take_record record;
  void *context;
};

struct clibbpf_rings {
  struct perf_buffer *buffer;
  struct reader reader;
};

struct sample {
  struct perf_event_header header;
  uint32_t size;
  char bytes[];
};

static enum bpf_perf_event_ret take_event(void *context, int cpu, struct perf_event_header *event) {
  (void)cpu;
  const struct reader *reader = context;
  if (event->type == PERF_RECORD_SAMPLE) {
    const struct sample *sample = (const struct sample *)event;
    reader->record(reader->context, sample->bytes, sample->size);
  }
  return LIBBPF_PERF_EVENT_CONT;
}

struct clibbpf_rings *clibbpf_rings_open(int map, size_t pages, int *cpus, int *keys, int count,
                                         clibbpf_take_record record, void *context, int *error) {
  struct clibbpf_rings *rings = calloc(1, sizeof(*rings));
  if (rings == NULL) {
    *error = -ENOMEM;
    return NULL;
  }
  rings->reader = (struct reader){.record = record, .context = context};
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_SOFTWARE,
      .size = sizeof(attributes),
      .config = PERF_COUNT_SW_BPF_OUTPUT,
      .sample_type = PERF_SAMPLE_RAW,
      .sample_period = 1,
      // Waking up for each record would cost more than the record.
      .watermark = 1,
      .wakeup_watermark = (uint32_t)(pages * (size_t)getpagesize() / 2),
  };
  LIBBPF_OPTS(perf_buffer_raw_opts, options, .cpu_cnt = count, .cpus = cpus, .map_keys = keys);
  rings->buffer = perf_buffer__new_raw(map, pages, &attributes, take_event, &rings->reader, &options);
  if (rings->buffer == NULL) {
    *error = -errno;
    free(rings);
    return NULL;
  }
  *error = 0;
  return rings;
}

int clibbpf_rings_read(struct clibbpf_rings *rings, int milliseconds) {
  int result = perf_buffer__poll(rings->buffer, milliseconds);
  if (result < 0 && result != -EINTR) return result;
  result = perf_buffer__consume(rings->buffer);
  return result < 0 ? result : 0;
}

void clibbpf_rings_close(struct clibbpf_rings *rings) {
  perf_buffer__free(rings->buffer);
  free(rings);
}
