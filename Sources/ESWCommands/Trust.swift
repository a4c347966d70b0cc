import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOSSL
import Synchronization

/// HTTP clients of this process, by whom they take for the server they were told of.
enum Trust {
  /// Until a connection stands; our own choice.
  private static let connectPatience = TimeAmount.seconds(10)
  /// Kept to the end of the process: they have nothing that outlives it.
  private static let clients = Mutex<[String?: HTTPClient]>([:])

  /// - Parameter file: PEM certificates of the authorities that are trusted, and no others; nil: those that
  ///   the system trusts.
  static func client(caFile file: String?) throws -> HTTPClient {
    let configuration = try configuration(caFile: file)
    return clients.withLock { clients in
      if let client = clients[file] { return client }
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      clients[file] = client
      return client
    }
  }

  private static func configuration(caFile file: String?) throws -> HTTPClient.Configuration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if let file { tls.trustRoots = .certificates(try certificates(in: file)) }
    var configuration = HTTPClient.Configuration.singletonConfiguration
    configuration.tlsConfiguration = tls
    // A server that is not there or not trusted is to be told at once, and who wants to try again does.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.timeout.connect = connectPatience
    return configuration
  }

  private static func certificates(in file: String) throws -> [NIOSSLCertificate] {
    guard let bytes = FileManager.default.contents(atPath: file) else {
      throw ValidationError("the CA file \(file) cannot be read")
    }
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes([UInt8](bytes)), !certificates.isEmpty else {
      throw ValidationError("the CA file \(file) holds no certificate in PEM (BEGIN CERTIFICATE)")
    }
    return certificates
  }
}
