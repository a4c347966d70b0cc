internal import BPF
internal import CDatapath
package import ESWModel
package import ESWSeams
internal import Netlink

extension LinuxDataplane {
  package func capture(_ order: CaptureOrder) async throws -> FrameCapture {
    try await Self.capture(order, pins: pins.root.path, namespace: namespace)
  }

  /// `capture(_:)` of a node at which another process works: whoever may read its pins may capture.
  ///
  /// - Parameters:
  ///   - pins: As in `init`.
  ///   - namespace: Likewise.
  /// - Throws: `Unusable` with what to do.
  package static func capture(
    _ order: CaptureOrder, pins: String, namespace: String?
  ) async throws -> FrameCapture {
    let session = try CaptureSession(
      order, pins: DatapathPins(root: PinFolder(path: pins)),
      namespace: namespace.map { NetworkNamespace(path: $0) })
    return FrameCapture(source: session.source, batches: try await session.start())
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

  /// For people; the name itself for a reason of a later version.
  package static func sentence(ofDrop reason: String) -> String {
    let number = (0..<UInt32(ESW_DROP_REASON_COUNT.rawValue)).first {
      EvidenceCollection.reasonName($0) == reason
    }
    return number.flatMap { esw_drop_reason_sentence($0) }.map { String(cString: $0) } ?? reason
  }
}
