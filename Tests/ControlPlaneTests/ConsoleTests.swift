import ESWWire
import Foundation
import HTTPTypes
import NIOCore
import Testing

@testable import ControlPlane

@Suite struct `The console's files` {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/CConsole/page")
  private static var version: String { ConsoleFiles.embedded.version }

  /// A name and what it is served as.
  private static let mediaTypes = [
    "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
  ]

  @Test func `are those of the folder, byte for byte`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(
      ConsoleFiles.embedded.names == Set(names).subtracting(["index.html"]), "name them in console.c")
    for name in ConsoleFiles.embedded.names {
      let file = try #require(ConsoleFiles.embedded.named(name))
      let written = try Data(contentsOf: Self.folder.appending(path: name))
      #expect(Array(file.bytes.readableBytesView) == Array(written), "\(name) was built from other bytes")
    }
  }

  @Test func `go to everybody, with their type, for ever`() async throws {
    try await Lab.run { _, caller in
      for name in ConsoleFiles.embedded.names {
        let reply = try await caller.send(.get, "/console/\(Self.version)/\(name)")
        #expect(reply.status == 200)
        let kind = name.split(separator: ".").last.map(String.init) ?? ""
        #expect(reply.headers[.contentType] == Self.mediaTypes[kind], "\(name)")
        #expect(reply.headers[.cacheControl] == "public, max-age=31536000, immutable")
        #expect(reply.headers[.eTag] == ConsoleFiles.embedded.named(name)?.tag)
      }
    }
  }

  @Test func `are named by the page, which is asked for anew each time`() async throws {
    try await Lab.run { _, caller in
      let page = try await caller.send(.get, "/console", [.authorization: "Bearer wrong"])
      #expect(page.status == 200)
      #expect(page.headers[.contentType] == "text/html; charset=utf-8")
      #expect(page.headers[.cacheControl] == "no-cache")
      let named = page.text.matches(of: /(?:src|href)="(console\/[^"]*)"/).map { "/" + $0.output.1 }
      #expect(named.count == 3)
      for path in named { #expect(try await caller.send(.get, path).status == 200, "\(path)") }
    }
  }

  @Test func `may load nothing from elsewhere and run nothing that stands in the page`() async throws {
    try await Lab.run { _, caller in
      for path in ["/console", "/console/\(Self.version)/main.js"] {
        let headers = try await caller.send(.get, path).headers
        let policy = try #require(headers[.contentSecurityPolicy]).components(separatedBy: "; ")
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("script-src 'self'"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(policy.contains("trusted-types 'none'"))
        #expect(!policy.joined().contains("unsafe"))
        #expect(headers[.xContentTypeOptions] == "nosniff")
        #expect(headers[HTTPField.Name("Referrer-Policy")!] == "no-referrer")
      }
    }
  }

  @Test func `are not sent again to who has them`() async throws {
    try await Lab.run { _, caller in
      for path in ["/console", "/console/\(Self.version)/main.js"] {
        let tag = try #require(try await caller.send(.get, path).headers[.eTag])
        for shown in [tag, "W/" + tag, "\"other\", \(tag)", "*"] {
          let again = try await caller.send(.get, path, [.ifNoneMatch: shown])
          #expect(again.status == 304, "\(shown)")
          #expect(again.text.isEmpty)
          #expect(again.headers[.eTag] == tag)
        }
        #expect(try await caller.send(.get, path, [.ifNoneMatch: "\"other\""]).status == 200)
      }
    }
  }

  @Test(arguments: [
    "/console/%VERSION%/none.js", "/console/0000000000000000/main.js", "/console/%VERSION%/index.html",
    "/console/%VERSION%/.js",
  ])
  func `that do not exist are told as what does not exist`(_ path: String) async throws {
    try await Lab.run { _, caller in
      let path = path.replacingOccurrences(of: "%VERSION%", with: Self.version)
      let reply = try await caller.send(.get, path)
      #expect(reply.status == 404)
      #expect(reply.code == "APIGW.0101")
    }
  }

  @Test(arguments: [
    "/console/", "/console/%VERSION%", "/console/%VERSION%/", "/console/%VERSION%/../main.js",
    "/console//main.js", "/console/%VERSION%/..", "/console/../console", "/console/%VERSION%/%2e%2e",
    "/console/%VERSION%/..%2fmain.js", "/console/%VERSION%/main.js/", "/console/%VERSION%/main%2ejs",
    "//console", "/console/./main.js",
  ])
  func `open nothing beside them`(_ path: String) async throws {
    try await Lab.run { _, caller in
      let path = path.replacingOccurrences(of: "%VERSION%", with: Self.version)
      let reply = try await caller.send(.get, path)
      #expect(reply.status == 401)
    }
  }

  @Test func `are read and nothing else`() async throws {
    try await Lab.run { _, caller in
      for method in [HTTPRequest.Method.post, .put, .delete, .head] {
        let reply = try await caller.send(method, "/console")
        #expect(reply.status == 401, "\(method)")
      }
    }
  }
}
