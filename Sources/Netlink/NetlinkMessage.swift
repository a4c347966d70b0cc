internal import CLinux

/// One message: `struct nlmsghdr` and its payload (linux/netlink.h).
package struct NetlinkMessage: Hashable, Sendable {
  package let type: UInt16
  package let flags: UInt16
  package let sequence: UInt32
  /// Who sent it; zero is the kernel.
  package let port: UInt32
  package let payload: ArraySlice<UInt8>

  package init(
    type: UInt16, flags: UInt16, sequence: UInt32, port: UInt32 = 0, payload: ArraySlice<UInt8>
  ) {
    self.type = type
    self.flags = flags
    self.sequence = sequence
    self.port = port
    self.payload = payload
  }

  /// The message as it goes over the socket, padded to four bytes.
  package var bytes: [UInt8] {
    var writer = AttributeWriter()
    writer.fixed(UInt32(NetlinkLayout.messageHeader + payload.count))
    writer.fixed(type)
    writer.fixed(flags)
    writer.fixed(sequence)
    writer.fixed(port)
    writer.fixed(payload)
    writer.fixed(repeatElement(0, count: NetlinkLayout.aligned(payload.count) - payload.count))
    return writer.bytes
  }

  /// All messages of one datagram.
  package static func messages(in datagram: ArraySlice<UInt8>) throws(NetlinkDecodingError)
    -> [NetlinkMessage]
  {
    var messages: [NetlinkMessage] = []
    var rest = datagram
    while !rest.isEmpty {
      let length = Int(try rest.integer(at: 0, as: UInt32.self))
      guard length >= NetlinkLayout.messageHeader else { throw .lengthBelowHeader(claimed: length) }
      guard length <= rest.count else { throw .lengthBeyondEnd(claimed: length, available: rest.count) }
      messages.append(
        NetlinkMessage(
          type: try rest.integer(at: 4), flags: try rest.integer(at: 6),
          sequence: try rest.integer(at: 8), port: try rest.integer(at: 12),
          payload: rest.prefix(length).dropFirst(NetlinkLayout.messageHeader)))
      rest = rest.dropFirst(NetlinkLayout.aligned(length))
    }
    return messages
  }

  /// What a message of type `NLMSG_ERROR` or `NLMSG_DONE` says; nil for any other message.
  package func acknowledgement() throws(NetlinkDecodingError) -> Acknowledgement? {
    switch Int32(type) {
    case NLMSG_ERROR: try Acknowledgement(error: self)
    case NLMSG_DONE: try Acknowledgement(done: self)
    default: nil
    }
  }
}

/// The kernel's yes or no to a request, with its words where it has some.
package struct Acknowledgement: Hashable, Sendable {
  /// Zero is yes.
  package let errno: Int32
  /// `NLMSGERR_ATTR_MSG`; the kernel also sends words with a yes, as warnings.
  package let text: String?

  /// `struct nlmsgerr`: the number, the header of the request and, unless capped, its payload.
  fileprivate init(error message: NetlinkMessage) throws(NetlinkDecodingError) {
    let negative: Int32 = try message.payload.integer(at: 0)
    let request = try message.payload.behind(4)
    let requestLength = Int(try request.integer(at: 0, as: UInt32.self))
    let isCapped = message.flags & UInt16(NLM_F_CAPPED) != 0
    let echoed = isCapped ? NetlinkLayout.messageHeader : requestLength
    guard echoed >= NetlinkLayout.messageHeader else { throw .lengthBelowHeader(claimed: echoed) }
    let hasText = message.flags & UInt16(NLM_F_ACK_TLVS) != 0
    errno = negative == Int32.min ? Int32.max : abs(negative)
    text = hasText ? try Self.text(in: try request.behind(echoed)) : nil
  }

  /// `NLMSG_DONE`: the number, then attributes where `NLM_F_ACK_TLVS` says so. Old dumps send no number.
  fileprivate init(done message: NetlinkMessage) throws(NetlinkDecodingError) {
    let negative: Int32 = message.payload.isEmpty ? 0 : try message.payload.integer(at: 0)
    let hasText = message.flags & UInt16(NLM_F_ACK_TLVS) != 0
    // A positive number is a count, not a failure.
    errno = negative == Int32.min ? Int32.max : max(0, -negative)
    text = hasText ? try Self.text(in: try message.payload.behind(4)) : nil
  }

  private static func text(in bytes: ArraySlice<UInt8>) throws(NetlinkDecodingError) -> String? {
    var reader = AttributeReader(bytes)
    var text: String?
    while let attribute = try reader.next() {
      if attribute.type == UInt16(NLMSGERR_ATTR_MSG.rawValue) { text = try attribute.text() }
    }
    return text
  }
}
