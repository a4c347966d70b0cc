internal import CLinux
internal import Glibc

/// A base chain of nf_tables: one that frames or packets meet by themselves (`nft list chains`,
/// linux/netfilter/nf_tables.h).
package struct FirewallChain: Hashable, Sendable {
  /// Whose packets it sees.
  package enum Family: Hashable, Sendable {
    case ip, ip6, inet, arp, bridge, netdev
    case other(UInt8)

    init(_ number: UInt8) {
      self =
        switch Int32(number) {
        case Int32(NFPROTO_IPV4): .ip
        case Int32(NFPROTO_IPV6): .ip6
        case Int32(NFPROTO_INET): .inet
        case Int32(NFPROTO_ARP): .arp
        case Int32(NFPROTO_BRIDGE): .bridge
        case Int32(NFPROTO_NETDEV): .netdev
        default: .other(number)
        }
    }
  }

  package let family: Family
  package let table: String
  package let name: String
  /// The place in the family's list of hooks.
  package let hook: UInt32
  /// Of a chain that belongs to interfaces.
  package let interfaces: [String]
  /// Whether it drops what no rule of it accepts (`policy drop`).
  package let dropsTheRest: Bool
  /// Packets that its policy met; nil where it does not count.
  package let policyPackets: UInt64?

  /// `NF_INET_FORWARD`, and `NF_BR_FORWARD`, which is the same number.
  package static let forwardHook: UInt32 = 2
  /// `NF_NETDEV_EGRESS`.
  package static let egressHook: UInt32 = 1

  /// Nil for a chain that others have to jump to.
  package init?(_ message: NetlinkMessage) throws(NetlinkDecodingError) {
    guard message.type == Self.answerType else { throw .unexpectedType(message.type) }
    var fields = ChainFields()
    var reader = AttributeReader(try message.payload.behind(Self.headerSize))
    while let attribute = try reader.next() { try fields.take(attribute) }
    guard let hook = fields.hook else { return nil }
    family = Family(try message.payload.integer(at: 0))
    table = fields.table
    name = fields.name
    self.hook = hook
    interfaces = fields.interfaces
    dropsTheRest = fields.policy == 0  // NF_DROP
    policyPackets = fields.packets
  }

  /// `sizeof(struct nfgenmsg)`.
  static let headerSize = 4
  /// Of its parent room: `NFNL_SUBSYS_NFTABLES` in the upper byte.
  static let questionType = NFNL_SUBSYS_NFTABLES << 8 | Int32(NFT_MSG_GETCHAIN.rawValue)
  private static let answerType = UInt16(NFNL_SUBSYS_NFTABLES << 8 | Int32(NFT_MSG_NEWCHAIN.rawValue))
}

private struct ChainFields {
  var table = ""
  var name = ""
  var hook: UInt32?
  var interfaces: [String] = []
  var policy: UInt32?
  var packets: UInt64?

  mutating func take(_ attribute: Attribute) throws(NetlinkDecodingError) {
    switch UInt32(attribute.type) {
    case NFTA_CHAIN_TABLE.rawValue: table = try attribute.text()
    case NFTA_CHAIN_NAME.rawValue: name = try attribute.text()
    case NFTA_CHAIN_POLICY.rawValue: policy = UInt32(bigEndian: try attribute.integer())
    case NFTA_CHAIN_HOOK.rawValue: try takeHook(attribute.nested)
    case NFTA_CHAIN_COUNTERS.rawValue: try takeCounters(attribute.nested)
    default: break
    }
  }

  private mutating func takeHook(_ attributes: AttributeReader) throws(NetlinkDecodingError) {
    var reader = attributes
    while let attribute = try reader.next() {
      switch UInt32(attribute.type) {
      case NFTA_HOOK_HOOKNUM.rawValue: hook = UInt32(bigEndian: try attribute.integer())
      case NFTA_HOOK_DEV.rawValue: add(interface: try attribute.text())
      case NFTA_HOOK_DEVS.rawValue:
        var devices = attribute.nested
        while let device = try devices.next() { add(interface: try device.text()) }
      default: break
      }
    }
  }

  /// One alone is named twice.
  private mutating func add(interface: String) {
    if !interfaces.contains(interface) { interfaces.append(interface) }
  }

  private mutating func takeCounters(_ attributes: AttributeReader) throws(NetlinkDecodingError) {
    var reader = attributes
    while let attribute = try reader.next() {
      if UInt32(attribute.type) == NFTA_COUNTER_PACKETS.rawValue {
        packets = UInt64(bigEndian: try attribute.integer())
      }
    }
  }
}

extension NetlinkRequest {
  /// `nft list chains`, of all families.
  static func listChains() -> NetlinkRequest {
    NetlinkRequest(type: Int(FirewallChain.questionType), command: "nft list chains") { writer in
      writer.fixed([UInt8(NFPROTO_UNSPEC), UInt8(NFNETLINK_V0), 0, 0])
    }
  }
}

extension NetlinkSocket {
  /// `nft list chains`: the base chains of a socket of the family `firewall`.
  package func baseChains() throws(NetlinkError) -> [FirewallChain] {
    try dump(.listChains()) { message throws(NetlinkDecodingError) in try FirewallChain(message) }
  }
}
