package import ESWModel

// Our own additions: status with its reason, and what it was derived from.

/// A report and how long ago it came, so that ages in it can be told as of now.
package struct HeardReport: Sendable {
  package let report: GatewayReport
  package let ageMilliseconds: Int64

  package init(_ received: ReportSnapshot.Received, now: Timestamp) {
    report = received.report
    let (age, overflow) = now.milliseconds.subtractingReportingOverflow(received.at.milliseconds)
    ageMilliseconds = overflow ? .max : max(age, 0)
  }

  /// Saturates.
  func asOfNow(_ age: Int64) -> Int64 {
    let (sum, overflow) = max(age, 0).addingReportingOverflow(ageMilliseconds)
    return overflow ? .max : sum
  }

  /// What is left now of a time that was to come when the report was made; nil: nothing.
  func leftNow(of time: Int64) -> Int64? {
    let (left, overflow) = time.subtractingReportingOverflow(ageMilliseconds)
    return overflow || left <= 0 ? nil : left
  }
}

extension JSONWriter {
  /// An instance's status and why.
  package mutating func diagnosis(
    of instance: Instance, status: InstanceStatus, findings: Findings, node: NodeName?, heard: HeardReport?
  ) {
    beginObject()
    member("id", instance.id)
    member("name", instance.name.description)
    member("status", status.word.rawValue)
    member("reason", optional: status.reason)
    members(of: findings)
    member("node", optional: node?.description)
    member("generation", integer: heard?.report.generation?.value)
    member("report_age_ms", integer: heard?.ageMilliseconds)
    endObject()
  }

  /// A connection's status and why, what was seen of each remote, counters, drops and learned hosts.
  ///
  /// - Parameter tunnelAddress: Of its instance.
  ///
  /// `counters` is null where the node has not reported the connection.
  package mutating func diagnosis(
    of connection: Connection, status: ConnectionStatus, findings: Findings, node: NodeName?,
    heard: HeardReport?, from tunnelAddress: IPv4Address? = nil
  ) {
    let seen = heard?.report.connections.first { $0.id == connection.id }
    beginObject()
    member("id", connection.id)
    member("name", connection.name.description)
    member("instance_id", connection.instance)
    member("status", status.word.rawValue)
    member("reason", optional: status.reason)
    members(of: findings)
    member("evidence", strings: findings.evidence)
    member("node", optional: node?.description)
    member("generation", integer: heard?.report.generation?.value)
    member("report_age_ms", integer: heard?.ageMilliseconds)
    array("remotes", connection.remotes) { writer, remote in
      let evidence = seen?.remotes.first { $0.remote == remote }
      writer.object {
        $0.remoteMembers(remote)
        $0.member(
          "received_age_ms", integer: evidence?.receivedAgeMilliseconds.flatMap { heard?.asOfNow($0) })
        $0.member("sent_age_ms", integer: evidence?.sentAgeMilliseconds.flatMap { heard?.asOfNow($0) })
        $0.probing(evidence?.probing, heard: heard)
      }
    }
    counters(seen)
    array("drops", seen?.drops ?? []) { $0.drop($1) }
    array("class_drops", seen?.classDrops ?? []) { $0.drop($1) }
    array("hosts", seen?.hosts ?? []) { $0.host($1, remotes: connection.remotes, heard: heard) }
    array("virtual_addresses", seen?.virtualAddresses ?? []) {
      $0.virtualAddress($1, remotes: connection.remotes, heard: heard)
    }
    lookMembers(of: connection, from: tunnelAddress, seen: seen, heard: heard)
    endObject()
  }

  private mutating func counters(_ seen: ConnectionReport?) {
    name("counters")
    guard let seen else { return null() }
    object { counters in
      counters.object("to_remote") { $0.traffic(seen.toRemote) }
      counters.object("to_local") { $0.traffic(seen.toLocal) }
      counters.member("hosts_learned", integer: seen.learned)
      counters.member("hosts_moved", integer: seen.moved)
    }
  }

  private mutating func traffic(_ count: TrafficCount) {
    member("frames", integer: count.frames)
    member("bytes", integer: count.bytes)
    member("flooded", integer: count.flooded)
    member("slow", integer: count.slow)
    member("answered", integer: count.answered)
    member("for_node", integer: count.forNode)
    member("not_learned", integer: count.notLearned)
    member("clamped", integer: count.clamped)
    member("told_too_big", integer: count.toldTooBig)
  }

  private mutating func drop(_ drop: ClassDropCount) {
    object {
      $0.member("direction", Self.word(drop.direction))
      $0.member("class", drop.frameClass.rawValue)
      $0.member("frames", integer: drop.frames)
    }
  }

  static func word(_ direction: Direction) -> String {
    switch direction {
    case .toRemote: "to_remote"
    case .toLocal: "to_local"
    }
  }

  mutating func drop(_ drop: DropCount) {
    object {
      $0.member("direction", Self.word(drop.direction))
      $0.member("reason", drop.reason)
      $0.member("frames", integer: drop.frames)
    }
  }

  private mutating func host(_ host: HostFact, remotes: [RemoteEndpoint], heard: HeardReport?) {
    object {
      $0.member("mac", host.mac.description)
      $0.member("address", optional: host.address?.description)
      switch host.side {
      case .local:
        $0.member("side", "local")
      case .remote(let index):
        $0.member("side", "remote")
        let remote = remotes.indices.contains(index) ? remotes[index] : nil
        $0.member("tunnel_ip", optional: remote?.address.description)
      }
      $0.member("seen_age_ms", integer: heard?.asOfNow(host.seenAgeMilliseconds))
      $0.member("since_age_ms", integer: host.sinceAgeMilliseconds.flatMap { heard?.asOfNow($0) })
      $0.member("moves", integer: host.moves)
      $0.member("held_ms", integer: host.heldMilliseconds.flatMap { heard?.leftNow(of: $0) })
    }
  }

  private mutating func virtualAddress(
    _ fact: VirtualAddressFact, remotes: [RemoteEndpoint], heard: HeardReport?
  ) {
    object {
      $0.member("address", fact.address.description)
      $0.name("holder")
      if let holder = fact.holder {
        $0.object {
          $0.member("mac", holder.mac.description)
          switch holder.side {
          case .local:
            $0.member("side", "local")
            $0.member("tunnel_ip", optional: nil)
          case .remote(let index):
            $0.member("side", "remote")
            let remote = remotes.indices.contains(index) ? remotes[index] : nil
            $0.member("tunnel_ip", optional: remote?.address.description)
          }
          $0.member("seen_age_ms", integer: heard?.asOfNow(holder.seenAgeMilliseconds))
        }
      } else {
        $0.null()
      }
      $0.member("answered_for", fact.isAnsweredFor)
      $0.member("answered", integer: fact.answered)
    }
  }

  /// A node by its newest report.
  ///
  /// - Parameter shows: Whether a problem is the caller's to see.
  package mutating func node(_ heard: HeardReport, shows: (Problem) -> Bool) {
    let report = heard.report
    beginObject()
    member("name", report.node.description)
    member("generation", integer: report.generation?.value)
    member("dataplane", report.dataplane.rawValue)
    member("kernel", report.kernelRelease)
    member("report_age_ms", integer: heard.ageMilliseconds)
    reported(report.permission)
    array("interfaces", report.interfaces) { $0.interface($1) }
    array("problems", report.problems.filter(shows)) { $0.problem($1) }
    array("strangers", report.strangers) { writer, stranger in
      writer.object {
        $0.member("reason", stranger.reason)
        $0.member("frames", integer: stranger.frames)
        $0.member("source", optional: stranger.source?.description)
        $0.member("segmentation_id", integer: stranger.vni)
        $0.member("age_ms", integer: stranger.ageMilliseconds.map(heard.asOfNow))
      }
    }
    object("unclaimed") { $0.unclaimed(report.unclaimed ?? UnclaimedCount()) }
    interferences(report)
    endObject()
  }

  private mutating func unclaimed(_ count: UnclaimedCount) {
    member("passed_to_slow", integer: count.passedToSlow)
    array("drops", count.drops) { writer, drop in
      writer.object {
        $0.member("reason", drop.reason)
        $0.member("frames", integer: drop.frames)
      }
    }
  }

  private mutating func interface(_ interface: InterfaceFact) {
    object {
      $0.member("name", interface.name.description)
      $0.member("index", integer: interface.index)
      $0.member("kind", optional: interface.kind)
      $0.member("up", interface.isUp)
      $0.member("promiscuous", interface.isPromiscuous)
      $0.member("loopback", interface.isLoopback)
      $0.member("mtu", integer: interface.mtu)
      $0.member("master", optional: interface.master?.description)
      $0.member("default_route", interface.hasDefaultRoute)
      $0.member("addresses", strings: interface.addresses.lazy.map { "\($0.address)/\($0.prefixLength)" })
      $0.member("ours", interface.isOurs)
    }
  }

  private mutating func problem(_ problem: Problem) {
    object {
      switch problem.subject {
      case .node: $0.member("subject", "node")
      case .configuration: $0.member("subject", "configuration")
      case .leftovers: $0.member("subject", "leftovers")
      case .instance(let id):
        $0.member("subject", "instance")
        $0.member("id", id)
      case .connection(let id):
        $0.member("subject", "connection")
        $0.member("id", id)
      }
      $0.member("text", problem.text)
      $0.member("topic", optional: problem.topic.map(Self.word))
    }
  }

  mutating func member(_ name: StaticString, optional value: String?) {
    self.name(name)
    if let value { string(value) } else { null() }
  }

  mutating func member(_ name: StaticString, integer value: (some BinaryInteger)?) {
    self.name(name)
    if let value { integer(value) } else { null() }
  }
}
