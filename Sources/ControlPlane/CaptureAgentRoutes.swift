import ESWModel
import ESWWire
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// The part of agents in captures: they ask what to capture, and send it.
struct CaptureAgentRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.listCaptureOrders, orders)
    routes.on(.sendCapture, part)
    routes.on(.refuseCapture, refusal)
  }

  @Sendable private func orders(request: Request, context: CallContext) async throws -> Response {
    let node = try AgentRoutes.node(of: context)
    let query = request.query
    let known = try CaptureQuery.known(query)
    let wait = try AgentRoutes.wait(query)
    let orders = await cancelWhenGracefulShutdown { [core] in
      await core.captures.orders(of: node, besides: known, within: .seconds(wait))
    }
    guard !orders.isEmpty else { return .noContent }
    let data = try AgentLinkMessages.encode(orders)
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
  }

  @Sendable private func part(request: Request, context: CallContext) async throws -> Response {
    let (node, id) = (try AgentRoutes.node(of: context), try capture(of: context))
    let (number, isLast) = try CaptureQuery.part(request.query)
    guard context.body.readableBytes <= CaptureQuery.mostPartBytes else { throw CallError.bodyTooLarge }
    // Bounded by the exchange from here on: reports do not wait for who takes a capture slowly.
    context.bodyShare?.release()
    switch await core.captures.deliver(context.body, number: number, isLast: isLast, of: id, from: node) {
    case .goOn: return .noContent
    case .notYet: return Response(status: .accepted)
    case .unwanted:
      // The last comes again where its answer was lost.
      guard isLast else { throw CallError.unknownCapture(id.description) }
      return .noContent
    }
  }

  @Sendable private func refusal(request: Request, context: CallContext) async throws -> Response {
    let (node, id) = (try AgentRoutes.node(of: context), try capture(of: context))
    let reason = try AgentLinkMessages.refusal(from: Data(context.body.readableBytesView))
    core.captures.refuse(id, from: node, because: reason)
    return .noContent
  }

  private func capture(of context: CallContext) throws(CallError) -> CaptureID {
    try context.id("capture_id") { .unknownCapture($0) }
  }
}
