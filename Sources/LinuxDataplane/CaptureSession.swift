internal import BPF
internal import CDatapath
internal import ESWModel
internal import ESWSeams
internal import Glibc
internal import Netlink

/// Somebody captures: a place among the data path's captures, the rings by which frames come, and a thread
/// that reads them.
///
/// The path copies frames until the place's time is over, which is put off again and again: when this process
/// dies, the copying ends by itself, and the place is free with its lock.
actor CaptureSession {
  /// How long a place is good for without being renewed, and how often it is, in nanoseconds.
  private static let lease: UInt64 = 3_000_000_000
  private static let renewal: UInt64 = 1_000_000_000
  /// The longest wait for a ring to be half full, in milliseconds.
  private static let patience: Int32 = 100
  /// Of all rings of a capture, in bytes; the lesser for a process that may not lock so much memory
  /// (`CAP_IPC_LOCK`, kernel.perf_event_mlock_kb).
  private static let ringBytes = (usual: 8 << 20, least: 256 << 10)
  /// How often what is said of all captures is made again because another has begun or ended meanwhile.
  private static let attempts = 10
  /// Batches that wait for the reader, each of up to all rings.
  private static let waiting = 3

  nonisolated let source: CaptureSource

  private let thread: NamespaceThread
  private let pins: DatapathPins
  private let maps: DatapathMaps
  private let captures: BPFMap
  private let capturing: BPFMap
  private let rings: RecordRings
  private let snapLength: Int
  private let place: UInt32
  /// Of the place.
  private var lock: NodeLock?
  private let offset: Int64
  private var connection: CapturedConnection
  private var renewed: UInt64 = 0
  /// Copies that the path could not make, as it counted them when it was last asked.
  private var lostBefore: UInt32
  private var failure: String?
  /// Younger than the start of the last reading: another CPU's ring may still bring older ones.
  private var heldBack: [CapturedFrame] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// - Parameter namespace: Where the interfaces have their names; nil: not known.
  /// - Throws: `CaptureRefusal`; `LinuxDataplane.Unusable`; `BPFError`.
  init(_ order: CaptureOrder, pins: DatapathPins, namespace: NetworkNamespace?) throws {
    guard let maps = try pins.openMaps(), try maps.areOfThisVersion() else {
      throw CaptureRefusal.noDataPath
    }
    guard let captures = maps.captures, let captured = maps.captured, let capturing = maps.capturing else {
      throw LinuxDataplane.Unusable(
        description: "the data path in \(pins.root) is of a version that cannot capture; start its agent anew"
      )
    }
    var connection = CapturedConnection.strangers
    if let id = order.connection {
      guard let found = try CapturedConnection(id, in: maps) else {
        throw CaptureRefusal.unknownConnection(id)
      }
      connection = found
    }
    guard let (place, lock) = try Self.takePlace(in: pins) else { throw CaptureRefusal.placesTaken }
    thread = try NamespaceThread(in: namespace)
    rings = try Self.rings(in: captured, of: place)
    source = try thread.runAndWait { [connection] in
      connection.source { index in namespace == nil ? nil : Self.name(of: index) }
    }
    snapLength = order.snapLength
    self.capturing = capturing
    lostBefore = try Self.lost(of: place, in: capturing)
    self.pins = pins
    (self.maps, self.captures, self.connection) = (maps, captures, connection)
    (self.place, self.lock) = (place, lock)
    offset = Self.now(CLOCK_REALTIME) - Self.now(CLOCK_MONOTONIC)
  }

  /// Begins, and ends with the reader of the batches, or with the connection.
  nonisolated func start() async throws -> FrameCapture {
    // The first frame after this is in it.
    try await renew()
    let (stream, continuation) = AsyncStream.makeStream(
      of: CaptureBatch.self, bufferingPolicy: .bufferingOldest(Self.waiting))
    let reading = Task { await self.read(into: continuation) }
    continuation.onTermination = { _ in reading.cancel() }
    return FrameCapture(
      source: source, batches: stream,
      stop: {
        reading.cancel()
        await reading.value
      }, failure: { await self.failure })
  }

  private func read(into continuation: AsyncStream<CaptureBatch>.Continuation) {
    var unread: UInt64 = 0
    func tell(_ frames: [CapturedFrame]) throws {
      let lost = try unread + newlyLost()
      switch continuation.yield(CaptureBatch(frames: frames, lost: lost)) {
      case .dropped(let batch): unread = batch.lost &+ UInt64(batch.frames.count)
      default: unread = 0
      }
    }
    do {
      while !Task.isCancelled {
        let began = Self.now(CLOCK_MONOTONIC)
        let records = try rings.read(within: Self.patience)
        try tell(sorted(records, upTo: began &+ offset))
        guard try UInt64(Self.now(CLOCK_MONOTONIC)) < renewed + Self.renewal || renew() else { break }
      }
      // Nothing more comes from then on. The time of all captures runs out by itself, if no other goes on.
      try captures.set(place, to: esw_capture_row())
      try tell(sorted(rings.read(within: 0), upTo: .max))
    } catch {
      failure = "\(error)"
      try? captures.set(place, to: esw_capture_row())
    }
    lock = nil
    continuation.finish()
  }

  /// Since the last time.
  private func newlyLost() throws(BPFError) -> UInt64 {
    let now = try Self.lost(of: place, in: capturing)
    defer { lostBefore = now }
    return UInt64(now &- lostBefore)
  }

  private static func lost(of place: UInt32, in map: BPFMap) throws(BPFError) -> UInt32 {
    let rows = try map.valuesPerCPU(of: bytes(of: UInt32(0))) ?? []
    return rows.reduce(0) { sum, row in
      let counts = row.withUnsafeBytes { $0.loadUnaligned(as: esw_captured_row.self) }.lost
      return sum
        &+ withUnsafeBytes(of: counts) { $0.load(fromByteOffset: Int(place - 1) * 4, as: UInt32.self) }
    }
  }

  /// False: the connection is gone, or the data path with it.
  @discardableResult
  private func renew() throws -> Bool {
    guard try isPinned(), try connection.refresh(from: maps) else { return false }
    renewed = UInt64(Self.now(CLOCK_MONOTONIC))
    let row = esw_capture_row(
      until_ns: renewed + Self.lease, connection: connection.number.value, snap_bytes: UInt32(snapLength))
    try captures.set(place, to: row)
    try announce(until: row.until_ns)
    return true
  }

  /// Writes place 0, which is of all captures. Another may do so at this moment, and have seen less than
  /// there is: so it is looked at once more afterwards.
  private func announce(until: UInt64) throws {
    var written: UInt32?
    for _ in 0..<Self.attempts {
      var all: UInt32 = 0
      for place in 1...UInt32(ESW_CAPTURES_MAX) {
        guard let row: esw_capture_row = try captures.value(of: place), row.until_ns != 0 else { continue }
        all |= 1 << (row.connection & 31)
      }
      if all == written { return }
      try captures.set(
        UInt32(0), to: esw_capture_row(until_ns: until, connection: all, snap_bytes: 0))
      written = all
    }
  }

  /// What nobody can reach any more keeps its rows.
  private func isPinned() throws -> Bool {
    try pins.openMaps()?.captures?.identifier == captures.identifier
  }

  private func sorted(_ records: [[UInt8]], upTo moment: Int64) -> [CapturedFrame] {
    let frames = heldBack + records.compactMap { connection.frame(of: $0, offset: offset) }
    let inOrder = frames.sorted { $0.moment < $1.moment }
    let ready = inOrder.prefix { $0.moment < moment }
    heldBack = Array(inOrder.dropFirst(ready.count))
    return Array(ready)
  }

  private static func rings(in map: BPFMap, of place: UInt32) throws(BPFError) -> RecordRings {
    func open(_ bytes: Int) throws(BPFError) -> RecordRings {
      let limit = Int(ESW_CAPTURE_CPUS)
      return try RecordRings(
        in: map, firstKey: (place - 1) * UInt32(limit), bytes: bytes, cpuLimit: limit)
    }
    do throws(BPFError) {
      return try open(ringBytes.usual)
    } catch  where error.errno == EPERM {
      return try open(ringBytes.least)
    }
  }

  private static func takePlace(in pins: DatapathPins) throws -> (UInt32, NodeLock)? {
    for place in 1...UInt32(ESW_CAPTURES_MAX) {
      let name = NodeLock.name(ofPlace: place, inPins: pins.root.path)
      if let lock = try NodeLock(ifFree: name) { return (place, lock) }
    }
    return nil
  }

  private static func name(of index: UInt32) -> InterfaceName? {
    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard if_indextoname(index, &name) != nil else { return nil }
    return InterfaceName(
      String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  private static func now(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
