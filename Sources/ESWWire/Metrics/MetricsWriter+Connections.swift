import ESWModel

extension MetricsWriter {
  /// One connection's row, with the labels that all its series begin with.
  private struct Labelled {
    let row: MetricsView.ConnectionRow
    let labels: MetricLabels
    let toRemote: MetricLabels
    let toLocal: MetricLabels
    let remotes: [(labels: MetricLabels, evidence: RemoteEvidence)]

    init(_ row: MetricsView.ConnectionRow) {
      self.row = row
      let name = row.connection.name.description
      labels = MetricLabels(["id": row.connection.id.description, "name": name])
      toRemote = labels.with("direction", MetricsWriter.word(.toRemote))
      toLocal = labels.with("direction", MetricsWriter.word(.toLocal))
      remotes = (row.seen?.remotes ?? []).prefix(Connection.remoteCountRange.upperBound).map { [labels] in
        let remote = $0.remote
        return (
          labels.with("remote", remote.address.description).with("vni", "\(remote.vni)"), $0
        )
      }
    }

    func labels(_ direction: Direction) -> MetricLabels { direction == .toRemote ? toRemote : toLocal }
  }

  /// Drop reasons of a connection that are shown, in the order in which they are told. The path has fewer.
  private static let mostReasons = 64
  /// Of what an agent tells, in characters.
  private static let longestWord = 64

  mutating func write(connections: [MetricsView.ConnectionRow]) {
    let rows = connections.map { Labelled($0) }
    writeStates(rows)
    writeTraffic(rows)
    writeDrops(rows)
    writeHosts(rows)
    writeRemotes(rows)
    writeProbes(rows)
  }

  private mutating func writeStates(_ rows: [Labelled]) {
    family("openesw_connection_info", .gauge, "1 for each connection: where it belongs.")
    for row in rows {
      let connection = row.row.connection
      sample(
        row.labels.with("instance_id", connection.instance.description)
          .with("project_id", connection.project.description)
          .with("node", row.row.node?.description ?? ""), 1)
    }
    family("openesw_connection_status", .gauge, "1 for the status that the connection has.")
    for row in rows { sample(row.labels.with("status", row.row.status.rawValue), 1) }
  }

  private mutating func writeTraffic(_ rows: [Labelled]) {
    family("openesw_connection_frames", .counter, "Frames that crossed.")
    for row in rows {
      guard let seen = row.row.seen else { continue }
      sample(row.toRemote, seen.toRemote.frames)
      sample(row.toLocal, seen.toLocal.frames)
    }
    family("openesw_connection_bytes", .counter, "Bytes of the inner frames that crossed.")
    for row in rows {
      guard let seen = row.row.seen else { continue }
      sample(row.toRemote, seen.toRemote.bytes)
      sample(row.toLocal, seen.toLocal.bytes)
    }
    family("openesw_connection_flooded_frames", .counter, "Of the frames that crossed: flooded.")
    writeRare(rows, \.flooded)
    family("openesw_connection_slow_frames", .counter, "Of the frames that crossed: by the kernel's device.")
    writeRare(rows, \.slow)
    family("openesw_connection_answered_frames", .counter, "Requests that the node answered itself.")
    writeRare(rows, \.answered)
    family("openesw_connection_own_frames", .counter, "Other frames for the switch's own address.")
    writeRare(rows, \.forNode)
    family("openesw_connection_not_learned_frames", .counter, "Frames of hosts beyond the learning limit.")
    writeRare(rows, \.notLearned)
    family("openesw_connection_clamped_frames", .counter, "TCP handshakes with a lowered segment size.")
    writeRare(rows, \.clamped)
    family("openesw_connection_told_too_big", .counter, "Senders that were told of a frame that was too big.")
    writeRare(rows, \.toldTooBig)
  }

  /// What is 0 for most connections for ever is left out there.
  private mutating func writeRare(_ rows: [Labelled], _ count: KeyPath<TrafficCount, UInt64>) {
    for row in rows {
      guard let seen = row.row.seen else { continue }
      if seen.toRemote[keyPath: count] > 0 { sample(row.toRemote, seen.toRemote[keyPath: count]) }
      if seen.toLocal[keyPath: count] > 0 { sample(row.toLocal, seen.toLocal[keyPath: count]) }
    }
  }

  private mutating func writeDrops(_ rows: [Labelled]) {
    family("openesw_connection_dropped_frames", .counter, "Frames that were dropped, by reason.")
    for row in rows {
      for drop in (row.row.seen?.drops ?? []).prefix(Self.mostReasons) {
        let reason = String(drop.reason.prefix(Self.longestWord))
        sample(row.labels(drop.direction).with("reason", reason), drop.frames)
      }
    }
    family("openesw_connection_class_dropped_frames", .counter, "Of the drops: by the rule of a class.")
    for row in rows {
      for drop in (row.row.seen?.classDrops ?? []).prefix(Self.mostReasons) {
        sample(row.labels(drop.direction).with("class", drop.frameClass.rawValue), drop.frames)
      }
    }
  }

  private mutating func writeHosts(_ rows: [Labelled]) {
    family("openesw_connection_hosts", .gauge, "Hosts that the node's report names, by side.")
    for row in rows {
      guard let hosts = row.row.seen?.hosts else { continue }
      let local = hosts.count { $0.side == .local }
      sample(row.labels.with("side", "local"), local)
      sample(row.labels.with("side", "remote"), hosts.count - local)
    }
    family("openesw_connection_hosts_held", .gauge, "Hosts that are on both sides and held on one.")
    for row in rows {
      let held = row.row.seen?.hosts.count { $0.heldMilliseconds != nil } ?? 0
      if held > 0 { sample(row.labels, held) }
    }
    family("openesw_connection_hosts_learned", .counter, "Times that a host was learned.")
    for row in rows {
      if let learned = row.row.seen?.learned { sample(row.labels, learned) }
    }
    family("openesw_connection_hosts_moved", .counter, "Times that a host changed sides.")
    for row in rows {
      if let moved = row.row.seen?.moved { sample(row.labels, moved) }
    }
  }

  private mutating func writeRemotes(_ rows: [Labelled]) {
    family("openesw_remote_received_age_seconds", .gauge, "Since a frame came through the tunnel from it.")
    forEachRemote(of: rows) { writer, labels, evidence, row in
      if let age = evidence.receivedAgeMilliseconds {
        writer.sample(labels, milliseconds: asOfNow(age, row))
      }
    }
    family("openesw_remote_sent_age_seconds", .gauge, "Since a frame was sent to it.")
    forEachRemote(of: rows) { writer, labels, evidence, row in
      if let age = evidence.sentAgeMilliseconds { writer.sample(labels, milliseconds: asOfNow(age, row)) }
    }
  }

  private mutating func writeProbes(_ rows: [Labelled]) {
    guard rows.contains(where: { $0.row.seen?.remotes.contains { $0.probing != nil } ?? false }) else {
      return
    }
    family("openesw_remote_probe_loss_ratio", .gauge, "Of the probes of late, those without an answer.")
    forEachRemote(of: rows) { writer, labels, evidence, _ in
      if let loss = evidence.probing?.figures.lossPerMille {
        writer.sample(labels, thousandths: UInt64(loss))
      }
    }
    family("openesw_remote_probe_round_trip_seconds", .gauge, "Of the last probe that was answered.")
    forEachRemote(of: rows) { writer, labels, evidence, _ in
      if let time = evidence.probing?.figures.roundTripMicroseconds {
        writer.sample(labels, microseconds: UInt64(time))
      }
    }
    family("openesw_remote_probe_least_round_trip_seconds", .gauge, "The least of late.")
    forEachRemote(of: rows) { writer, labels, evidence, _ in
      if let time = evidence.probing?.figures.leastRoundTripMicroseconds {
        writer.sample(labels, microseconds: UInt64(time))
      }
    }
    family("openesw_remote_probe_answered_age_seconds", .gauge, "Since a probe was answered.")
    forEachRemote(of: rows) { writer, labels, evidence, row in
      if let age = evidence.probing?.figures.answeredAgeMilliseconds {
        writer.sample(labels, milliseconds: asOfNow(age, row))
      }
    }
    family("openesw_remote_largest_frame_bytes", .gauge, "The largest frame that is known to have arrived.")
    forEachRemote(of: rows) { writer, labels, evidence, _ in
      if let size = evidence.probing?.largestToRemote {
        writer.sample(labels.with("direction", Self.word(.toRemote)), size)
      }
      if let size = evidence.probing?.largestToLocal {
        writer.sample(labels.with("direction", Self.word(.toLocal)), size)
      }
    }
    family("openesw_remote_largest_tried_bytes", .gauge, "The largest frame that was tried.")
    forEachRemote(of: rows) { writer, labels, evidence, _ in
      if let size = evidence.probing?.largestTried { writer.sample(labels, size) }
    }
  }

  private mutating func forEachRemote(
    of rows: [Labelled],
    _ body: (inout MetricsWriter, MetricLabels, RemoteEvidence, MetricsView.ConnectionRow) -> Void
  ) {
    for row in rows {
      for (labels, evidence) in row.remotes { body(&self, labels, evidence, row.row) }
    }
  }

  static func word(_ direction: Direction) -> String {
    switch direction {
    case .toRemote: "to_remote"
    case .toLocal: "to_local"
    }
  }
}

/// Saturates.
private func asOfNow(_ age: Int64, _ row: MetricsView.ConnectionRow) -> Int64 {
  let (sum, overflow) = max(age, 0).addingReportingOverflow(max(row.reportAgeMilliseconds, 0))
  return overflow ? .max : sum
}
