internal import CLinux
internal import Glibc

extension BPFMap {
  /// The value of a key, or nil. Per-CPU maps: see `valuesPerCPU`.
  package func value(of key: [UInt8]) throws(BPFError) -> [UInt8]? {
    try check(key: key, "look up in map")
    var value = [UInt8](repeating: 0, count: transferSize)
    let result = clinux_bpf_map_lookup(descriptor.number, key, &value)
    if result == -ENOENT { return nil }
    guard result == 0 else { throw BPFError("look up in map", name, result: result) }
    return value
  }

  /// The value that each possible CPU has for a key, or nil.
  package func valuesPerCPU(of key: [UInt8]) throws(BPFError) -> [[UInt8]]? {
    try value(of: key).map(splitPerCPU)
  }

  /// Sets a value. In a per-CPU map every CPU gets it.
  package func set(_ key: [UInt8], to value: [UInt8], _ mode: UpdateMode = .set) throws(BPFError) {
    let whole = isPerCPU ? spreadPerCPU(value) : value
    try check(key: key, "update map")
    try check(value: whole, "update map")
    let result = clinux_bpf_map_update(descriptor.number, key, whole, mode.flags)
    guard result == 0 else { throw BPFError("update map", name, result: result) }
  }

  /// Removes a key; false when it was not there.
  @discardableResult
  package func remove(_ key: [UInt8]) throws(BPFError) -> Bool {
    try check(key: key, "delete from map")
    let result = clinux_bpf_map_delete(descriptor.number, key)
    if result == -ENOENT { return false }
    guard result == 0 else { throw BPFError("delete from map", name, result: result) }
    return true
  }

  /// All keys, in the kernel's order. A map that changes meanwhile may show a key not at all or twice.
  package func keys() throws(BPFError) -> [[UInt8]] {
    var keys: [[UInt8]] = []
    var next = [UInt8](repeating: 0, count: layout.keySize)
    var previous: [UInt8]?
    // The bound ends a walk that a busy map sends back to its start again and again.
    for _ in 0..<(2 * Int(layout.maxEntries) + 1) {
      let result = clinux_bpf_map_next_key(descriptor.number, previous, &next)
      if result == -ENOENT { return keys }
      guard result == 0 else { throw BPFError("list map", name, result: result) }
      keys.append(next)
      previous = next
    }
    return keys
  }

  /// The typed value of a typed key: both plain C structs of the map's sizes, without hidden padding.
  package func value<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    of key: Key, as _: Value.Type = Value.self
  ) throws(BPFError) -> Value? {
    guard let bytes = try value(of: bytes(of: key)) else { return nil }
    return try bytes.as(Value.self, from: self)
  }

  /// `set(_:to:_:)` with plain C structs.
  package func set<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    _ key: Key, to value: Value, _ mode: UpdateMode = .set
  ) throws(BPFError) {
    try set(bytes(of: key), to: bytes(of: value), mode)
  }

  func splitPerCPU(_ whole: [UInt8]) -> [[UInt8]] {
    let step = Self.padded(layout.valueSize)
    return stride(from: 0, to: whole.count, by: step).map { Array(whole[$0..<($0 + layout.valueSize)]) }
  }

  func spreadPerCPU(_ value: [UInt8]) -> [UInt8] {
    let padding = repeatElement(UInt8(0), count: Self.padded(value.count) - value.count)
    return Array(repeatElement(value + padding, count: possibleCPUCount).joined())
  }
}

/// The memory of a plain C struct.
package func bytes<Value: BitwiseCopyable>(of value: Value) -> [UInt8] {
  withUnsafeBytes(of: value) { Array($0) }
}

extension [UInt8] {
  /// A plain C struct of exactly these bytes.
  package func `as`<Value: BitwiseCopyable>(
    _: Value.Type = Value.self, from map: BPFMap
  ) throws(BPFError) -> Value {
    guard count == MemoryLayout<Value>.size else {
      throw BPFError(
        attempted: "read a \(Value.self) from map", subject: map.name,
        cause: .wrongSize(wanted: MemoryLayout<Value>.size, given: count))
    }
    return withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
  }
}
