package import ESWModel
package import Foundation

/// What crosses between a control plane and an agent: a version, then the message.
///
/// The version counts changes that an older reader would misunderstand; members that it does not know,
/// a reader skips.
package enum AgentLinkMessages {
  package static let version = 1
  /// In bytes; our own choice, far above the report of 4,000 connections.
  package static let mostBytes = 16 << 20

  package static func encode(_ configuration: GatewayConfiguration) throws -> Data {
    try encoder.encode(Envelope(version: version, configuration: configuration))
  }

  package static func encode(_ report: GatewayReport) throws -> Data {
    try encoder.encode(Envelope(version: version, report: report))
  }

  package static func encode(_ captures: [CaptureRequest]) throws -> Data {
    try encoder.encode(Envelope(version: version, captures: captures))
  }

  /// - Parameter refusal: Why a capture did not begin; what is longer than a few sentences is cut off.
  package static func encode(refusal: String) throws -> Data {
    try encoder.encode(Envelope(version: version, refusal: short(refusal)))
  }

  /// - Throws: `AgentLinkError`.
  package static func captures(from data: Data) throws -> [CaptureRequest] {
    try read(data, \.captures, named: "captures")
  }

  /// - Throws: `AgentLinkError`.
  package static func refusal(from data: Data) throws -> String {
    short(try read(data, \.refusal, named: "refusal"))
  }

  private static func short(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(500)))
  }

  /// - Throws: `AgentLinkError`.
  package static func configuration(from data: Data) throws -> GatewayConfiguration {
    try read(data, \.configuration, named: "configuration")
  }

  /// - Throws: `AgentLinkError`.
  package static func report(from data: Data) throws -> GatewayReport {
    try read(data, \.report, named: "report")
  }

  private struct Envelope: Codable {
    let version: Int
    var configuration: GatewayConfiguration?
    var report: GatewayReport?
    var captures: [CaptureRequest]?
    var refusal: String?
  }

  /// Read first: the rest of another version need not be of the shape that we know.
  private struct VersionOnly: Decodable {
    let version: Int
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  private static func read<Message>(
    _ data: Data, _ message: (Envelope) -> Message?, named name: String
  ) throws -> Message {
    let envelope: Envelope
    do {
      let found = try JSONDecoder().decode(VersionOnly.self, from: data).version
      guard found == version else { throw AgentLinkError.version(found) }
      envelope = try JSONDecoder().decode(Envelope.self, from: data)
    } catch let error as DecodingError {
      throw AgentLinkError.malformed(describe(error))
    }
    guard let message = message(envelope) else { throw AgentLinkError.malformed("it has no \(name)") }
    return message
  }

  private static func describe(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "\(path(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "\(path(context.codingPath)): \(context.debugDescription)"
    @unknown default: "\(error)"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(separator: ".")
  }
}

package enum AgentLinkError: Error, Hashable, Sendable {
  /// The other side speaks another version.
  case version(Int)
  case malformed(String)
}
