import ESWAdmission
import ESWModel
import NIOCore
import Testing

@testable import ControlPlane

@Suite struct `The gate of logins` {
  private let now = Timestamp(milliseconds: 1_000_000)

  private func attempt(
    _ gate: LoginGate, _ name: String = "u", from address: SocketAddress? = nil,
    _ look: @Sendable () async throws -> Bool?
  ) async throws -> Bool {
    try await gate.admit(name: name, from: address, now: now, look)
  }

  private func ipv6(_ text: String) throws -> SocketAddress {
    try SocketAddress(ipAddress: text, port: 1)
  }

  @Test func `counts no attempt that the server was too busy to look at`() async throws {
    let gate = LoginGate()
    for _ in 0..<20 {
      await #expect(throws: PasswordHashingBusy.self) {
        try await attempt(gate) { throw PasswordHashingBusy() }
      }
      await #expect(throws: CancellationError.self) { try await attempt(gate) { throw CancellationError() } }
    }
    #expect(try await attempt(gate) { true })
  }

  @Test func `closes after five wrong passwords`() async throws {
    let gate = LoginGate()
    for _ in 0..<5 {
      await #expect(throws: CallError.self) { try await attempt(gate) { nil } }
    }
    await #expect(throws: CallError.loginThrottled(name: "u")) { try await attempt(gate) { true } }
  }

  @Test func `tells long names apart that a user may have`() async throws {
    let gate = LoginGate()
    let stem = String(repeating: "\u{4E00}", count: 127)
    for _ in 0..<5 {
      await #expect(throws: CallError.self) { try await attempt(gate, stem + "a") { nil } }
    }
    #expect(try await attempt(gate, stem + "b") { true })
  }

  @Test func `takes an IPv6 network for one client`() async throws {
    let gate = LoginGate()
    for host in 1...5 {
      await #expect(throws: CallError.self) {
        try await attempt(gate, from: try ipv6("2001:db8::\(host)")) { nil }
      }
    }
    await #expect(throws: CallError.loginThrottled(name: "u")) {
      try await attempt(gate, from: try ipv6("2001:db8::99")) { true }
    }
    #expect(try await attempt(gate, from: try ipv6("2001:db8:0:1::99")) { true })
  }

  @Test(arguments: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
  func `takes loopback for a proxy, not for one client`(address: String) throws {
    #expect(LoginThrottle.Source(try ipv6(address)) == .machine)
    #expect(LoginThrottle.Source(nil) == .machine)
  }

  @Test(arguments: ["::2", "128.0.0.1", "fe80::1", "::ffff:10.0.0.1"])
  func `takes any other address for a client`(address: String) throws {
    #expect(LoginThrottle.Source(try ipv6(address)) != .machine)
  }
}
