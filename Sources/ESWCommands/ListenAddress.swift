import ArgumentParser
import ControlPlane
import Foundation

/// Where the server listens, and how clients are told to reach it.
struct ListenAddress: Hashable, Sendable {
  let host: String
  let port: Int

  /// Only programs on this machine reach it.
  var isLoopback: Bool {
    host == "localhost" || host == "::1"
      || host.wholeMatch(of: /127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/) != nil
  }

  private var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

  /// - Parameters:
  ///   - port: That was taken for 0.
  ///   - identity: Nil: plain HTTP.
  func endpoint(port: Int, identity: ServerIdentity.Facts?) -> String {
    var name = host
    if let identity, !identity.names.contains(host),
      let named = identity.names.first(where: { !$0.contains("*") })
    {
      // A client refuses a server under a name that its certificate does not have.
      name = named
    } else if isWildcard {
      name = host == "::" ? "::1" : "127.0.0.1"
    }
    let scheme = identity == nil ? "http" : "https"
    return "\(scheme)://\(name.contains(":") ? "[\(name)]" : name):\(port)"
  }
}

extension Settings {
  func listenAddress() throws -> ListenAddress {
    let text = text("listen", default: "127.0.0.1:8470")
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { throw invalid("listen", text, "ADDRESS:PORT") }
    let host = text[..<colon].trimmingCharacters(in: ["[", "]"])
    return ListenAddress(host: host.isEmpty ? "127.0.0.1" : host, port: port)
  }

  /// - Throws: When only one of the two files is named.
  func tlsFiles() throws -> TLSFiles? {
    switch (optionalText("tlsCertificate"), optionalText("tlsKey")) {
    case (nil, nil): return nil
    case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
    case (_?, nil):
      throw ValidationError("a certificate needs its key: give --tls-key FILE (ESW_TLS_KEY) too")
    case (nil, _?):
      throw ValidationError(
        "a key needs its certificate: give --tls-certificate FILE (ESW_TLS_CERTIFICATE) too")
    }
  }

  /// - Throws: When others on the network could read along and nobody has said that they may.
  func checkTransport(of address: ListenAddress, tls: TLSFiles?) throws {
    guard tls == nil, !address.isLoopback, !isOn("insecureHttp") else { return }
    throw ValidationError(
      """
      \(address.host) can be reached from other machines, and plain HTTP lets whoever is between read all and \
      repeat requests. Give a certificate with --tls-certificate FILE --tls-key FILE, listen on 127.0.0.1 \
      behind a proxy that speaks TLS, or say --insecure-http (ESW_INSECURE_HTTP=true) for a network that you trust.
      """)
  }

  /// - Parameter files: How many files the process may have open.
  func limits(files: Int) throws -> ServerLimits {
    var limits = ServerLimits()
    limits.mostConnectionsPerAddress = try number(
      "connectionsPerAddress", default: limits.mostConnectionsPerAddress, in: 1...1_000_000)
    limits.mostConnections = max(1, min(limits.mostConnections, files - FileLimit.reserve))
    return limits
  }
}
