internal import BPF
internal import ESWModel
internal import Glibc
internal import Netlink

/// One run over steps, in order. What it has looked up it keeps, and looks again at what a step changes:
/// thousands of steps must not each list thousands of interfaces.
struct StepExecution {
  let pins: DatapathPins
  let socket: () throws(NetlinkError) -> NetlinkSocket
  private var knownLinks: [String: Link]?
  private var knownMaps: DatapathMaps?
  private var knownPrograms: [ProgramAttachment.Program: BPFProgram] = [:]
  private var knownLedger: AdjustmentLedger?
  /// Whether notes were taken out of the ledger of adjustments.
  private var hasRestored = false

  init(pins: DatapathPins, socket: @escaping () throws(NetlinkError) -> NetlinkSocket) {
    self.pins = pins
    self.socket = socket
  }

  /// Never throws: what the kernel says is the step's outcome.
  mutating func take(_ step: DataplaneStep) -> StepOutcome {
    do {
      return try perform(step)
    } catch let refusal as Refused {
      return .refused(refusal.text)
    } catch let error as NetlinkError {
      return Self.outcome(error.errno, isTransient: error.isTransient, "\(error)")
    } catch let error as BPFError {
      return Self.outcome(error.errno, isTransient: false, "\(error)")
    } catch {
      return .refused("\(error)")
    }
  }

  private mutating func perform(_ step: DataplaneStep) throws -> StepOutcome {
    switch step {
    case .loadDatapath: try loadDatapath()
    case .replacePrograms: try replacePrograms()
    case .unloadDatapath: try unloadDatapath()
    case .createSlowPath(let name, let port): try createSlowPath(name, port)
    case .raiseSlowPath(let name): try raiseSlowPath(name)
    case .registerSlowPath(let name): try registerSlowPath(name)
    case .deleteSlowPath(let name): try delete(name)
    case .addAddress(let owned): try add(owned)
    case .removeAddress(let owned): try remove(owned)
    case .createBridgePort(let inner, let outer, let bridge):
      try createBridgePort(inner: inner, outer: outer, bridge: bridge)
    case .deleteBridgePort(let inner): try delete(inner)
    case .adjustInterface(let name, let adjustment): try adjust(name, adjustment)
    case .restoreInterface(let name): try restore(name)
    case .attachProgram(let attachment): try attach(attachment)
    case .detachProgram(let attachment): try detach(attachment)
    case .putPermission(let row): try put(row)
    case .putTunnel(let address): try putTunnel(address)
    case .removeTunnel(let address): try removeTunnel(address)
    case .putConnection(let row): try put(row)
    case .removeConnection(let number): try maps().remove(number) ? .applied : .alreadySo
    case .putPort(let port, let number): try putPort(port, number)
    case .removePort(let port): try removePort(port)
    case .putSource(let key, let row): try putSource(key, row)
    case .removeSource(let key): try removeSource(key)
    case .putVirtualAddress(let virtual): try maps().put(virtual) ? .applied : .alreadySo
    case .removeVirtualAddress(let virtual): try maps().remove(virtual) ? .applied : .alreadySo
    case .putMeter(let address, let limit): try maps().put(limit, for: address) ? .applied : .alreadySo
    case .removeMeter(let address): try maps().removeMeter(of: address) ? .applied : .alreadySo
    case .putXDPUnderlay(let name, let mac): try putXDPUnderlay(name, mac)
    case .removeXDPUnderlay(let interface): try removeXDPRow(maps().underlays, interface)
    case .putXDPExit(let name): try putXDPExit(name)
    case .removeXDPExit(let interface): try removeXDPRow(maps().exits, interface)
    }
  }

  // MARK: Outcomes

  /// We decline before the kernel is asked.
  struct Refused: Error {
    let text: String
  }

  /// Numbers by which the kernel says "not now".
  private static let passing: Set<Int32> = [EAGAIN, EBUSY, EINTR, ENOBUFS, ENOMEM]

  static func outcome(_ errno: Int32?, isTransient: Bool, _ text: String) -> StepOutcome {
    isTransient || errno.map(passing.contains) == true ? .retry(text) : .refused(text)
  }

  // MARK: Looking up

  mutating func link(_ name: InterfaceName) throws -> Link? {
    if let knownLinks { return knownLinks[name.description] }
    let links = try socket().links()
    let byName = Dictionary(links.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    knownLinks = byName
    return byName[name.description]
  }

  mutating func existing(_ name: InterfaceName) throws -> Link {
    guard let link = try link(name) else { throw Refused(text: "ENODEV: there is no interface \(name)") }
    return link
  }

  /// A device that carries our mark; others' are never changed by steps for ours.
  mutating func ourDevice(_ name: InterfaceName) throws -> Link {
    let link = try existing(name)
    guard OwnershipMark.isOurs(link) else { throw Refused(text: "\(name) exists and is not ours") }
    return link
  }

  mutating func index(_ name: InterfaceName) throws -> UInt32 {
    UInt32(bitPattern: try existing(name).index)
  }

  /// Looks again at one interface.
  mutating func refresh(_ name: InterfaceName) throws {
    let now = try socket().link(named: name.description)
    knownLinks?[name.description] = now
  }

  /// What we set on interfaces of others; nil: nothing.
  mutating func ledger() throws -> AdjustmentLedger? {
    if knownLedger == nil {
      knownLedger = try AdjustmentLedger(pinnedAt: pins.adjusted, of: socket().namespaceCookie())
    }
    return knownLedger
  }

  mutating func ledgerForNotes() throws -> AdjustmentLedger {
    if let there = try ledger() { return there }
    let made = try AdjustmentLedger.create(at: pins, of: socket().namespaceCookie())
    knownLedger = made
    return made
  }

  mutating func noteRestored() { hasRestored = true }

  /// After the last step: a ledger without a note that counts goes away. Notes of interfaces that are gone do
  /// not count.
  mutating func finish() throws {
    guard hasRestored, let ledger = try ledger() else { return }
    let indices = Set(try socket().links().map { UInt32(bitPattern: $0.index) })
    guard try indices.isDisjoint(with: ledger.all().keys) else { return }
    try pins.removeLedger()
  }

  mutating func maps() throws -> DatapathMaps {
    if let knownMaps { return knownMaps }
    guard let maps = try pins.openMaps() else { throw Refused(text: "ENOENT: the data path is not loaded") }
    knownMaps = maps
    return maps
  }

  mutating func program(_ kind: ProgramAttachment.Program) throws -> BPFProgram {
    if let known = knownPrograms[kind] { return known }
    let program = try pins.program(kind.objectName)
    knownPrograms[kind] = program
    return program
  }

  /// What is pinned may be something else now.
  mutating func forgetPins() {
    knownMaps = nil
    knownPrograms = [:]
  }
}

extension NetlinkError {
  fileprivate var isTransient: Bool {
    switch cause {
    case .interruptedDump, .noAnswer: true
    case .refused, .systemCall, .undecodable, .emptyAnswer: false
    }
  }
}
