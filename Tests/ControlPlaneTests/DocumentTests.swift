import ControlPlane
import ESWModel
import ESWWire
import HTTPTypes
import Testing

@Suite struct `The OpenAPI document` {
  @Test func `has every operation, and only those`() {
    let documented = OperationDocument.all.map(\.operation.name)
    for operation in Operation.all where !documented.contains(operation.name) {
      Issue.record(
        "\(operation.name) is in no area of OperationDocument: add it in ESWWire/OpenAPI/OperationDocument+….swift"
      )
    }
    for entry in OperationDocument.all where !Operation.all.contains(entry.operation) {
      Issue.record(
        "\(entry.operation.name) is documented and not among Operation.all: take it out, or serve it")
    }
    for name in Set(documented) where documented.count(where: { $0 == name }) > 1 {
      Issue.record("\(name) is documented twice")
    }
  }

  @Test func `knows the shape of every parameter of a path`() {
    for operation in Operation.all {
      for name in PathParameter.names(in: operation.path) where !PathParameter.isKnown(name) {
        Issue.record("{\(name)} of \(operation.name) has no schema: add it to PathParameter.schema(of:)")
      }
    }
  }

  /// Held against the routes, not against the table that the document is made of.
  @Test func `that is served names the routes that are served, with action and parameters`() async throws {
    let document = try await ServedDocument.shared
    #expect(document.operations.map(\.route).sorted() == Lab().service().servedRoutes)
    for operation in document.operations {
      let tabled = try #require(
        Operation.all.first { $0.name == operation.id }, "\(operation.id) is no operation of the table")
      #expect(operation.action == tabled.action?.description, "x-iam-action of \(operation.id)")
      #expect(
        operation.pathParameters == PathParameter.names(in: tabled.path), "parameters of \(operation.id)")
    }
  }

  @Test func `is served to everybody`() async throws {
    try await Lab.run { _, caller in
      let path = "/openesw/v1/openapi.json"
      for headers in [HTTPFields(), [.authorization: "Bearer wrong"], [.authorization: "SDK-HMAC-SHA256 x"]] {
        let reply = try await caller.send(.get, path, headers)
        #expect(reply.status == 200)
        #expect(reply.text.hasPrefix(#"{"openapi":"3.1.0","#))
      }
      // Nothing beside it is.
      for (method, other) in [
        (HTTPRequest.Method.post, path), (.head, path), (.get, path + "/"), (.get, "/"),
      ] {
        #expect(try await caller.send(method, other).status == 401, "\(method) \(other)")
      }
    }
  }
}
