import KernelTesting

/// A small object: one program for each way we run them, and one map of each way we use them.
///
/// `version` changes the instructions, and so the tag; `entries` the layout of `counts`.
func testObject(version: Int = 1, entries: Int = 1024) throws -> [UInt8] {
  try compileBPF(
    """
    #include <linux/bpf.h>
    #include <linux/pkt_cls.h>
    #include <bpf/bpf_helpers.h>

    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, \(entries));
      __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 4);
      __type(key, __u32); __type(value, __u64); } per_cpu SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 64); __uint(map_flags, BPF_F_NO_PREALLOC);
      __uint(key_size, 8); __uint(value_size, 4); } prefixes SEC(".maps");

    __u32 internal_state = 5;

    static void count(__u32 key) {
      __u64 one = 1, *seen = bpf_map_lookup_elem(&counts, &key);
      if (seen) __sync_fetch_and_add(seen, 1);
      else bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
    }

    SEC("tc") int pass(struct __sk_buff *frame) { count(\(version)); return TC_ACT_UNSPEC; }
    SEC("tc") int drop(struct __sk_buff *frame) { count(100); return TC_ACT_SHOT; }
    SEC("xdp") int passxdp(struct xdp_md *frame) { return XDP_PASS; }

    struct request { __u64 in, out; };
    SEC("syscall") int double_it(struct request *request) {
      __u32 zero = 0;
      __u64 *mine = bpf_map_lookup_elem(&per_cpu, &zero);
      if (mine) __sync_fetch_and_add(mine, request->in);
      request->out = 2 * request->in + internal_state - 5;
      return 7;
    }
    char _license[] SEC("license") = "GPL";
    """)
}
