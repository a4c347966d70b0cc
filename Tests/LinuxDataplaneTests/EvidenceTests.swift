import CDatapath
import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite struct `Adding up evidence` {
  private static let second: UInt64 = 1_000_000_000

  @Test func `all CPUs count together, and the latest moment counts`() {
    var one = esw_activity_row()
    one.directions.0.frames = 3
    one.directions.0.bytes = 300
    one.directions.1.drops.8 = 2
    one.remotes.0.last_received_ns = 90 * Self.second
    var other = one
    other.remotes.0.last_received_ns = 95 * Self.second
    other.remotes.1.last_sent_ns = 101 * Self.second
    var collection = EvidenceCollection(now: 100 * Self.second)
    collection.add([one, other, esw_activity_row()], of: ConnectionNumber(1))

    let found = collection.evidence.connections[ConnectionNumber(1)]
    #expect(found?.toRemote == TrafficCount(frames: 6, bytes: 600))
    #expect(found?.drops == [DropCount(direction: .toLocal, reason: "too_big", frames: 4)])
    #expect(found?.receivedAgeMilliseconds == [0: 5000])
    // Another CPU's clock a second ahead is no negative age.
    #expect(found?.sentAgeMilliseconds == [1: 0])
  }

  @Test func `each counter of a direction is told under its name`() {
    var row = esw_activity_row()
    (row.directions.1.flooded, row.directions.1.slow, row.directions.1.answered) = (1, 2, 3)
    (row.directions.1.for_node, row.directions.1.not_learned) = (4, 5)
    (row.directions.1.clamped, row.directions.1.told_too_big) = (6, 7)
    var collection = EvidenceCollection(now: 100 * Self.second)
    collection.add([row, row], of: ConnectionNumber(1))
    let found = collection.evidence.connections[ConnectionNumber(1)]
    #expect(found?.toRemote == TrafficCount())
    #expect(
      found?.toLocal
        == TrafficCount(
          flooded: 2, slow: 4, answered: 6, forNode: 8, notLearned: 10, clamped: 12, toldTooBig: 14))
  }

  @Test func `hosts of a connection that has gone are not told`() {
    var collection = EvidenceCollection(now: 100 * Self.second)
    collection.add([], of: ConnectionNumber(1))
    var key = esw_fdb_key(connection: 1, mac: (2, 0, 0, 0, 0, 9), reserved: 0)
    var row = esw_fdb_row()
    row.last_seen_ns = 99 * Self.second
    row.side = 2
    (row.since_ns, row.held_until_ns) = (40 * Self.second, 160 * Self.second)
    (row.moves, row.flags) = (4, UInt8(ESW_FDB_HELD.rawValue))
    collection.add(host: key, row)
    key.connection = 2
    collection.add(host: key, row)
    #expect(
      collection.evidence.connections == [
        ConnectionNumber(1): {
          var expected = DataplaneEvidence.PerConnection()
          expected.hosts = [
            HostFact(
              mac: MACAddress("02:00:00:00:00:09")!, address: nil, side: .remote(1),
              seenAgeMilliseconds: 1000,
              sinceAgeMilliseconds: 60_000, moves: 4, heldMilliseconds: 60_000)
          ]
          return expected
        }()
      ])
  }

  @Test func `strangers are named, the last first, and reasons without a name are counted`() {
    var collection = EvidenceCollection(now: 100 * Self.second)
    for number in 0..<70 {
      collection.add(
        offender: esw_offender_key(
          vni: UInt32(number), remote_address_be: 1, tunnel_address_be: 2,
          reason: ESW_DROP_UNKNOWN_SOURCE.rawValue),
        esw_offender_row(count: 5, first_ns: 1, last_ns: UInt64(number) * Self.second))
    }
    var node = esw_node_row()
    node.drops.16 = 9  // unknown_port
    node.drops.17 = 350  // unknown_source
    node.passed_to_slow = 3
    collection.add(node: node)
    collection.add(node: node)
    collection.nameStrangers()
    // Of all CPUs, with and without a name.
    #expect(
      collection.evidence.unclaimed
        == UnclaimedCount(
          passedToSlow: 6,
          drops: [.init(reason: "unknown_port", frames: 18), .init(reason: "unknown_source", frames: 700)]))
    let strangers = collection.evidence.strangers
    #expect(strangers.count == EvidenceCollection.mostStrangers + 1)
    #expect(strangers.first?.vni == 69)
    #expect(strangers.first?.ageMilliseconds == 31_000)
    #expect(
      strangers.last
        == StrangerReport(reason: "unknown_port", frames: 18, source: nil, vni: nil, ageMilliseconds: nil))
  }
}

@Suite struct `Evidence of virtual addresses` {
  private static let second: UInt64 = 1_000_000_000

  @Test func `says who holds them, on which side and since when he was silent`() {
    var collection = EvidenceCollection(now: 100 * Self.second)
    collection.add([], of: ConnectionNumber(1))
    func add(_ last: UInt32, _ holder: [UInt8], seen: UInt64, connection: UInt32 = 1) {
      var row = esw_virtual_row()
      row.holder = holder.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
      row.last_seen_ns = seen * Self.second
      row.answered = UInt64(last)
      let address = IPv4Address(IPv4Address("10.9.0.0")!.value + last)
      collection.add(
        virtual: esw_virtual_key(connection: connection, address_be: address.networkOrder), row)
    }
    add(53, hex("02 00 00 00 00 03 00 01"), seen: 94)  // local, silent for too long
    add(51, hex("02 00 00 00 00 01 00 01"), seen: 96)  // local
    add(52, hex("02 00 00 00 00 02 02 01"), seen: 99)  // behind the second remote
    add(50, hex("00 00 00 00 00 00 00 00"), seen: 0)
    add(50, hex("00 00 00 00 00 00 00 00"), seen: 0, connection: 2)

    let facts = collection.evidence.connections[ConnectionNumber(1)]?.virtualAddresses ?? []
    #expect(facts.map(\.answered) == [50, 51, 52, 53])
    #expect(
      facts.map { $0.holder?.mac.value } == [nil, 0x0200_0000_0001, 0x0200_0000_0002, 0x0200_0000_0003])
    #expect(facts.map { $0.holder?.side } == [nil, .local, .remote(1), .local])
    #expect(facts.map { $0.holder?.seenAgeMilliseconds } == [nil, 4_000, 1_000, 6_000])
    #expect(facts.map(\.isAnsweredFor) == [false, true, false, false])
    #expect(collection.evidence.connections[ConnectionNumber(2)] == nil)
  }

  @Test func `calls silent who the data path does not speak for any more`() {
    #expect(UInt64(VirtualAddressFact.silentMilliseconds) * 1_000_000 == ESW_HOLDER_SILENT_NS)
  }
}
