internal import CLinux
internal import Glibc

/// A key of a map and its value, as bytes.
package struct BPFMapEntry: Hashable, Sendable {
  package let key: [UInt8]
  /// For per-CPU maps all CPUs' values, each padded to eight bytes; see `BPFMap.entriesPerCPU`.
  package let value: [UInt8]

  package init(key: [UInt8], value: [UInt8]) {
    self.key = key
    self.value = value
  }
}

extension BPFMap {
  /// Our choice: entries in one call, a compromise between calls and memory.
  private static let batchSize = 4096
  /// Our choice, in bytes: what one call reads stays in a cache until it is looked at.
  private static let batchBytes = 512 * 1024
  /// As many as a bucket of a hash usually has, and some more; a longer one is asked for again.
  private static let leastBatch = 32
  /// ENOTSUPP, the kernel's own number that C libraries do not know; EINVAL from map types without batches.
  private static let withoutBatches: Set<Int32> = [-524, -EINVAL, -EOPNOTSUPP]

  /// Calls `body` with every key and value; by batches where the map has them. The bytes are valid during
  /// the call only. The same caution as for `keys`.
  package func forEachEntry(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(BPFError) {
    if try forEachEntryInBatches(body) { return }
    for key in try keys() {
      // A key may have gone since it was listed.
      guard let value = try value(of: key) else { continue }
      key.withUnsafeBytes { key in value.withUnsafeBytes { body(key, $0) } }
    }
  }

  /// All entries, as `forEachEntry`.
  package func entries() throws(BPFError) -> [BPFMapEntry] {
    var entries: [BPFMapEntry] = []
    try forEachEntry { entries.append(BPFMapEntry(key: Array($0), value: Array($1))) }
    return entries
  }

  /// All entries of a per-CPU map, with one value for each possible CPU.
  package func entriesPerCPU() throws(BPFError) -> [(key: [UInt8], values: [[UInt8]])] {
    try entries().map { entry in (entry.key, splitPerCPU(entry.value)) }
  }

  /// Sets many values with few calls; in order, until one fails. Not for per-CPU maps.
  package func set(_ entries: [BPFMapEntry], _ mode: UpdateMode = .set) throws(BPFError) {
    for entry in entries {
      try check(key: entry.key, "update map")
      try check(value: entry.value, "update map")
    }
    var done = 0
    while done < entries.count {
      let part = entries[done..<min(done + Self.batchSize, entries.count)]
      var count = UInt32(part.count)
      let result = clinux_bpf_map_update_batch(
        descriptor.number, part.flatMap(\.key), part.flatMap(\.value), &count, mode.flags)
      if Self.withoutBatches.contains(result), count == 0 {
        for entry in part { try set(entry.key, to: entry.value, mode) }
      } else if result != 0 {
        throw BPFError("update map, entry \(done + Int(count)) of \(entries.count), in", name, result: result)
      }
      done += part.count
    }
  }

  /// Sets many values with few calls, in order, until one fails. Keys stand one behind the other, and so do
  /// values; in a per-CPU map a value is those of all CPUs, each padded to eight bytes (`transferSize`).
  ///
  /// - Parameter first: Where to begin, to go on after a failure.
  /// - Returns: How many were set, and why not all.
  package func set(
    keys: [UInt8], values: [UInt8], from first: Int = 0
  ) -> (count: Int, failure: BPFError?) {
    let total = keys.count / max(layout.keySize, 1)
    guard total * layout.keySize == keys.count, total * transferSize == values.count else {
      let cause = BPFError.Cause.wrongSize(wanted: total * transferSize, given: values.count)
      return (0, BPFError(attempted: "update map", subject: name, cause: cause))
    }
    return keys.withUnsafeBytes { keys in
      values.withUnsafeBytes { values in
        var done = first
        while done < total {
          var count = UInt32(min(total - done, Self.batchSize))
          let key = keys.baseAddress?.advanced(by: done * layout.keySize)
          let value = values.baseAddress?.advanced(by: done * transferSize)
          var result = clinux_bpf_map_update_batch(descriptor.number, key, value, &count, 0)
          if Self.withoutBatches.contains(result), count == 0 {
            result = clinux_bpf_map_update(descriptor.number, key, value, UpdateMode.set.flags)
            count = result == 0 ? 1 : 0
          }
          done += Int(count)
          if result != 0 {
            return (done - first, BPFError("update map, entry \(done) of \(total), in", name, result: result))
          }
        }
        return (done - first, nil)
      }
    }
  }

  /// All keys one behind the other; as `keys`, without an array for each.
  package func joinedKeys() throws(BPFError) -> [UInt8] {
    var all: [UInt8] = []
    var previous = [UInt8](repeating: 0, count: layout.keySize)
    var next = previous
    for round in 0..<(2 * Int(layout.maxEntries) + 1) {
      let result = clinux_bpf_map_next_key(descriptor.number, round == 0 ? nil : previous, &next)
      if result == -ENOENT { return all }
      guard result == 0 else { throw BPFError("list map", name, result: result) }
      all += next
      swap(&previous, &next)
    }
    return all
  }

  /// Removes many keys with few calls; keys that are not there are no error.
  package func remove(_ keys: [[UInt8]]) throws(BPFError) {
    for key in keys { try check(key: key, "delete from map") }
    var done = 0
    while done < keys.count {
      let part = keys[done..<min(done + Self.batchSize, keys.count)]
      var count = UInt32(part.count)
      let result = clinux_bpf_map_delete_batch(descriptor.number, part.flatMap(\.self), &count)
      if result == 0 {
        done += part.count
      } else if result == -ENOENT {
        // The one at `count` was not there; some map types stop at it, so go on behind it.
        done += Int(count) + 1
      } else if Self.withoutBatches.contains(result), count == 0 {
        for key in part { try remove(key) }
        done += part.count
      } else {
        throw BPFError("delete from map", name, result: result)
      }
    }
  }

  /// False when this map has no batches: then nothing was called.
  private func forEachEntryInBatches(
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) throws(BPFError) -> Bool {
    // As much as a bucket may hold, or the kernel says ENOSPC and hands out nothing of it.
    let fitting = max(Self.batchBytes / max(layout.keySize + transferSize, 1), Self.leastBatch)
    var room = min(Self.batchSize, fitting, Int(layout.maxEntries))
    var keys = [UInt8](repeating: 0, count: room * layout.keySize)
    var values = [UInt8](repeating: 0, count: room * transferSize)
    // The kernel's place marker: four bytes for hashes, a key for others.
    var place = [UInt8](repeating: 0, count: max(layout.keySize, 8))
    var from: [UInt8]?
    while true {
      var count = UInt32(room)
      let result = clinux_bpf_map_lookup_batch(descriptor.number, from, &place, &keys, &values, &count)
      if from == nil, Self.withoutBatches.contains(result) { return false }
      if result == -ENOSPC, room < Int(layout.maxEntries) {
        room = min(2 * room, Int(layout.maxEntries))
        keys = [UInt8](repeating: 0, count: room * layout.keySize)
        values = [UInt8](repeating: 0, count: room * transferSize)
        continue
      }
      guard result == 0 || result == -ENOENT else { throw BPFError("list map", name, result: result) }
      keys.withUnsafeBytes { keys in
        values.withUnsafeBytes { values in
          for index in 0..<Int(count) {
            body(part(index, of: keys, layout.keySize), part(index, of: values, transferSize))
          }
        }
      }
      if result == -ENOENT { return true }
      from = place
    }
  }

  private func part(_ index: Int, of whole: UnsafeRawBufferPointer, _ size: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: whole[(index * size)..<((index + 1) * size)])
  }
}
