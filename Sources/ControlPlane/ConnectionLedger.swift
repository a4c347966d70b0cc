import Foundation
import Logging
import NIOCore
import Synchronization

/// Who is behind a connection, as far as connections are counted.
enum ClientAddress: Hashable, Sendable, CustomStringConvertible {
  case ipv4(UInt32)
  /// The upper 64 bits: below them a host has all addresses to choose from.
  case ipv6(UInt64)

  /// Nil for a socket of this machine's file system.
  init?(_ address: SocketAddress?) {
    switch address {
    case .v4(let address): self = .ipv4(UInt32(bigEndian: address.address.sin_addr.s_addr))
    case .v6(let address):
      let (high, low) = withUnsafeBytes(of: address.address.sin6_addr) {
        (
          $0.loadUnaligned(as: UInt64.self).bigEndian,
          $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
        )
      }
      // ::ffff:0:0/96 is IPv4 on a socket of both.
      self = high == 0 && low >> 32 == 0xFFFF ? .ipv4(UInt32(truncatingIfNeeded: low)) : .ipv6(high)
    case .unixDomainSocket, nil: return nil
    }
  }

  var description: String {
    switch self {
    case .ipv4(let bits):
      stride(from: 24, through: 0, by: -8).map { "\(bits >> $0 & 0xFF)" }.joined(separator: ".")
    case .ipv6(let bits):
      stride(from: 48, through: 0, by: -16).map { String(bits >> $0 & 0xFFFF, radix: 16) }.joined(
        separator: ":")
        + "::/64"
    }
  }
}

/// How many connections each client has, and how many are being told that they are too many (pure).
struct ConnectionCount {
  enum Verdict: Hashable {
    case admitted
    /// Over the bound: to be told so, and closed.
    case told
    /// Over the bound, and enough others are being told already: to be closed.
    case closed
  }

  /// At a time, all clients together; our own choice.
  static let mostTold = 64

  let mostPerAddress: Int
  private var counts: [ClientAddress: Int] = [:]
  private var told = 0

  init(mostPerAddress: Int) { self.mostPerAddress = mostPerAddress }

  mutating func open(_ address: ClientAddress) -> Verdict {
    let count = counts[address, default: 0]
    guard count >= mostPerAddress else {
      counts[address] = count + 1
      return .admitted
    }
    guard told < Self.mostTold else { return .closed }
    told += 1
    return .told
  }

  mutating func close(_ address: ClientAddress, _ verdict: Verdict) {
    switch verdict {
    case .admitted:
      let count = counts[address, default: 1] - 1
      counts[address] = count > 0 ? count : nil
    case .told: told -= 1
    case .closed: break
    }
  }
}

/// The count of a server, and a line in the log when an address comes to its bound.
final class ConnectionLedger: Sendable {
  private struct State {
    var count: ConnectionCount
    /// Until when an address at its bound is no news.
    var silence: [ClientAddress: ContinuousClock.Instant] = [:]
  }

  /// Between two lines about one address.
  private static let silence = Duration.seconds(60)
  /// Addresses about which we are silent; the log is not to be flooded from many either.
  private static let mostSilences = 1024

  private let state: Mutex<State>
  private let logger: Logger
  let tally: EdgeTally

  init(mostPerAddress: Int, logger: Logger, tally: EdgeTally = EdgeTally()) {
    self.tally = tally
    state = Mutex(State(count: ConnectionCount(mostPerAddress: mostPerAddress)))
    self.logger = logger
  }

  func open(_ address: ClientAddress) -> ConnectionCount.Verdict {
    let (verdict, isNews) = state.withLock { state in
      let verdict = state.count.open(address)
      return (verdict, verdict != .admitted && Self.isNews(address, &state))
    }
    if verdict == .admitted { tally.open() } else { tally.refuse(.connectionsOfAddress) }
    if isNews {
      logger.warning(
        "a client has as many connections as one may have: more are refused",
        metadata: ["client": "\(address)"])
    }
    return verdict
  }

  func close(_ address: ClientAddress, _ verdict: ConnectionCount.Verdict) {
    state.withLock { $0.count.close(address, verdict) }
    if verdict == .admitted { tally.close() }
  }

  private static func isNews(_ address: ClientAddress, _ state: inout State) -> Bool {
    let now = ContinuousClock.now
    if let end = state.silence[address], now < end { return false }
    if state.silence.count >= mostSilences { state.silence = state.silence.filter { now < $0.value } }
    guard state.silence.count < mostSilences else { return false }
    state.silence[address] = now + silence
    return true
  }
}
