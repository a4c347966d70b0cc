import Crypto
import CryptoExtras
import ESWModel
import Foundation
import Synchronization

/// Too many passwords wait to be looked at.
struct PasswordHashingBusy: Error, Hashable {}

/// Makes and checks what is kept of passwords, by scrypt (RFC 7914): slow, and in need of memory, by intent.
///
/// So it has threads of its own, and only two: neither the server's threads wait for it, nor can callers who
/// are not known take more than twice the memory of one.
final class PasswordHashing: Sendable {
  /// 32 MiB for each; OWASP, "Password Storage Cheat Sheet", has N = 2^15 with r = 8 and p = 3.
  static let cost = makeCost(logarithm: 15, blockSize: 8, parallelism: 3)
  static let laneCount = 2
  /// How many may wait in a lane.
  static let longestLane = 16
  private static let digestLength = 32

  private let cost: PasswordHash.Cost
  private let lanes: [DispatchQueue]
  private let waiting = Mutex(Array(repeating: 0, count: laneCount))
  /// Stands where a user has no password, so that a name that is unknown takes the same time.
  private let nobody: PasswordHash

  init(cost: PasswordHash.Cost = PasswordHashing.cost) {
    self.cost = cost
    lanes = (0..<Self.laneCount).map { DispatchQueue(label: "password hashing \($0)", qos: .utility) }
    nobody = PasswordHash(
      cost: cost, salt: Array(repeating: 0, count: 16), digest: Array(repeating: 0, count: Self.digestLength))
  }

  /// - Throws: `PasswordHashingBusy`.
  func hash(_ password: Password, salt: [UInt8]) async throws -> PasswordHash {
    let cost = self.cost
    return try await run {
      PasswordHash(cost: cost, salt: salt, digest: try Self.derive(password.utf8, salt: salt, cost: cost))
    }
  }

  /// The same work whether there is a password to compare with or not; digests are compared in constant time.
  ///
  /// - Throws: `PasswordHashingBusy`.
  func isRight(_ password: [UInt8], for hash: PasswordHash?) async throws -> Bool {
    let wanted = hash ?? nobody
    let digest = try await run { try Self.derive(password, salt: wanted.salt, cost: wanted.cost) }
    let isEqual = SHA256.hash(data: digest) == SHA256.hash(data: wanted.digest)
    return isEqual && hash != nil
  }

  private func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    let lane = try waiting.withLock { waiting in
      let lane = waiting[0] <= waiting[1] ? 0 : 1
      guard waiting[lane] < Self.longestLane else { throw PasswordHashingBusy() }
      waiting[lane] += 1
      return lane
    }
    defer { waiting.withLock { $0[lane] -= 1 } }
    return try await withCheckedThrowingContinuation { continuation in
      lanes[lane].async { continuation.resume(with: Swift.Result { try work() }) }
    }
  }

  private static func derive(_ password: [UInt8], salt: [UInt8], cost: PasswordHash.Cost) throws -> [UInt8] {
    let key = try KDF.Scrypt.deriveKey(
      from: password, salt: salt, outputByteCount: digestLength, rounds: 1 << cost.logarithm,
      blockSize: cost.blockSize, parallelism: cost.parallelism)
    return key.withUnsafeBytes { [UInt8]($0) }
  }

  private static func makeCost(logarithm: Int, blockSize: Int, parallelism: Int) -> PasswordHash.Cost {
    guard
      let cost = PasswordHash.Cost(logarithm: logarithm, blockSize: blockSize, parallelism: parallelism)
    else { preconditionFailure("a cost of ours") }
    return cost
  }
}
