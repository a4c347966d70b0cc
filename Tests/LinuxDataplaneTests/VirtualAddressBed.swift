import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

/// A `Stretch` with a second local host, both in a bridge of the node, and ears everywhere:
///
///     first   local0 10.9.0.10 -- segment0 \
///                                           cloud0 == the data path == tunnel: vx100
///     second  local0 10.9.0.11 -- segment1 /
struct VirtualAddressBed {
  let stretch: Stretch
  let dataplane: LinuxDataplane
  let second: NetworkNamespace
  let atFirst: ARPTap
  let atSecond: ARPTap
  /// What comes out of the tunnel, and the place to speak into it.
  let atFar: ARPTap

  static let address = IPv4Address("10.9.0.50")!
  static let subject = VirtualAddress(connection: ConnectionNumber(1), address: address)
  static let bound = Stretch.configuration(.bridge, virtualAddresses: [address])
  static let unbound = Stretch.configuration(.bridge)
  /// A host of the far side that exists in frames only.
  static let asker = MACAddress("02:00:00:00:00:aa")!
  static let askerAddress = IPv4Address("10.9.0.30")!

  var first: NetworkNamespace { stretch.host }

  /// As a host does that takes the address, without saying so.
  func take(_ host: NetworkNamespace) throws {
    try stretch.ip(host, "address add \(Self.address)/32 dev local0")
  }

  func leave(_ host: NetworkNamespace) throws {
    try stretch.ip(host, "address delete \(Self.address)/32 dev local0")
  }

  /// From now on a host answers no ARP, and is reached all the same by who knows its MAC.
  func hush(_ host: NetworkNamespace) throws {
    try stretch.execute(host, "sysctl -qw net.ipv4.conf.local0.arp_ignore=8")
  }

  func fact() async throws -> VirtualAddressFact? {
    try await dataplane.evidence().connections[ConnectionNumber(1)]?.virtualAddresses.first
  }

  /// Asks on the segment until a holder is known.
  func askUntilHeld(by mac: MACAddress) async throws {
    _ = try await eventually {
      try await dataplane.ask([HolderQuestion(of: Self.subject, to: nil)])
      return try await fact().flatMap { $0.holder?.mac == mac && $0.isAnsweredFor ? true : nil }
    }
  }

  /// A request of a far host for the address; who answers it with which MAC, nil when nobody does.
  func askFromFar(within time: Duration = .seconds(1)) async throws -> MACAddress? {
    _ = atFar.heard()
    try atFar.say(.request(Self.address, from: Self.asker, Self.askerAddress))
    let answer = try await atFar.hears(within: time) { frame in
      frame.operation == 2 && frame.sender == Self.address && frame.destination == Self.asker
    }
    if let answer { #expect(answer.source == answer.senderMAC && answer.target == Self.askerAddress) }
    return answer?.senderMAC
  }

  /// Whether a request of the far host has come to a local one since it last listened.
  func heardRequest(_ tap: ARPTap) -> Bool {
    tap.heard().contains { $0.operation == 1 && $0.sender == Self.askerAddress && $0.target == Self.address }
  }
}

func withVirtualAddressBed(_ body: (VirtualAddressBed) async throws -> Void) async throws {
  try await withStretch { stretch in
    try await withNamespace("second") { second in
      let node = stretch.node
      try stretch.ip(node, "link add cloud0 type bridge")
      try stretch.ip(node, "link set cloud0 up")
      try stretch.ip(node, "link set segment0 master cloud0")
      try stretch.ip(node, "link add segment1 type veth peer name local0 netns \(second.name)")
      try stretch.ip(node, "link set segment1 master cloud0 up")
      try stretch.ip(second, "link set local0 up")
      try stretch.ip(second, "address add 10.9.0.11/24 dev local0")
      let bed = VirtualAddressBed(
        stretch: stretch, dataplane: try stretch.dataplane(), second: second,
        atFirst: try await ARPTap("local0", in: stretch.host),
        atSecond: try await ARPTap("local0", in: second),
        atFar: try await ARPTap("vx100", in: stretch.far))
      try await Stretch.converge(bed.dataplane, to: VirtualAddressBed.bound)
      // A port that was just put into a bridge takes frames only when the kernel's link events have had their
      // turn, which may take a second.
      try #require(stretch.reaches("10.9.0.10", from: second))
      try #require(try stretch.hostReaches(Stretch.farHost))
      try await body(bed)
    }
  }
}
