import Foundation
import LinuxDataplane
import SystemPackage

/// What the real data plane needs of this machine, and what of it is missing.
enum DemoRequirements {
  /// The first kernel with tcx links.
  static let kernel = (major: 6, minor: 6)

  /// Each a sentence that says what is missing and what to do; empty: everything is there.
  static func missing() -> [String] {
    var result: [String] = []
    if geteuid() != 0 {
      result.append("root: network namespaces and eBPF need it; run it as root or with sudo")
    }
    let capabilities = missingCapabilities(
      in: (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? "")
    if geteuid() == 0, !capabilities.isEmpty {
      result.append(
        "\(capabilities.joined(separator: ", ")): this root lacks them; in a container, run it privileged")
    }
    let release = kernelRelease
    let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    if numbers.count < 2 || (numbers[0], numbers[1]) < kernel {
      result.append("Linux \(kernel.major).\(kernel.minor) or newer (tcx): this is \(release)")
    }
    if !((try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8)) ?? "").contains("\tbpf\n") {
      result.append("the bpf file system: the kernel was built without CONFIG_BPF_SYSCALL")
    }
    for (program, package) in [("ip", "iproute2"), ("ping", "iputils-ping")] where !Program.exists(program) {
      result.append("the program \(program): apt-get install \(package)")
    }
    if let text = unusableNamespaceFolder { result.append(text) }
    // What the list cannot know, such as a user namespace or a security module, the kernel itself says.
    if result.isEmpty {
      do { _ = try LinuxDataplane(namespace: nil, pins: NodePins.demo) } catch { result.append("\(error)") }
    }
    return result
  }

  /// What the demo and its node use, by their numbers (linux/capability.h). `CAP_BPF` is a part of
  /// `CAP_SYS_ADMIN` to the kernel.
  private static let capabilities: [(name: String, number: UInt64, covering: UInt64?)] = [
    ("CAP_NET_ADMIN", 12, nil), ("CAP_NET_RAW", 13, nil), ("CAP_SYS_ADMIN", 21, nil), ("CAP_BPF", 39, 21),
  ]

  /// - Parameter status: The text of `/proc/self/status`.
  static func missingCapabilities(in status: String) -> [String] {
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    let effective = line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) } ?? 0
    return capabilities.filter { capability in
      ![capability.number, capability.covering ?? capability.number].contains { effective >> $0 & 1 == 1 }
    }.map(\.name)
  }

  private static var unusableNamespaceFolder: String? {
    let folder = FileManager.default.fileExists(atPath: "/run/netns") ? "/run/netns" : "/run"
    guard access(folder, W_OK | X_OK) != 0 else { return nil }
    return "the folder \(folder), in which network namespaces have their names: \(Errno(rawValue: errno))"
  }

  static var kernelRelease: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &name.release) { bytes in
      String(decoding: bytes.prefix(while: { $0 != 0 }), as: UTF8.self)
    }
  }
}
