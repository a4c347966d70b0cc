internal import CLinux
internal import Glibc

/// Something about eBPF that did not work: what was attempted, on what, and why.
package struct BPFError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Cause: Hashable, Sendable {
    /// The kernel or a system call declined; `text` is the verifier's or libbpf's log, if there is one.
    case refused(errno: Int32, text: String?)
    /// A pinned map has another layout than the object that should use it.
    case layoutDiffers(pinned: BPFMap.Layout, wanted: BPFMap.Layout)
    /// A key or value of ours has another size than the map's, in bytes.
    case wrongSize(wanted: Int, given: Int)
    /// The object holds no program or map of that name.
    case notInObject
  }

  /// For example "attach a program" or "update map".
  package let attempted: String
  /// The map, program, path or interface.
  package let subject: String
  package let cause: Cause

  package init(attempted: String, subject: String, cause: Cause) {
    self.attempted = attempted
    self.subject = subject
    self.cause = cause
  }

  /// From the result of a call that answers -errno.
  init(_ attempted: String, _ subject: String, result: Int32, text: String? = nil) {
    self.init(attempted: attempted, subject: subject, cause: .refused(errno: -result, text: text))
  }

  /// The kernel's number for the failure, if it gave one.
  package var errno: Int32? {
    if case .refused(let errno, _) = cause { errno } else { nil }
  }

  package var description: String {
    let reason =
      switch cause {
      case .refused(let errno, let text):
        text.map { "\(Self.text(of: errno))\n\($0)" } ?? Self.text(of: errno)
      case .layoutDiffers(let pinned, let wanted): "the pinned map has \(pinned), wanted is \(wanted)"
      case .wrongSize(let wanted, let given): "\(given) bytes given where \(wanted) belong"
      case .notInObject: "the object holds nothing of that name"
      }
    return "\(attempted) \(subject): \(reason)"
  }

  private static func text(of errno: Int32) -> String {
    let name = clinux_errno_name(errno).map { String(cString: $0) } ?? "errno \(errno)"
    return strerror(errno).map { "\(name): \(String(cString: $0))" } ?? name
  }
}

/// An open descriptor, closed when nobody keeps it any more.
final class Descriptor: Sendable {
  let number: Int32

  init(owning number: Int32) {
    self.number = number
  }

  deinit {
    close(number)
  }
}
