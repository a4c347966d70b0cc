import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `The segment size of a TCP handshake` {
  struct Handshake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var options: [UInt8]
    /// Where the size is among the options; nil: it stays as it is.
    var place: Int?
    var flags: UInt8 = 0x02
  }

  private static let segment: [UInt8] = [2, 4, 0x05, 0xb4]  // 1,460
  static let handshakes = [
    Handshake(
      testDescription: "as everybody sends it", options: segment + [4, 2, 8, 10] + zeros(8), place: 2),
    Handshake(testDescription: "SYN-ACK", options: segment, place: 2, flags: 0x12),
    Handshake(testDescription: "at an odd place", options: [1] + segment + [1, 1, 1], place: 3),
    Handshake(testDescription: "behind all that fits", options: [254, 36] + zeros(34) + segment, place: 38),
    Handshake(
      testDescription: "behind 36 of nothing", options: [UInt8](repeating: 1, count: 36) + segment, place: 38),
    Handshake(testDescription: "that fits", options: [2, 4, 0x04, 0xb0]),
    Handshake(testDescription: "that is not told", options: [4, 2]),
    Handshake(testDescription: "behind the end", options: [0, 0, 0, 0] + segment),
    Handshake(testDescription: "of a wrong length", options: [2, 5, 0x05, 0xb4, 0, 1, 1, 1]),
    Handshake(testDescription: "behind a length that lies", options: [254, 0] + segment + [1, 1]),
    Handshake(testDescription: "that is not of a handshake", options: segment, flags: 0x10),
  ]

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  @Test(arguments: handshakes)
  func `is lowered to what the tunnel carries, and nothing else changes`(handshake: Handshake) async throws {
    try await withFrameBed { bed in
      for (isSix, largest) in [(false, 1410), (true, 1390)] {
        for ends in [Packets.Ends.there, .back] {
          let said = Packets.segment(ends, isSix: isSix, flags: handshake.flags, options: handshake.options)
          var options = handshake.options
          if let place = handshake.place {
            options.replaceSubrange(place..<(place + 2), with: Packets.word(largest))
          }
          // The checksum as whoever sends this makes it.
          let wanted = Packets.segment(ends, isSix: isSix, flags: handshake.flags, options: options)
          let (mouth, ear) = ends.source == Packets.near ? (bed.atHost, bed.atFar) : (bed.atFar, bed.atHost)
          let before = try bed.count(\.clamped)
          try mouth.say(said)
          #expect(try await ear.hearsBytes { $0 == wanted } != nil, "\(ends.source), IPv6 \(isSix)")
          let after = try bed.count(\.clamped)
          let more = handshake.place == nil ? 0 : 1 as UInt64
          #expect(after.toRemote - before.toRemote == (ends.source == Packets.near ? more : 0))
          #expect(after.toLocal - before.toLocal == (ends.source == Packets.far ? more : 0))
        }
      }
    }
  }

  @Test func `is left alone where a connection does not clamp`() async throws {
    try await withFrameBed { bed in
      try bed.change { $0.flags &= ~ESW_CONNECTION_CLAMP_MSS.rawValue }
      let said = Packets.segment(.there, isSix: false, flags: 0x02, options: Self.segment)
      try bed.atHost.say(said)
      #expect(try await bed.atFar.hearsBytes { $0 == said } != nil)
      #expect(try bed.count(\.clamped) == (0, 0))
    }
  }

  @Test(arguments: [Stretch.farHost.description, "fd00:9::20"])
  func `fits a narrow tunnel, so that nobody has to be told`(address: String) async throws {
    let narrow: (Stretch) throws -> Void = { stretch in
      try stretch.ip(stretch.node, "link set underlay0 mtu 1400")
      try stretch.ip(stretch.host, "address add fd00:9::10/64 dev local0 nodad")
      try stretch.ip(stretch.far, "address add fd00:9::20/64 dev br0 nodad")
    }
    try await withFrameBed(prepare: narrow) { bed in
      let flow = try await TCPFlow(from: bed.stretch.host, to: bed.stretch.far, address: address)
      #expect(try await flow.carries(1_000_000))
      // 12 bytes of each segment are its time stamp.
      #expect(flow.segmentSize == 1400 - 50 - (address.contains(":") ? 60 : 40) - 12)
      #expect(try bed.count(\.clamped) == (1, 1))
      #expect(try await bed.drops("too_big") == [:])
    }
  }
}
