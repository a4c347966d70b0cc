/// A value that stands as its text where it is encoded, and is checked when it is read back.
package protocol TextCoded: LosslessStringConvertible, Codable {}

extension TextCoded {
  /// - Throws: `DecodingError.dataCorrupted` for a text that the type does not take.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Self(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a \(Self.self): \(text)")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
