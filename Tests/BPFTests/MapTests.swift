import Glibc
import KernelTesting
import Testing

@testable import BPF

private let hash: UInt32 = 1
private let array: UInt32 = 2
private let perCPUHash: UInt32 = 5

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `eBPF maps` {
  private func map(type: UInt32 = hash, entries: UInt32 = 16) throws -> BPFMap {
    try .create(named: "eswt", BPFMap.Layout(type: type, keySize: 4, valueSize: 8, maxEntries: entries))
  }

  @Test func `a value is there until it is removed`() throws {
    let map = try map()
    #expect(try map.value(of: [1, 0, 0, 0]) == nil)
    try map.set([1, 0, 0, 0], to: [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try map.value(of: [1, 0, 0, 0]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try map.remove([1, 0, 0, 0]))
    #expect(try !map.remove([1, 0, 0, 0]))
    #expect(try map.value(of: [1, 0, 0, 0]) == nil)
  }

  @Test func `keys and values are typed where the caller has types`() throws {
    let map = try map()
    try map.set(UInt32(9), to: UInt64(81))
    #expect(try map.value(of: UInt32(9), as: UInt64.self) == 81)
    #expect(throws: BPFError.self) { try map.value(of: UInt32(9), as: UInt32.self) }
    #expect(throws: BPFError.self) { try map.set(UInt32(9), to: UInt32(1)) }
  }

  @Test func `a key or value of the wrong size never reaches the kernel`() throws {
    let map = try map()
    let wrongKey = #expect(throws: BPFError.self) { try map.set([1], to: [0, 0, 0, 0, 0, 0, 0, 0]) }
    #expect(wrongKey?.cause == .wrongSize(wanted: 4, given: 1))
    let wrongValue = #expect(throws: BPFError.self) { try map.set([1, 0, 0, 0], to: [1]) }
    #expect(wrongValue?.cause == .wrongSize(wanted: 8, given: 1))
    #expect(throws: BPFError.self) { try map.value(of: []) }
    #expect(throws: BPFError.self) { try map.remove([[1, 2]]) }
  }

  @Test func `creating and replacing say what was there`() throws {
    let map = try map()
    try map.set(UInt32(1), to: UInt64(1), .create)
    #expect(
      #expect(throws: BPFError.self) { try map.set(UInt32(1), to: UInt64(2), .create) }?.errno == EEXIST)
    try map.set(UInt32(1), to: UInt64(3), .replace)
    #expect(
      #expect(throws: BPFError.self) { try map.set(UInt32(2), to: UInt64(2), .replace) }?.errno == ENOENT)
    #expect(try map.value(of: UInt32(1), as: UInt64.self) == 3)
  }

  @Test func `a full map says so`() throws {
    let map = try map(entries: 2)
    try map.set(UInt32(1), to: UInt64(1))
    try map.set(UInt32(2), to: UInt64(1))
    let error = #expect(throws: BPFError.self) { try map.set(UInt32(3), to: UInt64(1)) }
    #expect(error?.errno == E2BIG)
    #expect(error?.description.contains("eswt") == true)
  }

  @Test(arguments: [0, 1, 4095, 4096, 4097, 10000])
  func `many entries go in and come out in batches`(count: Int) throws {
    let map = try map(entries: 16384)
    let entries = (0..<count).map {
      BPFMapEntry(key: bytes(of: UInt32($0)), value: bytes(of: UInt64($0) * 3))
    }
    try map.set(entries)
    #expect(try Set(map.entries()) == Set(entries))
    #expect(try map.keys().count == count)
    try map.remove(entries.dropLast(1).map(\.key) + [bytes(of: UInt32.max)])
    #expect(try map.entries() == Array(entries.suffix(1)))
  }

  @Test func `removing keys that are not there removes the others`() throws {
    let map = try map()
    for key in [UInt32(2), 4, 6] { try map.set(key, to: UInt64(1)) }
    try map.remove((0..<8).map { bytes(of: UInt32($0)) })
    #expect(try map.entries().isEmpty)
  }

  @Test func `an array lists all its entries`() throws {
    let map = try map(type: array, entries: 5)
    try map.set(UInt32(3), to: UInt64(9))
    #expect(try map.entries().map(\.value) == [0, 0, 0, 9, 0].map { bytes(of: UInt64($0)) })
  }

  @Test func `a per-CPU map has a value for every CPU`() throws {
    let map = try map(type: perCPUHash)
    try map.set([1, 0, 0, 0], to: bytes(of: UInt64(5)))
    let values = try #require(try map.valuesPerCPU(of: [1, 0, 0, 0]))
    #expect(values == Array(repeating: bytes(of: UInt64(5)), count: possibleCPUCount))
    let listed = try map.entriesPerCPU()
    #expect(listed.map(\.key) == [[1, 0, 0, 0]])
    #expect(listed.map(\.values) == [values])
  }

  @Test func `possible CPUs are the kernel's count`() throws {
    // "0-1" or "0"; a machine with holes would be "0-3,8-11", which Linux avoids for this file.
    let text = try run("cat", "/sys/devices/system/cpu/possible").split { "-\n".contains($0) }
    let last = try #require(text.last.flatMap { Int($0) })
    #expect(possibleCPUCount == last + 1)
  }
}
