import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// Gives out kept pages of lists where requests come in, without a task: for a page of twenty rows, tasks and
/// routing cost as much as all the rest.
///
/// It knows one answer, a page that is on the shelf, to a caller whose signature is right and whom the
/// operation's door admits. Whatever else comes, every refusal too, goes on and is answered in the usual way.
struct QuickReads: Sendable {
  let core: ControlPlaneCore
  let logger: Logger
  private let date = HTTPDate()

  init(core: ControlPlaneCore, logger: Logger) {
    self.core = core
    self.logger = logger
  }

  struct Answer {
    let head: HTTPResponse
    let body: [ByteBuffer]
  }

  func answer(_ head: HTTPRequest) -> Answer? {
    // At debug, reads have their line in the log.
    let start = ContinuousClock.now
    guard head.method == .get, logger.logLevel > .debug, Self.hasNothingElse(head.headerFields),
      (try? RequestLimits.check(head)) != nil
    else { return nil }
    let (path, query) = head.target
    // Of all that ends so the signature is looked at, whether it is on the shelf or not: the time that an
    // answer takes tells nobody what others have asked.
    guard path.hasSuffix("/connections") || path.hasSuffix("/instances"), PlainPath.isPlain(path),
      let project = Self.project(of: path)
    else { return nil }
    let view = core.view
    let signable = head.signable(path: path, query: query)
    guard let claim = try? SignatureClaim(of: signable, now: view.now),
      let key = try? claim.verify(signable, body: BodyHash(), key: view.snapshot.accessKey(claim.keyID)),
      let principal = try? Authentication.holder(of: key, in: view.snapshot),
      let page = core.pages.kept(
        PageShelf.Request(project: project, target: head.path ?? "/"), of: PageShelf.Basis(of: view),
        at: view.now)
    else { return nil }
    // A page is kept for an operation of a project, made for whoever is admitted to that.
    guard page.operation.door == .project,
      (try? Door.admit(principal, to: page.operation, of: project, in: view.snapshot)) != nil
    else { return nil }
    let answer = answer(page.bytes, under: CallContext.newRequestID(), at: view.now)
    core.tally.requests.add(page.operation, code: 200, took: ContinuousClock.now - start)
    return answer
  }

  private func answer(_ page: ByteBuffer, under requestID: String, at now: Timestamp) -> Answer {
    let body = page.behind(requestID: requestID)
    var fields = HTTPFields()
    fields.reserveCapacity(4)
    fields.append(HTTPField(name: .contentType, value: "application/json"))
    fields.append(
      HTTPField(name: .contentLength, value: String(body.reduce(0) { $0 + $1.readableBytes })))
    fields.append(HTTPField(name: .requestID, value: requestID))
    fields.append(HTTPField(name: .date, value: date.text(at: now)))
    return Answer(head: HTTPResponse(status: .ok, headerFields: fields), body: body)
  }

  /// No body, and nothing that is asked of the connection but to stay.
  private static func hasNothingElse(_ fields: HTTPFields) -> Bool {
    fields.allSatisfy { field in
      switch field.name {
      case .contentLength: field.value == "0"
      case .connection: field.value.lowercased() == "keep-alive"
      case .transferEncoding, .expect, .upgrade: false
      default: true
      }
    }
  }

  /// `/v3/{project_id}/...`
  private static func project(of path: String) -> ProjectID? {
    let segments = path.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2)
    return segments.count == 3 ? ProjectID(String(decoding: segments[1], as: UTF8.self)) : nil
  }
}

/// Stands before the tasks of a connection. A request is answered here only while none before it is under
/// way, so that answers keep their order, and only while the client takes what it is given.
final class QuickReadsHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let reads: QuickReads
  /// Requests that went on and have no answer yet.
  private var underWay = 0
  /// To the request whose end has not come yet.
  private var next: QuickReads.Answer?
  private var hasWritten = false

  init(reads: QuickReads) { self.reads = reads }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      if underWay == 0, context.channel.isWritable {
        next = reads.answer(head)
        if next != nil { return }
      }
      underWay += 1
      context.fireChannelRead(data)
    case .body: context.fireChannelRead(data)
    case .end:
      guard let answer = next.take() else { return context.fireChannelRead(data) }
      context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
      for part in answer.body { context.write(wrapOutboundOut(.body(part)), promise: nil) }
      context.write(wrapOutboundOut(.end(nil)), promise: nil)
      hasWritten = true
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if hasWritten {
      hasWritten = false
      context.flush()
    }
    context.fireChannelReadComplete()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    // What the server says to bytes that are no HTTP answers no request.
    if case .end = unwrapOutboundIn(data), underWay > 0 { underWay -= 1 }
    context.write(data, promise: promise)
  }
}
