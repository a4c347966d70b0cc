internal import CLibBPF
internal import Glibc

/// Rings of a `BPF_MAP_TYPE_PERF_EVENT_ARRAY`, one a CPU, into which programs write records
/// (`bpf_perf_event_output`). They leave the map when this goes, or with the process, however it ends.
///
/// One thread at a time reads.
package final class RecordRings {
  private let rings: OpaquePointer
  private let box: Box
  /// Open for as long: the kernel takes rings out with the descriptor by which they came in.
  private let map: BPFMap

  private final class Box {
    var records: [[UInt8]] = []
  }

  /// - Parameters:
  ///   - firstKey: Of the ring of CPU 0; that of CPU n stands n places behind it.
  ///   - bytes: Of all rings together, about: each has at least one page and less than twice its share.
  ///   - cpuLimit: CPUs whose number is not below it get none.
  package init(in map: BPFMap, firstKey: UInt32, bytes: Int, cpuLimit: Int) throws(BPFError) {
    let cpus = Self.onlineCPUs().filter { $0 < cpuLimit }
    var numbers = cpus.map { Int32($0) }
    var keys = cpus.map { Int32(firstKey) + Int32($0) }
    let share = max(bytes / max(cpus.count, 1) / Int(getpagesize()), 1)
    let pages = 1 << (Int.bitWidth - 1 - share.leadingZeroBitCount)
    let box = Box()
    var error: Int32 = 0
    let rings = clibbpf_rings_open(
      map.descriptor.number, pages, &numbers, &keys, Int32(cpus.count),
      { context, bytes, size in
        guard let context, let bytes else { return }
        Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().records
          .append(Array(UnsafeRawBufferPointer(start: bytes, count: Int(size))))
      }, Unmanaged.passUnretained(box).toOpaque(), &error)
    guard let rings else { throw BPFError("open rings in map", map.name, result: error) }
    (self.rings, self.box, self.map) = (rings, box, map)
  }

  deinit {
    clibbpf_rings_close(rings)
  }

  /// Waits until a ring is half full, at most so long, and takes out all that is in any: records of one CPU
  /// in their order.
  ///
  /// Those that had no room are not told of: rings do that with the next record that has, so the programs
  /// count what they could not write.
  package func read(within milliseconds: Int32) throws(BPFError) -> [[UInt8]] {
    let result = clibbpf_rings_read(rings, milliseconds)
    guard result == 0 else { throw BPFError("read rings of map", map.name, result: result) }
    defer { box.records = [] }
    return box.records
  }

  /// `/sys/devices/system/cpu/online`, such as `0-3,8`; the first alone where that cannot be read.
  static func onlineCPUs() -> [Int] {
    guard let file = fopen("/sys/devices/system/cpu/online", "re") else { return [0] }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    guard fgets(&line, Int32(line.count), file) != nil else { return [0] }
    let text = String(
      decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return cpus(in: text)
  }

  static func cpus(in list: String) -> [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last < 1 << 16 else { return [] }
      return Array(first...last)
    }
  }
}
