internal import CLinux
internal import Glibc

/// A way to a destination (`ip route show`, linux/rtnetlink.h). Routes with several next hops show the first.
package struct Route: Hashable, Sendable {
  /// Nil for a default route.
  package let destination: IPAddressBytes?
  package let prefixLength: UInt8
  package let gateway: IPAddressBytes?
  /// The interface the packets leave by; nil for routes that lead nowhere (`blackhole`, `unreachable`).
  package let outputLink: Int32?
  /// The source address the kernel would choose.
  package let preferredSource: IPAddressBytes?
  package let metric: UInt32
  package let table: UInt32
  /// `RTN_*`: 1 unicast, 2 local, 3 broadcast, 6 blackhole, 7 unreachable, 8 prohibit.
  package let kind: UInt8
  /// `RTPROT_*`: who set it.
  package let origin: UInt8
  /// Path MTU, where the route or its cache entry holds one; in bytes.
  package let mtu: UInt32?

  package var isDefault: Bool { prefixLength == 0 && kind == UInt8(RTN_UNICAST) }

  package init(_ message: NetlinkMessage) throws(NetlinkDecodingError) {
    guard message.type == UInt16(RTM_NEWROUTE) else { throw .unexpectedType(message.type) }
    var fields = RouteFields(table: UInt32(try message.payload.integer(at: 4, as: UInt8.self)))
    var reader = AttributeReader(try message.payload.behind(Self.headerSize))
    while let attribute = try reader.next() { try fields.take(attribute) }

    prefixLength = try message.payload.integer(at: 1)
    origin = try message.payload.integer(at: 5)
    kind = try message.payload.integer(at: 7)
    destination = fields.destination
    gateway = fields.gateway
    outputLink = fields.outputLink
    preferredSource = fields.preferredSource
    metric = fields.metric
    table = fields.table
    mtu = fields.mtu
  }

  /// `sizeof(struct rtmsg)`.
  static let headerSize = 12
  /// `sizeof(struct rtnexthop)`.
  fileprivate static let nextHopSize = 8
}

private struct RouteFields {
  var destination: IPAddressBytes?
  var gateway: IPAddressBytes?
  var outputLink: Int32?
  var preferredSource: IPAddressBytes?
  var metric: UInt32 = 0
  var table: UInt32
  var mtu: UInt32?

  mutating func take(_ attribute: Attribute) throws(NetlinkDecodingError) {
    switch Int(attribute.type) {
    case Int(RTA_DST.rawValue): destination = try attribute.ipAddress()
    case Int(RTA_GATEWAY.rawValue): gateway = try attribute.ipAddress()
    case Int(RTA_OIF.rawValue): outputLink = try attribute.integer()
    case Int(RTA_PREFSRC.rawValue): preferredSource = try attribute.ipAddress()
    case Int(RTA_PRIORITY.rawValue): metric = try attribute.integer()
    case Int(RTA_TABLE.rawValue): table = try attribute.integer()
    case Int(RTA_METRICS.rawValue): try takeMetrics(attribute.nested)
    case Int(RTA_MULTIPATH.rawValue): try takeFirstHop(attribute.value)
    default: break
    }
  }

  private mutating func takeMetrics(_ attributes: AttributeReader) throws(NetlinkDecodingError) {
    var reader = attributes
    while let attribute = try reader.next() {
      if Int(attribute.type) == RTAX_MTU { mtu = try attribute.integer() }
    }
  }

  /// `struct rtnexthop` and its own attributes.
  private mutating func takeFirstHop(_ hops: ArraySlice<UInt8>) throws(NetlinkDecodingError) {
    let length = Int(try hops.integer(at: 0, as: UInt16.self))
    guard length >= Route.nextHopSize else { throw .lengthBelowHeader(claimed: length) }
    guard length <= hops.count else { throw .lengthBeyondEnd(claimed: length, available: hops.count) }
    outputLink = try hops.integer(at: 4)
    var reader = AttributeReader(try hops.prefix(length).behind(Route.nextHopSize))
    while let attribute = try reader.next() {
      if Int(attribute.type) == Int(RTA_GATEWAY.rawValue) { gateway = try attribute.ipAddress() }
    }
  }
}

extension NetlinkRequest {
  /// `ip route show table all`, IPv4 or IPv6.
  package static func listRoutes(isV6: Bool = false) -> NetlinkRequest {
    let family = isV6 ? AF_INET6 : AF_INET
    return NetlinkRequest(type: RTM_GETROUTE, command: "ip -\(isV6 ? 6 : 4) route show table all") { writer in
      writer.fixed(UInt8(family))
      writer.fixed(repeatElement(UInt8(0), count: Route.headerSize - 1))
    }
  }

  /// `ip -4 route show table main`.
  package static func listMainRoutes() -> NetlinkRequest {
    NetlinkRequest(type: RTM_GETROUTE, command: "ip -4 route show table main") { writer in
      writer.fixed([UInt8(AF_INET), 0, 0, 0, UInt8(RT_TABLE_MAIN.rawValue)])
      writer.fixed(repeatElement(UInt8(0), count: Route.headerSize - 5))
    }
  }

  /// `ip route get DESTINATION [from SOURCE]`; ENETUNREACH when there is none.
  package static func routeGet(
    to destination: IPAddressBytes, from source: IPAddressBytes? = nil
  ) -> NetlinkRequest {
    let command = "ip route get \(destination)" + (source.map { " from \($0)" } ?? "")
    return NetlinkRequest(type: RTM_GETROUTE, command: command) { writer in
      writer.fixed(destination.family)
      writer.fixed(destination.bitCount)
      writer.fixed(source?.bitCount ?? 0)
      writer.fixed(repeatElement(UInt8(0), count: Route.headerSize - 3))
      writer.attribute(UInt16(RTA_DST.rawValue), bytes: destination.bytes)
      if let source { writer.attribute(UInt16(RTA_SRC.rawValue), bytes: source.bytes) }
    }
  }

  /// `ip route add DESTINATION/LENGTH [via GATEWAY] dev DEV`; a nil destination is the default route.
  package static func addRoute(
    to destination: IPAddressBytes?, prefixLength: UInt8, via gateway: IPAddressBytes? = nil, link: Int32,
    isV6: Bool = false
  ) -> NetlinkRequest {
    let target = destination.map { "\($0)/\(prefixLength)" } ?? "default"
    let hop = gateway.map { " via \($0)" } ?? ""
    return NetlinkRequest(
      type: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_EXCL,
      command: "ip route add \(target)\(hop) dev #\(link)"
    ) { writer in
      let scope = gateway == nil ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
      writer.fixed(UInt8(isV6 ? AF_INET6 : AF_INET))
      writer.fixed(prefixLength)
      writer.fixed([UInt8(0), 0])
      writer.fixed([
        UInt8(RT_TABLE_MAIN.rawValue), UInt8(RTPROT_STATIC), UInt8(scope.rawValue), UInt8(RTN_UNICAST),
      ])
      writer.fixed(UInt32(0))
      if let destination { writer.attribute(UInt16(RTA_DST.rawValue), bytes: destination.bytes) }
      if let gateway { writer.attribute(UInt16(RTA_GATEWAY.rawValue), bytes: gateway.bytes) }
      writer.attribute(UInt16(RTA_OIF.rawValue), link)
    }
  }
}

extension NetlinkSocket {
  /// `ip route show table all`.
  package func routes(isV6: Bool = false) throws(NetlinkError) -> [Route] {
    try dump(.listRoutes(isV6: isV6)) { message throws(NetlinkDecodingError) in try Route(message) }
  }

  /// `ip -4 route show default`, without reading a long table to its end: the kernel lists a table in the
  /// order of its destinations, so default routes stand at its beginning.
  package func defaultRoutes() throws(NetlinkError) -> [Route] {
    do throws(NetlinkError) {
      // What is left of the list waits in the socket that asked for it: so another one, that is closed.
      let beginning = try NetlinkSocket().beginning(of: .listMainRoutes()) {
        message throws(NetlinkDecodingError) in
        let route = try Route(message)
        return route.destination == nil || route.destination?.v4Number == 0 ? route : nil
      }
      return beginning.filter(\.isDefault)
    } catch  where error.errno == ENOENT {
      // A namespace has no main table before its first route.
      return []
    }
  }

  /// `ip route get DESTINATION [from SOURCE]`; refused with a number that says how there is no way:
  /// ENETUNREACH, EHOSTUNREACH, EACCES (`prohibit`), EINVAL (`blackhole`, or a source that is not here).
  package func requiredRoute(
    to destination: IPAddressBytes, from source: IPAddressBytes? = nil
  ) throws(NetlinkError) -> Route {
    let request = NetlinkRequest.routeGet(to: destination, from: source)
    return try decode(request, try query(request)) { message throws(NetlinkDecodingError) in
      try Route(message)
    }
  }

  /// `ip route get DESTINATION`; nil when there is no way.
  package func route(
    to destination: IPAddressBytes, from source: IPAddressBytes? = nil
  ) throws(NetlinkError) -> Route? {
    do throws(NetlinkError) {
      return try requiredRoute(to: destination, from: source)
    } catch  where error.errno == ENETUNREACH || error.errno == EHOSTUNREACH {
      return nil
    }
  }
}
