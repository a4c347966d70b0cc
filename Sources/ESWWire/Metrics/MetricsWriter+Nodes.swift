import ESWModel

extension MetricsWriter {
  /// Reasons of a node that are shown. The path has fewer.
  private static let mostReasons = 64
  private static let longestWord = 64

  mutating func write(instances: [MetricsView.InstanceRow]) {
    let rows = instances.map { row in
      (
        row,
        MetricLabels([
          "id": row.instance.id.description, "name": row.instance.name.description,
        ])
      )
    }
    family("openesw_instance_info", .gauge, "1 for each switch: what it is.")
    for (row, labels) in rows {
      sample(
        labels.with("project_id", row.instance.project.description)
          .with("flavor", row.instance.flavor.rawValue).with("node", row.node?.description ?? ""), 1)
    }
    family("openesw_instance_status", .gauge, "1 for the status that the switch has.")
    for (row, labels) in rows { sample(labels.with("status", row.status.rawValue), 1) }
    family("openesw_instance_connections", .gauge, "Connections of the switch.")
    for (row, labels) in rows { sample(labels, row.connections) }
    writeRates(instances)
  }

  /// Cloud Eye's six metrics of an enterprise switch, by the vendor's names, units and dimension.
  private mutating func writeRates(_ rows: [MetricsView.InstanceRow]) {
    let rates = rows.compactMap { row in
      row.rate.map { (MetricLabels(["instance_id": row.instance.id.description]), $0) }
    }
    family("esw_outbound_bandwidth", .gauge, "SYS.ESW outbound bandwidth, in bit/s over a minute.")
    for (labels, rate) in rates { sample(labels, real: rate.outbound.bits) }
    family("esw_inbound_bandwidth", .gauge, "SYS.ESW inbound bandwidth, in bit/s over a minute.")
    for (labels, rate) in rates { sample(labels, real: rate.inbound.bits) }
    family("esw_outbound_traffic", .gauge, "SYS.ESW outbound traffic, in bytes of a minute.")
    for (labels, rate) in rates { sample(labels, real: rate.outbound.bytesInMinute) }
    family("esw_inbound_traffic", .gauge, "SYS.ESW inbound traffic, in bytes of a minute.")
    for (labels, rate) in rates { sample(labels, real: rate.inbound.bytesInMinute) }
    family("esw_outbound_pps", .gauge, "SYS.ESW outbound PPS, in frames a second over a minute.")
    for (labels, rate) in rates { sample(labels, real: rate.outbound.frames) }
    family("esw_inbound_pps", .gauge, "SYS.ESW inbound PPS, in frames a second over a minute.")
    for (labels, rate) in rates { sample(labels, real: rate.inbound.frames) }
  }

  mutating func write(nodes: [HeardReport]) {
    let rows = nodes.map { ($0, MetricLabels(["node": $0.report.node.description])) }
    family("openesw_node_info", .gauge, "1 for each node that has reported: what it is.")
    for (heard, labels) in rows {
      sample(
        labels.with("dataplane", heard.report.dataplane.rawValue)
          .with("kernel", String(heard.report.kernelRelease.prefix(Self.longestWord))), 1)
    }
    family("openesw_node_report_age_seconds", .gauge, "Since the node's newest report came.")
    for (heard, labels) in rows { sample(labels, milliseconds: heard.ageMilliseconds) }
    family("openesw_node_generation", .gauge, "The configuration that the node has carried out.")
    for (heard, labels) in rows {
      if let generation = heard.report.generation { sample(labels, generation.value) }
    }
    family("openesw_node_problems", .gauge, "What stands in the way there, by what it is about.")
    for (heard, labels) in rows {
      let problems = Dictionary(grouping: heard.report.problems, by: \.subject.word)
      for subject in Problem.Subject.words {
        sample(labels.with("subject", subject), problems[subject]?.count ?? 0)
      }
    }
    family("openesw_node_dropped_frames", .counter, "Frames of no connection that were dropped, by reason.")
    for (heard, labels) in rows {
      for drop in (heard.report.unclaimed?.drops ?? []).prefix(Self.mostReasons) {
        sample(labels.with("reason", String(drop.reason.prefix(Self.longestWord))), drop.frames)
      }
    }
    family("openesw_node_slow_frames", .counter, "VXLAN that was left to the kernel's device.")
    for (heard, labels) in rows {
      if let count = heard.report.unclaimed { sample(labels, count.passedToSlow) }
    }
    writeAgents(rows.compactMap { heard, labels in heard.report.agent.map { ($0, labels) } })
  }

  private mutating func writeAgents(_ rows: [(AgentCounts, MetricLabels)]) {
    family("openesw_agent_passes", .counter, "Looks at the kernel.")
    for (counts, labels) in rows { sample(labels, counts.passes) }
    family("openesw_agent_failed_passes", .counter, "Looks at the kernel that failed.")
    for (counts, labels) in rows { sample(labels, counts.failedPasses) }
    family("openesw_agent_pass_seconds", .summary, "How long the looks took, with what was changed.")
    for (counts, labels) in rows {
      sample(labels, microseconds: counts.passMicroseconds, suffix: "_sum")
      sample(labels, count: counts.passes, suffix: "_count")
    }
    family("openesw_agent_steps", .counter, "Changes of the kernel, by outcome.")
    for (counts, labels) in rows {
      sample(labels.with("outcome", "applied"), counts.stepsApplied)
      sample(labels.with("outcome", "failed"), counts.stepsFailed)
    }
    family("openesw_agent_healed_steps", .counter, "Changes that put right what somebody else had changed.")
    for (counts, labels) in rows { sample(labels, counts.stepsHealed) }
    family("openesw_agent_netlink_losses", .counter, "Times that the kernel's events were lost.")
    for (counts, labels) in rows { sample(labels, counts.eventLosses) }
  }

  mutating func write(served: MetricsView.Served) {
    family("openesw_api_requests", .counter, "Requests that were answered, by operation and status code.")
    for (operation, code, count) in served.requests {
      sample(MetricLabels(["operation": operation, "code": "\(code)"]), count)
    }
    family("openesw_api_request_seconds", .histogram, "From a request's head to its answer.")
    for (operation, times) in served.times { sample(MetricLabels(["operation": operation]), times) }
    family("openesw_api_connections", .gauge, "Connections of clients that are open.")
    sample(MetricLabels(), served.openConnections)
    family("openesw_api_accepted_connections", .counter, "Connections of clients that were taken.")
    sample(MetricLabels(), served.acceptedConnections)
    family("openesw_api_refused", .counter, "Clients that were cut off before a request was read, by reason.")
    for (reason, count) in served.refused { sample(MetricLabels(["reason": reason]), count) }
    family("openesw_store_commits", .counter, "Changes of intent, by what became of them.")
    for (outcome, count) in served.commits { sample(MetricLabels(["outcome": outcome]), count) }
    family("openesw_store_commit_seconds", .histogram, "Until a change was on the disk, or declined.")
    sample(MetricLabels(), served.commitTimes)
  }

  mutating func writeStore(of view: MetricsView) {
    family("openesw_store_revision", .gauge, "The newest revision of intent.")
    sample(MetricLabels(), view.revision.value)
    family("openesw_store_rows", .gauge, "Rows of intent, by kind.")
    for (kind, count) in view.rows { sample(MetricLabels(["kind": kind]), count) }
    family("openesw_store_audit_records", .gauge, "Records of the audit, by outcome.")
    sample(MetricLabels(["outcome": "changed"]), view.sizes.auditedChanges)
    sample(MetricLabels(["outcome": "denied"]), view.sizes.auditedDenials)
    family("openesw_store_events", .gauge, "Events that are kept.")
    sample(MetricLabels(), view.sizes.events)
    family("openesw_events_left_out", .counter, "Events that came too fast to be kept one by one.")
    sample(MetricLabels(), view.eventsLeftOut)
    family("openesw_metrics_left_out", .gauge, "Rows that this page has no room for, by kind.")
    for (kind, count) in view.leftOut { sample(MetricLabels(["kind": kind]), count) }
  }
}

extension Problem.Subject {
  fileprivate static let words = ["node", "configuration", "leftovers", "instance", "connection"]

  fileprivate var word: String {
    switch self {
    case .node: "node"
    case .configuration: "configuration"
    case .leftovers: "leftovers"
    case .instance: "instance"
    case .connection: "connection"
    }
  }
}
