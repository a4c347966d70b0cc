package import ESWModel

extension EventWatch {
  /// What is different by now: statuses, and nodes that have fallen silent.
  ///
  /// To be called about once a second. A node whose report is the same, whose connections nobody has changed
  /// and whose statuses cannot be others yet is not looked at.
  ///
  /// - Complexity: O(connections of the nodes that are looked at).
  package mutating func judge(
    in snapshot: IntentSnapshot, reports: ReportSnapshot, now: Timestamp
  ) -> EventBatch {
    var all = EventBatch()
    for received in reports.all where received.report.store == snapshot.store {
      let name = received.report.node
      var memory = nodes[name] ?? Memory()
      // Who has not been heard since we started may only have had nobody to tell.
      guard memory.isHeard || now.since(startedAt) > region.nodeSilence else { continue }
      var telling = Telling(node: name, at: now, snapshot: snapshot)
      if now.since(received.at) > region.nodeSilence, !memory.isSilent {
        memory.isSilent = true
        telling.tell(
          .nodeSilent, at: memory.isHeard ? received.at.last(within: region.nodeSilence).next : now)
        telling.batch.marks[.silence(name)] = .some("")
      }
      if memory.wants(received, snapshot, now) {
        telling.judge(received, reports, region, &memory, &statuses)
        memory.judged = (now, received.at, snapshot.revision)
      }
      nodes[name] = memory
      let batch = telling.finish()
      all.events += batch.events
      // The mark of reports is set by what reports tell of.
      all.marks.merge(batch.marks.filter { $0.key != .told(name) }) { $1 }
    }
    tidy(snapshot, now, &all)
    return all
  }

  /// Once, when all nodes had time to report: forgets the statuses of connections that were deleted
  /// meanwhile.
  private mutating func tidy(_ snapshot: IntentSnapshot, _ now: Timestamp, _ batch: inout EventBatch) {
    guard !hasTidied, now.since(startedAt) > region.nodeSilence * 6 else { return }
    hasTidied = true
    for id in statuses.keys where snapshot.connections[id] == nil {
      statuses[id] = nil
      batch.marks[.status(id)] = .some(nil)
    }
  }
}

extension EventWatch.Memory {
  fileprivate func wants(
    _ received: ReportSnapshot.Received, _ snapshot: IntentSnapshot, _ now: Timestamp
  ) -> Bool {
    guard let judged else { return true }
    // Of a clock that was set back, no spacing is kept.
    if (.zero..<EventWatch.spacing).contains(now.since(judged.at)) { return false }
    return judged.report != received.at || judged.revision != snapshot.revision || now >= due
  }
}

extension Telling {
  /// The statuses of what the node reports, and of what it does not report any more.
  mutating func judge(
    _ received: ReportSnapshot.Received, _ reports: ReportSnapshot, _ region: Region,
    _ memory: inout EventWatch.Memory, _ earlier: inout [ConnectionID: ConnectionStatus.Word]
  ) {
    memory.due = Timestamp(milliseconds: .max)
    var carried = 0
    for report in received.report.connections {
      guard let connection = snapshot.connections[report.id] else { continue }
      carried += 1
      judge(connection, reports, region, &memory, &earlier)
    }
    guard memory.statuses.count > carried else { return }
    for id in memory.statuses.keys where received.connection(id) == nil || snapshot.connections[id] == nil {
      if let connection = snapshot.connections[id] {
        judge(connection, reports, region, &memory, &earlier)
      } else {
        memory.statuses[id] = nil
        batch.marks[.status(id)] = .some(nil)
      }
    }
  }

  private mutating func judge(
    _ connection: Connection, _ reports: ReportSnapshot, _ region: Region,
    _ memory: inout EventWatch.Memory, _ earlier: inout [ConnectionID: ConnectionStatus.Word]
  ) {
    var span = MomentSpan.always
    let status = ConnectionStatus(
      of: connection, in: snapshot, reports: reports, region: region, now: at, holding: &span)
    if span.last < memory.due { memory.due = span.last.next }
    let id = connection.id
    let told = memory.statuses[id] ?? earlier[id]
    if memory.statuses[id] != status.word { memory.statuses[id] = status.word }
    guard told != status.word else { return }
    earlier[id] = nil
    // What became so by time alone became so at a moment that is known.
    let since = memory.judged.map { $0.at } ?? at
    let moment = since < span.first && span.first <= at ? span.first : at
    tell(
      .statusChanged(StatusChange(from: told, to: status.word, reason: status.reason)), of: id, at: moment)
    batch.marks[.status(id)] = .some(status.word.rawValue)
  }
}
