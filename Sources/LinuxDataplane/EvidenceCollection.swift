internal import BPF
internal import CDatapath
internal import ESWModel
internal import Glibc

/// Adds up what the path keeps per CPU, per host and per stranger, in the model's words. Pure but for the
/// reading in `init(of:)`.
struct EvidenceCollection {
  /// Strangers that a report names: those who came last.
  static let mostStrangers = 64

  /// CLOCK_MONOTONIC, in nanoseconds.
  let now: UInt64
  private(set) var evidence = DataplaneEvidence()
  private var offenders: [(key: esw_offender_key, row: esw_offender_row)] = []
  private var droppedAtNode = [UInt64](repeating: 0, count: Int(ESW_DROP_REASONS_MAX))

  init(now: UInt64) {
    self.now = now
    evidence.now = DataplaneMoment(nanoseconds: now)
  }

  init(of maps: DatapathMaps) throws(BPFError) {
    self.init(now: Self.monotonicNow())
    try maps.activity.forEachEntry { key, rows in
      // A row is a multiple of eight bytes long, so that those of the CPUs stand without gaps.
      add(
        rows.bindMemory(to: esw_activity_row.self),
        of: ConnectionNumber(key.loadUnaligned(as: UInt32.self)))
    }
    try maps.hosts.forEachEntry { key, row in
      add(host: key.loadUnaligned(as: esw_fdb_key.self), row.loadUnaligned(as: esw_fdb_row.self))
    }
    try maps.offenders.forEachEntry { key, row in
      add(
        offender: key.loadUnaligned(as: esw_offender_key.self), row.loadUnaligned(as: esw_offender_row.self))
    }
    try maps.virtuals.forEachEntry { key, row in
      add(
        virtual: key.loadUnaligned(as: esw_virtual_key.self), row.loadUnaligned(as: esw_virtual_row.self))
    }
    try maps.probes?.forEachEntry { key, row in
      add(probes: row, of: ConnectionNumber(key.loadUnaligned(as: UInt32.self)))
    }
    for row in try maps.node.valuesPerCPU(of: bytes(of: UInt32(0))) ?? [] {
      add(node: row.withUnsafeBytes { $0.loadUnaligned(as: esw_node_row.self) })
    }
    nameStrangers()
  }

  static func monotonicNow() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Time since a moment of a row; nil for never. Another CPU's clock may be ahead by a little.
  private func age(_ moment: UInt64) -> Int64? {
    guard moment != 0 else { return nil }
    return Int64((now > moment ? now - moment : 0) / 1_000_000)
  }

  // MARK: Connections

  mutating func add(_ rows: [esw_activity_row], of number: ConnectionNumber) {
    rows.withUnsafeBufferPointer { add($0, of: number) }
  }

  /// There are thousands of these a second, and each is a kilobyte: they are read where they are.
  ///
  /// - Parameter rows: One for each CPU.
  mutating func add(_ rows: UnsafeBufferPointer<esw_activity_row>, of number: ConnectionNumber) {
    var connection = DataplaneEvidence.PerConnection()
    var drops = (toRemote: Counters(), toLocal: Counters())
    var classDrops = (toRemote: Counters(), toLocal: Counters())
    var (received, sent): ([UInt64], [UInt64]) = ([0, 0], [0, 0])
    for index in rows.indices {
      withUnsafePointer(to: rows[index]) { row in
        // By pointer: a direction is half a kilobyte, and is not copied to be read.
        withUnsafePointer(to: row.pointee.directions.0) { connection.toRemote.add($0) }
        withUnsafePointer(to: row.pointee.directions.1) { connection.toLocal.add($0) }
        drops.toRemote.add(row.pointee.directions.0.drops)
        drops.toLocal.add(row.pointee.directions.1.drops)
        classDrops.toRemote.add(row.pointee.directions.0.class_drops)
        classDrops.toLocal.add(row.pointee.directions.1.class_drops)
        connection.learned = (connection.learned ?? 0) &+ row.pointee.learned
        connection.moved = (connection.moved ?? 0) &+ row.pointee.moved
        // The latest of all CPUs.
        received[0] = max(received[0], row.pointee.remotes.0.last_received_ns)
        received[1] = max(received[1], row.pointee.remotes.1.last_received_ns)
        sent[0] = max(sent[0], row.pointee.remotes.0.last_sent_ns)
        sent[1] = max(sent[1], row.pointee.remotes.1.last_sent_ns)
      }
    }
    connection.drops = Self.drops(drops.toRemote, .toRemote) + Self.drops(drops.toLocal, .toLocal)
    connection.classDrops =
      Self.classDrops(classDrops.toRemote, .toRemote) + Self.classDrops(classDrops.toLocal, .toLocal)
    for remote in 0..<2 {
      if let age = age(received[remote]) { connection.receivedAgeMilliseconds[remote] = age }
      if let age = age(sent[remote]) { connection.sentAgeMilliseconds[remote] = age }
    }
    evidence.connections[number] = connection
  }

  /// `ESW_DROP_REASONS_MAX` counters; empty as long as all are zero, as they mostly are.
  private struct Counters {
    var counts: [UInt64] = []

    /// - Parameter row: What Swift imports as a tuple.
    mutating func add<Row: BitwiseCopyable>(_ row: Row) {
      withUnsafeBytes(of: row) { bytes in
        let row = bytes.bindMemory(to: UInt64.self)
        guard row.contains(where: { $0 != 0 }) else { return }
        if counts.isEmpty { counts = [UInt64](repeating: 0, count: Int(ESW_DROP_REASONS_MAX)) }
        for (index, count) in zip(counts.indices, row) { counts[index] &+= count }
      }
    }
  }

  private static func drops(_ counters: Counters, _ direction: Direction) -> [DropCount] {
    counters.counts.enumerated().compactMap { reason, frames in
      guard frames > 0 else { return nil }
      return DropCount(direction: direction, reason: reasonName(UInt32(reason)), frames: frames)
    }
  }

  private static func classDrops(_ counters: Counters, _ direction: Direction) -> [ClassDropCount] {
    // The model has the classes in the order of the counters.
    zip(FrameClass.allCases, counters.counts).compactMap { frameClass, frames in
      frames > 0 ? ClassDropCount(direction: direction, frameClass: frameClass, frames: frames) : nil
    }
  }

  /// A reason of a later version has no name here.
  static func reasonName(_ reason: UInt32) -> String {
    esw_drop_reason_name(reason).map { String(cString: $0) } ?? "reason_\(reason)"
  }

  // MARK: Hosts

  mutating func add(host key: esw_fdb_key, _ row: esw_fdb_row) {
    let number = ConnectionNumber(key.connection)
    // A host of a connection that was just removed is swept next time.
    guard evidence.connections[number] != nil,
      let mac = withUnsafeBytes(of: key.mac, { MACAddress(bytes: Array($0)) })
    else { return }
    let host = HostFact(
      mac: mac, address: IPv4Address(optional: row.address_be), side: Self.side(row.side),
      seenAgeMilliseconds: age(row.last_seen_ns) ?? 0, sinceAgeMilliseconds: age(row.since_ns),
      moves: row.moves, heldMilliseconds: held(row))
    evidence.connections[number]?.hosts.append(host)
  }

  /// How long a duplicate is still held; nil: it is not.
  private func held(_ row: esw_fdb_row) -> Int64? {
    guard UInt32(row.flags) & ESW_FDB_HELD.rawValue != 0, row.held_until_ns > now else { return nil }
    return Int64((row.held_until_ns - now) / 1_000_000)
  }

  private static func side(_ side: UInt8) -> HostFact.Side {
    side == UInt8(ESW_SIDE_LOCAL.rawValue) ? .local : .remote(Int(side) - Int(ESW_SIDE_REMOTE.rawValue))
  }

  /// Kept in the order of addresses.
  mutating func add(virtual key: esw_virtual_key, _ row: esw_virtual_row) {
    let virtual = VirtualAddress(key)
    guard var known = evidence.connections[virtual.connection]?.virtualAddresses else { return }
    let fact = VirtualAddressFact(address: virtual.address, holder: holder(row), answered: row.answered)
    known.insert(fact, at: known.firstIndex { $0.address > fact.address } ?? known.endIndex)
    evidence.connections[virtual.connection]?.virtualAddresses = known
  }

  private func holder(_ row: esw_virtual_row) -> VirtualAddressFact.Holder? {
    let word = bytes(of: row.holder)
    guard word[7] != 0, let mac = MACAddress(bytes: Array(word.prefix(6))) else { return nil }
    return VirtualAddressFact.Holder(
      mac: mac, side: Self.side(word[6]), seenAgeMilliseconds: age(row.last_seen_ns) ?? 0)
  }

  /// A row of a connection that was just removed goes with it.
  mutating func addAnswers(_ answers: ProbeAnswers, of number: ConnectionNumber, _ remote: Int) {
    evidence.connections[number]?.answers[remote] = answers
  }

  // MARK: Strangers

  mutating func add(offender key: esw_offender_key, _ row: esw_offender_row) {
    offenders.append((key, row))
  }

  mutating func add(node row: esw_node_row) {
    var drops = Counters()
    drops.add(row.drops)
    evidence.unclaimed.passedToSlow &+= row.passed_to_slow
    for (reason, count) in drops.counts.enumerated() { droppedAtNode[reason] &+= count }
  }

  /// Who is known by name, the last first; and the reasons for which nobody is.
  mutating func nameStrangers() {
    let latest = offenders.sorted { $0.row.last_ns > $1.row.last_ns }.prefix(Self.mostStrangers)
    let named = Set(latest.map(\.key.reason))
    evidence.strangers = latest.map { key, row in
      StrangerReport(
        reason: Self.reasonName(key.reason), frames: row.count,
        source: IPv4Address(networkOrder: key.remote_address_be), vni: key.vni,
        ageMilliseconds: age(row.last_ns))
    }
    for (reason, frames) in droppedAtNode.enumerated() where frames > 0 {
      evidence.unclaimed.drops.append(.init(reason: Self.reasonName(UInt32(reason)), frames: frames))
      guard !named.contains(UInt32(reason)) else { continue }
      evidence.strangers.append(
        StrangerReport(
          reason: Self.reasonName(UInt32(reason)), frames: frames, source: nil, vni: nil, ageMilliseconds: nil
        ))
    }
  }
}

extension TrafficCount {
  fileprivate mutating func add(_ row: UnsafePointer<esw_direction_row>) {
    frames &+= row.pointee.frames
    bytes &+= row.pointee.bytes
    flooded &+= row.pointee.flooded
    slow &+= row.pointee.slow
    answered &+= row.pointee.answered
    forNode &+= row.pointee.for_node
    notLearned &+= row.pointee.not_learned
    clamped &+= row.pointee.clamped
    toldTooBig &+= row.pointee.told_too_big
  }
}
