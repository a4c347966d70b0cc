internal import CLinux
internal import Glibc

/// A netlink exchange that did not do what was asked: what was attempted, and why it failed.
package struct NetlinkError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Cause: Hashable, Sendable {
    /// The kernel understood and declined; `text` is its extended acknowledgement (`NLMSGERR_ATTR_MSG`).
    case refused(errno: Int32, text: String?)
    /// A system call of ours failed before the kernel's netlink code had a say.
    case systemCall(String, errno: Int32)
    /// The answer is not what linux/netlink.h describes.
    case undecodable(NetlinkDecodingError)
    /// Objects changed while they were listed (`NLM_F_DUMP_INTR`), as often as we were ready to try again.
    case interruptedDump
    /// The kernel did not answer within the socket's limit.
    case noAnswer
    /// The answer ended without what was asked for.
    case emptyAnswer
  }

  /// The equivalent command where there is one: `ip link set dev esw0 up`.
  package let attempted: String
  package let cause: Cause

  package init(attempted: String, cause: Cause) {
    self.attempted = attempted
    self.cause = cause
  }

  /// The kernel's number for the failure, if it gave one.
  package var errno: Int32? {
    switch cause {
    case .refused(let errno, _), .systemCall(_, let errno): errno
    case .undecodable, .interruptedDump, .noAnswer, .emptyAnswer: nil
    }
  }

  package var description: String {
    let reason =
      switch cause {
      case .refused(let errno, let text): text.map { "\($0) (\(errnoText(errno)))" } ?? errnoText(errno)
      case .systemCall(let call, let errno): "\(call): \(errnoText(errno))"
      case .undecodable(let error): "the kernel's answer cannot be read: \(error)"
      case .interruptedDump: "the list kept changing while it was read"
      case .noAnswer: "the kernel did not answer in time"
      case .emptyAnswer: "the kernel's answer is empty"
      }
    return "\(attempted): \(reason)"
  }
}

/// Bytes that break the rules of linux/netlink.h or of the message they claim to be.
package enum NetlinkDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A length field claims more bytes than there are.
  case lengthBeyondEnd(claimed: Int, available: Int)
  /// A length field claims less than its own header.
  case lengthBelowHeader(claimed: Int)
  /// A value has another size than its type wants.
  case wrongSize(wanted: Int, found: Int)
  /// A text is not UTF-8.
  case notText
  /// A message of another type than the answer should hold.
  case unexpectedType(UInt16)

  package var description: String {
    switch self {
    case .lengthBeyondEnd(let claimed, let available):
      "a length of \(claimed) where \(available) bytes are left"
    case .lengthBelowHeader(let claimed): "a length of \(claimed), less than its own header"
    case .wrongSize(let wanted, let found): "\(found) bytes where \(wanted) belong"
    case .notText: "a name that is not UTF-8"
    case .unexpectedType(let type): "a message of type \(type)"
    }
  }
}

/// The constant's name and what it means: "EPERM: Operation not permitted".
func errnoText(_ number: Int32) -> String {
  let name = clinux_errno_name(number).map { String(cString: $0) } ?? "errno \(number)"
  return strerror(number).map { "\(name): \(String(cString: $0))" } ?? name
}
