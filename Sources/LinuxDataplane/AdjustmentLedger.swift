internal import BPF
internal import ESWModel

/// What we set on interfaces that are not ours, kept in a pinned map so that it lasts as long as the settings
/// do: over restarts of ours, and not over one of the machine.
///
/// Each note names the network namespace that it is about: another one has interfaces of the same indices,
/// and theirs must not be "put back".
struct AdjustmentLedger {
  private struct Note: BitwiseCopyable {
    let namespace: UInt64
    let bits: UInt64
  }

  /// By index of the interface. BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC.
  private static let layout = BPFMap.Layout(
    type: 1, keySize: 4, valueSize: MemoryLayout<Note>.size, maxEntries: 65_536, flags: 1)
  private static let promiscuousBit: UInt64 = 1
  private static let raisedBit: UInt64 = 2
  private static let aggregatesBit: UInt64 = 4

  private let map: BPFMap
  private let namespace: UInt64

  /// Nil when there is none: nothing was set.
  init?(pinnedAt path: String, of namespace: UInt64) throws(BPFError) {
    guard let map = try BPFMap(pinnedAt: path) else { return nil }
    guard map.layout == Self.layout else {
      throw BPFError(
        attempted: "use pinned map", subject: path,
        cause: .layoutDiffers(pinned: map.layout, wanted: Self.layout))
    }
    self.map = map
    self.namespace = namespace
  }

  static func create(at pins: DatapathPins, of namespace: UInt64) throws(BPFError) -> AdjustmentLedger {
    try PinFolder.mountFileSystem()
    try pins.root.create()
    let map = try BPFMap.create(named: "esw_adjusted", layout)
    try map.pin(at: pins.adjusted)
    return AdjustmentLedger(map: map, namespace: namespace)
  }

  private init(map: BPFMap, namespace: UInt64) {
    self.map = map
    self.namespace = namespace
  }

  func all() throws(BPFError) -> [UInt32: InterfaceAdjustment] {
    var all: [UInt32: InterfaceAdjustment] = [:]
    try map.forEachEntry { key, value in
      all[key.loadUnaligned(as: UInt32.self)] = adjustment(value.loadUnaligned(as: Note.self))
    }
    return all
  }

  /// What was set on the interface of this index.
  func adjustment(of index: UInt32) throws(BPFError) -> InterfaceAdjustment? {
    try map.value(of: index, as: Note.self).flatMap(adjustment)
  }

  func note(_ adjustment: InterfaceAdjustment, of index: UInt32) throws(BPFError) {
    let bits =
      (adjustment.promiscuous ? Self.promiscuousBit : 0) | (adjustment.raised ? Self.raisedBit : 0)
      | (adjustment.aggregates ? Self.aggregatesBit : 0)
    try map.set(index, to: Note(namespace: namespace, bits: bits))
  }

  func forget(_ index: UInt32) throws(BPFError) {
    try map.remove(bytes(of: index))
  }

  private func adjustment(_ note: Note) -> InterfaceAdjustment? {
    guard note.namespace == namespace else { return nil }
    return InterfaceAdjustment(
      promiscuous: note.bits & Self.promiscuousBit != 0, raised: note.bits & Self.raisedBit != 0,
      aggregates: note.bits & Self.aggregatesBit != 0)
  }
}
