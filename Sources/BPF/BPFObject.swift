internal import CLibBPF
internal import CLinux
internal import Glibc

/// What an ELF object became in the kernel: its maps and programs, by the names in its source.
package struct BPFObject: Sendable {
  package let maps: [String: BPFMap]
  package let programs: [String: BPFProgram]

  /// How to load an object.
  package struct Options: Sendable {
    /// Maps live here, each under its name: one that is there is used if its layout is the same, and one
    /// that is not is pinned. Nil: maps live as long as this process. The folder must exist.
    package var mapPins: PinFolder?
    /// Entries of maps, by name, in place of what the object says.
    package var maxEntries: [String: UInt32] = [:]
    /// Programs to load; nil for all.
    package var programs: Set<String>?

    package init(
      mapPins: PinFolder? = nil, maxEntries: [String: UInt32] = [:], programs: Set<String>? = nil
    ) {
      self.mapPins = mapPins
      self.maxEntries = maxEntries
      self.programs = programs
    }
  }

  /// Loads an object from memory with libbpf (`bpftool prog loadall`, but pinning maps only).
  ///
  /// `name` is for messages. Throws `.layoutDiffers` when a pinned map has another layout than the object
  /// wants: then nothing was loaded and no pin was touched. The log of libbpf and the verifier is in the
  /// error.
  package init(_ elf: some Collection<UInt8>, named name: String, _ options: Options = Options())
    throws(BPFError)
  {
    let log = LibraryLog()
    let object = try ObjectFile(Array(elf), named: name, log)
    try object.apply(options)
    let adopted = try object.adoptPins(options.mapPins)
    try object.load(log)
    maps = try object.maps()
    programs = try object.programs()
    try Self.pin(maps.filter { adopted[$0.key] == nil && !object.isInternal($0.key) }, in: options.mapPins)
  }

  /// The layouts of the maps that an object wants pinned, without loading it.
  package static func layouts(of elf: some Collection<UInt8>, named name: String) throws(BPFError) -> [String:
    BPFMap.Layout]
  {
    try ObjectFile(Array(elf), named: name, LibraryLog()).layouts()
  }

  package func map(_ name: String) throws(BPFError) -> BPFMap {
    guard let map = maps[name] else {
      throw BPFError(attempted: "find map", subject: name, cause: .notInObject)
    }
    return map
  }

  package func program(_ name: String) throws(BPFError) -> BPFProgram {
    guard let program = programs[name] else {
      throw BPFError(attempted: "find program", subject: name, cause: .notInObject)
    }
    return program
  }

  /// Pins all or none: half a set would look like an old version's at the next start.
  private static func pin(_ maps: [String: BPFMap], in folder: PinFolder?) throws(BPFError) {
    guard let folder else { return }
    var done: [String] = []
    for (name, map) in maps.sorted(by: { $0.key < $1.key }) {
      do throws(BPFError) {
        try map.pin(at: folder.path(of: name))
        done.append(name)
      } catch {
        for name in done { _ = try? folder.remove(name) }
        throw error
      }
    }
  }
}

/// An object that libbpf has parsed; closed when nobody keeps it. What it loaded lives on by descriptors.
private final class ObjectFile {
  private let name: String
  private let object: OpaquePointer
  /// libbpf reads the object's bytes until it is closed.
  private let elf: UnsafeMutableRawBufferPointer

  init(_ bytes: [UInt8], named name: String, _ log: LibraryLog) throws(BPFError) {
    self.name = name
    let elf = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    elf.copyBytes(from: bytes)
    var error: Int32 = 0
    let (object, text) = log.capture { clibbpf_open(elf.baseAddress, elf.count, name, &error) }
    guard let object else {
      elf.deallocate()
      throw BPFError("open object", name, result: error, text: text)
    }
    self.elf = elf
    self.object = object
  }

  deinit {
    clibbpf_close(object)
    elf.deallocate()
  }

  func apply(_ options: BPFObject.Options) throws(BPFError) {
    for (map, entries) in options.maxEntries {
      guard let found = allMaps().first(where: { $0.name == map }) else {
        throw BPFError(attempted: "size map", subject: map, cause: .notInObject)
      }
      let result = clibbpf_map_set_max_entries(found.pointer, entries)
      guard result == 0 else { throw BPFError("size map", map, result: result) }
    }
    guard let wanted = options.programs else { return }
    for program in allPrograms() {
      let result = clibbpf_program_set_wanted(program.pointer, wanted.contains(program.name) ? 1 : 0)
      guard result == 0 else { throw BPFError("choose program", program.name, result: result) }
    }
  }

  /// Makes libbpf use pinned maps of the right layout; answers them by name.
  func adoptPins(_ folder: PinFolder?) throws(BPFError) -> [String: BPFMap] {
    guard let folder else { return [:] }
    var adopted: [String: BPFMap] = [:]
    for map in allMaps() where !map.isInternal {
      guard let pinned = try BPFMap(pinnedAt: folder.path(of: map.name)) else { continue }
      guard pinned.layout == map.layout else {
        throw BPFError(
          attempted: "use pinned map", subject: folder.path(of: map.name),
          cause: .layoutDiffers(pinned: pinned.layout, wanted: map.layout))
      }
      let result = clibbpf_map_reuse(map.pointer, pinned.descriptor.number)
      guard result == 0 else { throw BPFError("use pinned map", folder.path(of: map.name), result: result) }
      adopted[map.name] = pinned
    }
    return adopted
  }

  func load(_ log: LibraryLog) throws(BPFError) {
    let (result, text) = log.capture { clibbpf_load(object) }
    guard result == 0 else { throw BPFError("load object", name, result: result, text: text) }
  }

  func layouts() -> [String: BPFMap.Layout] {
    let pinnable = allMaps().filter { !$0.isInternal }
    return Dictionary(pinnable.map { ($0.name, $0.layout) }, uniquingKeysWith: { first, _ in first })
  }

  func isInternal(_ map: String) -> Bool {
    allMaps().contains { $0.name == map && $0.isInternal }
  }

  func maps() throws(BPFError) -> [String: BPFMap] {
    var maps: [String: BPFMap] = [:]
    for map in allMaps() {
      maps[map.name] = try BPFMap(owning: copy(of: clibbpf_map_descriptor(map.pointer), "map \(map.name)"))
    }
    return maps
  }

  func programs() throws(BPFError) -> [String: BPFProgram] {
    var programs: [String: BPFProgram] = [:]
    for program in allPrograms() {
      let descriptor = clibbpf_program_descriptor(program.pointer)
      // Negative: it was not wanted.
      guard descriptor >= 0 else { continue }
      programs[program.name] = try BPFProgram(owning: copy(of: descriptor, "program \(program.name)"))
    }
    return programs
  }

  private struct MapInFile {
    let name: String
    let layout: BPFMap.Layout
    let isInternal: Bool
    let pointer: OpaquePointer
  }

  private func allMaps() -> [MapInFile] {
    var maps: [MapInFile] = []
    var current = clibbpf_next_map(object, nil)
    while let pointer = current {
      let layout = clibbpf_map_layout(pointer)
      maps.append(
        MapInFile(
          name: String(cString: clibbpf_map_name(pointer)),
          layout: BPFMap.Layout(
            type: layout.type, keySize: Int(layout.key_size), valueSize: Int(layout.value_size),
            maxEntries: layout.max_entries, flags: layout.flags),
          isInternal: layout.is_internal != 0, pointer: pointer))
      current = clibbpf_next_map(object, pointer)
    }
    return maps
  }

  private func allPrograms() -> [(name: String, pointer: OpaquePointer)] {
    var programs: [(name: String, pointer: OpaquePointer)] = []
    var current = clibbpf_next_program(object, nil)
    while let pointer = current {
      programs.append((String(cString: clibbpf_program_name(pointer)), pointer))
      current = clibbpf_next_program(object, pointer)
    }
    return programs
  }

  /// Descriptors of ours: libbpf closes its own with the object.
  private func copy(of descriptor: Int32, _ subject: String) throws(BPFError) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw BPFError("keep", subject, result: -errno) }
    return copy
  }
}

/// What libbpf says while we wait for it, on this thread.
private final class LibraryLog {
  /// Our choice: the verifier's last words fit; its whole story would not fit into anything.
  private static let room = 64 << 10
  private let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: LibraryLog.room)

  deinit {
    buffer.deallocate()
  }

  /// The result of `body` and what was said meanwhile.
  func capture<Result>(_ body: () -> Result) -> (Result, String?) {
    clibbpf_log_begin(buffer.baseAddress, buffer.count)
    let result = body()
    let used = clibbpf_log_end()
    guard used > 0 else { return (result, nil) }
    return (result, String(decoding: UnsafeRawBufferPointer(buffer).prefix(used), as: UTF8.self))
  }
}
