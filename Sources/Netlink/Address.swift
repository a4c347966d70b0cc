internal import CLinux

/// An address of an interface (`ip address show`, linux/if_addr.h).
package struct Address: Hashable, Sendable {
  package let linkIndex: Int32
  /// The interface's own address; for point-to-point links not the one of the other end.
  package let local: IPAddressBytes
  package let prefixLength: UInt8
  /// Who set it (`IFA_PROTO`, linux 5.18): a number the setter chooses, 0 when it chose none.
  package let origin: UInt8
  /// `IFA_F_*`.
  package let flags: UInt32

  package init(
    linkIndex: Int32, local: IPAddressBytes, prefixLength: UInt8, origin: UInt8 = 0, flags: UInt32 = 0
  ) {
    self.linkIndex = linkIndex
    self.local = local
    self.prefixLength = prefixLength
    self.origin = origin
    self.flags = flags
  }

  package init(_ message: NetlinkMessage) throws(NetlinkDecodingError) {
    guard message.type == UInt16(RTM_NEWADDR) else { throw .unexpectedType(message.type) }
    var address: IPAddressBytes?
    var local: IPAddressBytes?
    var origin: UInt8 = 0
    var flags = UInt32(try message.payload.integer(at: 2, as: UInt8.self))
    var reader = AttributeReader(try message.payload.behind(Self.headerSize))
    while let attribute = try reader.next() {
      switch Int(attribute.type) {
      case IFA_ADDRESS: address = try attribute.ipAddress()
      case IFA_LOCAL: local = try attribute.ipAddress()
      case IFA_PROTO: origin = try attribute.integer()
      case IFA_FLAGS: flags = try attribute.integer()
      default: break
      }
    }
    // IPv6 sends IFA_ADDRESS only.
    guard let own = local ?? address else { throw .wrongSize(wanted: 4, found: 0) }
    let index: UInt32 = try message.payload.integer(at: 4)
    self.init(
      linkIndex: Int32(bitPattern: index), local: own, prefixLength: try message.payload.integer(at: 1),
      origin: origin, flags: flags)
  }

  /// `sizeof(struct ifaddrmsg)`.
  static let headerSize = 8
}

extension NetlinkRequest {
  /// `ip -4 address show`, or `ip -6 address show`.
  package static func listAddresses(isV6: Bool = false) -> NetlinkRequest {
    NetlinkRequest(type: RTM_GETADDR, command: "ip -\(isV6 ? 6 : 4) address show") { writer in
      writer.fixed(UInt8(isV6 ? AF_INET6 : AF_INET))
      writer.fixed(repeatElement(UInt8(0), count: Address.headerSize - 1))
    }
  }

  /// `ip address add ADDRESS/LENGTH dev DEV proto ORIGIN`; EEXIST when the interface has it.
  package static func addAddress(_ address: Address) -> NetlinkRequest {
    NetlinkRequest(
      type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL,
      command: "ip address add \(address.words) proto \(address.origin)"
    ) { writer in
      writer.address(address)
      if address.origin != 0 { writer.attribute(UInt16(IFA_PROTO), address.origin) }
      if address.flags != 0 { writer.attribute(UInt16(IFA_FLAGS), address.flags) }
    }
  }

  /// `ip address delete ADDRESS/LENGTH dev DEV`; EADDRNOTAVAIL when the interface has it not.
  package static func deleteAddress(_ address: Address) -> NetlinkRequest {
    NetlinkRequest(type: RTM_DELADDR, command: "ip address delete \(address.words)") { $0.address(address) }
  }
}

extension Address {
  fileprivate var words: String { "\(local)/\(prefixLength) dev #\(linkIndex)" }
}

extension AttributeWriter {
  /// `struct ifaddrmsg` and the address, which IPv4 wants twice.
  fileprivate mutating func address(_ address: Address) {
    fixed(address.local.family)
    fixed(address.prefixLength)
    fixed(UInt8(0))
    fixed(UInt8(RT_SCOPE_UNIVERSE.rawValue))
    fixed(UInt32(bitPattern: address.linkIndex))
    attribute(UInt16(IFA_LOCAL), bytes: address.local.bytes)
    attribute(UInt16(IFA_ADDRESS), bytes: address.local.bytes)
  }
}

extension NetlinkSocket {
  /// `ip -4 address show`, or `ip -6 address show`.
  package func addresses(isV6: Bool = false) throws(NetlinkError) -> [Address] {
    try dump(.listAddresses(isV6: isV6)) { message throws(NetlinkDecodingError) in try Address(message) }
  }
}
