// Until the kernel room is there: says so when it is asked for.
import ESWModel
import ESWSeams

struct LinuxDataplane: Dataplane {
  init(namespace: String?, pins: String) throws { throw DemoFailure("no kernel yet") }
  static func removePins(_ path: String) throws {}
  var kind: DataplaneKind { .kernel }
  var kernelRelease: String { "" }
  func observe() async throws -> DataplaneObservation { throw DemoFailure("x") }
  func execute(_ steps: [DataplaneStep]) async -> [StepOutcome] { [] }
  func evidence() async throws -> DataplaneEvidence { throw DemoFailure("x") }
  func probe(_ probes: [Probe]) async throws {}
  func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}
