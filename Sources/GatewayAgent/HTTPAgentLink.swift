package import AsyncHTTPClient
package import ESWModel
import ESWSeams
import ESWWire
import Foundation
import NIOCore
import NIOHTTP1

/// The agent's way to its control plane over HTTP: a long poll for configurations and one for orders of
/// captures, a report each pass, and what is captured.
package struct HTTPAgentLink: AgentLink {
  /// How long the control plane may hold a question open.
  static let patienceSeconds = 30
  /// How long it may take to say of a part of a capture that there is room for the next, or not yet.
  static let longestHoldSeconds: Int64 = 60

  private let base: String
  private let token: String
  private let node: NodeName
  private let http: HTTPClient

  /// - Parameters:
  ///   - endpoint: `http://host:port` or `https://host:port` of the control plane, nothing behind it.
  ///   - token: The node's credential.
  /// - Throws: `AgentLinkEndpointError` when `endpoint` is something else.
  package init(
    endpoint: String, node: NodeName, token: String, http: HTTPClient = .shared
  ) throws(AgentLinkEndpointError) {
    guard let url = URL(string: endpoint), let scheme = url.scheme, scheme == "http" || scheme == "https",
      let name = url.host, !name.isEmpty, url.path.isEmpty || url.path == "/", url.query == nil,
      url.fragment == nil, url.user == nil, url.port.map({ (1...65535).contains($0) }) ?? true
    else { throw AgentLinkEndpointError(endpoint: endpoint) }
    let host = name.contains(":") ? "[\(name)]" : name
    base = "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? "") + Self.path(of: node)
    self.token = token
    self.node = node
    self.http = http
  }

  /// To a control plane in the same machine.
  ///
  /// - Parameter path: Of its socket.
  package init(
    socket path: String, node: NodeName, token: String, http: HTTPClient = .shared
  ) throws(AgentLinkEndpointError) {
    guard let url = URL(httpURLWithSocketPath: path, uri: Self.path(of: node)) else {
      throw AgentLinkEndpointError(endpoint: path)
    }
    base = url.absoluteString
    self.token = token
    self.node = node
    self.http = http
  }

  /// Whether nobody between can read what goes to an endpoint: over TLS, or within the machine.
  package static func isPrivate(_ endpoint: String) -> Bool {
    guard let url = URL(string: endpoint), let host = url.host else { return false }
    return url.scheme == "https" || host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }

  private static func path(of node: NodeName) -> String { "/openesw/v1/agent/\(node)" }

  package func configuration(
    after generation: Revision?, of store: StoreID?
  ) async throws -> GatewayConfiguration? {
    var url = base + "/configuration?wait=\(Self.patienceSeconds)"
    if let generation, let store { url += "&after=\(generation)&store=\(store)" }
    let data = try await send(HTTPClientRequest(url: url), within: .seconds(Int64(Self.patienceSeconds) + 10))
    return data.isEmpty ? nil : try AgentLinkMessages.configuration(from: data)
  }

  package func send(_ report: GatewayReport) async throws {
    var request = HTTPClientRequest(url: base + "/report")
    request.method = .PUT
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(try AgentLinkMessages.encode(report))
    _ = try await send(request, within: .seconds(10))
  }

  package func captures(besides known: [CaptureID]) async throws -> [CaptureRequest] {
    var url = base + "/captures?wait=\(Self.patienceSeconds)"
    if !known.isEmpty { url += "&known=" + known.map(\.description).joined(separator: ",") }
    do {
      let data = try await send(
        HTTPClientRequest(url: url), within: .seconds(Int64(Self.patienceSeconds) + 10))
      return data.isEmpty ? [] : try AgentLinkMessages.captures(from: data)
    } catch let refusal as AgentLinkRefusal where refusal.status == 404 {
      throw CapturesUnknown()
    }
  }

  package func send(_ parcel: CaptureParcel, number: Int, of capture: CaptureID) async throws -> Bool {
    let path = base + "/captures/\(capture)"
    do {
      switch parcel {
      case .failure(let reason):
        _ = try await put(
          path + "/refusal", "application/json", Array(AgentLinkMessages.encode(refusal: reason)))
        return false
      case .end(let bytes):
        _ = try await put(path + "?number=\(number)&last=true", "application/octet-stream", bytes)
        return false
      case .part(let bytes):
        var isTaken = try await put(path + "?number=\(number)", "application/octet-stream", bytes)
        // It has the bytes, and no room for more yet.
        while !isTaken { isTaken = try await put(path + "?number=\(number)", "application/octet-stream", []) }
        return true
      }
    } catch let refusal as AgentLinkRefusal where refusal.status == 404 {
      return false
    }
  }

  /// - Returns: False for 202.
  private func put(_ url: String, _ mediaType: String, _ body: [UInt8]) async throws -> Bool {
    var request = HTTPClientRequest(url: url)
    request.method = .PUT
    request.headers.add(name: "content-type", value: mediaType)
    request.body = .bytes(body)
    return try await exchange(request, within: .seconds(Self.longestHoldSeconds)).status != .accepted
  }

  private func send(_ request: HTTPClientRequest, within limit: TimeAmount) async throws -> Data {
    try await exchange(request, within: limit).data
  }

  private func exchange(
    _ request: HTTPClientRequest, within limit: TimeAmount
  ) async throws -> (status: HTTPResponseStatus, data: Data) {
    var request = request
    request.headers.add(name: "authorization", value: "Bearer \(token)")
    let response = try await http.execute(request, timeout: limit)
    let data = Data(try await response.body.collect(upTo: AgentLinkMessages.mostBytes).readableBytesView)
    guard (200..<300).contains(response.status.code) else {
      throw AgentLinkRefusal(
        status: Int(response.status.code), text: String(decoding: data.prefix(500), as: UTF8.self))
    }
    return (response.status, data)
  }
}

/// What was given as the control plane's endpoint is none.
package struct AgentLinkEndpointError: Error, Hashable, CustomStringConvertible {
  package let endpoint: String
  package var description: String {
    "\"\(endpoint)\" is not an endpoint: http://HOST:PORT or https://HOST:PORT is wanted"
  }
}

struct AgentLinkRefusal: Error, CustomStringConvertible {
  let status: Int
  let text: String
  var description: String { "the control plane answered \(status): \(text)" }
}
