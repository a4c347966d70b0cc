import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

/// A host that exists in frames only, and says something on either side of a stretch.
private struct Wanderer {
  let stretch: Stretch
  let dataplane: LinuxDataplane
  let atHost: ARPTap
  let atFar: ARPTap

  static let mac = MACAddress("02:00:00:00:00:77")!

  init(_ stretch: Stretch) async throws {
    self.stretch = stretch
    dataplane = try stretch.dataplane()
    try await Stretch.converge(dataplane, to: Stretch.configuration())
    atHost = try await ARPTap("local0", in: stretch.host)
    atFar = try await ARPTap("vx100", in: stretch.far)
  }

  /// A frame for all, of a type for experiments (IEEE Std 802, local experimental EtherType 1), with a
  /// number.
  static func frame(_ number: UInt8) -> [UInt8] {
    ARPFrame.everybody.bytes + mac.bytes + [0x88, 0xb5, number] + [UInt8](repeating: 0, count: 45)
  }

  func fact() async throws -> HostFact? {
    try await dataplane.evidence().connections[ConnectionNumber(1)]?.hosts.first { $0.mac == Self.mac }
  }

  /// Whether a frame said on one side comes out on the other.
  func crosses(_ number: UInt8, from tap: ARPTap) async throws -> Bool {
    let other = tap === atHost ? atFar : atHost
    try tap.say(Self.frame(number))
    return try await other.hearsBytes(within: .milliseconds(500)) { $0 == Self.frame(number) } != nil
  }

  /// Learned on the local side, then four moves there and back.
  func moveToTheLimit() async throws {
    for number in 0..<UInt8(ESW_DUPLICATE_MOVES) {
      #expect(try await crosses(number, from: number % 2 == 0 ? atHost : atFar))
    }
    let fact = try #require(try await fact())
    #expect(fact.side == .local && fact.moves == 4 && fact.heldMilliseconds == nil)
  }

  /// Changes the host's row.
  func change(_ body: (inout esw_fdb_row) -> Void) throws {
    let map = try #require(try BPFMap(pinnedAt: stretch.pins.folder("maps").path(of: "esw_fdb")))
    var key = esw_fdb_key()
    key.connection = 1
    withUnsafeMutableBytes(of: &key.mac) { $0.copyBytes(from: Self.mac.bytes) }
    var row: esw_fdb_row = try #require(try map.value(of: key))
    body(&row)
    try map.set(key, to: row)
  }

  func duplicates() async throws -> [DropCount] {
    let drops = try await dataplane.evidence().connections[ConnectionNumber(1)]?.drops ?? []
    return drops.filter { $0.reason == "duplicate" }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A host that is on both sides` {
  @Test func `is held where it was with its fifth move, and its frames from elsewhere are dropped`()
    async throws
  {
    try await withStretch { stretch in
      let host = try await Wanderer(stretch)
      try await host.moveToTheLimit()
      #expect(try await !host.crosses(10, from: host.atFar))
      let fact = try #require(try await host.fact())
      #expect(fact.side == .local && fact.moves == 4)
      #expect(try #require(fact.heldMilliseconds) > 170_000)
      #expect(try await host.duplicates() == [DropCount(direction: .toLocal, reason: "duplicate", frames: 1)])

      #expect(try await host.crosses(11, from: host.atHost), "it is not held away from its own side")
      for number in 12..<20 as Range<UInt8> {
        try host.atFar.say(Wanderer.frame(number))
        try host.atHost.say(Wanderer.frame(number + 100))
      }
      _ = try await eventually { try await host.duplicates().first?.frames == 9 ? true : nil }
      #expect(try await host.fact()?.side == .local)
    }
  }

  @Test func `may move again when its time is over`() async throws {
    try await withStretch { stretch in
      let host = try await Wanderer(stretch)
      try await host.moveToTheLimit()
      #expect(try await !host.crosses(10, from: host.atFar))
      try host.change { $0.held_until_ns = 1 }
      #expect(try await host.crosses(11, from: host.atFar))
      let fact = try #require(try await host.fact())
      #expect(fact.side == .remote(0) && fact.moves == 5 && fact.heldMilliseconds == nil)
    }
  }

  @Test func `may move again when the side that it was held on has been silent for the ageing time`()
    async throws
  {
    try await withStretch { stretch in
      let host = try await Wanderer(stretch)
      try await host.moveToTheLimit()
      #expect(try await !host.crosses(10, from: host.atFar))
      try host.change { $0.last_seen_ns = 1 }
      #expect(try await host.crosses(11, from: host.atFar))
      #expect(try await host.fact()?.side == .remote(0))
    }
  }

  @Test func `is none when its moves take longer than three minutes`() async throws {
    try await withStretch { stretch in
      let host = try await Wanderer(stretch)
      try await host.moveToTheLimit()
      try host.change { $0.moving_since_ns = 1 }
      #expect(try await host.crosses(10, from: host.atFar))
      #expect(try await host.crosses(11, from: host.atHost))
      #expect(try await host.fact()?.moves == 6)
    }
  }

  @Test func `is none when it uses both remotes of one far site`() async throws {
    try await withStretch { stretch in
      let host = try await Wanderer(stretch)
      let second = RemoteEndpoint(vni: VNI(101)!, address: Stretch.remote.address)
      try await Stretch.converge(
        host.dataplane, to: Stretch.configuration(remotes: [Stretch.remote, second]))
      try stretch.ip(
        stretch.far,
        "link add vx101 type vxlan id 101 dstport 4789 local 192.0.2.2 remote 192.0.2.1 nolearning")
      try stretch.ip(stretch.far, "link set vx101 up")
      let doors = [host.atFar, try await ARPTap("vx101", in: stretch.far)]
      for number in 0..<12 as Range<UInt8> {
        #expect(try await host.crosses(number, from: doors[Int(number % 2)]))
      }
      let fact = try #require(try await host.fact())
      #expect(fact.moves == 11 && fact.heldMilliseconds == nil)
    }
  }
}
