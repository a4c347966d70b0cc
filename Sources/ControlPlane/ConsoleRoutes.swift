import ESWWire
import HTTPTypes
import Hummingbird
import NIOCore

/// The console's page and its files (decision 0030). Who signs in there calls the API like everybody else.
struct ConsoleRoutes {
  private let files = ConsoleFiles.embedded

  func add(to routes: OperationRouter) {
    routes.on(.showConsole, page)
    routes.on(.showConsoleFile, file)
  }

  /// Asked anew each time: it names the version of everything else.
  @Sendable private func page(request: Request, context: CallContext) throws -> Response {
    answer(files.page, request, cacheControl: "no-cache")
  }

  /// Another version has other paths, so what was fetched once stays true for ever.
  @Sendable private func file(request: Request, context: CallContext) throws -> Response {
    guard context.parameters.get("console_version") == files.version,
      let file = context.parameters.get("console_file").flatMap({ files.named($0) })
    else { throw CallError.noSuchPath }
    return answer(file, request, cacheControl: "public, max-age=31536000, immutable")
  }

  private func answer(_ file: ConsoleFile, _ request: Request, cacheControl: String) -> Response {
    var headers = Self.headers
    headers[.eTag] = file.tag
    headers[.cacheControl] = cacheControl
    guard !file.isHeld(by: request.headers[.ifNoneMatch]) else {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = file.mediaType
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
  }

  /// Scripts and styles come from here and nowhere else, nothing that a row holds can become one, and no
  /// other page can have this one in a frame.
  private static let headers: HTTPFields = {
    var headers = HTTPFields()
    let policy = [
      "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]
    headers[.contentSecurityPolicy] = policy.joined(separator: "; ")
    headers[.xContentTypeOptions] = "nosniff"
    for (name, value) in [
      ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return headers
  }()
}
