internal import BPF
internal import CLinux
internal import ESWModel
internal import Glibc
internal import Netlink

/// What the last look at our own has found of the node, put so that questions about the rest find it at
/// once; made anew only when something of it differs.
struct NodeSight {
  let names: InterfaceNames
  let links: [Link]
  let addresses: [Address]
  private let byName: [String: Link]
  private let ownAddresses: Set<UInt32>

  init(_ links: [Link], _ addresses: [Address]) {
    self.links = links
    self.addresses = addresses
    names = InterfaceNames(links)
    byName = Dictionary(links.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    ownAddresses = Set(addresses.compactMap(\.local.v4Number))
  }

  func link(_ name: InterfaceName) -> Link? { byName[name.description] }

  // MARK: Ways

  /// As the data path's own look-up has it: by the tunnel address and the remote, whatever interface the
  /// tunnel subnet is attached by. Asked for an interface, the kernel would take anything there for a
  /// neighbour where it has no route.
  func answer(
    _ way: UnderlayWay, _ socket: NetlinkSocket
  ) throws(NetlinkError) -> LookAnswers.Way {
    // The kernel would say the same of a blackhole.
    guard ownAddresses.contains(way.tunnelAddress.value) else { return LookAnswers.Way(route: nil) }
    let remote = IPAddressBytes(v4: way.remote.value)
    let route: Route
    do throws(NetlinkError) {
      route = try socket.requiredRoute(to: remote, from: IPAddressBytes(v4: way.tunnelAddress.value))
    } catch {
      guard case .refused(let number, _) = error.cause else { throw error }
      return LookAnswers.Way(route: .unreachable(Self.words(number)))
    }
    if route.kind == UInt8(RTN_LOCAL) { return LookAnswers.Way(route: .own) }
    guard let index = route.outputLink, let link = names.links[index], let name = InterfaceName(link.name)
    else { return LookAnswers.Way(route: nil) }
    let gateway = route.gateway?.v4Number.map { IPv4Address($0) }
    return LookAnswers.Way(
      route: .by(name, gateway: gateway, mtu: min(link.mtu, route.mtu ?? .max)),
      nextHop: try nextHop(route.gateway ?? remote, link, socket))
  }

  /// The kernel's words, as `ip route get` prints them.
  private static func words(_ number: Int32) -> String {
    let text = strerror(number).map { String(cString: $0) } ?? "error \(number)"
    return number == EINVAL ? text + ", as of a blackhole route" : text
  }

  private func nextHop(
    _ address: IPAddressBytes, _ link: Link, _ socket: NetlinkSocket
  ) throws(NetlinkError) -> UnderlayFact.NextHop {
    if link.flags.contains(.withoutARP) { return .resolved }
    guard let neighbour = try socket.neighbour(address, link: link.index) else { return .unknown }
    if neighbour.isUsable { return .resolved }
    return neighbour.state & UInt16(NUD_INCOMPLETE | NUD_FAILED) != 0 ? .silent : .unknown
  }

  // MARK: Ports

  /// - Parameter settings: Those of the namespace that are on, as sysctl names them.
  func port(_ name: InterfaceName, settings: [FirewallSetting]) -> PortFact {
    guard let link = link(name) else { return PortFact(interface: name, state: .missing, mtu: nil) }
    let state: PortFact.State =
      if !link.flags.contains(.up) { .down } else if link.flags.contains(.lowerUp) { .up } else { .noCarrier }
    return PortFact(
      interface: name, state: state, mtu: link.mtu,
      filteredBy: link.firewalling.map { Self.names(of: settings) + $0.names })
  }

  private static func names(of settings: [FirewallSetting]) -> [String] { settings.map(\.systemName) }

  /// The firewalls that frames of some bridges meet.
  func firewalls(of bridges: Set<InterfaceName>, settings: [FirewallSetting]) -> Set<FirewallSetting> {
    let options = bridges.compactMap { link($0)?.firewalling }
    guard !options.isEmpty else { return [] }
    return Set(settings).union(options.flatMap(\.settings))
  }
}

/// Which firewall bridges send frames through; one setting for all of a namespace, and one for each bridge.
enum FirewallSetting: String, CaseIterable {
  case iptables, ip6tables, arptables

  var systemName: String { "net.bridge.bridge-nf-call-\(rawValue)" }
  var bridgeName: String { "nf_call_\(rawValue)" }

  /// Those that are on in the namespace of the calling thread; none where the kernel has no bridge netfilter.
  static func inForce() -> [FirewallSetting] {
    allCases.filter { ProcessFile.text("/proc/sys/net/bridge/bridge-nf-call-\($0.rawValue)")?.first == "1" }
  }
}

extension BridgeFirewalling {
  var settings: [FirewallSetting] {
    [(callsIPTables, FirewallSetting.iptables), (callsIP6Tables, .ip6tables), (callsARPTables, .arptables)]
      .filter(\.0).map(\.1)
  }

  fileprivate var names: [String] { settings.map(\.bridgeName) }
}

/// Files of /proc, which shows each thread its own namespace.
enum ProcessFile {
  /// The beginning of a file; nil when it is not there or may not be read.
  static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var room = [UInt8](repeating: 0, count: 16_384)
    let count = read(descriptor, &room, room.count)
    return count < 0 ? nil : String(decoding: room.prefix(count), as: UTF8.self)
  }
}
