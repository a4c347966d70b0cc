internal import CLinux

/// A network interface as the kernel describes it (`ip -details link show`, linux/if_link.h).
package struct Link: Hashable, Sendable {
  package let index: Int32
  package let name: String
  /// `vxlan`, `veth`, `bridge`, ...; nil for hardware and the loopback interface.
  package let kind: String?
  package let flags: LinkFlags
  /// In bytes, without the Ethernet header.
  package let mtu: UInt32
  /// Six bytes for Ethernet; other links have other lengths, and some none.
  package let hardwareAddress: [UInt8]
  /// The bridge, bond or similar that this is a port of.
  package let master: Int32?
  /// The other end of a veth pair, or the interface below.
  package let peer: Peer?
  /// A number that whoever makes the link may give it (`group`); 0 when nobody did.
  package let group: UInt32
  /// A text that anyone may set; up to 255 bytes.
  package let alias: String?
  /// `net.ipv4.conf.NAME.forwarding`; nil where the kernel does not say.
  package let forwardsIPv4: Bool?
  /// Present if `kind` is `vxlan`.
  package let vxlan: VXLANSettings?
  /// How frames wait on their way out (`qdisc`): `noqueue` for a veth that nobody has changed.
  package let queueing: String?
  /// The kernel's number of the XDP program that it has (`ip link show`: `xdp`), in whichever mode.
  package let xdpProgram: UInt32?
  /// Present if `kind` is `bridge`.
  package let firewalling: BridgeFirewalling?

  package struct Peer: Hashable, Sendable {
    package let index: Int32
    /// The kernel's number, in our namespace, for the namespace of the peer; nil when it is our own.
    package let namespaceIdentifier: Int32?

    package init(index: Int32, namespaceIdentifier: Int32?) {
      self.index = index
      self.namespaceIdentifier = namespaceIdentifier
    }
  }

  /// A link from its parts, for who has no kernel to ask.
  package init(
    index: Int32, name: String, kind: String?, flags: LinkFlags, mtu: UInt32, hardwareAddress: [UInt8],
    master: Int32?, peer: Peer?, alias: String?, group: UInt32, forwardsIPv4: Bool?, vxlan: VXLANSettings?,
    queueing: String? = nil, xdpProgram: UInt32? = nil, firewalling: BridgeFirewalling? = nil
  ) {
    self.index = index
    self.name = name
    self.kind = kind
    self.flags = flags
    self.mtu = mtu
    self.hardwareAddress = hardwareAddress
    self.master = master
    self.peer = peer
    self.alias = alias
    self.group = group
    self.forwardsIPv4 = forwardsIPv4
    self.vxlan = vxlan
    self.queueing = queueing
    self.xdpProgram = xdpProgram
    self.firewalling = firewalling
  }

  package init(_ message: NetlinkMessage) throws(NetlinkDecodingError) {
    guard message.type == UInt16(RTM_NEWLINK) else { throw .unexpectedType(message.type) }
    var fields = LinkFields()
    var reader = AttributeReader(try message.payload.behind(Self.headerSize))
    while let attribute = try reader.next() { try fields.take(attribute) }

    self.init(
      index: try message.payload.integer(at: 4), name: fields.name, kind: fields.kind,
      flags: LinkFlags(rawValue: try message.payload.integer(at: 8)), mtu: fields.mtu,
      hardwareAddress: fields.hardwareAddress, master: fields.master,
      peer: fields.peerIndex.map { Peer(index: $0, namespaceIdentifier: fields.peerNamespace) },
      alias: fields.alias, group: fields.group, forwardsIPv4: fields.forwardsIPv4,
      vxlan: fields.kind == VXLANSettings.kind ? try VXLANSettings(fields.details) : nil,
      queueing: fields.queueing, xdpProgram: fields.xdpProgram,
      firewalling: fields.kind == BridgeFirewalling.kind ? try BridgeFirewalling(fields.details) : nil)
  }

  /// `sizeof(struct ifinfomsg)`.
  static let headerSize = 16
}

/// The `IFF_*` flags of an interface that we look at (linux/if.h).
package struct LinkFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `IFF_UP`: someone wants it to work.
  package static let up = LinkFlags(rawValue: 1 << 0)
  /// `IFF_LOOPBACK`.
  package static let loopback = LinkFlags(rawValue: 1 << 3)
  /// `IFF_RUNNING`: it does work.
  package static let running = LinkFlags(rawValue: 1 << 6)
  /// `IFF_NOARP`: neighbours are reached without being asked for.
  package static let withoutARP = LinkFlags(rawValue: 1 << 7)
  /// `IFF_PROMISC`: someone asked for frames to others. A bridge's own wish is not shown here.
  package static let promiscuous = LinkFlags(rawValue: 1 << 8)
  /// `IFF_LOWER_UP`: there is a carrier.
  package static let lowerUp = LinkFlags(rawValue: 1 << 16)
}

/// The attributes of a link while they are collected.
private struct LinkFields {
  var name = ""
  var kind: String?
  var details: ArraySlice<UInt8> = []
  var mtu: UInt32 = 0
  var hardwareAddress: [UInt8] = []
  var master: Int32?
  var peerIndex: Int32?
  var peerNamespace: Int32?
  var group: UInt32 = 0
  var alias: String?
  var forwardsIPv4: Bool?
  var queueing: String?
  var xdpProgram: UInt32?

  mutating func take(_ attribute: Attribute) throws(NetlinkDecodingError) {
    switch Int(attribute.type) {
    case IFLA_IFNAME: name = try attribute.text()
    case IFLA_ADDRESS: hardwareAddress = Array(attribute.value)
    case IFLA_MTU: mtu = try attribute.integer()
    case IFLA_MASTER: master = try attribute.integer()
    case IFLA_LINK: peerIndex = try attribute.integer()
    case IFLA_LINK_NETNSID: peerNamespace = try attribute.integer()
    case IFLA_QDISC: queueing = try attribute.text()
    case IFLA_GROUP: group = try attribute.integer()
    case IFLA_IFALIAS: alias = try attribute.text()
    case IFLA_AF_SPEC: try takeFamilies(attribute.nested)
    case IFLA_XDP: try takeXDP(attribute.nested)
    case IFLA_LINKINFO: try takeLinkInformation(attribute.nested)
    default: break
    }
  }

  /// With programs in two modes the kernel names them each for itself: any of them means that there is one.
  private mutating func takeXDP(_ attributes: AttributeReader) throws(NetlinkDecodingError) {
    var reader = attributes
    let programs = [IFLA_XDP_PROG_ID, IFLA_XDP_DRV_PROG_ID, IFLA_XDP_SKB_PROG_ID, IFLA_XDP_HW_PROG_ID]
    while let attribute = try reader.next() {
      if programs.contains(Int(attribute.type)) { xdpProgram = try attribute.integer() }
    }
  }

  /// `IFLA_AF_SPEC`, `AF_INET`, `IFLA_INET_CONF`: one integer for each of `IPV4_DEVCONF_*`, from 1.
  private mutating func takeFamilies(_ families: AttributeReader) throws(NetlinkDecodingError) {
    var families = families
    while let family = try families.next() {
      guard Int32(family.type) == AF_INET else { continue }
      var settings = family.nested
      while let setting = try settings.next() {
        guard Int(setting.type) == IFLA_INET_CONF else { continue }
        forwardsIPv4 = try setting.value.integer(at: 4 * (IPV4_DEVCONF_FORWARDING - 1), as: UInt32.self) != 0
      }
    }
  }

  private mutating func takeLinkInformation(_ attributes: AttributeReader) throws(NetlinkDecodingError) {
    var reader = attributes
    while let attribute = try reader.next() {
      switch Int(attribute.type) {
      case IFLA_INFO_KIND: kind = try attribute.text()
      case IFLA_INFO_DATA: details = attribute.value
      default: break
      }
    }
  }
}
