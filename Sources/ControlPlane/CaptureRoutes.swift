import ESWAdmission
import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Frames of a connection as one long answer: our own addition.
///
/// The capture lives as long as the request. Nothing is sent before the agent has begun, so that whatever
/// stands against it is an answer like any other; from then on an end that is none shows as an answer that
/// breaks off.
struct CaptureRoutes {
  let core: ControlPlaneCore
  let patience: CapturePatience

  func add(to routes: OperationRouter) { routes.on(.captureConnection, capture) }

  @Sendable private func capture(request: Request, context: CallContext) async throws -> Response {
    let id: ConnectionID = try context.id("connection_id") { .unknownConnection($0, of: nil) }
    let view = core.view
    guard let connection = view.snapshot.connections[id, of: try context.project] else {
      throw CallError.unknownConnection(id.description, of: nil)
    }
    let (order, limits) = try CaptureQuery.order(request.query, of: id)
    let node = try view.node(of: connection)
    let wanted = CaptureRequest(id: core.minting.next(now: view.now).id, order: order, limits: limits)
    let events: AsyncStream<CaptureExchange.Event>
    do throws(CaptureBoard.Refusal) {
      events = try core.captures.open(wanted, on: node)
    } catch { throw CallError.capture(error == .full ? .allTaken : .nodeFull(node)) }
    let relay = CaptureRelay(
      core: core, patience: patience, context: context, connection: id, node: node, request: wanted,
      events: events, hold: CaptureHold(wanted.id, in: core.captures))
    ClientPresence.watch(context.channel) { [core] in core.captures.stop(wanted.id, .userGone) }
    let beginning = try await relay.begin()
    try await relay.auditBeginning()
    return Response(
      status: .ok,
      headers: [
        .contentType: CaptureQuery.mediaType, .cacheControl: "no-store", .connection: "close",
        .contentDisposition: "attachment; filename=\"\(id).pcapng\"",
      ],
      body: ResponseBody { writer in try await relay.write(beginning, to: &writer) })
  }
}

extension ControlPlaneCore.View {
  /// The node that forwards the connection, if it is there to be asked.
  fileprivate func node(of connection: Connection) throws(CallError) -> NodeName {
    guard let node = snapshot.instances[connection.instance].flatMap({ snapshot.tunnelNode(of: $0) }) else {
      throw .capture(.noNode)
    }
    guard let received = reports.received(from: node), received.report.store == snapshot.store else {
      throw .capture(.unheard(node))
    }
    let silence = now.since(received.at)
    guard silence <= region.nodeSilence, silence >= .zero - region.nodeSilence else {
      throw .capture(.silent(node, seconds: silence.components.seconds))
    }
    return node
  }
}

/// One capture on its way from the exchange to the user.
private struct CaptureRelay: Sendable {
  let core: ControlPlaneCore
  let patience: CapturePatience
  let context: CallContext
  let connection: ConnectionID
  let node: NodeName
  let request: CaptureRequest
  let events: AsyncStream<CaptureExchange.Event>
  let hold: CaptureHold

  /// So that a slow client is not asked to take a whole part at a time.
  private static let pieceBytes = 64 << 10

  private var captures: CaptureExchange { core.captures }

  struct Part {
    let bytes: ByteBuffer
    let isLast: Bool
  }

  /// - Throws: `CallError` for what stands against it.
  func begin() async throws -> Part {
    let event = await withGracefulShutdownHandler {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { [captures, patience, id = request.id] in
          guard (try? await Task.sleep(for: patience.beginning)) != nil else { return }
          captures.giveUp(id)
        }
        defer { group.cancelAll() }
        return await events.first { _ in true }
      }
    } onGracefulShutdown: { [captures, id = request.id] in
      captures.stop(id, .serverStops)
    }
    switch event {
    case .part(let bytes): return Part(bytes: bytes, isLast: false)
    case .end(let bytes): return Part(bytes: bytes, isLast: true)
    case .refused(let reason): throw CallError.capture(.refused(node, reason))
    case .late(let isTold): throw CallError.capture(isTold ? .notBegun(node) : .notAsked(node))
    case .stopped, nil: throw CancellationError()
    }
  }

  /// - Throws: `CaptureBroken`, which ends the connection, so that nobody takes the file for whole.
  func write(_ beginning: Part, to writer: inout any ResponseBodyWriter) async throws {
    let start = ContinuousClock.now
    let verdict = Verdict()
    var sent = 0
    var reason: CaptureExchange.StopReason?
    var isWhole = false
    do {
      try await withGracefulShutdownHandler {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { await watch(since: start, verdict) }
          defer { group.cancelAll() }
          try await write(beginning.bytes, to: &writer, &sent)
          isWhole = beginning.isLast
          for await event in events {
            switch event {
            case .part(let bytes): try await write(bytes, to: &writer, &sent)
            case .end(let bytes):
              try await write(bytes, to: &writer, &sent)
              isWhole = true
            case .stopped(let why): reason = why
            case .refused, .late: break
            }
          }
        }
      } onGracefulShutdown: {
        breakOff(.serverStops, verdict)
      }
    } catch { reason = .userGone }
    await close(
      sent, isWhole ? nil : verdict.reason.withLock { $0 } ?? reason ?? .userGone,
      after: ContinuousClock.now - start)
    guard isWhole else { throw CaptureBroken() }
    try await writer.finish(nil)
  }

  private func write(
    _ bytes: ByteBuffer, to writer: inout any ResponseBodyWriter, _ sent: inout Int
  ) async throws {
    var bytes = bytes
    while bytes.readableBytes > 0,
      let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.pieceBytes))
    {
      try await writer.write(piece)
      sent += piece.readableBytes
      captures.noteTaken(piece.readableBytes, of: request.id)
    }
  }

  /// Why we have broken off, which shows to whoever writes as a user who has gone.
  private final class Verdict: Sendable {
    let reason = Mutex<CaptureExchange.StopReason?>(nil)
  }

  /// At once: what waits for who takes nothing is not waited for.
  private func breakOff(_ reason: CaptureExchange.StopReason, _ verdict: Verdict) {
    verdict.reason.withLock { $0 = $0 ?? reason }
    captures.stop(request.id, reason)
    context.channel.close(promise: nil)
  }

  /// Until it is cancelled: an agent that says nothing, a right that is taken away, and a user who does not
  /// take what there is, end the capture.
  private func watch(since start: ContinuousClock.Instant, _ verdict: Verdict) async {
    let end = start + .seconds(request.limits.seconds) + patience.lateness
    let interval = min(.seconds(1), patience.silence / 4)
    while (try? await Task.sleep(for: interval)) != nil {
      if captures.isSilent(request.id, for: patience.silence) { captures.stop(request.id, .agentSilent) }
      if (try? Door.admit(context, in: core.snapshot)) == nil { breakOff(.notAllowed, verdict) }
      if ContinuousClock.now > end { breakOff(.overdue, verdict) }
    }
  }

  // MARK: Who looked into what

  /// - Throws: When it cannot be kept: then nobody looks into anything.
  func auditBeginning() async throws {
    try await core.audit(capture: request, of: connection, on: node, for: context, outcome: nil)
  }

  private func close(_ sent: Int, _ reason: CaptureExchange.StopReason?, after duration: Duration) async {
    captures.stop(request.id, .userGone)
    let outcome = CaptureOutcome(bytes: sent, duration: duration, broken: reason?.rawValue)
    var metadata: Logger.Metadata = [
      "request_id": "\(context.requestID)", "connection": "\(connection)", "node": "\(node)",
      "bytes": "\(sent)", "duration_ms": "\(duration / .milliseconds(1))",
    ]
    if case .user(let principal)? = context.caller { metadata["who"] = "\(principal.summary)" }
    if let reason { metadata["broken"] = "\(reason.rawValue)" }
    core.logger.info("a capture ended", metadata: metadata)
    do {
      try await core.audit(capture: request, of: connection, on: node, for: context, outcome: outcome)
    } catch {
      core.logger.error(
        "the end of a capture could not be kept in the audit",
        metadata: ["request_id": "\(context.requestID)", "error": "\(error)"])
    }
  }
}

struct CaptureBroken: Error {}
