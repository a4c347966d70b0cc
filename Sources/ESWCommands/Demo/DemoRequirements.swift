import ESWPlanning
import Foundation
import LinuxDataplane
import SystemPackage

/// What the real data plane needs of this machine, and what of it is missing.
enum DemoRequirements {
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
    if !NodeFindings.isNewEnough(kernelRelease: release) {
      let least = NodeFindings.leastKernel
      result.append("Linux \(least.major).\(least.minor) or newer (tcx): this is \(release)")
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

  /// - Parameter status: The text of `/proc/self/status`.
  static func missingCapabilities(in status: String) -> [String] {
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    let effective = line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) } ?? 0
    return NodeFindings.missingCapabilities(in: effective)
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
