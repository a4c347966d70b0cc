// The kernel's words for Swift: netlink and bpf() constants, and the few calls Swift cannot make itself.
//
// The C library's headers come before any <linux/...> one; otherwise in6_addr and IFF_* get a second
// definition and a file that also imports a NIO module does not compile.
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/socket.h>
#include <netinet/in.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

// Newer than the headers of Debian 12 (linux 6.1), so spelled here. Prefixed, because newer headers have them too.
enum {
  CLINUX_BPF_TCX_INGRESS = 46,  // enum bpf_attach_type, linux 6.6
  CLINUX_BPF_TCX_EGRESS = 47,
  CLINUX_BPF_LINK_TYPE_TCX = 11,  // enum bpf_link_type, linux 6.6
  CLINUX_BPF_F_BEFORE = 1 << 3,   // order among the programs of one hook, linux 6.6
  CLINUX_BPF_F_AFTER = 1 << 4,

  // linux/netdev.h, linux 6.3.
  CLINUX_NETDEV_CMD_DEV_GET = 1,
  CLINUX_NETDEV_A_DEV_IFINDEX = 1,
  CLINUX_NETDEV_A_DEV_XDP_FEATURES = 3,
  CLINUX_NETDEV_XDP_ACT_BASIC = 1 << 0,
  CLINUX_NETDEV_XDP_ACT_REDIRECT = 1 << 1,
  CLINUX_NETDEV_XDP_ACT_NDO_XMIT = 1 << 2,
};

// Functions that end in "or -errno" never touch errno: Swift cannot rely on it surviving until it looks.

/// Moves the calling thread into the namespace behind `descriptor` (setns(2)); 0 or -errno.
int clinux_enter_network_namespace(int descriptor);
/// Gives the calling thread a new network namespace (unshare(2), CLONE_NEWNET); 0 or -errno.
int clinux_new_network_namespace(void);
/// The kernel's number of the calling thread (gettid(2)).
int clinux_thread_number(void);
/// The constant's name of an error number, such as "ENODEV"; null for a number without one.
const char *clinux_errno_name(int number);
/// Names the calling thread for ps(1) and gdb(1), up to 15 bytes (pthread_setname_np(3)).
void clinux_name_thread(const char *name);
/// A descriptor that counts up when written and blocks a reader at zero (eventfd(2)); descriptor or -errno.
int clinux_event_counter(void);
/// mount(2) with flags only; 0 or -errno.
int clinux_mount(const char *source, const char *target, const char *type, unsigned long flags);
/// umount2(2) with MNT_DETACH; 0 or -errno.
int clinux_unmount(const char *target);
/// 1 when `path` lies on a bpf file system, 0 when not; -errno.
int clinux_is_bpf_file_system(const char *path);
/// MS_BIND, MS_REC, MS_SHARED as mount(2) wants them.
unsigned long clinux_mount_bind(void);
unsigned long clinux_mount_recursive_shared(void);

/// A socket of the calling thread's namespace, to ask about its interfaces; descriptor or -errno.
int clinux_plain_socket(void);
/// Whether an interface of that namespace has GRO on (ethtool -k, ETHTOOL_GGRO); 0, 1 or -errno.
int clinux_receive_offload(int socket, const char *interface);
/// ethtool -K INTERFACE gro on|off (ETHTOOL_SGRO); 0 or -errno.
int clinux_set_receive_offload(int socket, const char *interface, int on);

/// What else a driver says of an interface; 0 or more, or -errno.
/// Whether TCP is cut by the device (ethtool -k, ETHTOOL_GTSO).
int clinux_segmentation_offload(int socket, const char *interface);
/// Whether the device itself puts packets together (ETHTOOL_GFLAGS, ETH_FLAG_LRO).
int clinux_large_receive_offload(int socket, const char *interface);
/// How many receive queues the device could have (ethtool -l, ETHTOOL_GCHANNELS), and whether they send as well.
int clinux_most_receive_queues(int socket, const char *interface, int *are_combined);
/// Whether it spreads UDP over IPv4 by ports (ethtool -n DEV rx-flow-hash udp4, ETHTOOL_GRXFH).
int clinux_hashes_udp_ports(int socket, const char *interface);

/// A sysfs of the calling thread's network namespace that is mounted nowhere (fsopen(2), fsmount(2)): what /sys shows
/// is that of whoever mounted it. Descriptor of its root or -errno; gone when it is closed.
int clinux_detached_sysfs(void);
/// Reads the beginning of a file below a folder; bytes or -errno.
int clinux_read_file_at(int folder, const char *path, char *room, uint32_t size);

/// The name of an interface's driver (ethtool -i, ETHTOOL_GDRVINFO), `room` bytes with the zero; 0 or -errno.
int clinux_driver_name(int socket, const char *interface, char *name, unsigned long room);
/// Whether an interface takes VLAN tags off what it receives (ethtool -k, rx-vlan-offload); 0, 1 or -errno.
int clinux_takes_tags_off(int socket, const char *interface);

/// A raw socket for ICMP, which gets nothing before it has a filter; descriptor or -errno.
int clinux_icmp_socket(void);
/// Lets in only what a classic BPF program lets in (SO_ATTACH_FILTER), in the place of an earlier one; 0 or -errno.
int clinux_attach_filter(int socket, const struct sock_filter *instructions, uint16_t count);
/// Sends from an address of this machine (IP_PKTINFO); addresses in network order; 0 or -errno.
int clinux_send_from(int socket, uint32_t source, uint32_t destination, const void *bytes, uint32_t size);
/// The next packet, and when it came (SO_TIMESTAMPNS, CLOCK_REALTIME, 0: not said); its length, which may be more than
/// `size`, or -errno. Never waits.
int clinux_receive_stamped(int socket, void *room, uint32_t size, int64_t *nanoseconds);

/// What becomes of a forwarded packet that no rule of iptables' `filter` table names (getsockopt(2) of
/// linux/netfilter_ipv4/ip_tables.h and its kin; family AF_INET or AF_INET6); 1: it is dropped, 0: accepted; -errno.
/// `packets`: how many met that. Only for a table that is there: asking makes it.
int clinux_forward_policy(int family, uint64_t *packets);

/// bpf(2); result or -errno. `attributes` must be zeroed behind the fields that were set.
long clinux_bpf(int command, void *attributes, unsigned int size);

// The commands below fill `union bpf_attr` in C, where its anonymous unions have names the compiler checks.

int clinux_bpf_map_create(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
                          uint32_t flags, const char *name);
int clinux_bpf_map_lookup(int map, const void *key, void *value);
int clinux_bpf_map_update(int map, const void *key, const void *value, uint64_t flags);
int clinux_bpf_map_delete(int map, const void *key);
/// `key` may be null for the first key; -ENOENT after the last.
int clinux_bpf_map_next_key(int map, const void *key, void *next);
/// `count` goes in as room and comes out as what was done, also on failure.
int clinux_bpf_map_lookup_batch(int map, const void *in_batch, void *out_batch, void *keys, void *values,
                                uint32_t *count);
int clinux_bpf_map_update_batch(int map, const void *keys, const void *values, uint32_t *count,
                                uint64_t flags);
int clinux_bpf_map_delete_batch(int map, const void *keys, uint32_t *count);

/// Loads a program from instructions; descriptor or -errno, the verifier's text in `log`.
int clinux_bpf_program_load(uint32_t type, const char *name, const void *instructions, uint32_t count,
                            uint32_t flags, char *log, uint32_t log_size);

int clinux_bpf_pin(int descriptor, const char *path);
int clinux_bpf_open_pinned(const char *path);
/// `size` goes in as room and comes out as what the kernel wrote.
int clinux_bpf_object_info(int descriptor, void *information, uint32_t *size);
/// One of the *_GET_FD_BY_ID commands; descriptor or -errno.
int clinux_bpf_open_by_identifier(int command, uint32_t identifier);

/// Runs a program once on `context` (BPF_PROG_TEST_RUN of a "syscall" program); 0 or -errno.
int clinux_bpf_run_syscall(int program, void *context, uint32_t context_size, uint32_t *result);
/// Runs a program on a frame; `out_size` goes in as room and comes out as the length of the frame left.
int clinux_bpf_run_frame(int program, const void *frame, uint32_t size, void *out, uint32_t *out_size,
                         uint32_t repeat, uint32_t *result, uint32_t *nanoseconds);

/// Attaches a program to an interface (BPF_LINK_CREATE); descriptor or -errno. The struct of tcx begins
/// with the same four fields as every other, and we leave the rest zero: no relative program.
int clinux_bpf_link_create(int program, uint32_t interface_index, uint32_t attach_type, uint32_t flags);
/// Puts another program into a link; `old` is -1 or the program that must be there now.
int clinux_bpf_link_update(int link, int program, int old);
int clinux_bpf_link_detach(int link);

struct clinux_bpf_link_information {
  uint32_t type;
  uint32_t identifier;
  uint32_t program_identifier;
  uint32_t interface_index;  // tcx and xdp; 0 when the interface has gone
  uint32_t attach_type;      // tcx only
};
int clinux_bpf_link_info(int link, struct clinux_bpf_link_information *information);

/// The programs and links on a hook, first to run first (BPF_PROG_QUERY); `count` is room, then number.
int clinux_bpf_query(uint32_t interface_index, uint32_t attach_type, uint32_t *programs, uint32_t *links,
                     uint32_t *count);

#endif
