internal import BPF
internal import CDatapath
package import ESWModel
package import ESWSeams
internal import Netlink

extension LinuxDataplane {
  package func capture(_ order: CaptureOrder) async throws -> FrameCapture {
    try await Self.capture(order, pins: pins.root.path, namespace: namespace ?? "/proc/self/ns/net")
  }

  /// `capture(_:)` of a node at which another process works: whoever may read its pins may capture.
  ///
  /// - Parameters:
  ///   - pins: As in `init`.
  ///   - namespace: Where its interfaces have their names; nil: not known, and they are not told.
  /// - Throws: `Unusable` with what to do.
  package static func capture(
    _ order: CaptureOrder, pins: String, namespace: String?
  ) async throws -> FrameCapture {
    let session = try CaptureSession(
      order, pins: DatapathPins(root: PinFolder(path: pins)),
      namespace: namespace.map { NetworkNamespace(path: $0) })
    return try await session.start()
  }

  /// The connections that are pinned there; none where no data path is.
  package static func connections(pins: String) throws -> [ConnectionID] {
    let folder = DatapathPins(root: PinFolder(path: pins))
    guard let maps = try folder.openMaps(), try maps.areOfThisVersion() else { return [] }
    return try maps.connections.keys().compactMap { key in
      let key: esw_connection_key = try key.as(from: maps.connections)
      let row: esw_connection_row? = try maps.connections.value(of: key)
      return row?.id
    }
  }

  /// The data path's reasons to drop a frame, for people.
  package static let dropSentences: [String: String] = {
    let reasons = 0..<UInt32(ESW_DROP_REASON_COUNT.rawValue)
    let pairs = reasons.map { reason in
      let sentence = esw_drop_reason_sentence(reason).map { String(cString: $0) } ?? ""
      return (EvidenceCollection.reasonName(reason), sentence)
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }()
}
