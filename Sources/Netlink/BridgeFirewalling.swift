internal import CLinux

/// Through which of the node's firewalls a bridge sends the frames that it forwards, by its own options
/// (`ip -details link show type bridge`: `nf_call_iptables` and the others; linux/if_link.h).
package struct BridgeFirewalling: Hashable, Sendable {
  package let callsIPTables: Bool
  package let callsIP6Tables: Bool
  package let callsARPTables: Bool

  static let kind = "bridge"

  package init(callsIPTables: Bool, callsIP6Tables: Bool, callsARPTables: Bool) {
    self.callsIPTables = callsIPTables
    self.callsIP6Tables = callsIP6Tables
    self.callsARPTables = callsARPTables
  }

  /// From `IFLA_INFO_DATA`. A kernel without bridge netfilter says nothing of it.
  init(_ details: ArraySlice<UInt8>) throws(NetlinkDecodingError) {
    var (ip, ip6, arp) = (UInt8(0), UInt8(0), UInt8(0))
    var reader = AttributeReader(details)
    while let attribute = try reader.next() {
      switch Int(attribute.type) {
      case IFLA_BR_NF_CALL_IPTABLES: ip = try attribute.integer()
      case IFLA_BR_NF_CALL_IP6TABLES: ip6 = try attribute.integer()
      case IFLA_BR_NF_CALL_ARPTABLES: arp = try attribute.integer()
      default: break
      }
    }
    self.init(callsIPTables: ip != 0, callsIP6Tables: ip6 != 0, callsARPTables: arp != 0)
  }
}
