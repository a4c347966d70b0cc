extension CaptureOrder {
  /// On a node; our own choice.
  package static let mostAtOnce = 4
}

/// Names a capture that a control plane has ordered.
package typealias CaptureID = Identifier<CaptureOrder>

/// Where a capture ends by itself.
package struct CaptureLimits: Hashable, Sendable, Codable {
  package static let secondsRange = 1...3600
  package static let usualSeconds = 60
  /// Of the whole file.
  package static let bytesRange = 4096...1 << 30
  package static let usualBytes = 64 << 20

  package let seconds: Int
  package let bytes: Int

  /// - Returns: Nil unless each is of its range.
  package init?(seconds: Int = Self.usualSeconds, bytes: Int = Self.usualBytes) {
    guard Self.secondsRange.contains(seconds), Self.bytesRange.contains(bytes) else { return nil }
    self.seconds = seconds
    self.bytes = bytes
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let limits = Self(
      seconds: try fields.decode(Int.self, forKey: .seconds),
      bytes: try fields.decode(Int.self, forKey: .bytes))
    guard let limits else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not limits of a capture"))
    }
    self = limits
  }

  private enum CodingKeys: CodingKey { case seconds, bytes }
}

/// A capture as a control plane orders it of an agent. The limits go with it, because only who writes the
/// blocks of a file knows where it can end.
package struct CaptureRequest: Hashable, Sendable, Codable {
  package let id: CaptureID
  package let order: CaptureOrder
  package let limits: CaptureLimits

  package init(id: CaptureID, order: CaptureOrder, limits: CaptureLimits) {
    self.id = id
    self.order = order
    self.limits = limits
  }
}

/// What an agent sends of a capture.
package enum CaptureParcel: Hashable, Sendable {
  /// Whole blocks of the file, in their order. Empty: only that the capture goes on.
  case part([UInt8])
  /// The last.
  case end([UInt8])
  /// It could not begin: why, for who asked for it.
  case failure(String)
}
