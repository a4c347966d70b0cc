import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.serialized, .enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Ten thousand frames a second each way` {
  private static let rounds = 20
  private static let perSecond = 10_000

  /// UDP with room for a number.
  private static func frame(_ ends: Packets.Ends) -> [UInt8] {
    let payload = [UInt8](repeating: 0, count: 18)
    return Packets.ipv4(
      ends, protocol: 17, [0x30, 0x39, 0x30, 0x39] + Packets.word(8 + payload.count) + [0, 0] + payload)
  }

  /// Runs `round` twenty times while frames cross, a few hundred before and after each, and counts them.
  private func countLoss(in stretch: Stretch, _ round: () async throws -> Void) async throws {
    let first = FrameTraffic.End(stretch.host, "local0", frame: Self.frame(.there))
    let second = FrameTraffic.End(stretch.far, "vx100", frame: Self.frame(.back))
    let traffic = try await FrameTraffic(first, second, perSecond: Self.perSecond)
    for _ in 0..<Self.rounds {
      let before = traffic.sent
      _ = try await eventually { traffic.sent > before + 500 ? true : nil }
      try await round()
    }
    let before = traffic.sent
    _ = try await eventually { traffic.sent > before + 500 ? true : nil }
    let result = try await traffic.stop()
    #expect(result.missed == 0)
    #expect(result.sent.allSatisfy { $0 >= 500 * Self.rounds })
    let lost = result.lost.reduce(0) { $0 + $1.count }
    #expect(lost <= result.droppedFromBacklog, "\(result.lost)")
  }

  @Test func `cross while one process after the other adopts the data path`() async throws {
    try await withStretch { stretch in
      var dataplane: LinuxDataplane? = try stretch.dataplane()
      try await Stretch.converge(try #require(dataplane), to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      try await countLoss(in: stretch) {
        dataplane = nil
        let next = try stretch.dataplane()
        #expect(try await Stretch.converge(next, to: Stretch.configuration()) == [])
        dataplane = next
      }
    }
  }

  @Test func `cross while other programs take the place of those in the links`() async throws {
    try await withFrameBed { bed in
      try await countLoss(in: bed.stretch) {
        let pins = bed.stretch.pins
        let programs = try #require(try pins.names().first { $0.hasPrefix("programs-") })
        try run("mv", pins.path(of: programs), pins.path(of: "programs-old"))
        #expect(
          try await Stretch.converge(bed.dataplane, to: Stretch.configuration()) == [.replacePrograms])
      }
    }
  }

  @Test func `cross while the connection's row is written anew`() async throws {
    try await withFrameBed { bed in
      var limit: UInt32 = 100
      try await countLoss(in: bed.stretch) {
        limit += 1
        try bed.change { $0.learning_limit = limit }
        try await Stretch.converge(bed.dataplane, to: Stretch.configuration())
      }
    }
  }
}
