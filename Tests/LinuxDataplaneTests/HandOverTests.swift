import BPF
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

/// What a veth port has sent itself is what was not handed to its far end.
@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Frames to a port whose far end is in another namespace` {
  @Test func `are handed to that end once their host is known there`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await dataplane.observe().portsToElsewhere.contains(InterfaceName("segment0")!))
      #expect(try stretch.hostReaches(Stretch.farHost))
      let before = try sent(stretch, by: "segment0")
      for _ in 0..<10 { #expect(try stretch.hostReaches(Stretch.farHost)) }
      // ARP goes the other way, now and then.
      #expect(try sent(stretch, by: "segment0") - before < 10)
      let counted = try #require(try await dataplane.evidence().connections[ConnectionNumber(1)])
      #expect(counted.toLocal.frames >= 11)
    }
  }

  @Test func `cross all the same when they are not IPv4`() async throws {
    try await withStretch { stretch in
      try await Stretch.converge(try stretch.dataplane(), to: Stretch.configuration())
      try stretch.ip(stretch.host, "address add fd00::10/64 dev local0 nodad")
      try stretch.ip(stretch.far, "address add fd00::20/64 dev br0 nodad")
      #expect(stretch.reaches("fd00::20", from: stretch.host))
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  @Test func `go the ordinary way when that end has come back to the node's namespace`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try stretch.ip(stretch.host, "link set local0 netns \(stretch.node.name)")
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await dataplane.observe().portsToElsewhere.isDisjoint(with: [InterfaceName("segment0")!]))
      let row = try await dataplane.observe().state.connections[ConnectionNumber(1)]
      #expect(row?.handsOver == false)

      try stretch.ip(stretch.node, "link set local0 netns \(stretch.host.name)")
      try stretch.ip(stretch.host, "link set local0 up")
      try stretch.ip(stretch.host, "address add 10.9.0.10/24 dev local0")
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await dataplane.observe().state.connections[ConnectionNumber(1)]?.handsOver == true)
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  @Test func `go the ordinary way while somebody's program or queue is at the port's way out`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      try stretch.ip(stretch.node, "link set segment0 txqueuelen 100")
      func handsOver() async throws -> Bool? {
        try await Stretch.converge(dataplane, to: Stretch.configuration())
        #expect(try stretch.hostReaches(Stretch.farHost))
        return try await dataplane.observe().state.connections[ConnectionNumber(1)]?.handsOver
      }
      #expect(try await handsOver() == true)
      let index = try #require(
        try await dataplane.observe().interfaces.first { $0.name.description == "segment0" }?.index)
      let foreign = try await NamespaceActor(in: stretch.node).run { _ in
        // r0 = TC_ACT_UNSPEC; exit
        let program = try BPFProgram.load(
          named: "foreign", type: 3, instructions: [0xffff_ffff_0000_00b7, 0x95])
        return try BPFLink.attach(program, toInterface: Int32(index), at: .tcxEgress, .first)
      }
      #expect(try await handsOver() == false)
      try foreign.detach()
      #expect(try await handsOver() == true)
      try stretch.execute(stretch.node, "tc qdisc replace dev segment0 root pfifo_fast")
      #expect(try await handsOver() == false)
    }
  }

  @Test func `that are too big for the port are dropped and counted`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      try stretch.ip(stretch.node, "link set segment0 mtu 1300")
      #expect(throws: CommandFailure.self) {
        try stretch.execute(stretch.far, "ping -c1 -W1 -M do -s 1350 10.9.0.10")
      }
      let drops = try #require(try await dataplane.evidence().connections[ConnectionNumber(1)]).drops
      #expect(drops.contains { $0.reason == "too_big" && $0.direction == .toLocal })
    }
  }

  private func sent(_ stretch: Stretch, by interface: String) throws -> Int {
    let words = try stretch.execute(stretch.node, "cat /sys/class/net/\(interface)/statistics/tx_packets")
    return Int(words.filter(\.isNumber)) ?? -1
  }
}
