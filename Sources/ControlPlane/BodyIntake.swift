import Hummingbird
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization

/// How many bytes of large bodies may be in memory at a time: what a client sends is read before it is known
/// to be a user's, because the signature is over it.
final class BodyBudget: Sendable {
  let most: Int
  private let taken = Mutex(0)

  init(most: Int) { self.most = most }

  func take(_ count: Int) -> Bool {
    taken.withLock { taken in
      guard count <= most - taken else { return false }
      taken += count
      return true
    }
  }

  func giveBack(_ count: Int) { taken.withLock { $0 -= count } }
}

/// What one request has of the budget, until it is answered.
///
/// The first bytes are free: every request of an honest client fits them, so that who fills the budget
/// disturbs only others with large bodies. What is free is bounded by the number of connections.
final class BodyShare: Sendable {
  static let freeBytes = 64 << 10

  private let budget: BodyBudget
  private let count = Mutex((total: 0, taken: 0))

  init(of budget: BodyBudget) { self.budget = budget }

  deinit { release() }

  /// What it has is bounded by somebody else from now on.
  func release() {
    budget.giveBack(
      count.withLock { count in
        defer { count.taken = 0 }
        return count.taken
      })
  }

  /// - Throws: `CallError.tooManyBodies`.
  func grow(by bytes: Int) throws(CallError) {
    let fits = count.withLock { count in
      let more = max(0, count.total + bytes - Self.freeBytes) - count.taken
      guard more <= 0 || budget.take(more) else { return false }
      count.total += bytes
      count.taken += max(0, more)
      return true
    }
    if !fits { throw .tooManyBodies }
  }
}

/// Reads bodies, within bounds. How long one may take, `RequestClock` says.
struct BodyIntake: Sendable {
  enum Sender { case users, agents }

  private let users: BodyBudget
  private let agents: BodyBudget

  init(limits: ServerLimits) {
    users = BodyBudget(most: limits.mostBodyBytes)
    agents = BodyBudget(most: limits.mostBodyBytes)
  }

  /// - Parameter limit: In bytes.
  /// - Throws: `CallError` for what is too large, too slow or broken off; `CancellationError` when the
  ///   server stops; what the HTTP decoder says of a bad chunk.
  func read(
    _ request: Request, of sender: Sender, upTo limit: Int, into context: inout CallContext
  ) async throws {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw CallError.bodyTooLarge
    }
    guard request.hasBody else { return }
    let share = BodyShare(of: sender == .agents ? agents : users)
    context.bodyShare = share
    do {
      // Who sends half a body would hold up a server that is told to stop.
      context.body = try await cancelWhenGracefulShutdown {
        let body = try await collect(request.body, upTo: limit, in: share)
        // A cancelled body just ends.
        try Task.checkCancellation()
        return body
      }
    } catch let error as CallError {
      throw error
    } catch let error as HTTPParserError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch is RequestTooSlow {
      throw CallError.bodyTooSlow
    } catch {
      throw CallError.bodyUnreadable
    }
  }

  private func collect(
    _ parts: RequestBody, upTo limit: Int, in share: BodyShare
  ) async throws -> ByteBuffer {
    var whole = ByteBuffer()
    for try await var part in parts {
      guard whole.readableBytes + part.readableBytes <= limit else { throw CallError.bodyTooLarge }
      try share.grow(by: part.readableBytes)
      // The usual body is one part.
      if whole.readableBytes == 0 { whole = part } else { whole.writeBuffer(&part) }
    }
    return whole
  }
}
