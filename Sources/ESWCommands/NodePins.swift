import Foundation

/// Where a node's programs, maps and links are pinned: one folder for each network namespace, so that two
/// nodes of a machine never take each other's for their own.
enum NodePins {
  static let root = "/sys/fs/bpf/openesw"
  /// The demo's; no namespace has this one.
  static let demo = root + "/demo-node"

  /// That of the demo whose namespaces begin so.
  static func demo(prefix: String) -> String {
    prefix == DemoTopology.usualPrefix ? demo : root + "/demo-" + escaped(prefix)
  }

  private static let namedNamespaces = "/run/netns"
  /// Well below the 255 bytes that a file name may have.
  private static let longestName = 100

  /// - Parameter path: As given by the user, such as `/run/netns/NAME`; nil: the process's own namespace.
  static func folder(ofNamespace path: String?) -> String {
    guard let path else { return root + "/host" }
    let file = URL(fileURLWithPath: path).standardizedFileURL
    // Of the folder only: the file may be one of /proc's links, which lead nowhere by name.
    let parent = file.deletingLastPathComponent().resolvingSymlinksInPath().path
    let name = escaped(file.lastPathComponent)
    if parent == namedNamespaces, name.utf8.count <= longestName { return root + "/ns-" + name }
    // Escaped names hold no "@".
    return "\(root)/ns-\(name.prefix(longestName))@\(hash(parent + "/" + file.lastPathComponent))"
  }

  /// The bpf file system refuses dots in names, and a name must not hold a path.
  private static func escaped(_ name: String) -> String {
    name.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }.joined()
  }

  /// FNV-1a of 64 bits: the same at every start, unlike `Hasher`.
  private static func hash(_ text: String) -> String {
    String(
      text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
  }
}
