import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink

@testable import LinuxDataplane

/// A stretch whose node uses XDP, with an ear at each of its interfaces: a packet socket hears what becomes
/// an skb, and so does not hear what XDP has forwarded.
struct XDPBed {
  let forwarding: ForwardingBed
  /// At the node's side of the attachment port, and at its underlay.
  private let ears: [FrameTap]
  /// The far end of the underlay: outer packets, as they are on the wire.
  let wire: FrameTap

  var stretch: Stretch { forwarding.stretch }

  /// What a frame came to.
  enum Way: Equatable {
    case xdp
    /// The stack has seen it, and it arrived.
    case tcx
    /// The stack has seen it, and it did not arrive.
    case stopped
  }

  init(_ stretch: Stretch, _ settings: ForwardingSettings, limit: TrafficLimit?) async throws {
    forwarding = try await ForwardingBed(stretch, settings, limit: limit)
    ears = [
      try await FrameTap("segment0", in: stretch.node), try await FrameTap("underlay0", in: stretch.node),
    ]
    wire = try await FrameTap("underlay0", in: stretch.far)
  }

  /// A UDP packet between the two known hosts, told from others by its number.
  func packet(_ number: UInt16, _ direction: Direction, bytes: Int = 32) -> [UInt8] {
    let udp = TestFrame.udp(from: number, to: 5001, [UInt8](repeating: UInt8(number & 0xff), count: bytes))
    return frame(TestFrame.ipv4(17, udp), direction)
  }

  func frame(_ packet: [UInt8], type: UInt16 = 0x0800, _ direction: Direction) -> [UInt8] {
    TestFrame.ethernet(
      to: forwarding.receiver(direction).mac, from: forwarding.sender(direction).mac, type: type, packet)
  }

  /// Says a frame at a host until this CPU remembers all that XDP needs; packets that are not forwarded by it
  /// meanwhile are what makes it remember.
  func warmUp(_ direction: Direction) async throws {
    for number in 1...200 as ClosedRange<UInt16>
    where try await way(of: packet(number, direction), direction) == .xdp {
      return
    }
    throw CommandFailure(description: "nothing goes by XDP (\(direction))")
  }

  /// The way of a frame that is said when all is remembered.
  func wayWhenWarm(of frame: [UInt8], _ direction: Direction) async throws -> Way {
    try await warmUp(direction)
    return try await way(of: frame, direction)
  }

  /// Says a frame and waits for what becomes of it.
  func way(of frame: [UInt8], _ direction: Direction) async throws -> Way {
    _ = ears.map { $0.heard() }
    let (from, to) = (forwarding.sender(direction).tap, forwarding.receiver(direction).tap)
    _ = to.heard()
    try from.say(frame)
    return try await outcome(of: frame, at: direction == .toRemote ? 0 : 1, to)
  }

  /// The same of an outer packet of the far site's underlay that carries a frame.
  func way(ofOuter packet: [UInt8], carrying frame: [UInt8]) async throws -> Way {
    _ = ears.map { $0.heard() }
    _ = forwarding.local.heard()
    try wire.say(packet)
    return try await outcome(of: frame, at: 1, forwarding.local)
  }

  private func outcome(of frame: [UInt8], at ear: Int, _ receiver: FrameTap) async throws -> Way {
    var (wasSeen, hasArrived) = (false, false)
    let clock = ContinuousClock()
    var limit = clock.now + .milliseconds(500)
    while clock.now < limit {
      let seen = ears[ear].heard().contains { Self.carries($0, frame) }
      if seen, !wasSeen {
        wasSeen = true
        // Dropped at the node, or on its way.
        limit = min(limit, clock.now + .milliseconds(50))
      }
      hasArrived = hasArrived || receiver.heard().contains(frame)
      if hasArrived {
        // Heard at the node before it could arrive.
        wasSeen = wasSeen || ears[ear].heard().contains { Self.carries($0, frame) }
        return wasSeen ? .tcx : .xdp
      }
      try await clock.sleep(for: .milliseconds(1))
    }
    guard wasSeen else { throw CommandFailure(description: "a frame was lost without a trace") }
    return .stopped
  }

  /// What stands behind addresses and tags, which a packet socket tells apart from the rest; with a byte
  /// behind it, perhaps.
  private static func carries(_ heard: [UInt8], _ frame: [UInt8]) -> Bool {
    let packet = frame.dropFirst(18)
    return heard.suffix(packet.count) == packet || heard.dropLast().suffix(packet.count) == packet
  }

  // MARK: Outer packets

  /// What the node's underlay has to get for a frame of the far side.
  func outer(
    of frame: [UInt8], vni: UInt32 = 100, flags: UInt32 = 0x0800_0000, to mac: MACAddress? = nil,
    fragment: UInt16 = 0, from remote: [UInt8] = [192, 0, 2, 2], spoilt: Bool = false
  ) -> [UInt8] {
    let vxlan = TestFrame.vxlan(vni: vni, flags: flags, frame)
    let udp = TestFrame.udp(from: 50_000, to: 4789, vxlan)
    var ip = TestFrame.ipv4(17, from: remote, to: [192, 0, 2, 1], fragment: fragment, udp)
    if spoilt { ip[10] ^= 0xff }
    return TestFrame.ethernet(to: mac ?? ears[1].mac, from: wire.mac, type: 0x0800, ip)
  }

  var underlayMAC: MACAddress { ears[1].mac }

  /// Changes the connection's row.
  func change(_ body: (inout esw_connection_row) -> Void) throws {
    let maps = try maps()
    let key = esw_connection_key(connection: ForwardingBed.number.value)
    guard var row: esw_connection_row = try maps.connections.value(of: key) else { return }
    body(&row)
    try maps.connections.set(key, to: row)
  }

  func maps() throws -> DatapathMaps {
    guard let maps = try DatapathPins(root: stretch.pins).openMaps() else {
      throw CommandFailure(description: "the maps are not pinned")
    }
    return maps
  }
}

/// Runs `body` with a node that uses XDP, whose hosts are silent and known.
func withXDP(
  _ settings: ForwardingSettings = .usual, limit: TrafficLimit? = nil, _ body: (XDPBed) async throws -> Void
) async throws {
  try await Stretch.$xdp.withValue(.on) {
    try await withStretch { stretch in
      let bed = try await XDPBed(stretch, settings, limit: limit)
      try await bed.forwarding.introduce()
      try await body(bed)
    }
  }
}
