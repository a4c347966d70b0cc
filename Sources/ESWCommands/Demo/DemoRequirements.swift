import Foundation

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
    return result
  }

  static var kernelRelease: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &name.release) { bytes in
      String(decoding: bytes.prefix(while: { $0 != 0 }), as: UTF8.self)
    }
  }
}
