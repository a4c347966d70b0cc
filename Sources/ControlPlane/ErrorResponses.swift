import ESWAdmission
import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import Hummingbird

/// An error as the caller sees it, and what the operator reads of it in the log.
struct ErrorAnswer: Sendable {
  let status: HTTPResponse.Status
  let code: String
  let message: String
  /// For the log only.
  var detail: String?
  /// Declined by its head: the body, if any, is still on its way.
  var leavesBodyUnread = false
  /// Nothing more can be read from this client.
  var endsConnection = false

  init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  /// The one door for errors.
  init(_ error: any Error, method: HTTPRequest.Method) {
    switch error {
    case let refusal as Refusal: self.init(refusal, method: method)
    case let refusal as IdentityRefusal: self.init(refusal)
    case let error as CallError: self.init(error)
    case let error as RequestBodyError: self.init(.badRequest, "l2cg.8001", error.description)
    case AgentLinkError.version(let version):
      self.init(.badRequest, "l2cg.8001", "Version \(version) of the agent link is not spoken here.")
    case AgentLinkError.malformed(let reason): self.init(.badRequest, "l2cg.8001", reason)
    case let error as any HTTPResponseError where error.status == .notFound: self.init(CallError.noSuchPath)
    case let error as any HTTPResponseError where error.status.kind == .clientError:
      self.init(error.status, "APIGW.0201", "The request is malformed.")
      detail = "\(error)"
    case is PasswordHashingBusy: self.init(CallError.loginThrottled(name: nil))
    case is StoreOverloaded:
      self.init(.tooManyRequests, "APIGW.0308", "Too many changes wait to be written: try again.")
    case is CancellationError:
      self.init(.serviceUnavailable, "APIGW.0201", "The server is stopping.")
      leavesBodyUnread = true
    default:
      self.init(.internalServerError, "l2cg.8000", "The server could not do it; its log says why.")
      detail = "\(error)"
    }
  }

  init(_ error: CallError) {
    switch error {
    case .signature(let rejection):
      self.init(unauthorized: Self.text(rejection))
      detail = "\(rejection)"
    case .agentToken: self.init(unauthorized: "the token is not right")
    case .token: self.init(unauthorized: "the token is not valid, or not any more")
    case .credentialVoid: self.init(unauthorized: "the access key, the token or its user is disabled")
    case .login(let name):
      self.init(unauthorized: "the user name or the password is wrong")
      detail = "user name \(Self.printable(name))"
    case .loginThrottled(let name):
      self.init(.tooManyRequests, "APIGW.0308", "Too many wrong passwords, or too many at a time: wait.")
      detail = name.map { "user name \(Self.printable($0))" }
    case .noSuchPath:
      self.init(
        .notFound, "APIGW.0101", "The API does not exist or has not been published in the environment")
    case .foreignProject:
      self.init(.forbidden, "l2cg.8009", "The project of the path is not the caller's.")
    case .forbidden(let action):
      self.init(
        .forbidden, "APIGW.0302", "This IAM user may not call the API: no policy allows \(action) here.")
    case .unknownIdentity(let kind, let name):
      self.init(.notFound, "iam.8002", "\(kind) \(Self.short(name)) could not be found.")
    case .bodyTooLarge:
      self.init(.contentTooLarge, "APIGW.0201", "The request body is too large")
      leavesBodyUnread = true
    case .bodyUnreadable: self.init(.badRequest, "APIGW.0201", "The request body could not be read")
    case .bodyTooSlow:
      self.init(.requestTimeout, "APIGW.0201", "The request body took too long to arrive")
      endsConnection = true
    case .tooManyBodies:
      self.init(.serviceUnavailable, "APIGW.0201", "Too many large requests at a time: try again")
      leavesBodyUnread = true
    case .targetTooLong:
      self.init(.uriTooLong, "APIGW.0201", "The request URI is too long")
      leavesBodyUnread = true
    case .headersTooLarge:
      self.init(.requestHeaderFieldsTooLarge, "APIGW.0201", "The request headers are too large")
      leavesBodyUnread = true
    case .unknownInstance(let id):
      self.init(.notFound, "l2cg.9923", "instance \(Self.short(id)) could not be found.")
    case .unknownConnection(let id, let instance):
      let place = instance.map { " in instance \(Self.short($0))" } ?? ""
      self.init(.notFound, "l2cg.9904", "connection \(Self.short(id))\(place) could not be found.")
    case .unknownPort(let id): self.init(.notFound, "l2cg.8007", "port \(Self.short(id)) could not be found.")
    case .unknownVPC(let id): self.init(.notFound, "l2cg.8006", "vpc \(Self.short(id)) could not be found.")
    case .unknownSubnet(let id):
      self.init(.notFound, "l2cg.8006", "subnet \(Self.short(id)) could not be found.")
    case .unknownAttachment(let id):
      self.init(.notFound, "l2cg.8010", "attachment \(Self.short(id)) could not be found.")
    case .otherNode: self.init(.badRequest, "l2cg.8001", "The report is of another node than the path names.")
    case .capture(let obstacle): self.init(obstacle)
    case .unknownCapture(let id):
      self.init(.notFound, "l2cg.8034", "Nobody waits for the capture \(Self.short(id)).")
    }
  }

  /// Who is not known (contract section 8.3); the body may be on its way still.
  private init(unauthorized reason: String) {
    self.init(.unauthorized, "APIGW.0301", "Incorrect IAM authentication information: \(reason)")
    leavesBodyUnread = true
  }

  func response(requestID: String) -> Response {
    .json(status) { $0.error(ErrorBody(message: message, code: code, requestID: requestID)) }
  }

  /// A wrong key and a wrong signature read alike.
  private static func text(_ rejection: SignatureRejection) -> String {
    switch rejection {
    case .missing: "neither a signature nor a token"
    case .otherAlgorithm: "only \(RequestSignature.algorithm) is supported"
    case .malformed: "the Authorization header is malformed"
    case .dateNotSigned: "X-Sdk-Date is not a signed header"
    case .dateMalformed: "X-Sdk-Date is not of the form YYYYMMDDTHHMMSSZ"
    // Both times, so that nobody has to guess whose clock is wrong; `Date` tells ours anyway.
    case .expired(let signed, let now):
      "signature expired: it was signed at \(signed.iso8601), and the server's time is \(now.iso8601)"
    case .headerMissing, .headerRepeated: "verify aksk signature fail, a signed header is missing or repeated"
    case .unsignedPayload: "the payload must be signed"
    case .payloadMismatch, .unknownKey, .mismatch: "verify aksk signature fail"
    }
  }

  /// What somebody typed at a login, for the log: of characters that a name may have.
  private static func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(64).map { scalar -> Unicode.Scalar in
      scalar == " " || IdentityName(String(scalar)) != nil ? scalar : "?"
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// What came in a path may be anything of any length.
  private static func short(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(64)))
  }
}
