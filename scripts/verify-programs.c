// SPDX-License-Identifier: Apache-2.0
//
// The first process of a small machine that `scripts/verify-on-kernel` boots: loads each program of the object
// /datapath.bpf.o by itself, says what the verifier thinks of it, and ends the machine. Built static.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

// linux/bpf.h: enum bpf_attach_type since 6.6, and the log level that gives the verifier's figures alone.
#define TCX_INGRESS 46
#define LOG_STATISTICS 4
// What the kernel takes at most (UINT_MAX >> 2) is more than the machine has.
#define LOG_BYTES (16 << 20)
#define LAST_LINES 12
// The interface that every machine has.
#define LOOPBACK 1

static const char *const object = "/datapath.bpf.o";
static char *verifier_log;

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments) {
  return 0;
}

static void print_last_lines(const char *text) {
  const char *start = text + strlen(text);
  for (int lines = 0; start > text; start--)
    if (start[-1] == '\n' && lines++ == LAST_LINES)
      break;
  printf("%s\n", start);
}

// Whether the kernel takes it at the hook that the product uses; 0 or -errno.
static int attach(int program) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof(attributes));
  attributes.link_create.prog_fd = program;
  attributes.link_create.target_ifindex = LOOPBACK;
  attributes.link_create.attach_type = TCX_INGRESS;
  long link = syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
  if (link < 0)
    return -errno;
  close(link);
  return 0;
}

// Loads the program of this name alone. False: refused.
static int verify(const char *name) {
  struct bpf_object *opened = bpf_object__open_file(object, NULL);
  if (!opened) {
    printf("%s: the object cannot be read: %s\n", name, strerror(errno));
    return 0;
  }
  struct bpf_program *program, *wanted = NULL;
  bpf_object__for_each_program(program, opened) {
    int is_wanted = strcmp(bpf_program__name(program), name) == 0;
    bpf_program__set_autoload(program, is_wanted);
    if (is_wanted)
      wanted = program;
  }
  verifier_log[0] = 0;
  bpf_program__set_log_level(wanted, LOG_STATISTICS);
  bpf_program__set_log_buf(wanted, verifier_log, LOG_BYTES);
  int result = bpf_object__load(opened);
  if (result != 0) {
    printf("%s: REFUSED: %s\n", name, strerror(-result));
    print_last_lines(verifier_log);
  } else {
    // "processed 12345 insns (limit 1000000) ..."
    char *figures = strstr(verifier_log, "processed ");
    printf("%s: verified", name);
    if (figures)
      printf(", %.*s", (int)strcspn(figures, "\n"), figures);
    if (bpf_program__type(wanted) == BPF_PROG_TYPE_SCHED_CLS) {
      int attached = attach(bpf_program__fd(wanted));
      printf("; tcx: %s", attached ? strerror(-attached) : "attached");
    }
    printf("\n");
  }
  bpf_object__close(opened);
  return result == 0;
}

int main(void) {
  mkdir("/proc", 0755);
  mkdir("/sys", 0755);
  mount("proc", "/proc", "proc", 0, NULL);
  mount("sysfs", "/sys", "sysfs", 0, NULL);
  setvbuf(stdout, NULL, _IONBF, 0);
  struct utsname names;
  uname(&names);
  printf("\nverify: Linux %s\n", names.release);
  libbpf_set_print(quiet);
  verifier_log = malloc(LOG_BYTES);
  struct bpf_object *opened = bpf_object__open_file(object, NULL);
  int count = 0, good = 0;
  struct bpf_program *program;
  if (opened && verifier_log)
    bpf_object__for_each_program(program, opened) {
      printf("verify: ");
      count++;
      good += verify(bpf_program__name(program));
    }
  printf("verify: %d of %d programs verified on Linux %s\n", good, count, names.release);
  sync();
  return reboot(RB_AUTOBOOT);
}
