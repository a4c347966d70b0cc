import ESWModel
import KernelTesting
import Netlink

/// A frame with the tags that it has on the wire, from there inwards.
struct TaggedFrame: Hashable, Sendable, CustomStringConvertible {
  struct Tag: Hashable, Sendable {
    let tagProtocol: UInt16
    let id: UInt16

    static func customer(_ id: UInt16) -> Tag { Tag(tagProtocol: 0x8100, id: id) }
    static func service(_ id: UInt16) -> Tag { Tag(tagProtocol: 0x88a8, id: id) }
  }

  var tags: [Tag]
  let destination: MACAddress
  let source: MACAddress
  /// EtherType and what follows.
  let rest: [UInt8]

  /// With a payload of an EtherType that nobody has (IEEE Std 802, local experimental).
  init(_ tags: [Tag], to destination: MACAddress, from source: MACAddress, _ text: String) {
    self.tags = tags
    self.destination = destination
    self.source = source
    let payload = Array(text.utf8)
    rest = [0x88, 0xb5] + payload + [UInt8](repeating: 0, count: max(0, 46 - payload.count))
  }

  init?(_ frame: PacketSocket.Frame) {
    let bytes = frame.bytes
    guard bytes.count >= 14, let destination = MACAddress(bytes: bytes[0..<6]),
      let source = MACAddress(bytes: bytes[6..<12])
    else { return nil }
    var tags = frame.tag.map { [Tag(tagProtocol: $0.tagProtocol, id: $0.control & 0x0fff)] } ?? []
    var rest = Array(bytes[12...])
    while rest.count >= 6, [[0x81, 0x00], [0x88, 0xa8]].contains(Array(rest[0..<2])) {
      let number = (UInt16(rest[2]) << 8 | UInt16(rest[3])) & 0x0fff
      tags.append(Tag(tagProtocol: UInt16(rest[0]) << 8 | UInt16(rest[1]), id: number))
      rest.removeFirst(4)
    }
    self.tags = tags
    self.destination = destination
    self.source = source
    self.rest = rest
  }

  var bytes: [UInt8] {
    destination.bytes + source.bytes
      + tags.flatMap { tag in
        [tag.tagProtocol, tag.id].flatMap {
          [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)]
        }
      } + rest
  }

  var text: String { String(decoding: rest.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self) }

  var description: String {
    "\(tags.map { String($0.tagProtocol, radix: 16) + ":\($0.id)" }) \(source) > \(destination)"
  }
}

/// Says frames with any tags, and hears what comes in by an interface with the tags that it had.
final class TrunkTap {
  private let socket: PacketSocket

  init(_ interface: String, in namespace: NetworkNamespace) async throws {
    socket = try await PacketSocket(interface, in: namespace)
  }

  func say(_ frame: TaggedFrame) throws { try say(frame.bytes) }

  func say(_ bytes: [UInt8]) throws { try socket.say(bytes) }

  /// What came in since the last time, without waiting.
  func heard() -> [TaggedFrame] { socket.heard().compactMap { TaggedFrame($0) } }

  /// Waits for a frame with the text; nil when none comes in time.
  func hears(
    _ text: String, within time: Duration = .seconds(2)
  ) async throws -> TaggedFrame? {
    try await hears(within: time) { $0.text == text }
  }

  /// Waits for a frame that fits; nil when none comes in time.
  func hears(
    within time: Duration = .seconds(2), _ fits: (TaggedFrame) -> Bool
  ) async throws -> TaggedFrame? {
    try await socket.hears(within: time) { frame in
      TaggedFrame(frame).flatMap { fits($0) ? $0 : nil }
    }
  }
}
