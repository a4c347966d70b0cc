import AsyncHTTPClient
import NIOCore

/// A capture's file as it comes, byte for byte; it is whole once the sequence has ended without an error.
/// Whoever stops reading ends the capture.
package struct CaptureDownload: AsyncSequence, Sendable {
  package typealias Element = [UInt8]

  let body: HTTPClientResponse.Body
  let endpoint: String

  package struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: HTTPClientResponse.Body.AsyncIterator
    fileprivate let endpoint: String

    /// - Throws: `ClientError.brokenOff`; `CancellationError`.
    package mutating func next() async throws -> [UInt8]? {
      do {
        return try await base.next().map { Array($0.readableBytesView) }
      } catch let error as CancellationError {
        throw error
      } catch {
        throw ClientError.brokenOff(endpoint, "\(error)")
      }
    }
  }

  package func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: body.makeAsyncIterator(), endpoint: endpoint)
  }
}
