package import AsyncHTTPClient
package import ESWModel
import ESWWire
package import Foundation
import NIOCore
package import NIOHTTP1
import NIOSSL

/// Calls the HTTP API as any client would: signed, over the network, with nothing from inside.
package struct ESWClient: Sendable {
  package struct Credentials: Hashable, Sendable {
    package let keyID: String
    package let secret: String
    package let project: ProjectID

    package init(keyID: String, secret: String, project: ProjectID) {
      self.keyID = keyID
      self.secret = secret
      self.project = project
    }
  }

  /// The longest answer that is read. Ours; a page of 2,000 rows is about 1 MB.
  static let mostBytes = 64 << 20
  /// How long an answer may take; at first as long as the vendor's SDK waits (contract section 10).
  package var patience = Duration.seconds(120)
  /// Told of every request when its answer is there, or is not coming.
  package var observer: (@Sendable (Exchange) -> Void)?

  /// Set: changes are only planned, and this makes of the plan what the call ends with. So nothing that is to
  /// follow a change follows a plan.
  package var planned: (@Sendable (JSON) -> any Error)?

  /// A server that is not there is to be told at once: the shared client asks again until its time is over.
  /// Kept to the end of the process.
  package static let direct: HTTPClient = {
    var configuration = HTTPClient.Configuration.singletonConfiguration
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  private let endpoint: String
  private let host: String
  private let credentials: Credentials
  private let http: HTTPClient

  /// - Parameter endpoint: `http://host:port` or `https://host:port`, nothing behind it.
  /// - Throws: `ClientError.endpoint`.
  package init(endpoint: String, credentials: Credentials, http: HTTPClient = Self.direct) throws(ClientError)
  {
    guard let url = URL(string: endpoint), url.scheme == "http" || url.scheme == "https",
      let name = url.host, url.path.isEmpty || url.path == "/", url.query == nil
    else { throw .endpoint(endpoint) }
    let authority = name.contains(":") ? "[\(name)]" : name
    host = url.port.map { "\(authority):\($0)" } ?? authority
    self.endpoint = "\(url.scheme ?? "http")://\(host)"
    self.credentials = credentials
    self.http = http
  }

  package var project: ProjectID { credentials.project }

  /// One signed request.
  ///
  /// - Parameters:
  ///   - path: From the root, with the project in it where it belongs.
  ///   - query: Not yet encoded.
  /// - Returns: The body of an answer below 400; empty for 204.
  /// - Throws: `ClientError.refused` with the API's code and message; `.unreachable`; `.untrusted`.
  @discardableResult
  package func call(
    _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [], body: Data? = nil
  ) async throws -> Data {
    try await answer(to: request(method, path, query: query, body: body))
  }

  private func request(
    _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)], body: Data?
  ) -> HTTPClientRequest {
    let parameters = QueryParameters(query).canonical
    let fixed = [
      HeaderField("host", host), HeaderField("content-type", "application/json"),
      HeaderField("user-agent", "openesw"), HeaderField("accept", "application/json"),
    ]
    let signable = SignableRequest(method: method.rawValue, path: path, query: parameters, headers: fixed)
    let signature = RequestSignature.sign(
      signable, body: body ?? Data(), keyID: credentials.keyID, secret: credentials.secret,
      at: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
    var request = HTTPClientRequest(
      url: endpoint + path + (parameters.isEmpty ? "" : "?" + parameters))
    request.method = method
    for field in fixed + signature { request.headers.replaceOrAdd(name: field.name, value: field.value) }
    if let body { request.body = .bytes(body) }
    return request
  }

  /// One signed request for an operation whose answer goes on for as long as it is read.
  ///
  /// - Throws: As `call`, until the answer has begun.
  package func capture(
    _ connection: ConnectionID, limits: CaptureLimits? = nil, snapLength: Int? = nil
  ) async throws -> CaptureDownload {
    var query: [(name: String, value: String)] = []
    if let limits { query += [("seconds", "\(limits.seconds)"), ("bytes", "\(limits.bytes)")] }
    if let snapLength { query.append(("snap", "\(snapLength)")) }
    let request = request(
      .GET, path(of: .captureConnection, ["connection_id": connection.description]), query: query, body: nil)
    let start = ContinuousClock.now
    let response: HTTPClientResponse
    do {
      response = try await http.execute(request, timeout: TimeAmount(patience))
    } catch {
      throw failure(of: request, error, since: start)
    }
    guard response.status.code < 400 else {
      _ = try await read(response, to: request, since: start)
      throw ClientError.answer("a refusal without a body")
    }
    observe(request, response, since: start)
    return CaptureDownload(body: response.body, endpoint: endpoint)
  }

  private func answer(to request: HTTPClientRequest) async throws -> Data {
    let start = ContinuousClock.now
    do {
      return try await read(
        try await http.execute(request, timeout: TimeAmount(patience)), to: request, since: start)
    } catch let error as ClientError {
      throw error
    } catch {
      throw failure(of: request, error, since: start)
    }
  }

  /// - Returns: What did not come of the network.
  private func failure(
    of request: HTTPClientRequest, _ error: any Error, since start: ContinuousClock.Instant
  ) -> any Error {
    if error is CancellationError { return error }
    observe(request, nil, since: start)
    return Self.isDistrust(error)
      ? ClientError.untrusted(endpoint, "\(error)") : ClientError.unreachable(endpoint, "\(error)")
  }

  private func read(
    _ response: HTTPClientResponse, to request: HTTPClientRequest, since start: ContinuousClock.Instant
  ) async throws -> Data {
    let data = Data(try await response.body.collect(upTo: Self.mostBytes).readableBytesView)
    observe(request, response, since: start)
    guard response.status.code < 400 else {
      let body = try? JSONDecoder().decode(ErrorBody.self, from: data)
      throw ClientError.refused(
        status: Int(response.status.code), code: body?.code ?? "\(response.status.code)",
        message: body?.message ?? String(decoding: data.prefix(500), as: UTF8.self),
        requestID: response.headers.first(name: "x-request-id"))
    }
    return data
  }

  /// Whether the server's certificate is what the connection failed for.
  private static func isDistrust(_ error: any Error) -> Bool {
    if let error = error as? NIOSSLExtraError { return error == .failedToValidateHostname }
    guard case NIOSSLError.handshakeFailed = error else { return false }
    return "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
  }

  private func observe(
    _ request: HTTPClientRequest, _ response: HTTPClientResponse?, since start: ContinuousClock.Instant
  ) {
    observer?(
      Exchange(
        method: request.method.rawValue, target: String(request.url.dropFirst(endpoint.count)),
        status: response.map { Int($0.status.code) },
        requestID: response?.headers.first(name: "x-request-id"),
        serverDate: response?.headers.first(name: "date"), duration: ContinuousClock.now - start))
  }
}

package enum ClientError: Error, Hashable, CustomStringConvertible {
  case endpoint(String)
  case unreachable(String, String)
  /// Its certificate is of no authority that is trusted, or of another name.
  case untrusted(String, String)
  case refused(status: Int, code: String, message: String, requestID: String?)
  /// An answer that goes on ended before its end.
  case brokenOff(String, String)
  /// The answer is not what the API documents.
  case answer(String)

  package var description: String {
    switch self {
    case .endpoint(let text):
      "\"\(text)\" is not an endpoint: http://HOST:PORT or https://HOST:PORT is wanted"
    case .unreachable(let endpoint, let cause):
      "no answer from \(endpoint) (\(cause)): does `esw serve` run there? Set --endpoint or ESW_ENDPOINT"
    case .untrusted(let endpoint, let cause): "the certificate of \(endpoint) is not trusted: \(cause)"
    case .refused(let status, let code, let message, let requestID):
      "\(message) (\(code), HTTP \(status)\(requestID.map { ", request \($0)" } ?? ""))"
    case .brokenOff(let endpoint, let cause):
      "the answer of \(endpoint) broke off and is not whole (\(cause)): its log says why"
    case .answer(let text): "the answer cannot be read: \(text)"
    }
  }
}
