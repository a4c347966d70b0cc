import BPF
import KernelTesting
import Netlink

/// Hears what a node's interface gives to whoever comes after the data path, with its tags. A packet
/// socket there would hear it before: a program of ours, last on the hook, sends a copy of each frame to
/// one that listens.
final class StackEar {
  private let link: BPFLink
  private let tap: TrunkTap

  /// Of the interface that the copies leave by; nobody has it in a namespace with a few.
  private static let index: Int32 = 77

  private static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    SEC("tc") int copy(struct __sk_buff *skb) {
      bpf_clone_redirect(skb, \(index), 0);
      return -1;
    }
    char _license[] SEC("license") = "GPL";
    """

  init(in node: NetworkNamespace, on interface: String) async throws {
    try run(
      "ip", "-n", node.name, "link", "add", "ear0", "index", "\(Self.index)", "type", "veth", "peer", "ear1")
    for end in ["ear0", "ear1"] { try run("ip", "-n", node.name, "link", "set", end, "up") }
    let program = try BPFObject(compileBPF(Self.source), named: "ear").program("copy")
    link = try await NamespaceActor(in: node).run { socket in
      guard let link = try socket.link(named: interface) else {
        throw CommandFailure(description: "no \(interface)")
      }
      return try BPFLink.attach(program, toInterface: link.index, at: .tcxIngress, .last)
    }
    tap = try await TrunkTap("ear1", in: node)
  }

  func hears(_ text: String) async throws -> TaggedFrame? { try await tap.hears(text) }
}
