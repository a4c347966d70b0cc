internal import CLinux
internal import Glibc

/// A map in the kernel, open in this process. Its calls are system calls and may come from any thread.
package struct BPFMap: Sendable {
  /// What a user of the map relies on (`struct bpf_map_info`).
  package struct Layout: Hashable, Sendable, CustomStringConvertible {
    /// `BPF_MAP_TYPE_*`.
    package let type: UInt32
    package let keySize: Int
    package let valueSize: Int
    package let maxEntries: UInt32
    /// `BPF_F_*`.
    package let flags: UInt32

    package init(type: UInt32, keySize: Int, valueSize: Int, maxEntries: UInt32, flags: UInt32 = 0) {
      self.type = type
      self.keySize = keySize
      self.valueSize = valueSize
      self.maxEntries = maxEntries
      self.flags = flags
    }

    package var description: String {
      "type \(type), key \(keySize) B, value \(valueSize) B, \(maxEntries) entries, flags \(flags)"
    }
  }

  /// What an update does with a key that is there, or is not.
  package enum UpdateMode: Sendable {
    /// `BPF_ANY`.
    case set
    /// `BPF_NOEXIST`: EEXIST when it is there.
    case create
    /// `BPF_EXIST`: ENOENT when it is not.
    case replace

    var flags: UInt64 {
      switch self {
      case .set: UInt64(BPF_ANY)
      case .create: UInt64(BPF_NOEXIST)
      case .replace: UInt64(BPF_EXIST)
      }
    }
  }

  /// As the kernel keeps it: at most 15 bytes of the name in the source.
  package let name: String
  /// The kernel's number; never used twice while the system runs.
  package let identifier: UInt32
  package let layout: Layout
  let descriptor: Descriptor

  /// The map's descriptor for calls that this room has not; it stays the map's.
  package var rawDescriptor: Int32 { descriptor.number }

  init(owning number: Int32) throws(BPFError) {
    descriptor = Descriptor(owning: number)
    var information = bpf_map_info()
    var size = UInt32(MemoryLayout<bpf_map_info>.size)
    let result = clinux_bpf_object_info(number, &information, &size)
    guard result == 0 else { throw BPFError("look at map", "descriptor \(number)", result: result) }
    name = text(of: information.name)
    identifier = information.id
    layout = Layout(
      type: information.type, keySize: Int(information.key_size), valueSize: Int(information.value_size),
      maxEntries: information.max_entries, flags: information.map_flags & ~Self.ownFlags(of: information.type)
    )
  }

  /// Flags that the kernel adds to what it was asked for: no program may write into rows of interfaces
  /// (linux/kernel/bpf/devmap.c).
  private static func ownFlags(of type: UInt32) -> UInt32 {
    let ofInterfaces = [BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH].contains { $0.rawValue == type }
    return ofInterfaces ? UInt32(BPF_F_RDONLY_PROG) : 0
  }

  /// Opens a pinned map (`bpftool map show pinned PATH`); nil when there is no such pin.
  package init?(pinnedAt path: String) throws(BPFError) {
    let number = clinux_bpf_open_pinned(path)
    if number == -ENOENT { return nil }
    guard number >= 0 else { throw BPFError("open pinned map", path, result: number) }
    try self.init(owning: number)
  }

  /// `bpftool map create`, without a pin.
  package static func create(named name: String, _ layout: Layout) throws(BPFError) -> BPFMap {
    let number = clinux_bpf_map_create(
      layout.type, UInt32(layout.keySize), UInt32(layout.valueSize), layout.maxEntries, layout.flags, name)
    guard number >= 0 else { throw BPFError("create map", name, result: number) }
    return try BPFMap(owning: number)
  }

  /// `bpftool map pin`; EEXIST when the path is taken.
  package func pin(at path: String) throws(BPFError) {
    let result = clinux_bpf_pin(descriptor.number, path)
    guard result == 0 else { throw BPFError("pin map \(name) at", path, result: result) }
  }

  /// Whether each CPU has a value of its own.
  package var isPerCPU: Bool {
    [BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_PERCPU_HASH]
      .contains { $0.rawValue == layout.type }
  }

  /// Bytes that the kernel reads or writes for one value: for per-CPU maps all CPUs', each padded to eight.
  package var transferSize: Int {
    isPerCPU ? Self.padded(layout.valueSize) * possibleCPUCount : layout.valueSize
  }

  static func padded(_ size: Int) -> Int { (size + 7) & ~7 }

  func check(key: [UInt8], _ attempted: String) throws(BPFError) {
    guard key.count == layout.keySize else {
      throw BPFError(
        attempted: attempted, subject: "\(name) (key)",
        cause: .wrongSize(wanted: layout.keySize, given: key.count))
    }
  }

  func check(value: [UInt8], _ attempted: String) throws(BPFError) {
    guard value.count == transferSize else {
      throw BPFError(
        attempted: attempted, subject: "\(name) (value)",
        cause: .wrongSize(wanted: transferSize, given: value.count))
    }
  }
}

/// CPUs that the kernel may ever have (`/sys/devices/system/cpu/possible`), not those that run now.
let possibleCPUCount: Int = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_CONF))))

/// A C array of characters as imported, up to the first zero.
func text<Array: BitwiseCopyable>(of characters: Array) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
