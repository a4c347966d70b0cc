/// What a change would do, worked out before it is made: to nodes, step by step, and what stands against it.
package struct ChangePlan: Hashable, Sendable {
  /// Of the intent that it was made from: a change in between may make another plan.
  package let revision: Revision
  /// Nodes that take steps, by name; one without steps has nothing to do. Empty: the change reaches no
  /// kernel.
  package let nodes: [NodePlan]
  package let checks: [PlanCheck]

  package init(revision: Revision, nodes: [NodePlan], checks: [PlanCheck]) {
    self.revision = revision
    self.nodes = nodes
    self.checks = checks
  }
}

/// What one node would do.
package struct NodePlan: Hashable, Sendable {
  package let node: NodeName
  /// The newest configuration that the node has said to have; nil: it has not reported.
  package let generation: Revision?
  /// How old the report is that the plan was made from.
  package let reportAgeMilliseconds: Int64?
  /// Whether the node told all that decides about its steps; false: some may be missing or needless.
  package let isExact: Bool
  /// In their order.
  package let steps: [PlannedStep]
  /// What the change builds on and the node has already.
  package let present: [PlannedStep]
  package let interruptions: [Interruption]
  /// What is not known beforehand, in words.
  package let notes: [String]

  package init(
    node: NodeName, generation: Revision?, reportAgeMilliseconds: Int64?, isExact: Bool,
    steps: [PlannedStep], present: [PlannedStep], interruptions: [Interruption], notes: [String]
  ) {
    self.node = node
    self.generation = generation
    self.reportAgeMilliseconds = reportAgeMilliseconds
    self.isExact = isExact
    self.steps = steps
    self.present = present
    self.interruptions = interruptions
    self.notes = notes
  }
}

/// A step as it is shown.
package struct PlannedStep: Hashable, Sendable {
  /// What becomes of the thing that the step is about.
  package enum Effect: String, Hashable, Sendable, CaseIterable {
    case made, changed, removed
  }

  /// Something that a step touches.
  package struct Touched: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
      /// A network interface, named.
      case interface
      /// An IPv4 address on the node.
      case address
      /// A connection, by its number on the node.
      case connection
      /// The data path's programs and maps as a whole.
      case datapath
      /// A remote VTEP's address.
      case remote
    }

    package let kind: Kind
    package let name: String

    package init(_ kind: Kind, _ name: String) {
      self.kind = kind
      self.name = name
    }
  }

  package let step: DataplaneStep
  /// As a person would do it by hand.
  package let command: String
  package let effect: Effect
  package let touches: [Touched]

  package init(step: DataplaneStep, command: String, effect: Effect, touches: [Touched]) {
    self.step = step
    self.command = command
    self.effect = effect
    self.touches = touches
  }
}

/// Whose frames a plan holds up, and for how long.
package struct Interruption: Hashable, Sendable {
  /// The worse is the greater.
  package enum Frames: String, Hashable, Sendable, CaseIterable, Comparable {
    case none
    /// Lost for a moment; they cross again afterwards.
    case lost
    /// They cross no more.
    case ended

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
      switch self {
      case .none: 0
      case .lost: 1
      case .ended: 2
      }
    }
  }

  package enum Subject: Hashable, Sendable {
    /// Hosts: how many of it were seen lately; nil: not known.
    case connection(ConnectionID, hosts: Int?)
    /// Everything that comes in by the interface.
    case interface(InterfaceName)
  }

  package let frames: Frames
  package let subject: Subject
  /// For how long at most, as far as is known; nil: not known, or for good.
  package let milliseconds: UInt32?
  /// Why, and where the figure is from.
  package let reason: String

  package init(frames: Frames, subject: Subject, milliseconds: UInt32?, reason: String) {
    self.frames = frames
    self.subject = subject
    self.milliseconds = milliseconds
    self.reason = reason
  }
}

/// A question that was put before the change.
package struct PlanCheck: Hashable, Sendable {
  package enum Topic: String, Hashable, Sendable, CaseIterable {
    /// Whether the node is there to carry it out.
    case node
    /// Whether the node can use the interfaces that are named.
    case interfaces
    /// Whether the remote is reached, and not through what is to be stretched.
    case remote
    /// Whether the VNI is somebody else's at the remote.
    case vni
    /// Whether addresses are in use.
    case addresses
    /// Whether the tunnel carries what the segment sends.
    case mtu
    /// Whether networks overlap.
    case networks
  }

  package enum Result: String, Hashable, Sendable, CaseIterable {
    case pass
    /// It works, but not for everything, or something is to be looked at.
    case warn
    /// It can be written, and it will not work as things are.
    case fail
  }

  package let topic: Topic
  package let result: Result
  package let text: String
  /// The connection that it is about; nil: the change as a whole.
  package let connection: ConnectionID?

  package init(_ topic: Topic, _ result: Result, _ text: String, connection: ConnectionID? = nil) {
    self.topic = topic
    self.result = result
    self.text = text
    self.connection = connection
  }
}
