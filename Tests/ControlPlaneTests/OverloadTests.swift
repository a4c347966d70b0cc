import ControlPlane
import ESWModel
import ESWSeams
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

/// A store on which too many commits wait.
private struct FullStore: IntentStore {
  let base: any IntentStore

  var snapshot: IntentSnapshot { base.snapshot }
  var reports: ReportSnapshot { base.reports }

  func commit<Outcome: Sendable>(
    _: @escaping @Sendable (IntentSnapshot) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, snapshot: IntentSnapshot) { throw StoreOverloaded() }

  func snapshot(after revision: Revision, within limit: Duration) async -> IntentSnapshot? {
    await base.snapshot(after: revision, within: limit)
  }

  func keep(_ batch: EventBatch) async throws { try await base.keep(batch) }
  func events(_ query: EventQuery) async throws -> [EventRecord] { try await base.events(query) }
  func eventMarks() async throws -> [EventMark: String] { try await base.eventMarks() }
  func sizes() async throws -> StoreSizes { try await base.sizes() }

  func audit(_ query: AuditQuery) async throws -> [AuditRecord] { try await base.audit(query) }

  func record(_ report: GatewayReport, receivedAt: Timestamp) async throws {
    try await base.record(report, receivedAt: receivedAt)
  }
}

@Suite struct `A store that is overloaded` {
  @Test func `is told as throttling, not as a fault`() async throws {
    let lab = Lab()
    try await lab.seed()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let service = ControlPlaneService(
      store: FullStore(base: lab.store), region: Region(), settings: .init(agentToken: Lab.token),
      logger: logger, now: { lab.now })
    let reply = try await service.application.test(.router) { client in
      try await Caller(client: client, lab: lab).call(
        .post, "\(Lab.v1)/vpcs", body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#)
    }
    #expect(reply.status == 429)
    #expect(reply.code == "APIGW.0308")
    #expect(reply["error_msg"]?.isEmpty == false && reply["request_id"]?.count == 32)
  }
}
