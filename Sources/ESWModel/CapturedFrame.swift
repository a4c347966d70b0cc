/// A frame of a connection as the data path saw it, and what became of it: each frame once, an answer of the
/// switch's own as a frame more.
package struct CapturedFrame: Hashable, Sendable {
  /// Where its bytes were taken.
  package enum Point: Hashable, Sendable, CaseIterable {
    /// As it came in by the attachment port, its VLAN tags taken off: what does not cross.
    case fromPort
    /// As it left for a remote, outer headers included.
    case toRemote
    /// As it came from a remote, outer headers included.
    case fromRemote
    /// As it left by the attachment port: an answer.
    case toPort
  }

  package enum Fate: Hashable, Sendable {
    case sent
    case delivered
    /// The data path's own name of the reason, such as `too_big`.
    case dropped(reason: String)
    /// A question that the switch answers: it does not cross, and its answer follows.
    case answered
    /// The switch's own.
    case answer
    /// To the switch itself, and it asks for nothing.
    case kept
  }

  /// What stands before the inner frame in `bytes`.
  package enum Outer: Hashable, Sendable {
    case none
    /// 50 bytes as they were.
    case original
    /// Likewise, but the kernel's neighbour code fills in the MAC addresses after the data path.
    case withoutAddresses
    /// 50 bytes written from what is configured: the kernel's VXLAN device takes them off, or puts them on,
    /// where the data path does not see it. UDP source port 0, checksum 0.
    case rebuilt
  }

  /// Nanoseconds since 1970.
  package let moment: Int64
  package let point: Point
  package let fate: Fate
  /// Where it came from, or all that it was sent to; the last is that of the outer headers.
  package let remotes: [RemoteEndpoint]
  package let outer: Outer
  /// Bytes that it had, outer headers included.
  package let length: Int
  /// Of a super-packet (GSO): bytes of payload that each of its frames on the wire has.
  package let segmentSize: Int?
  /// The first of them, as many as were asked for.
  package let bytes: [UInt8]

  package init(
    moment: Int64, point: Point, fate: Fate, remotes: [RemoteEndpoint], outer: Outer, length: Int,
    segmentSize: Int? = nil, bytes: [UInt8]
  ) {
    self.moment = moment
    self.point = point
    self.fate = fate
    self.remotes = remotes
    self.outer = outer
    self.length = length
    self.segmentSize = segmentSize
    self.bytes = bytes
  }

  /// Bytes of outer Ethernet, IPv4, UDP and VXLAN headers (RFC 7348 section 5).
  package static let outerLength = 50
}

/// What is to be captured.
package struct CaptureOrder: Hashable, Sendable, Codable {
  /// Bytes of each frame: no fewer than all headers need, no more than a ring's record has room for.
  package static let snapLengths = 128...32_768
  /// Whole frames of any usual MTU.
  package static let usualSnapLength = 16_384

  /// Nil: VXLAN to the node that no connection's allow-list lets in.
  package let connection: ConnectionID?
  package let snapLength: Int

  /// - Returns: Nil unless `snapLength` is one of `snapLengths`.
  package init?(connection: ConnectionID?, snapLength: Int = Self.usualSnapLength) {
    guard Self.snapLengths.contains(snapLength) else { return nil }
    self.connection = connection
    self.snapLength = snapLength
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    connection = try fields.decodeIfPresent(ConnectionID.self, forKey: .connection)
    snapLength = try fields.decode(Int.self, forKey: .snapLength)
    guard Self.snapLengths.contains(snapLength) else {
      throw DecodingError.dataCorruptedError(
        forKey: .snapLength, in: fields, debugDescription: "not one of \(Self.snapLengths)")
    }
  }

  private enum CodingKeys: CodingKey { case connection, snapLength }
}

/// Where captured frames come from: names for the reader of a file.
package struct CaptureSource: Hashable, Sendable {
  package let connection: ConnectionID?
  /// The attachment port as people write it, with its tags; nil where the connection has none.
  package let port: String?
  /// Nil: whichever the kernel routes by.
  package let underlay: String?

  package init(connection: ConnectionID?, port: String?, underlay: String?) {
    self.connection = connection
    self.port = port
    self.underlay = underlay
  }
}

package struct CaptureBatch: Hashable, Sendable {
  /// In the order of their moments; also across batches.
  package let frames: [CapturedFrame]
  /// Frames since the last batch for which there was no room.
  package let lost: UInt64

  package init(frames: [CapturedFrame], lost: UInt64) {
    self.frames = frames
    self.lost = lost
  }
}
