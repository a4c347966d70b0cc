internal import BPF
internal import ESWModel

/// What we set on interfaces that are not ours, kept in a pinned map so that it lasts as long as the settings
/// do: over restarts of ours, and not over one of the machine.
struct AdjustmentLedger {
  /// Index of the interface, and the bits below.
  private static let layout = BPFMap.Layout(
    type: 1, keySize: 4, valueSize: 4, maxEntries: 65_536, flags: 1)  // BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC
  private static let promiscuousBit: UInt32 = 1
  private static let raisedBit: UInt32 = 2

  private let map: BPFMap

  /// Nil when there is none: nothing was set.
  init?(pinnedAt path: String) throws(BPFError) {
    guard let map = try BPFMap(pinnedAt: path) else { return nil }
    guard map.layout == Self.layout else {
      throw BPFError(
        attempted: "use pinned map", subject: path,
        cause: .layoutDiffers(pinned: map.layout, wanted: Self.layout))
    }
    self.map = map
  }

  static func openOrCreate(in folder: PinFolder, at path: String) throws(BPFError) -> AdjustmentLedger {
    if let there = try AdjustmentLedger(pinnedAt: path) { return there }
    try PinFolder.mountFileSystem()
    try folder.create()
    let map = try BPFMap.create(named: "esw_adjusted", layout)
    try map.pin(at: path)
    return AdjustmentLedger(map: map)
  }

  private init(map: BPFMap) { self.map = map }

  func all() throws(BPFError) -> [UInt32: InterfaceAdjustment] {
    var all: [UInt32: InterfaceAdjustment] = [:]
    try map.forEachEntry { key, value in
      let bits = value.loadUnaligned(as: UInt32.self)
      all[key.loadUnaligned(as: UInt32.self)] = InterfaceAdjustment(
        promiscuous: bits & Self.promiscuousBit != 0, raised: bits & Self.raisedBit != 0)
    }
    return all
  }

  func note(_ adjustment: InterfaceAdjustment, of index: UInt32) throws(BPFError) {
    let bits =
      (adjustment.promiscuous ? Self.promiscuousBit : 0) | (adjustment.raised ? Self.raisedBit : 0)
    try map.set(index, to: bits)
  }

  func forget(_ index: UInt32) throws(BPFError) {
    try map.remove(bytes(of: index))
  }
}
