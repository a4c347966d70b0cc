/// Something that a person should know of a node or a connection: what, how it shows, and what to do.
package struct Finding: Hashable, Sendable {
  package enum Weight: String, Hashable, Sendable, CaseIterable {
    /// The node, or the connection, does not work like this.
    case fault
    /// It works; it would work better, or faster; or something is worth knowing.
    case advice
  }

  /// For scripts; the words may change, these do not. docs/diagnosis.md has those of connections.
  package enum Topic: String, Hashable, Sendable, CaseIterable {
    // Of a node.
    case kernelTooOld = "kernel_too_old"
    case capabilityMissing = "capability_missing"
    case noBPFFileSystem = "no_bpf_file_system"
    case bpfFileSystemNotMounted = "bpf_file_system_not_mounted"
    case programsInterpreted = "programs_interpreted"
    case vxlanPortTaken = "vxlan_port_taken"
    case receiveAggregationOff = "gro_off"
    case largeReceiveOn = "lro_on"
    case segmentationOff = "tso_off"
    case oneProcessorReceives = "one_cpu_receives"
    case hashWithoutPorts = "hash_without_ports"
    case unattended = "unattended"
    case leftoverPins = "leftover_pins"

    // Of both.
    case bridgeNetfilter = "bridge_netfilter"
    case underlayTooNarrow = "underlay_mtu"

    // Of a connection: what was asked for, and who is to do it.
    case tunnelNotAttached = "tunnel_not_attached"
    case subnetNotAttached = "subnet_not_attached"
    case agentUnknown = "agent_unknown"
    case agentSilent = "agent_silent"
    case configurationRefused = "configuration_refused"
    case configurationPending = "configuration_pending"
    case nodeUnfit = "node_unfit"
    case forwardingNotAllowed = "forwarding_not_allowed"
    case stepFailed = "step_failed"
    /// The two machines that sign and check do not agree about the time; only clients can find it.
    case clockWrong = "clock_wrong"

    // The node's own ends.
    case underlayMissing = "underlay_missing"
    case underlayDown = "underlay_down"
    case tunnelAddressElsewhere = "tunnel_address_elsewhere"
    case attachmentMissing = "attachment_missing"
    case attachmentUnfit = "attachment_unfit"
    case attachmentDown = "attachment_down"
    case foreignProgram = "foreign_program"

    // The way to a remote, and the remote.
    case noRoute = "no_route"
    case remoteIsOwn = "remote_is_own"
    case nextHopSilent = "next_hop_silent"
    case portRefused = "port_refused"
    case filteredOnTheWay = "filtered_on_the_way"
    case remoteUnreachable = "remote_unreachable"
    case otherVNI = "other_vni"
    case otherSource = "other_source"
    case otherInterface = "other_interface"
    case remoteSilent = "remote_silent"
    case nothingComesBack = "nothing_comes_back"
    case nothingSent = "nothing_sent"
    case nothingArrives = "nothing_arrives"

    // Some frames pass, others do not.
    case largeFramesLost = "large_frames_lost"
    case framesLost = "frames_lost"
    case classRule = "class_rule"
    case classRate = "class_rate"
    case flavorRate = "flavor_rate"
    case learningLimit = "learning_limit"
    case gatewayDiffers = "gateway_differs"
    case duplicateAddress = "duplicate_address"
    case duplicateHost = "duplicate_host"
    case fixedAddressTaken = "fixed_ip_taken"
  }

  package let weight: Weight
  package let topic: Topic
  /// The interface, bridge, folder, remote or address; nil: the machine, or the connection.
  package let subject: String?
  package let what: String
  /// What was read, a line each.
  package let evidence: [String]
  /// In words; and as commands that can be typed as they are, where there are such.
  package let advice: String
  package let commands: [String]

  package init(
    _ weight: Weight, _ topic: Topic, of subject: String? = nil, _ what: String, evidence: [String],
    advice: String, commands: [String] = []
  ) {
    self.weight = weight
    self.topic = topic
    self.subject = subject
    self.what = what
    self.evidence = evidence
    self.advice = advice
    self.commands = commands
  }

  /// With one line of evidence.
  package init(
    _ weight: Weight, _ topic: Topic, of subject: String? = nil, _ what: String, evidence: String,
    advice: String, commands: [String] = []
  ) {
    self.init(
      weight, topic, of: subject, what, evidence: [evidence], advice: advice, commands: commands)
  }
}

/// What is to be said of one connection or switch.
package struct Findings: Hashable, Sendable {
  /// Faults first, and of those the most fundamental first: what others follow from hides them.
  package let all: [Finding]
  /// How things are, a line each: what is to be said also when nothing is wrong.
  package let evidence: [String]

  /// - Parameter findings: Those of one weight in the order in which they are to be told.
  package init(_ findings: [Finding], evidence: [String] = []) {
    all = findings.filter { $0.weight == .fault } + findings.filter { $0.weight == .advice }
    self.evidence = evidence
  }

  /// What to look at first; nil: nothing is known to be wrong.
  package var cause: Finding? { all.first.flatMap { $0.weight == .fault ? $0 : nil } }

  /// What is to be said beside the cause.
  package var others: ArraySlice<Finding> { all.dropFirst(cause == nil ? 0 : 1) }
}
