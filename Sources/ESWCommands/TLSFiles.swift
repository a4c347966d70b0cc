import ArgumentParser
import ControlPlane
import Foundation
import SystemPackage

/// The files of the server's certificate and key.
struct TLSFiles: Hashable, Sendable {
  /// PEM: the server's certificate, then those between it and the authority's.
  let certificate: String
  /// PEM, without a passphrase.
  let key: String

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// What changes when a file does, also when it is replaced by one of the same length and age.
  struct Stamp: Hashable {
    private let numbers: [Int64]

    /// - Returns: Nil when there is no such file.
    init?(_ file: String) {
      var status = stat()
      guard stat(file, &status) == 0 else { return nil }
      numbers = [
        Int64(status.st_dev), Int64(bitPattern: UInt64(status.st_ino)), Int64(status.st_size),
        Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec), Int64(status.st_ctim.tv_sec),
        Int64(status.st_ctim.tv_nsec),
      ]
    }
  }

  var stamps: [Stamp?] { [Stamp(certificate), Stamp(key)] }

  /// - Throws: `Failure`, with both files' names and what to do.
  func identity() throws -> ServerIdentity {
    do {
      return try ServerIdentity(chain: Self.bytes(of: certificate), key: Self.bytes(of: key))
    } catch { throw failure(error) }
  }

  /// - Throws: `Failure`; the identity stays as it is then.
  func renew(_ identity: ServerIdentity) throws {
    do {
      try identity.replace(chain: Self.bytes(of: certificate), key: Self.bytes(of: key))
    } catch { throw failure(error) }
  }

  /// Whether somebody beside the key's owner and group may read it, or its group may replace its text.
  var isKeyOpen: Bool {
    var status = stat()
    return stat(key, &status) == 0 && status.st_mode & 0o027 != 0
  }

  private func failure(_ error: any Error) -> Failure {
    Failure(description: "certificate \(certificate), key \(key): \(error)")
  }

  /// More than any chain has.
  private static let mostBytes = 1 << 20

  private static func bytes(of file: String) throws -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
      defer { try? handle.close() }
      return [UInt8](try handle.read(upToCount: mostBytes) ?? Data())
    } catch {
      let cause = access(file, R_OK) == 0 ? error.localizedDescription : "\(Errno(rawValue: errno))"
      throw Failure(description: "\(file) cannot be read: \(cause)")
    }
  }
}

/// Says when files that have changed are to be read: once they were the same in two looks, because
/// certificate and key are written one after the other (pure).
struct SettledChange<Stamp: Equatable> {
  private var handled: Stamp
  private var seen: Stamp

  init(handled: Stamp) {
    self.handled = handled
    seen = handled
  }

  mutating func look(_ stamp: Stamp) -> Bool {
    defer { seen = stamp }
    guard stamp == seen, stamp != handled else { return false }
    handled = stamp
    return true
  }
}
