internal import CLinux
internal import Glibc

/// A row of a neighbour table or of a bridge's or VXLAN device's forwarding table (linux/neighbour.h).
package struct Neighbour: Hashable, Sendable {
  package let linkIndex: Int32
  /// `NUD_*`.
  package let state: UInt16
  /// `NTF_*`.
  package let flags: UInt8
  /// `NDA_LLADDR`: the host's own, or the one a bridge or VXLAN device forwards to.
  package let hardwareAddress: [UInt8]
  /// `NDA_DST`: the host's address; in a VXLAN device's table the remote VTEP.
  package let destination: IPAddressBytes?
  /// `NDA_MASTER`: the bridge.
  package let master: Int32?

  /// Whether packets to it can leave now: its address is known, or none is needed.
  package var isUsable: Bool { isValid || state & UInt16(NUD_NOARP) != 0 }

  /// `NUD_PERMANENT`: set by someone, not learnt.
  package var isPermanent: Bool { state & UInt16(NUD_PERMANENT) != 0 }
  /// The entry holds an address that the kernel uses now.
  package var isValid: Bool {
    state & UInt16(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP) != 0
      && !hardwareAddress.isEmpty
  }

  package init(_ message: NetlinkMessage) throws(NetlinkDecodingError) {
    guard message.type == UInt16(RTM_NEWNEIGH) else { throw .unexpectedType(message.type) }
    var hardwareAddress: [UInt8] = []
    var destination: IPAddressBytes?
    var master: Int32?
    var reader = AttributeReader(try message.payload.behind(Self.headerSize))
    while let attribute = try reader.next() {
      switch Int(attribute.type) {
      case NDA_LLADDR: hardwareAddress = Array(attribute.value)
      case NDA_DST: destination = try attribute.ipAddress()
      case NDA_MASTER: master = try attribute.integer()
      default: break
      }
    }
    linkIndex = try message.payload.integer(at: 4)
    state = try message.payload.integer(at: 8)
    flags = try message.payload.integer(at: 10)
    self.hardwareAddress = hardwareAddress
    self.destination = destination
    self.master = master
  }

  /// `sizeof(struct ndmsg)`.
  static let headerSize = 12
}

extension NetlinkRequest {
  /// `ip neighbour show [dev DEV]`.
  package static func listNeighbours(link: Int32? = nil) -> NetlinkRequest {
    let command = "ip neighbour show" + (link.map { " dev #\($0)" } ?? "")
    return NetlinkRequest(type: RTM_GETNEIGH, command: command) { writer in
      writer.neighbourHeader(family: AF_INET)
      // An attribute, not the header field: with strict checking the kernel refuses the field (EINVAL).
      if let link { writer.attribute(UInt16(NDA_IFINDEX), link) }
    }
  }

  /// `ip neighbour get ADDRESS dev DEV`; ENOENT when the kernel has not been asked for it.
  package static func neighbourGet(_ address: IPAddressBytes, link: Int32) -> NetlinkRequest {
    NetlinkRequest(type: RTM_GETNEIGH, command: "ip neighbour get \(address) dev #\(link)") { writer in
      writer.neighbourHeader(family: Int32(address.family), link: link)
      writer.attribute(UInt16(NDA_DST), bytes: address.bytes)
    }
  }

  /// `bridge fdb show [dev DEV]`.
  package static func listForwarding(link: Int32? = nil) -> NetlinkRequest {
    let command = "bridge fdb show" + (link.map { " dev #\($0)" } ?? "")
    return NetlinkRequest(type: RTM_GETNEIGH, command: command) { writer in
      writer.neighbourHeader(family: AF_BRIDGE)
      if let link { writer.attribute(UInt16(NDA_IFINDEX), link) }
    }
  }

  /// `bridge fdb append MAC dev DEV dst IP`: for the all-zero MAC, one more place that floods go to.
  package static func appendForwarding(_ hardwareAddress: [UInt8], link: Int32, to remote: IPAddressBytes)
    -> NetlinkRequest
  {
    NetlinkRequest(
      type: RTM_NEWNEIGH, flags: NLM_F_CREATE | NLM_F_APPEND,
      command: "bridge fdb append \(macText(hardwareAddress)) dev #\(link) dst \(remote)"
    ) { writer in
      writer.neighbourHeader(
        family: AF_BRIDGE, link: link, state: UInt16(NUD_PERMANENT), flags: UInt8(NTF_SELF))
      writer.attribute(UInt16(NDA_LLADDR), bytes: hardwareAddress)
      writer.attribute(UInt16(NDA_DST), bytes: remote.bytes)
    }
  }

  /// `ip neighbour replace ADDRESS lladdr MAC dev DEV nud permanent`.
  package static func replaceNeighbour(
    _ address: IPAddressBytes, hardwareAddress: [UInt8], link: Int32
  ) -> NetlinkRequest {
    NetlinkRequest(
      type: RTM_NEWNEIGH, flags: NLM_F_CREATE | NLM_F_REPLACE,
      command: "ip neighbour replace \(address) lladdr \(macText(hardwareAddress)) dev #\(link) nud permanent"
    ) { writer in
      writer.neighbourHeader(family: Int32(address.family), link: link, state: UInt16(NUD_PERMANENT))
      writer.attribute(UInt16(NDA_DST), bytes: address.bytes)
      writer.attribute(UInt16(NDA_LLADDR), bytes: hardwareAddress)
    }
  }
}

extension AttributeWriter {
  /// `struct ndmsg`.
  fileprivate mutating func neighbourHeader(
    family: Int32, link: Int32 = 0, state: UInt16 = 0, flags: UInt8 = 0
  ) {
    fixed(UInt8(family))
    fixed([UInt8(0), 0, 0])
    fixed(link)
    fixed(state)
    fixed(flags)
    fixed(UInt8(0))
  }
}

extension NetlinkSocket {
  /// `ip neighbour show [dev DEV]`.
  package func neighbours(link: Int32? = nil) throws(NetlinkError) -> [Neighbour] {
    try dump(.listNeighbours(link: link)) { message throws(NetlinkDecodingError) in try Neighbour(message) }
  }

  /// `ip neighbour get ADDRESS dev DEV`; nil when there is none.
  package func neighbour(_ address: IPAddressBytes, link: Int32) throws(NetlinkError) -> Neighbour? {
    let request = NetlinkRequest.neighbourGet(address, link: link)
    do throws(NetlinkError) {
      return try decode(request, try query(request)) { message throws(NetlinkDecodingError) in
        try Neighbour(message)
      }
    } catch  where error.errno == ENOENT {
      return nil
    }
  }

  /// `bridge fdb show [dev DEV]`.
  package func forwarding(link: Int32? = nil) throws(NetlinkError) -> [Neighbour] {
    try dump(.listForwarding(link: link)) { message throws(NetlinkDecodingError) in try Neighbour(message) }
  }
}
