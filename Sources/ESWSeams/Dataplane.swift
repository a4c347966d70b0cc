package import ESWModel

/// A node's forwarding: the Linux kernel, or a simulation of it.
///
/// Every implementation passes `DataplaneContract`.
package protocol Dataplane: Sendable {
  var kind: DataplaneKind { get }

  /// Such as `6.18.0`, for people.
  var kernelRelease: String { get }

  /// Reads everything of ours, and the interfaces of the node. Changes nothing.
  func observe() async throws -> DataplaneObservation

  /// Takes the steps in order, each whatever became of those before it; one outcome a step.
  func execute(_ steps: [DataplaneStep]) async -> [StepOutcome]

  /// Ages out what was learned, and reads what the data path has counted and learned.
  func evidence() async throws -> DataplaneEvidence

  /// Looks at what is not ours and tells causes apart: the ways to remotes, the attached interfaces, what
  /// others have on the way of our frames. Changes nothing but that the kernel may look for a next hop.
  ///
  /// What cannot be looked at is named in the answer, and stops nothing else.
  func look(at questions: LookQuestions) async -> LookAnswers

  /// Sends the probes. What answers shows in `evidence` later.
  ///
  /// - Returns: When each was sent, by the clock of the answers; nil for what could not be: its tunnel
  ///   address is not there yet, or it does not fit the interface.
  func probe(_ probes: [Probe]) async throws -> [DataplaneMoment?]

  /// Asks on the local segments who holds virtual addresses. Who answers shows in `evidence` later, and is
  /// announced to the remotes by the data path.
  func ask(_ questions: [HolderQuestion]) async throws

  /// Each element says only "look again": something of the node changed, or events were lost.
  /// One consumer.
  func changes() -> AsyncStream<Void>

  /// Copies of frames, from now until the reader of the batches is cancelled or goes; frames cross as before.
  /// Several captures at a time, up to four a node, do not know of each other.
  ///
  /// - Parameter order: A connection that the node does not have is an error.
  /// - Throws: When the node has no data path, or all its places are taken.
  func capture(_ order: CaptureOrder) async throws -> FrameCapture
}

/// Why a node does not begin a capture.
package enum CaptureRefusal: Error, Hashable, CustomStringConvertible {
  case unknownConnection(ConnectionID)
  case placesTaken
  case noDataPath

  package var description: String {
    switch self {
    case .unknownConnection(let id): "the node does not have the connection \(id)"
    case .placesTaken: "\(CaptureOrder.mostAtOnce) captures go on already, and a node has no more at a time"
    case .noDataPath: "the node has no data path yet"
    }
  }
}

/// A capture that goes on.
package struct FrameCapture: Sendable {
  package let source: CaptureSource
  /// At least one a second, empty when nothing came; one consumer. What is not read in time is lost, and
  /// counted.
  package let batches: AsyncStream<CaptureBatch>
  /// Ends it, as the reader's going does, and comes back when nothing of it is left but batches that can
  /// still be read, the last one among them.
  package let stop: @Sendable () async -> Void
  /// Once the batches have ended: why they did before their time; nil where they were stopped, or the
  /// connection has been removed.
  package let failure: @Sendable () async -> String?

  package init(
    source: CaptureSource, batches: AsyncStream<CaptureBatch>,
    stop: @escaping @Sendable () async -> Void = {},
    failure: @escaping @Sendable () async -> String? = { nil }
  ) {
    self.source = source
    self.batches = batches
    self.stop = stop
    self.failure = failure
  }
}
