import ESWModel
import ESWPlanning
import ESWSeams
import ESWWire
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// The link of agents: they ask for their configuration and send their reports.
struct AgentRoutes {
  /// How long an agent may ask us to wait for news.
  static let longestWaitSeconds = 60
  static let defaultWaitSeconds = 30

  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.showConfiguration, configuration)
    routes.on(.sendReport, report)
  }

  /// Answers at once unless the agent has the newest generation of this store; then waits for the next.
  /// An agent that is ahead of us, because the store is a backup's, gets what we have: it will not take
  /// it, and says so in its report.
  @Sendable private func configuration(request: Request, context: CallContext) async throws -> Response {
    let node = try Self.node(of: context)
    let query = request.query
    let store: QueryFilter<StoreID> = query.filter("store")
    let after = try Self.number(query, "after", upTo: .max)
    let wait = try Self.wait(query)
    let current = core.snapshot
    guard let after, store == .only(current.store), after <= current.revision.value else {
      return try await answer(node, from: current)
    }
    let snapshot = await cancelWhenGracefulShutdown { [core] in
      await core.store.snapshot(after: Revision(after), within: .seconds(wait))
    }
    guard let snapshot else { return .noContent }
    return try await answer(node, from: snapshot)
  }

  @Sendable private func report(_: Request, context: CallContext) async throws -> Response {
    let node = try Self.node(of: context)
    return try await aside {
      let report = try AgentLinkMessages.report(from: Data(context.body.readableBytesView))
      guard report.node == node else { throw CallError.otherNode }
      let now = core.now()
      try await core.store.record(report, receivedAt: now)
      let received = ReportSnapshot.Received(report: report, at: now)
      core.rates.take(received, in: core.snapshot)
      core.timeline.take(received, in: core.snapshot)
      return .noContent
    }
  }

  static func node(of context: CallContext) throws(CallError) -> NodeName {
    guard let node = NodeName(context.parameters.get("node") ?? "") else { throw .noSuchPath }
    return node
  }

  /// Seconds that the agent is ready to wait.
  static func wait(_ query: QueryParameters) throws(RequestBodyError) -> UInt64 {
    try number(query, "wait", upTo: UInt64(longestWaitSeconds)) ?? UInt64(defaultWaitSeconds)
  }

  private static func number(
    _ query: QueryParameters, _ name: String, upTo limit: UInt64
  ) throws(RequestBodyError) -> UInt64? {
    guard let text = query[name], text != "" else { return nil }
    guard let number = UInt64(text), number <= limit else {
      throw .invalid(path: name, rule: "an integer from 0 to \(limit)")
    }
    return number
  }

  private func answer(_ node: NodeName, from snapshot: IntentSnapshot) async throws -> Response {
    let data = try await aside {
      try AgentLinkMessages.encode(GatewayConfiguration(for: node, from: snapshot))
    }
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
  }
}
