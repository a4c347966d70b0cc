import ESWAdmission
import ESWModel
import NIOCore
import Synchronization

/// Lets a password be tried, or not.
final class LoginGate: Sendable {
  /// In bytes. Longer names are no user's; they shall not fill the memory.
  private static let longestName = 4 * IdentityName.lengthRange.upperBound
  private let throttle = Mutex(LoginThrottle())

  /// - Parameters:
  ///   - name: Whose password is tried; there may be no such user.
  ///   - address: The peer's; nil in process.
  ///   - look: Looks at the password: nil when it is wrong. Whatever it throws is no verdict, and counts
  ///     for nothing.
  /// - Returns: What `look` found.
  /// - Throws: `CallError.loginThrottled`, `CallError.login`, and what `look` throws.
  func admit<Finding: Sendable>(
    name: String, from address: SocketAddress?, now: Timestamp,
    _ look: @Sendable () async throws -> Finding?
  ) async throws -> Finding {
    let source = LoginThrottle.Source(address)
    let begun = throttle.withLock { $0.begin(name: Self.short(name), source: source, now: now) }
    guard let attempt = begun else { throw CallError.loginThrottled(name: name) }
    let finding: Finding?
    do { finding = try await look() } catch {
      throttle.withLock { $0.withdraw(attempt) }
      throw error
    }
    guard let finding else { throw CallError.login(name: name) }
    throttle.withLock { $0.succeeded(attempt) }
    return finding
  }

  private static func short(_ name: String) -> String {
    String(decoding: name.utf8.prefix(longestName), as: UTF8.self)
  }
}

extension LoginThrottle.Source {
  /// - Parameter address: The peer's; nil in process.
  init(_ address: SocketAddress?) {
    guard let client = ClientAddress(address), !client.isLoopback(address) else {
      self = .machine
      return
    }
    self = .client(client.description)
  }
}

extension ClientAddress {
  /// - Parameter address: Of which this is the counted part.
  fileprivate func isLoopback(_ address: SocketAddress?) -> Bool {
    switch self {
    case .ipv4(let bits): bits >> 24 == 127
    case .ipv6: address?.ipAddress == "::1"
    }
  }
}
