import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird
import NIOCore

extension CallContext {
  /// The answer to a list: as `answer`, with everything but the request id from the shelf.
  ///
  /// - Parameter write: Writes the members, and narrows the span to the moments for which they hold.
  func answer(
    _ request: Request, from shelf: PageShelf, _ view: ControlPlaneCore.View,
    _ write: (inout JSONWriter, inout MomentSpan) throws -> Void
  ) async throws -> Response {
    let asked = PageShelf.Request(project: try project, target: request.head.path ?? "/")
    guard let operation = trace.operation else { throw CallError.noSuchPath }
    let page = try await shelf.page(asked, to: operation, of: PageShelf.Basis(of: view), at: view.now) {
      span in
      var writer = JSONWriter(capacity: 16 << 10)
      writer.beginObject()
      try write(&writer, &span)
      writer.endObject()
      // Without the first brace, which stands before the request id.
      return writer.withBytes { ByteBuffer(bytes: $0.dropFirst()) }
    }
    let body = page.behind(requestID: requestID)
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: body.count == 1 ? ResponseBody(byteBuffer: body[0]) : ResponseBody(contentsOf: body))
  }
}

extension ByteBuffer {
  /// Above this a page is written from where it is kept, which spares a copy of it;
  /// below it is copied behind its request id, which spares a step. In bytes; our own choice.
  private static let longestCopy = 32 << 10

  /// A page, as an answer of its own.
  func behind(requestID: String) -> [ByteBuffer] {
    let isCopied = readableBytes <= Self.longestCopy
    var start = ByteBufferAllocator().buffer(capacity: 64 + (isCopied ? readableBytes : 0))
    start.writeStaticString("{\"request_id\":\"")
    start.writeString(requestID)
    start.writeStaticString("\",")
    guard isCopied else { return [start, self] }
    start.writeImmutableBuffer(self)
    return [start]
  }
}
