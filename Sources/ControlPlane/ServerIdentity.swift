package import Foundation
import NIOSSL
import Synchronization

/// The certificate that the server shows, and its key; replaced while it serves.
package final class ServerIdentity: Sendable {
  /// What the certificate says of itself.
  package struct Facts: Hashable, Sendable {
    /// DNS names and addresses, as it has them.
    package let names: [String]
    package let validFrom: Date
    package let validUntil: Date
  }

  /// Why a pair cannot be shown.
  package enum Problem: Error, Hashable, CustomStringConvertible {
    case certificateUnreadable
    case keyMissing
    case keyHasPassphrase
    case keyUnreadable
    case keyOfAnother
    case refused(String)

    package var description: String {
      switch self {
      case .certificateUnreadable: "the certificate file holds no certificate in PEM (BEGIN CERTIFICATE)"
      case .keyMissing: "the key file holds no private key in PEM (BEGIN PRIVATE KEY)"
      case .keyHasPassphrase:
        "the key is locked by a passphrase: write it without, with  openssl pkey -in KEY -out NEW"
      case .keyUnreadable: "the private key cannot be read: it is damaged or of an unknown kind"
      case .keyOfAnother:
        "the key does not belong to the certificate; the server's own certificate has to come first in its file"
      case .refused(let text): "certificate and key cannot be used: \(text)"
      }
    }
  }

  private struct Current {
    let context: NIOSSLContext
    let facts: Facts
  }

  private let current: Mutex<Current>

  /// - Parameters:
  ///   - chain: PEM: the server's certificate, then those between it and the authority's.
  ///   - key: PEM, without a passphrase.
  package init(chain: [UInt8], key: [UInt8]) throws(Problem) {
    current = Mutex(try Self.load(chain: chain, key: key))
  }

  /// For handshakes from now on; connections that are open keep what they have.
  package func replace(chain: [UInt8], key: [UInt8]) throws(Problem) {
    let new = try Self.load(chain: chain, key: key)
    current.withLock { $0 = new }
  }

  package var facts: Facts { current.withLock { $0.facts } }

  var context: NIOSSLContext { current.withLock { $0.context } }

  private static func load(chain: [UInt8], key: [UInt8]) throws(Problem) -> Current {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(chain), let own = certificates.first else {
      throw .certificateUnreadable
    }
    let text = String(decoding: key, as: UTF8.self)
    guard text.contains("PRIVATE KEY-----") else { throw .keyMissing }
    guard !text.contains("ENCRYPTED") else { throw .keyHasPassphrase }
    guard let key = try? NIOSSLPrivateKey(bytes: key, format: .pem) else { throw .keyUnreadable }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    do {
      return Current(context: try NIOSSLContext(configuration: configuration), facts: Facts(own))
    } catch NIOSSLError.failedToLoadPrivateKey {
      // By itself it was readable.
      throw .keyOfAnother
    } catch { throw .refused("\(error)") }
  }
}

extension ServerIdentity.Facts {
  fileprivate init(_ certificate: NIOSSLCertificate) {
    names = certificate._subjectAlternativeNames().compactMap { name in
      let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
      switch name.nameType {
      case .dnsName: return String(decoding: bytes, as: UTF8.self)
      case .ipAddress where bytes.count == 4: return bytes.map(String.init).joined(separator: ".")
      default: return nil
      }
    }
    validFrom = Date(timeIntervalSince1970: TimeInterval(certificate.notValidBefore))
    validUntil = Date(timeIntervalSince1970: TimeInterval(certificate.notValidAfter))
  }
}
