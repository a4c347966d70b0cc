internal import CLinux
internal import Glibc

/// A filter of traffic control at the way in or out of an interface (`tc filter show`, linux/rtnetlink.h,
/// linux/pkt_cls.h).
package struct TrafficFilter: Hashable, Sendable {
  package let linkIndex: Int32
  /// `u32`, `bpf`, `flower`, ...
  package let kind: String
  /// Lower ones are asked first (`pref`).
  package let preference: UInt16
  /// Of a `bpf` filter: its program's name.
  package let programName: String?

  package init(_ message: NetlinkMessage) throws(NetlinkDecodingError) {
    guard message.type == UInt16(RTM_NEWTFILTER) else { throw .unexpectedType(message.type) }
    var kind = ""
    var options: ArraySlice<UInt8> = []
    var reader = AttributeReader(try message.payload.behind(Self.headerSize))
    while let attribute = try reader.next() {
      switch Int(attribute.type) {
      case TCA_KIND: kind = try attribute.text()
      case TCA_OPTIONS: options = attribute.value
      default: break
      }
    }
    linkIndex = try message.payload.integer(at: 4)
    let information: UInt32 = try message.payload.integer(at: 16)
    preference = UInt16(truncatingIfNeeded: information >> 16)
    programName = kind == "bpf" ? try Self.programName(in: options) : nil
    self.kind = kind
  }

  private static func programName(in options: ArraySlice<UInt8>) throws(NetlinkDecodingError) -> String? {
    var reader = AttributeReader(options)
    while let attribute = try reader.next() {
      if attribute.type == nameAttribute { return try attribute.text() }
    }
    return nil
  }

  /// `sizeof(struct tcmsg)`.
  static let headerSize = 20
  /// `TCA_BPF_NAME` (linux/pkt_cls.h).
  private static let nameAttribute: UInt16 = 7
  /// `TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)` (linux/pkt_sched.h).
  static let egressParent: UInt32 = 0xffff_fff3
}

extension NetlinkRequest {
  /// `tc filter show dev DEV egress`.
  static func listEgressFilters(link: Int32) -> NetlinkRequest {
    NetlinkRequest(type: RTM_GETTFILTER, command: "tc filter show dev #\(link) egress") { writer in
      writer.fixed(UInt32(AF_UNSPEC))
      writer.fixed(link)
      writer.fixed(UInt32(0))
      writer.fixed(TrafficFilter.egressParent)
      writer.fixed(UInt32(0))
    }
  }
}

extension NetlinkSocket {
  /// `tc filter show dev DEV egress`: those of `clsact`, one for each preference and kind; empty where
  /// nobody has put such a queue there.
  package func egressFilters(link: Int32) throws(NetlinkError) -> [TrafficFilter] {
    let listed = try dump(.listEgressFilters(link: link)) { message throws(NetlinkDecodingError) in
      try TrafficFilter(message)
    }
    var filters: [TrafficFilter] = []
    // A kind may list its tables and rules one by one.
    for filter in listed where !filters.contains(filter) { filters.append(filter) }
    return filters
  }
}
