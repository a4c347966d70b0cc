internal import CLinux
internal import Glibc

/// A netlink socket of the network namespace in which it was opened (rtnetlink(7)).
///
/// Calls block until the kernel has answered. It is not `Sendable` and keeps no lock: one owner uses it,
/// best an actor whose executor is a `NamespaceThread`.
package final class NetlinkSocket {
  /// Our choice: a kernel that is silent this long is waiting for a lock we should hear about.
  package static let answerLimitSeconds = 30
  /// Whom in the kernel it talks to.
  package enum Family: Sendable {
    case routing
    /// Families that are looked up by name (linux/genetlink.h); see `DeviceFeatures`.
    case generic
    /// nf_tables (linux/netfilter/nfnetlink.h).
    case firewall

    var number: Int32 {
      switch self {
      case .routing: NETLINK_ROUTE
      case .generic: NETLINK_GENERIC
      case .firewall: NETLINK_NETFILTER
      }
    }
  }

  /// Our choice: times a list is read again because it changed meanwhile.
  static let dumpAttempts = 16
  /// Our choice: the longest pause before a list is read again; the first is a millisecond, then doubled.
  static let longestDumpPauseMilliseconds: UInt32 = 100
  /// Our choice: requests in one send, so that their answers fit into the receive buffer.
  static let batchLimit = 256
  /// The kernel makes dump parts of up to 32 KiB (`NETLINK_MAX_...` of af_netlink.c); one more is free.
  static let receiveRoom = 65536

  private let descriptor: Int32
  private var sequence: UInt32 = 0
  private var room = [UInt8](repeating: 0, count: NetlinkSocket.receiveRoom)

  /// Opens the socket in the namespace of the calling thread.
  package init(_ family: Family = .routing) throws(NetlinkError) {
    let attempted = "open a \(family) netlink socket"
    descriptor = try NetlinkDescriptor.open(family, for: attempted)
    // All is initialised now, so a throw from here on runs deinit, which closes.
    // Words of the kernel with each no; no echo of our request; filters of a dump are honoured or refused.
    for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] {
      try NetlinkDescriptor.set(descriptor, level: SOL_NETLINK, option, Int32(1), for: attempted)
    }
    try NetlinkDescriptor.set(descriptor, level: SOL_SOCKET, SO_RCVBUF, Int32(1 << 20), for: attempted)
    let limit = timeval(tv_sec: Self.answerLimitSeconds, tv_usec: 0)
    try NetlinkDescriptor.set(descriptor, level: SOL_SOCKET, SO_RCVTIMEO, limit, for: attempted)
    try NetlinkDescriptor.bind(descriptor, for: attempted)
  }

  deinit {
    close(descriptor)
  }

  /// A number of the socket's network namespace that no other has while the system runs (linux 5.14,
  /// `SO_NETNS_COOKIE`).
  package func namespaceCookie() throws(NetlinkError) -> UInt64 {
    var cookie: UInt64 = 0
    var size = socklen_t(MemoryLayout<UInt64>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 else {
      throw NetlinkError(
        attempted: "ask for the namespace's number", cause: .systemCall("getsockopt", errno: errno))
    }
    return cookie
  }

  /// Sends one request and waits for the kernel's yes.
  package func perform(_ request: NetlinkRequest) throws(NetlinkError) {
    if let error = try perform([request])[0] { throw error }
  }

  /// Sends many requests with one system call each `batchLimit`, in order, and waits until all are done.
  ///
  /// A refused request does not stop those behind it. The result has an entry for each refused request,
  /// by its index; empty means that all were done. Only the last request of a send asks for a yes: a no
  /// is always sent.
  package func perform(_ requests: [NetlinkRequest]) throws(NetlinkError) -> [Int: NetlinkError] {
    var refusals: [Int: NetlinkError] = [:]
    var start = 0
    while start < requests.count {
      let end = min(start + Self.batchLimit, requests.count)
      try performChunk(requests[start..<end], into: &refusals)
      start = end
    }
    return refusals
  }

  /// The one object that a request without `NLM_F_DUMP` asks for, for example `ip route get`.
  package func query(_ request: NetlinkRequest) throws(NetlinkError) -> NetlinkMessage {
    let number = nextSequence()
    // No NLM_F_ACK: the object itself, or a no, is the answer.
    try send(request.message(sequence: number, adding: 0).bytes, for: request.command)
    while true {
      for message in try receive(for: request.command) where message.sequence == number {
        guard let answer = try acknowledgement(in: message, to: request)
        else { return message }
        guard answer.errno == 0 else { throw Self.refusal(request, answer) }
        throw NetlinkError(attempted: request.command, cause: .emptyAnswer)
      }
    }
  }

  /// Lists objects, and starts again when they changed meanwhile; about a second long at most.
  package func dump(_ request: NetlinkRequest) throws(NetlinkError) -> [NetlinkMessage] {
    for attempt in 0..<Self.dumpAttempts {
      if let messages = try dumpOnce(request) { return messages }
      // A list with a hole would look as if something were gone; better late than wrong.
      usleep(1000 * min(1 << UInt32(attempt), Self.longestDumpPauseMilliseconds))
    }
    throw NetlinkError(attempted: request.command, cause: .interruptedDump)
  }

  /// Lists objects and decodes each; `make` answers nil for what the caller does not want.
  package func dump<Value>(
    _ request: NetlinkRequest, _ make: (NetlinkMessage) throws(NetlinkDecodingError) -> Value?
  ) throws(NetlinkError) -> [Value] {
    var values: [Value] = []
    for message in try dump(request) {
      if let value = try decode(request, message, make) { values.append(value) }
    }
    return values
  }

  /// The objects of a list up to the first for which `make` answers nil. The socket is of no use afterwards:
  /// the rest of the list still waits in it.
  func beginning<Value>(
    of request: NetlinkRequest, _ make: (NetlinkMessage) throws(NetlinkDecodingError) -> Value?
  ) throws(NetlinkError) -> [Value] {
    let number = nextSequence()
    try send(request.message(sequence: number, adding: NLM_F_ROOT | NLM_F_MATCH).bytes, for: request.command)
    var values: [Value] = []
    while true {
      for message in try receive(for: request.command) where message.sequence == number {
        if let answer = try acknowledgement(in: message, to: request) {
          guard answer.errno == 0 else { throw Self.refusal(request, answer) }
          return values
        }
        guard let value = try decode(request, message, make) else { return values }
        values.append(value)
      }
    }
  }

  // MARK: One exchange

  private func performChunk(
    _ requests: ArraySlice<NetlinkRequest>, into refusals: inout [Int: NetlinkError]
  ) throws(NetlinkError) {
    guard let last = requests.last else { return }
    var indexes: [UInt32: Int] = [:]
    var bytes: [UInt8] = []
    var final: UInt32 = 0
    for (index, request) in zip(requests.indices, requests) {
      final = nextSequence()
      indexes[final] = index
      let isLast = index == requests.endIndex - 1
      bytes += request.message(sequence: final, adding: isLast ? NLM_F_ACK : 0).bytes
    }
    try send(bytes, for: last.command)
    while true {
      for message in try receive(for: last.command) {
        guard let index = indexes[message.sequence] else { continue }
        let request = requests[index]
        guard let answer = try acknowledgement(in: message, to: request)
        else { continue }
        if answer.errno != 0 { refusals[index] = Self.refusal(request, answer) }
        if message.sequence == final { return }
      }
    }
  }

  /// Nil when the kernel says that the list changed while it was made.
  private func dumpOnce(_ request: NetlinkRequest) throws(NetlinkError) -> [NetlinkMessage]? {
    let number = nextSequence()
    try send(request.message(sequence: number, adding: NLM_F_ROOT | NLM_F_MATCH).bytes, for: request.command)
    var messages: [NetlinkMessage] = []
    var wasInterrupted = false
    while true {
      for message in try receive(for: request.command) where message.sequence == number {
        wasInterrupted = wasInterrupted || message.flags & UInt16(NLM_F_DUMP_INTR) != 0
        guard let answer = try acknowledgement(in: message, to: request)
        else {
          messages.append(message)
          continue
        }
        guard answer.errno == 0 else { throw Self.refusal(request, answer) }
        return wasInterrupted ? nil : messages
      }
    }
  }

  private func acknowledgement(
    in message: NetlinkMessage, to request: NetlinkRequest
  ) throws(NetlinkError) -> Acknowledgement? {
    try decode(request, message) { message throws(NetlinkDecodingError) in try message.acknowledgement() }
  }

  /// Decodes an answer to `request`.
  func decode<Value>(
    _ request: NetlinkRequest, _ message: NetlinkMessage,
    _ make: (NetlinkMessage) throws(NetlinkDecodingError) -> Value
  ) throws(NetlinkError) -> Value {
    do throws(NetlinkDecodingError) {
      return try make(message)
    } catch {
      throw NetlinkError(attempted: request.command, cause: .undecodable(error))
    }
  }

  private static func refusal(_ request: NetlinkRequest, _ answer: Acknowledgement) -> NetlinkError {
    NetlinkError(attempted: request.command, cause: .refused(errno: answer.errno, text: answer.text))
  }

  private func nextSequence() -> UInt32 {
    // Zero marks messages nobody asked for.
    sequence = sequence == .max ? 1 : sequence + 1
    return sequence
  }

  // MARK: Bytes

  private func send(_ bytes: [UInt8], for command: String) throws(NetlinkError) {
    let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
    guard sent == bytes.count else {
      throw NetlinkError(attempted: command, cause: .systemCall("send", errno: sent < 0 ? errno : EMSGSIZE))
    }
  }

  /// The messages of the next datagram that the kernel sent; others may write to this socket as well.
  private func receive(for command: String) throws(NetlinkError) -> [NetlinkMessage] {
    while true {
      let (count, sender) = try receiveDatagram(for: command)
      guard sender == 0 else { continue }
      // MSG_TRUNC makes recvfrom answer the true length: then the end is missing.
      guard count <= room.count else {
        throw NetlinkError(
          attempted: command, cause: .undecodable(.lengthBeyondEnd(claimed: count, available: room.count)))
      }
      do throws(NetlinkDecodingError) {
        // A copy of its own: the messages are slices of it and outlive the next receive.
        return try NetlinkMessage.messages(in: Array(room[..<count])[...])
      } catch {
        throw NetlinkError(attempted: command, cause: .undecodable(error))
      }
    }
  }

  private func receiveDatagram(for command: String) throws(NetlinkError) -> (count: Int, sender: UInt32) {
    while true {
      var sender = sockaddr_nl()
      var senderSize = socklen_t(MemoryLayout<sockaddr_nl>.size)
      let count = room.withUnsafeMutableBytes { buffer in
        withUnsafeMutablePointer(to: &sender) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            recvfrom(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC), $0, &senderSize)
          }
        }
      }
      if count >= 0 { return (count, sender.nl_pid) }
      switch errno {
      case EINTR: continue
      case EAGAIN: throw NetlinkError(attempted: command, cause: .noAnswer)
      case let number: throw NetlinkError(attempted: command, cause: .systemCall("recvfrom", errno: number))
      }
    }
  }
}
