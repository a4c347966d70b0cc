import ESWWire
import Hummingbird
import NIOCore

/// The OpenAPI document.
struct DocumentRoute {
  private static let buffer = ByteBuffer(bytes: OpenAPIDocument.text)

  func add(to routes: OperationRouter) {
    routes.on(.showDocument) { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: Self.buffer))
    }
  }
}
