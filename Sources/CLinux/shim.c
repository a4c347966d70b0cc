#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define BPF_FILE_SYSTEM_MAGIC 0xcafe4a11u

static int negative(int result) { return result < 0 ? -errno : result; }
static uint64_t address(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }
/// The part of `union bpf_attr` up to and with one field: an older kernel refuses set bytes behind what it knows.
#define UP_TO(field) (offsetof(union bpf_attr, field) + sizeof(((union bpf_attr *)0)->field))

int clinux_enter_network_namespace(int descriptor) { return negative(setns(descriptor, CLONE_NEWNET)); }
int clinux_new_network_namespace(void) { return negative(unshare(CLONE_NEWNET)); }
int clinux_thread_number(void) { return (int)syscall(SYS_gettid); }
const char *clinux_errno_name(int number) { return strerrorname_np(number); }
void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
int clinux_event_counter(void) { return negative(eventfd(0, EFD_CLOEXEC)); }

int clinux_mount(const char *source, const char *target, const char *type, unsigned long flags) {
  return negative(mount(source, target, type, flags, NULL));
}
int clinux_unmount(const char *target) { return negative(umount2(target, MNT_DETACH)); }
int clinux_is_bpf_file_system(const char *path) {
  struct statfs status;
  if (statfs(path, &status) < 0) return -errno;
  return (uint32_t)status.f_type == BPF_FILE_SYSTEM_MAGIC;
}
unsigned long clinux_mount_bind(void) { return MS_BIND; }
unsigned long clinux_mount_recursive_shared(void) { return MS_REC | MS_SHARED; }

static int ethtool_value(int socket, const char *interface, uint32_t command, uint32_t *value) {
  struct ethtool_value question = {.cmd = command, .data = *value};
  struct ifreq request;
  memset(&request, 0, sizeof request);
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
  request.ifr_data = (char *)&question;
  int result = negative(ioctl(socket, SIOCETHTOOL, &request));
  *value = question.data;
  return result;
}

int clinux_plain_socket(void) { return negative(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }

int clinux_receive_offload(int socket, const char *interface) {
  uint32_t value = 0;
  int result = ethtool_value(socket, interface, ETHTOOL_GGRO, &value);
  return result < 0 ? result : value != 0;
}

int clinux_set_receive_offload(int socket, const char *interface, int on) {
  uint32_t value = on != 0;
  int result = ethtool_value(socket, interface, ETHTOOL_SGRO, &value);
  return result < 0 ? result : 0;
}

static int ethtool(int socket, const char *interface, void *question) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
  request.ifr_data = question;
  return negative(ioctl(socket, SIOCETHTOOL, &request));
}

int clinux_segmentation_offload(int socket, const char *interface) {
  uint32_t value = 0;
  int result = ethtool_value(socket, interface, ETHTOOL_GTSO, &value);
  return result < 0 ? result : value != 0;
}

int clinux_large_receive_offload(int socket, const char *interface) {
  uint32_t value = 0;
  int result = ethtool_value(socket, interface, ETHTOOL_GFLAGS, &value);
  return result < 0 ? result : (value & ETH_FLAG_LRO) != 0;
}

int clinux_most_receive_queues(int socket, const char *interface, int *are_combined) {
  struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
  int result = ethtool(socket, interface, &channels);
  if (result < 0) return result;
  *are_combined = channels.max_combined > 0;
  uint32_t most = channels.max_combined ? channels.max_combined : channels.max_rx;
  return most > INT16_MAX ? INT16_MAX : (int)most;
}

int clinux_hashes_udp_ports(int socket, const char *interface) {
  struct ethtool_rxnfc question = {.cmd = ETHTOOL_GRXFH, .flow_type = UDP_V4_FLOW};
  int result = ethtool(socket, interface, &question);
  return result < 0 ? result : (question.data & RXH_L4_B_0_1) && (question.data & RXH_L4_B_2_3);
}

int clinux_detached_sysfs(void) {
  int context = negative(fsopen("sysfs", FSOPEN_CLOEXEC));
  if (context < 0) return context;
  int result = negative(fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
  if (result >= 0) result = negative(fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY));
  close(context);
  return result;
}

int clinux_read_file_at(int folder, const char *path, char *room, uint32_t size) {
  int file = negative(openat(folder, path, O_RDONLY | O_CLOEXEC));
  if (file < 0) return file;
  int count = negative((int)read(file, room, size));
  close(file);
  return count;
}

int clinux_driver_name(int socket, const char *interface, char *name, unsigned long room) {
  struct ethtool_drvinfo answer = {.cmd = ETHTOOL_GDRVINFO};
  int result = ethtool(socket, interface, &answer);
  if (result < 0) return result;
  snprintf(name, room, "%.*s", (int)sizeof answer.driver, answer.driver);
  return 0;
}

int clinux_takes_tags_off(int socket, const char *interface) {
  uint32_t flags = 0;
  int result = ethtool_value(socket, interface, ETHTOOL_GFLAGS, &flags);
  return result < 0 ? result : (flags & ETH_FLAG_RXVLAN) != 0;
}

int clinux_attach_filter(int socket, const struct sock_filter *instructions, uint16_t count) {
  struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
  return negative(setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

int clinux_icmp_socket(void) {
  int socket_descriptor = negative(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP));
  if (socket_descriptor < 0) return socket_descriptor;
  struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  int one = 1;
  int result = clinux_attach_filter(socket_descriptor, &nothing, 1);
  if (result == 0) result = negative(setsockopt(socket_descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one));
  if (result == 0) return socket_descriptor;
  close(socket_descriptor);
  return result;
}

int clinux_send_from(int socket, uint32_t source, uint32_t destination, const void *bytes, uint32_t size) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = destination};
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
  message.msg_control = control.room;
  message.msg_controllen = sizeof control.room;
  struct in_pktinfo information = {.ipi_spec_dst.s_addr = source};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof information);
  memcpy(CMSG_DATA(header), &information, sizeof information);
  int result = negative((int)sendmsg(socket, &message, MSG_DONTWAIT));
  return result < 0 ? result : 0;
}

int clinux_receive_stamped(int socket, void *room, uint32_t size, int64_t *nanoseconds) {
  struct iovec part = {.iov_base = room, .iov_len = size};
  union {
    struct cmsghdr header;
    char room[256];
  } control;
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  message.msg_control = control.room;
  message.msg_controllen = sizeof control.room;
  *nanoseconds = 0;
  int result = negative((int)recvmsg(socket, &message, MSG_DONTWAIT | MSG_TRUNC));
  if (result < 0) return result;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    struct timespec time;
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS) continue;
    memcpy(&time, CMSG_DATA(header), sizeof time);
    *nanoseconds = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
  }
  return result;
}

/// The last rule of a built-in chain is its policy: where `underflow` points to, a rule with a verdict alone.
static int policy_in(const char *rules, uint32_t size, uint32_t place, size_t counters, uint32_t header,
                     uint64_t *packets) {
  struct xt_counters count;
  struct xt_standard_target target;
  if (place > size || size - place < header + sizeof target) return -EINVAL;
  memcpy(&count, rules + place + counters, sizeof count);
  memcpy(&target, rules + place + header, sizeof target);
  *packets = count.pcnt;
  return target.verdict == -1;  // -NF_DROP - 1
}

int clinux_forward_policy(int family, uint64_t *packets) {
  // The structures of both families have the same layout; what differs is how long a rule's head is.
  int is_v6 = family == AF_INET6;
  int level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  int socket_descriptor = negative(socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (socket_descriptor < 0) return socket_descriptor;
  struct ipt_getinfo facts = {.name = "filter"};
  socklen_t size = sizeof facts;
  int result = negative(getsockopt(socket_descriptor, level, IPT_SO_GET_INFO, &facts, &size));
  struct ipt_get_entries *entries = NULL;
  // Our choice: no table of a node is larger than 64 MB.
  if (result == 0 && facts.size <= 64u << 20) {
    size = (socklen_t)(sizeof *entries + facts.size);
    entries = calloc(1, size);
    result = entries ? 0 : -ENOMEM;
  } else if (result == 0) {
    result = -EFBIG;
  }
  if (result == 0) {
    memcpy(entries->name, facts.name, sizeof entries->name);
    entries->size = facts.size;
    result = negative(getsockopt(socket_descriptor, level, IPT_SO_GET_ENTRIES, entries, &size));
  }
  if (result == 0) {
    size_t counters = is_v6 ? offsetof(struct ip6t_entry, counters) : offsetof(struct ipt_entry, counters);
    uint32_t header = is_v6 ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
    result = policy_in((const char *)entries->entrytable, facts.size, facts.underflow[NF_INET_FORWARD], counters,
                       header, packets);
  }
  free(entries);
  close(socket_descriptor);
  return result;
}

long clinux_bpf(int command, void *attributes, unsigned int size) {
  long result = syscall(SYS_bpf, command, attributes, size);
  return result < 0 ? -errno : result;
}

static void copy_name(char *to, const char *from) {
  strncpy(to, from, BPF_OBJ_NAME_LEN - 1);
}

int clinux_bpf_map_create(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
                          uint32_t flags, const char *name) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_type = type;
  attributes.key_size = key_size;
  attributes.value_size = value_size;
  attributes.max_entries = max_entries;
  attributes.map_flags = flags;
  copy_name(attributes.map_name, name);
  return (int)clinux_bpf(BPF_MAP_CREATE, &attributes, UP_TO(map_name));
}

int clinux_bpf_map_lookup(int map, const void *key, void *value) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_fd = (uint32_t)map;
  attributes.key = address(key);
  attributes.value = address(value);
  return (int)clinux_bpf(BPF_MAP_LOOKUP_ELEM, &attributes, UP_TO(flags));
}

int clinux_bpf_map_update(int map, const void *key, const void *value, uint64_t flags) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_fd = (uint32_t)map;
  attributes.key = address(key);
  attributes.value = address(value);
  attributes.flags = flags;
  return (int)clinux_bpf(BPF_MAP_UPDATE_ELEM, &attributes, UP_TO(flags));
}

int clinux_bpf_map_delete(int map, const void *key) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_fd = (uint32_t)map;
  attributes.key = address(key);
  return (int)clinux_bpf(BPF_MAP_DELETE_ELEM, &attributes, UP_TO(flags));
}

int clinux_bpf_map_next_key(int map, const void *key, void *next) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_fd = (uint32_t)map;
  attributes.key = address(key);
  attributes.next_key = address(next);
  return (int)clinux_bpf(BPF_MAP_GET_NEXT_KEY, &attributes, UP_TO(flags));
}

static int batch(int command, int map, const void *in, void *out, const void *keys, const void *values,
                 uint32_t *count, uint64_t flags) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.batch.in_batch = address(in);
  attributes.batch.out_batch = address(out);
  attributes.batch.keys = address(keys);
  attributes.batch.values = address(values);
  attributes.batch.count = *count;
  attributes.batch.map_fd = (uint32_t)map;
  attributes.batch.elem_flags = flags;
  long result = clinux_bpf(command, &attributes, UP_TO(batch));
  // A kernel that does not know the command for this map leaves count as it came: then nothing was done.
  *count = result == 0 || result == -ENOENT || attributes.batch.count != *count
               ? attributes.batch.count
               : 0;
  return (int)result;
}

int clinux_bpf_map_lookup_batch(int map, const void *in_batch, void *out_batch, void *keys, void *values,
                                uint32_t *count) {
  return batch(BPF_MAP_LOOKUP_BATCH, map, in_batch, out_batch, keys, values, count, 0);
}
int clinux_bpf_map_update_batch(int map, const void *keys, const void *values, uint32_t *count,
                                uint64_t flags) {
  return batch(BPF_MAP_UPDATE_BATCH, map, NULL, NULL, keys, values, count, flags);
}
int clinux_bpf_map_delete_batch(int map, const void *keys, uint32_t *count) {
  return batch(BPF_MAP_DELETE_BATCH, map, NULL, NULL, keys, NULL, count, 0);
}

int clinux_bpf_program_load(uint32_t type, const char *name, const void *instructions, uint32_t count,
                            uint32_t flags, char *log, uint32_t log_size) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = type;
  attributes.insns = address(instructions);
  attributes.insn_cnt = count;
  attributes.license = address("GPL");
  attributes.prog_flags = flags;
  copy_name(attributes.prog_name, name);
  int descriptor = (int)clinux_bpf(BPF_PROG_LOAD, &attributes, UP_TO(expected_attach_type));
  if (descriptor >= 0 || log_size == 0) return descriptor;
  // Once more with the log on, only after a failure: writing it costs more than loading.
  attributes.log_buf = address(log);
  attributes.log_size = log_size;
  attributes.log_level = 1;
  return (int)clinux_bpf(BPF_PROG_LOAD, &attributes, UP_TO(expected_attach_type));
}

int clinux_bpf_pin(int descriptor, const char *path) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.pathname = address(path);
  attributes.bpf_fd = (uint32_t)descriptor;
  return (int)clinux_bpf(BPF_OBJ_PIN, &attributes, UP_TO(file_flags));
}

int clinux_bpf_open_pinned(const char *path) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.pathname = address(path);
  return (int)clinux_bpf(BPF_OBJ_GET, &attributes, UP_TO(file_flags));
}

int clinux_bpf_object_info(int descriptor, void *information, uint32_t *size) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.info.bpf_fd = (uint32_t)descriptor;
  attributes.info.info_len = *size;
  attributes.info.info = address(information);
  int result = (int)clinux_bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes, UP_TO(info));
  if (result == 0) *size = attributes.info.info_len;
  return result;
}

int clinux_bpf_open_by_identifier(int command, uint32_t identifier) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_id = identifier;
  return (int)clinux_bpf(command, &attributes, UP_TO(open_flags));
}

int clinux_bpf_run_syscall(int program, void *context, uint32_t context_size, uint32_t *result) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.test.prog_fd = (uint32_t)program;
  attributes.test.ctx_in = address(context);
  attributes.test.ctx_size_in = context_size;
  int outcome = (int)clinux_bpf(BPF_PROG_TEST_RUN, &attributes, UP_TO(test));
  if (outcome == 0) *result = attributes.test.retval;
  return outcome;
}

int clinux_bpf_run_frame(int program, const void *frame, uint32_t size, void *out, uint32_t *out_size,
                         uint32_t repeat, uint32_t *result, uint32_t *nanoseconds) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.test.prog_fd = (uint32_t)program;
  attributes.test.data_in = address(frame);
  attributes.test.data_size_in = size;
  attributes.test.data_out = address(out);
  attributes.test.data_size_out = *out_size;
  attributes.test.repeat = repeat;
  int outcome = (int)clinux_bpf(BPF_PROG_TEST_RUN, &attributes, UP_TO(test));
  if (outcome != 0) return outcome;
  *out_size = attributes.test.data_size_out;
  *result = attributes.test.retval;
  *nanoseconds = attributes.test.duration;
  return 0;
}

int clinux_bpf_link_create(int program, uint32_t interface_index, uint32_t attach_type, uint32_t flags) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.link_create.prog_fd = (uint32_t)program;
  attributes.link_create.target_ifindex = interface_index;
  attributes.link_create.attach_type = attach_type;
  attributes.link_create.flags = flags;
  return (int)clinux_bpf(BPF_LINK_CREATE, &attributes, UP_TO(link_create));
}

int clinux_bpf_link_update(int link, int program, int old) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.link_update.link_fd = (uint32_t)link;
  attributes.link_update.new_prog_fd = (uint32_t)program;
  if (old >= 0) {
    attributes.link_update.flags = BPF_F_REPLACE;
    attributes.link_update.old_prog_fd = (uint32_t)old;
  }
  return (int)clinux_bpf(BPF_LINK_UPDATE, &attributes, UP_TO(link_update));
}

int clinux_bpf_link_detach(int link) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.link_detach.link_fd = (uint32_t)link;
  return (int)clinux_bpf(BPF_LINK_DETACH, &attributes, UP_TO(link_detach));
}

int clinux_bpf_link_info(int link, struct clinux_bpf_link_information *information) {
  // struct bpf_link_info as far as we read it: the tcx and xdp members of its union begin at byte 16.
  struct {
    uint32_t type, identifier, program_identifier, padding;
    uint32_t interface_index, attach_type;
    uint64_t rest[8];
  } kernel;
  memset(&kernel, 0, sizeof kernel);
  uint32_t size = sizeof kernel;
  int result = clinux_bpf_object_info(link, &kernel, &size);
  if (result != 0) return result;
  int has_interface = kernel.type == CLINUX_BPF_LINK_TYPE_TCX || kernel.type == BPF_LINK_TYPE_XDP;
  information->type = kernel.type;
  information->identifier = kernel.identifier;
  information->program_identifier = kernel.program_identifier;
  information->interface_index = has_interface ? kernel.interface_index : 0;
  information->attach_type = kernel.type == CLINUX_BPF_LINK_TYPE_TCX ? kernel.attach_type : 0;
  return 0;
}

int clinux_bpf_query(uint32_t interface_index, uint32_t attach_type, uint32_t *programs, uint32_t *links,
                     uint32_t *count) {
  // The query member of union bpf_attr of linux 6.6; 6.1's ends before link_ids.
  struct {
    uint32_t interface_index, attach_type, query_flags, attach_flags;
    uint64_t programs;
    uint32_t count, padding;
    uint64_t program_flags, links, link_flags, revision;
  } query;
  memset(&query, 0, sizeof query);
  query.interface_index = interface_index;
  query.attach_type = attach_type;
  query.programs = address(programs);
  query.links = address(links);
  query.count = *count;
  long result = clinux_bpf(BPF_PROG_QUERY, &query, sizeof query);
  *count = query.count;
  return (int)result;
}
