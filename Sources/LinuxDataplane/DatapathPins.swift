internal import BPF
internal import CDatapath
internal import ESWModel

/// The data path as it is pinned: maps, programs and links outlive our process.
///
///     ROOT/maps/esw_*           the maps
///     ROOT/programs-DIGEST/...  the programs of one object
///     ROOT/links/PROGRAM-INDEX  a program on an interface, by index: a bpf file system takes no dots in
///                               names, and names of interfaces may have them
///     ROOT/adjusted             what we set on interfaces of others, see `AdjustmentLedger`
struct DatapathPins: Sendable {
  let root: PinFolder

  var maps: PinFolder { root.folder("maps") }
  var links: PinFolder { root.folder("links") }
  var programs: PinFolder { root.folder(Self.programsName) }
  var adjusted: String { root.path(of: Self.ledgerName) }

  private static let ledgerName = "adjusted"

  private static let programsPrefix = "programs-"
  private static let programsName = programsPrefix + digest

  // MARK: Our object

  /// The compiled programs that this binary carries.
  static let object: [UInt8] = Array(
    UnsafeRawBufferPointer(start: esw_datapath_object(), count: Int(esw_datapath_object_size)))

  /// Of the object's bytes (FNV-1a, 64 bits): tells our builds apart, nothing more.
  static let digest: String = {
    let hash = object.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }()

  private static let layouts = Result { () throws(BPFError) in
    try BPFObject.layouts(of: object, named: objectName)
  }

  private static let objectName = "datapath"

  /// The program that ages the table of hosts; run by us, not by frames.
  private static let sweepName = "esw_sweep"

  private static let programNames = Set(ProgramAttachment.Program.allCases.map(\.objectName) + [sweepName])

  // MARK: What is pinned

  /// What was found in the folders.
  struct Contents {
    let condition: Datapath
    /// Nil if `condition` is `otherLayout`.
    let maps: DatapathMaps?
    let links: [PinnedLink]
  }

  struct PinnedLink {
    let name: String
    let program: ProgramAttachment.Program
    /// The interface's index when the program was attached.
    let index: UInt32
    let link: BPFLink
    let state: BPFLink.State
  }

  /// Nil when nothing is pinned.
  func contents() throws(BPFError) -> Contents? {
    let folders = try root.names()
    let hasPrograms = folders.contains { $0.hasPrefix(Self.programsPrefix) }
    guard hasPrograms || folders.contains("maps") || folders.contains("links") else { return nil }
    guard let maps = try openMaps(), try maps.areOfThisVersion() else {
      return Contents(condition: .otherLayout, maps: nil, links: try pinnedLinks())
    }
    let links = try pinnedLinks()
    let condition = try condition(of: links)
    // Our programs hold maps that nobody can reach any more.
    if condition == .current, !maps.areAll {
      return Contents(condition: .otherLayout, maps: nil, links: links)
    }
    return Contents(condition: condition, maps: maps, links: links)
  }

  func openMaps() throws(BPFError) -> DatapathMaps? {
    try DatapathMaps(pinnedIn: maps, as: Self.layouts.get())
  }

  func program(_ name: String) throws(BPFError) -> BPFProgram {
    let path = programs.path(of: name)
    guard let program = try BPFProgram(pinnedAt: path) else {
      throw BPFError(attempted: "find pinned program", subject: path, cause: .notInObject)
    }
    return program
  }

  /// The kernel's numbers of the XDP programs that are pinned.
  func xdpPrograms() throws(BPFError) -> Set<UInt32> {
    var numbers: Set<UInt32> = []
    for kind in ProgramAttachment.Program.allCases where kind.isXDP {
      guard let program = try BPFProgram(pinnedAt: programs.path(of: kind.objectName)) else { continue }
      numbers.insert(program.identifier)
    }
    return numbers
  }

  func pinnedLinks() throws(BPFError) -> [PinnedLink] {
    var found: [PinnedLink] = []
    for name in try links.names() {
      let parts = name.split(separator: "-")
      guard parts.count == 2, let program = ProgramAttachment.Program(rawValue: String(parts[0])),
        let index = UInt32(parts[1]), let link = try BPFLink(pinnedAt: links.path(of: name))
      else { continue }
      found.append(
        PinnedLink(name: name, program: program, index: index, link: link, state: try link.state()))
    }
    return found
  }

  private func condition(of links: [PinnedLink]) throws(BPFError) -> Datapath {
    guard try Set(programs.names()) == Self.programNames else { return .otherPrograms }
    // Each program is looked up once: a node may have thousands of links.
    let used = Set(links.filter { $0.state.interfaceIndex != nil }.map(\.program))
    for kind in used {
      let identifier = try program(kind.objectName).identifier
      for link in links where link.program == kind && link.state.interfaceIndex != nil {
        guard link.state.programIdentifier == identifier else { return .otherPrograms }
      }
    }
    return .current
  }

  // MARK: Changes

  /// Pins maps and programs; what is there in our layout stays. False when all was there.
  func load() throws(BPFError) -> Bool {
    try PinFolder.mountFileSystem()
    if try contents()?.condition == .current { return false }
    try maps.create()
    try links.create()
    try pinPrograms()
    guard let maps = try openMaps() else {
      throw BPFError(attempted: "open the maps in", subject: self.maps.path, cause: .notInObject)
    }
    // Last: maps without this row count as another version's.
    if try !maps.areOfThisVersion() { try maps.setSlowPathIndex(0) }
    return true
  }

  /// Puts our programs into all links, each between two frames, and forgets the old ones. False when all
  /// was so.
  func replacePrograms() throws(BPFError) -> Bool {
    let old = try root.names().filter { $0.hasPrefix(Self.programsPrefix) && $0 != Self.programsName }
    if old.isEmpty, try contents()?.condition == .current { return false }
    try pinPrograms()
    for pinned in try pinnedLinks() {
      let program = try program(pinned.program.objectName)
      guard pinned.state.programIdentifier != program.identifier, pinned.state.interfaceIndex != nil else {
        continue
      }
      try pinned.link.replaceProgram(with: program)
    }
    for name in old { try root.folder(name).removeAll() }
    return true
  }

  private func pinPrograms() throws(BPFError) {
    let there = try programs.names()
    if Set(there) == Self.programNames { return }
    // Half a set is left by a crash; the programs in it may already be in links, and stay there.
    if !there.isEmpty { try programs.removeAll() }
    let object = try BPFObject(Self.object, named: Self.objectName, .init(mapPins: maps))
    try programs.create()
    for name in Self.programNames.sorted() {
      try object.program(name).pin(at: programs.path(of: name))
    }
  }

  /// Forgets hosts that have been silent for too long or whose connection is gone, and all of one connection.
  /// While the programs of another version are pinned nothing happens: the path heeds ages by itself.
  func sweep(flushing number: ConnectionNumber? = nil) throws(BPFError) {
    guard let program = try BPFProgram(pinnedAt: programs.path(of: Self.sweepName)) else { return }
    var context = esw_sweep_context()
    context.flush_connection = number?.value ?? 0
    var memory = bytes(of: context)
    _ = try program.run(context: &memory)
  }

  func removeLedger() throws(BPFError) {
    try root.remove(Self.ledgerName)
    try removeEmptyRoot()
  }

  /// The folder above belongs to all nodes of the machine: it goes with the last.
  func removeEmptyRoot() throws(BPFError) {
    guard try root.removeIfEmpty(), let all = root.above, all.path.hasPrefix(PinFolder.fileSystem + "/")
    else {
      return
    }
    try all.removeIfEmpty()
  }

  /// Takes the programs off all interfaces and removes maps, programs and links, of whatever version. False
  /// when there were none.
  @discardableResult
  func unload() throws(BPFError) -> Bool {
    let wasThere = try root.names().contains { $0 != Self.ledgerName }
    for name in try links.names() {
      // Detached, not only unpinned: somebody else may have the link open.
      if let link = try BPFLink(pinnedAt: links.path(of: name)), try link.state().interfaceIndex != nil {
        try link.detach()
      }
    }
    try links.removeAll()
    for name in try root.names() where name.hasPrefix(Self.programsPrefix) {
      try root.folder(name).removeAll()
    }
    try maps.removeAll()
    try removeEmptyRoot()
    return wasThere
  }
}

extension ProgramAttachment.Program {
  /// In the object.
  var objectName: String { "esw_" + rawValue }
}
