import BPF
import ESWModel
import Glibc
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Probes between two data paths` {
  @Test func `are reflected, by the path itself, and tell the round trip and the largest frame`() async throws
  {
    try await withTwoGateways { gateways in
      var prober = Prober(gateways.near)
      // The first ones look for hosts as well.
      for _ in 0..<2 { _ = try await prober.pass() }
      let before = try await [gateways.near, gateways.far].seen()
      var probing: RemoteProbing?
      for _ in 0..<8 { probing = try await prober.pass() }
      let found = try #require(probing)
      #expect(found.reflector == .dataPath)
      #expect(found.figures.sent >= 2 && found.figures.lossPerMille == 0)
      #expect(try (1..<1_000_000).contains(#require(found.figures.roundTripMicroseconds)))
      #expect(found.largestToRemote == 1514 && found.largestToLocal == 1514 && found.largestTried == 1514)

      // They are no traffic: nobody has learned a host from them, nothing has crossed, nothing was dropped.
      let after = try await [gateways.near, gateways.far].seen()
      for (before, after) in zip(before, after) {
        #expect(Set(after.hosts.map(\.mac)) == Set(before.hosts.map(\.mac)))
        #expect(after.toLocal.frames == before.toLocal.frames && after.drops == before.drops)
        #expect(try #require(after.receivedAgeMilliseconds[0]) < 10_000)
      }
      // Reflected, or kept: the one counts what it answered, the other what came back.
      #expect(after[1].toLocal.answered >= before[1].toLocal.answered + 2)
      #expect(after[0].toLocal.forNode >= before[0].toLocal.forNode + 2)
    }
  }

  @Test func `are lost, and only they, when the way back is cut`() async throws {
    try await withTwoGateways { gateways in
      var prober = Prober(gateways.near)
      for _ in 0..<3 { _ = try await prober.pass() }
      try TwoGateways.ip(gateways.far.namespace, "route add blackhole 192.0.2.1/32")
      // The far data path goes by its old next hop for a tenth of a second (`ESW_NEXT_HOP_NS`), in which many
      // are asked here; the largest frame perhaps among them, which is looked for more seldom.
      var probing: RemoteProbing?
      for _ in 0..<400 where (probing?.figures.lossPerMille ?? 0) < 500 || probing?.largestToRemote != nil {
        probing = try await prober.pass()
      }
      let found = try #require(probing)
      #expect(found.reflector == .dataPath)
      #expect(try #require(found.figures.lossPerMille) >= 500, "\(found.figures)")
      #expect(found.largestToRemote == nil)
    }
  }

  @Test(arguments: Direction.allCases)
  func `find a narrower way to the byte, and tell which`(_ direction: Direction) async throws {
    try await withTwoGateways { gateways in
      let narrow: UInt32 = 1404
      // With the outer headers, 50 bytes.
      let link = try await gateways.drop(above: narrow + 50, from: direction)
      defer { withExtendedLifetime(link) {} }
      var prober = Prober(gateways.near)
      var probing: RemoteProbing?
      for _ in 0..<16 { probing = try await prober.pass() }
      let found = try #require(probing)
      #expect(found.largestTried == 1514)
      #expect(found.largestToRemote == (direction == .toRemote ? narrow : 1514))
      #expect(found.largestToLocal == narrow)
      #expect(found.figures.lossPerMille == 0)

      // The other side's probes show what comes here of longer ones.
      guard direction == .toRemote else { return }
      var other = Prober(gateways.far)
      for _ in 0..<3 { _ = try await other.pass() }
      let both = try await prober.pass()
      #expect(both?.largestToRemote == narrow && both?.largestToLocal == 1514)
    }
  }

  @Test func `are answered no longer than they are asked, and replies not at all`() async throws {
    try await withTwoGateways { gateways in
      let tap = try await PacketSocket("near0", in: gateways.middle)
      let back = try await PacketSocket("far0", in: gateways.middle)
      var prober = Prober(gateways.near)
      for _ in 0..<3 { _ = try await prober.pass() }
      let (asked, answered) = (tap.heard().map(\.bytes), back.heard().map(\.bytes))
      let messages = asked.compactMap(LoopbackFrame.init)
      let replies = answered.compactMap(LoopbackFrame.init)
      #expect(messages.count >= 4 && messages.allSatisfy { $0.opcode == 3 && $0.isUncut })
      #expect(replies.count == messages.count && replies.allSatisfy { $0.opcode == 2 && $0.isUncut })
      for message in messages {
        let reply = try #require(replies.first { $0.transaction == message.transaction })
        #expect(reply.length == (message.isAnsweredShort ? 60 : message.length))
        #expect(reply.askedLength == message.length)
      }
    }
  }

  @Test func `are decoded by tshark as what the standard says`() async throws {
    try await withTwoGateways { gateways in
      let file = "/tmp/\(uniqueName("probes.pcap"))"
      defer { _ = try? run("rm", "-f", file) }
      let taps = [
        try await PacketSocket("near0", in: gateways.middle),
        try await PacketSocket("far0", in: gateways.middle),
      ]
      var prober = Prober(gateways.near)
      for _ in 0..<3 { _ = try await prober.pass() }
      try CaptureFile.write(taps.flatMap { $0.heard().map(\.bytes) }, to: file)
      guard (try? run("which", "tshark")) != nil else { return }
      let lines = try run(
        "tshark", "-r", file, "-Y", "cfm", "-T", "fields", "-e", "cfm.opcode", "-e", "cfm.tlv.type", "-e",
        "_ws.malformed"
      ).split(separator: "\n").filter { $0.contains("\t") }
      #expect(lines.filter { $0.hasPrefix("3\t3,0") }.count >= 4)
      #expect(lines.filter { $0.hasPrefix("2\t3,0") }.count >= 4)
      #expect(lines.allSatisfy { $0.hasSuffix("3,0\t") || $0.hasSuffix("3,0") }, "\(lines)")
    }
  }

  @Test func `of a connection that has gone leave nothing`() async throws {
    try await withTwoGateways { gateways in
      var prober = Prober(gateways.near)
      _ = try await prober.pass()
      let path = gateways.near.pins.folder("maps").path(of: "esw_probes")
      let rows = try #require(try BPFMap(pinnedAt: path))
      #expect(try rows.keys().count == 1)
      let configuration = gateways.near.configuration
      try await Stretch.converge(
        gateways.near.dataplane,
        to: GatewayConfiguration(
          store: configuration.store, generation: Revision(2), node: configuration.node,
          tunnels: configuration.tunnels, connections: []))
      #expect(try rows.keys().isEmpty)
    }
  }
}

/// A loopback message or reply in VXLAN, as the underlay carries it.
private struct LoopbackFrame {
  let opcode: UInt8
  let transaction: UInt32
  let isAnsweredShort: Bool
  let askedLength: Int
  let length: Int
  /// DF is set outside, and it is no fragment.
  let isUncut: Bool

  init?(_ packet: [UInt8]) {
    guard packet.count >= 50 + 33, packet[12..<14] == [0x08, 0x00], packet[23] == 17,
      packet[36..<38] == [0x12, 0xb5], packet[62..<64] == [0x89, 0x02]
    else { return nil }
    isUncut = packet[20..<22] == [0x40, 0x00]
    length = packet.count - 50
    opcode = packet[65]
    transaction = packet[68..<72].reduce(0) { $0 << 8 | UInt32($1) }
    isAnsweredShort = packet[79] == 1
    askedLength = Int(packet[81]) << 8 | Int(packet[82])
  }
}

/// The classic format of libpcap, microseconds, Ethernet.
private enum CaptureFile {
  static func write(_ frames: [[UInt8]], to path: String) throws {
    func little(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    var bytes = little(0xa1b2_c3d4) + [2, 0, 4, 0] + little(0) + little(0) + little(65_535) + little(1)
    for frame in frames {
      bytes += little(0) + little(0) + little(UInt32(frame.count)) + little(UInt32(frame.count)) + frame
    }
    try write(bytes, to: path)
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw CommandFailure(description: "write \(path): \(errno)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw CommandFailure(description: "write \(path): \(errno)")
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Probes of a foreign VTEP` {
  @Test func `never leave its bridge, and are answered by a host behind it`() async throws {
    try await withStretch { stretch in
      // A host of its own behind the bridge, where whatever is flooded arrives.
      try stretch.ip(stretch.far, "link add port0 type veth peer name end0")
      try stretch.ip(stretch.far, "link set port0 master br0 up")
      try stretch.ip(stretch.far, "link set end0 up")
      let gateway = try await stretch.gateway()
      #expect(try stretch.hostReaches(Stretch.farHost))
      let end = try await PacketSocket("end0", in: stretch.far)
      var prober = Prober(gateway)
      var probing: RemoteProbing?
      for _ in 0..<12 { probing = try await prober.pass() }
      let found = try #require(probing)
      #expect(found.reflector == .host)
      #expect(found.figures.sent >= 2 && found.figures.lossPerMille == 0)
      #expect(try (1..<1_000_000).contains(#require(found.figures.roundTripMicroseconds)))
      let flooded = end.heard().map(\.bytes)
      #expect(flooded.contains { $0[12..<14] == [0x08, 0x06] }, "the first question is for everybody")
      #expect(!flooded.contains { $0[12..<14] == [0x89, 0x02] })
    }
  }

  @Test func `tell that a host answers ARP, and that large frames vanish`() async throws {
    try await withStretch { stretch in
      // The segment there is narrower than ours: the bridge drops what does not fit, and tells nobody.
      try stretch.ip(stretch.far, "link add port0 type veth peer name end0")
      try stretch.ip(stretch.far, "link set port0 mtu 1300 master br0 up")
      try stretch.ip(stretch.far, "address del 10.9.0.20/24 dev br0")
      try await withNamespace("end") { end in
        try stretch.ip(stretch.far, "link set end0 netns \(end.name)")
        try stretch.ip(end, "link set end0 up")
        try stretch.ip(end, "address add 10.9.0.20/24 dev end0")
        let gateway = try await stretch.gateway()
        #expect(try stretch.hostReaches(Stretch.farHost))
        var prober = Prober(gateway)
        var probing: RemoteProbing?
        for _ in 0..<18 { probing = try await prober.pass() }
        let found = try #require(probing)
        #expect(found.reflector == .host && found.figures.lossPerMille == 0)
        #expect(found.largestToRemote == 1300 + 14 && found.largestTried == 1514)
      }
    }
  }
}

extension [TwoGateways.Gateway] {
  fileprivate func seen() async throws -> [DataplaneEvidence.PerConnection] {
    var all: [DataplaneEvidence.PerConnection] = []
    for gateway in self {
      all.append(try #require(try await gateway.dataplane.evidence().connections[ConnectionNumber(1)]))
    }
    return all
  }
}

extension Stretch {
  fileprivate func gateway() async throws -> TwoGateways.Gateway {
    let dataplane = try dataplane()
    let configuration = Stretch.configuration()
    try await Stretch.converge(dataplane, to: configuration)
    return TwoGateways.Gateway(
      namespace: node, pins: pins, dataplane: dataplane, configuration: configuration)
  }
}
