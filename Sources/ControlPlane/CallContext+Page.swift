import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird
import NIOCore

extension CallContext {
  /// Above this a page is written from where it is kept, which costs two more steps on the event loop;
  /// below it is copied behind its request id. In bytes; where the two cost the same when measured.
  private static let longestCopy = 32 << 10

  /// The answer to a list: as `answer`, with everything but the request id from the shelf.
  ///
  /// - Parameter write: Writes the members, and narrows the span to the moments for which they hold.
  func answer(
    _ request: Request, from shelf: PageShelf, _ view: ControlPlaneCore.View,
    _ write: (inout JSONWriter, inout MomentSpan) throws -> Void
  ) async throws -> Response {
    let asked = PageShelf.Request(project: try project, target: request.head.path ?? "/")
    let basis = PageShelf.Basis(intent: view.snapshot.revision, reports: view.reports.revision)
    let page = try await shelf.page(asked, of: basis, at: view.now) { span in
      var writer = JSONWriter(capacity: 16 << 10)
      writer.beginObject()
      try write(&writer, &span)
      writer.endObject()
      // Without the first brace, which stands before the request id.
      return writer.withBytes { ByteBuffer(bytes: $0.dropFirst()) }
    }
    return Response(
      status: .ok, headers: [.contentType: "application/json"], body: body(before: page))
  }

  private func body(before page: ByteBuffer) -> ResponseBody {
    let isCopied = page.readableBytes <= Self.longestCopy
    var start = ByteBufferAllocator().buffer(capacity: 64 + (isCopied ? page.readableBytes : 0))
    start.writeStaticString("{\"request_id\":\"")
    start.writeString(requestID)
    start.writeStaticString("\",")
    guard isCopied else { return ResponseBody(contentsOf: [start, page]) }
    start.writeImmutableBuffer(page)
    return ResponseBody(byteBuffer: start)
  }
}
