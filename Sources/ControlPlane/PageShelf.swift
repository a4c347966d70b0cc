import ESWModel
import ESWWire
import NIOCore
import Synchronization

/// Encoded pages of lists, kept for who asks for the same again: clients and consoles ask for the same few
/// lists all the time, and nodes report once a second, so that most answers are one that was given already.
///
/// A page is given out while intent and reports are those it was made of and no status in it has changed by
/// time alone; else it is made anew. So it is never behind: what is kept is the encoding, not the decision.
final class PageShelf: Sendable {
  /// In bytes, of all pages together; our own choice: a hundred pages of 1,000 connections.
  static let mostBytes = 64 << 20
  /// What a page costs beside its bytes: bounds how many small ones are kept.
  private static let overhead = 512

  /// Whose list, and what was asked: path and query as they came.
  struct Request: Hashable, Sendable {
    let project: ProjectID
    let target: String
  }

  /// What a page was made of.
  struct Basis: Hashable, Sendable {
    let intent: Revision
    let reports: UInt64

    /// Whether nothing is missing that the other has.
    func covers(_ other: Basis) -> Bool { intent >= other.intent && reports >= other.reports }
  }

  /// Made for whoever is admitted to the operation in the request's project.
  struct Page {
    let operation: Operation
    let bytes: ByteBuffer
    fileprivate let basis: Basis
    fileprivate let span: MomentSpan

    fileprivate func holds(_ basis: Basis, at now: Timestamp) -> Bool {
      self.basis.covers(basis) && span.contains(now)
    }

    fileprivate func size(under request: Request) -> Int {
      bytes.readableBytes + request.target.utf8.count + PageShelf.overhead
    }
  }

  /// Two halves: what is asked for stands in the young one, and when that is full, what was not asked for
  /// since it was last empty goes.
  private struct State {
    var young: [Request: Page] = [:]
    var old: [Request: Page] = [:]
    var youngBytes = 0

    /// Whoever waits for a page that is being made.
    private var making: [Request: [CheckedContinuation<Void, Never>]] = [:]

    /// False: somebody makes it already.
    mutating func begin(_ request: Request) -> Bool {
      guard making[request] == nil else { return false }
      making[request] = []
      return true
    }

    /// False: it is not being made any more.
    mutating func wait(_ waiter: CheckedContinuation<Void, Never>, for request: Request) -> Bool {
      guard making[request] != nil else { return false }
      making[request]?.append(waiter)
      return true
    }

    mutating func end(_ request: Request) -> [CheckedContinuation<Void, Never>] {
      making.removeValue(forKey: request) ?? []
    }

    mutating func take(_ request: Request) -> Page? {
      if let page = young.removeValue(forKey: request) {
        youngBytes -= page.size(under: request)
        return page
      }
      return old.removeValue(forKey: request)
    }

    mutating func put(_ page: Page, under request: Request, mostBytes: Int) {
      _ = take(request)
      let size = page.size(under: request)
      if youngBytes + size > mostBytes / 2 {
        old = young
        young = [:]
        youngBytes = 0
      }
      young[request] = page
      youngBytes += size
    }
  }

  private let state = Mutex(State())
  private let mostBytes: Int

  init(mostBytes: Int = PageShelf.mostBytes) { self.mostBytes = mostBytes }

  /// What is kept at the moment, at most `mostBytes`.
  var bytes: Int {
    state.withLock { state in
      state.young.merging(state.old) { young, _ in young }.reduce(0) { $0 + $1.value.size(under: $1.key) }
    }
  }

  /// Many ask for the same at once, and most of all when it has just changed: one makes it, the others wait
  /// for that. A page may have as many rows as there are, so this is done aside.
  ///
  /// - Parameter make: Makes the page, and narrows the span to the moments for which it holds.
  func page(
    _ request: Request, to operation: Operation, of basis: Basis, at now: Timestamp,
    make: (inout MomentSpan) throws -> ByteBuffer
  ) async throws -> ByteBuffer {
    while true {
      if let kept = kept(request, of: basis, at: now) { return kept.bytes }
      if state.withLock({ $0.begin(request) }) { break }
      await withCheckedContinuation { waiter in
        if !state.withLock({ $0.wait(waiter, for: request) }) { waiter.resume() }
      }
    }
    defer {
      for waiter in state.withLock({ $0.end(request) }) { waiter.resume() }
    }
    let (bytes, span) = try await aside {
      var span = MomentSpan.always
      let bytes = try make(&span)
      return (bytes, span)
    }
    let page = Page(operation: operation, bytes: bytes, basis: basis, span: span)
    if page.size(under: request) <= mostBytes / 4 {
      state.withLock { $0.put(page, under: request, mostBytes: mostBytes) }
    }
    return page.bytes
  }

  /// What was made of the same, or of what is newer.
  func kept(_ request: Request, of basis: Basis, at now: Timestamp) -> Page? {
    state.withLock { state in
      if let page = state.young[request] {
        return page.holds(basis, at: now) ? page : nil
      }
      guard let page = state.old[request], page.holds(basis, at: now) else { return nil }
      state.put(page, under: request, mostBytes: mostBytes)
      return page
    }
  }
}

extension PageShelf.Basis {
  init(of view: ControlPlaneCore.View) {
    self.init(intent: view.snapshot.revision, reports: view.reports.revision)
  }
}
