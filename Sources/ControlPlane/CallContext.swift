import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A request on its way through the doors.
struct CallContext: RequestContext {
  enum Caller: Sendable {
    case user(Principal)
    case agent
  }

  var coreContext: CoreRequestContextStorage
  /// 32 hex digits, fresh for every request (contract section 2).
  let requestID: String
  let channel: any Channel
  let trace = CallTrace()
  /// Whole; empty before authentication.
  var body = ByteBuffer()
  /// Of the memory for bodies, as long as this request lives.
  var bodyShare: BodyShare?
  /// Set by authentication; nil before, and for what is open to all.
  var caller: Caller?
  /// What the path asks for; set with the caller's admission to it.
  var operation: Operation?
  /// Of the path, when the caller has been admitted to it.
  var admittedProject: ProjectID?
  /// Whether a change is only to be planned.
  var isDryRun = false

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    requestID = Self.newRequestID()
  }

  static func newRequestID() -> String {
    var generator = SystemRandomNumberGenerator()
    let (high, low) = (generator.next(), generator.next())
    return String(unsafeUninitializedCapacity: 32) { digits in
      for place in 0..<32 {
        digits[place] = hexDigit((place < 16 ? high : low) >> UInt64(60 - 4 * (place % 16)))
      }
      return 32
    }
  }

  /// The caller's address, without the port; empty in process.
  var source: String { channel.remoteAddress?.ipAddress ?? "" }

  /// The project that the path names, and that the caller may use.
  var project: ProjectID {
    get throws(CallError) {
      guard let admittedProject else { throw .foreignProject }
      return admittedProject
    }
  }

  /// The user who calls. An agent is none.
  var principal: Principal {
    get throws(CallError) {
      guard case .user(let principal)? = caller else { throw .signature(.missing) }
      return principal
    }
  }

  /// An id in the path; what is malformed is as unknown as what does not exist.
  func id<Subject>(_ name: String, or unknown: (String) -> CallError) throws(CallError) -> Identifier<Subject>
  {
    let text = parameters.get(name) ?? ""
    guard let id = Identifier<Subject>(text) else { throw unknown(text) }
    return id
  }

  /// - Parameter write: Writes the members.
  func answer(_ status: HTTPResponse.Status = .ok, _ write: (inout JSONWriter) -> Void) -> Response {
    Response.json(status) { writer in
      writer.object {
        $0.member("request_id", requestID)
        write(&$0)
      }
    }
  }
}

/// What the log line of a request tells beside what is known at its start.
final class CallTrace: Sendable {
  private struct Known {
    var caller: CallContext.Caller?
    var operation: Operation?
    var isDryRun = false
  }

  private let known = Mutex(Known())

  var caller: CallContext.Caller? {
    get { known.withLock { $0.caller } }
    set { known.withLock { $0.caller = newValue } }
  }

  var isDryRun: Bool {
    get { known.withLock { $0.isDryRun } }
    set { known.withLock { $0.isDryRun = newValue } }
  }

  /// Nil for a path that nobody serves.
  var operation: Operation? {
    get { known.withLock { $0.operation } }
    set { known.withLock { $0.operation = newValue } }
  }
}

extension Response {
  static func json(_ status: HTTPResponse.Status, _ write: (inout JSONWriter) -> Void) -> Response {
    var writer = JSONWriter(capacity: 4096)
    write(&writer)
    let buffer = writer.withBytes { ByteBuffer(bytes: $0) }
    return Response(
      status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: buffer))
  }

  static var noContent: Response { Response(status: .noContent) }
}

extension Request {
  /// As on the wire: path and query.
  var target: (path: String, query: String) { head.target }

  var query: QueryParameters { QueryParameters(target.query) }
}

extension HTTPRequest {
  /// As on the wire: path and query.
  var target: (path: String, query: String) {
    let whole = path ?? "/"
    guard let mark = whole.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (whole, "") }
    return (String(whole[..<mark]), String(whole[whole.utf8.index(after: mark)...]))
  }
}
