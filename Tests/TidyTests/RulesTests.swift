import Testing

/// A rule that finds nothing might be blind: each is shown what it has to find.
@Suite struct `The rules` {
  private func file(_ text: String, at path: String = "Sources/ESWModel/Sample.swift") -> SourceFile {
    SourceFile(path: path, text: text)
  }

  @Test(arguments: [
    "import Foundation", "package import GRDB", "@testable import ESWWire", "@_exported import Glibc",
    "import struct Foundation.Data", "  import ESWSeams",
  ])
  func `find an import that the room may not have`(line: String) {
    #expect(Rules.forbiddenImports(of: file(line)).count == 1)
  }

  @Test(arguments: [
    "import HashTreeCollections", "import Synchronization", "// import Foundation", "\"import A\"",
  ])
  func `let an import pass that is none or allowed`(line: String) {
    #expect(Rules.forbiddenImports(of: file(line)).isEmpty)
  }

  @Test(arguments: [
    "let a = try! f()", "let a = b as! C", "fatalError(\"no\")", "let a = b!", "f(a!)", "let a = b[0]!.c",
    "var a: B!", "Task.detached {", "String(format: \"%d\", 1)",
  ])
  func `find a banned call`(line: String) { #expect(!Rules.bannedCalls(in: file(line)).isEmpty) }

  @Test(arguments: ["if a != b {", "if !a {", "a && !b", "\"stop!\"", "// really!", "a !== b", "`a!`()"])
  func `leave what only looks like a banned call`(line: String) {
    #expect(Rules.bannedCalls(in: file(line)).isEmpty)
  }

  @Test(arguments: ["let now = Date()", "ContinuousClock().now", "var g = SystemRandomNumberGenerator()"])
  func `find a clock in a pure room`(line: String) { #expect(!Rules.impurities(in: file(line)).isEmpty) }

  @Test func `let other rooms have a clock`() {
    #expect(Rules.impurities(in: file("let now = Date()", at: "Sources/GatewayAgent/A.swift")).isEmpty)
  }

  @Test func `want a proof beside an unchecked claim`() {
    #expect(Rules.unprovenClaims(in: file("\n\n\n\nfinal class A: @unchecked Sendable {}")).count == 1)
    #expect(
      Rules.unprovenClaims(
        in: file("// Only written before it is shared.\nfinal class A: @unchecked Sendable {}")
      ).isEmpty)
  }

  @Test func `want an issue beside a todo`() {
    #expect(Rules.namelessTodos(in: file("// TO" + "DO: later")).count == 1)
    #expect(Rules.namelessTodos(in: file("// TO" + "DO(#7): later")).isEmpty)
  }

  @Test func `find a long comment and a long file`() {
    #expect(Rules.longComments(in: file("// " + String(repeating: "a", count: 108))).count == 1)
    #expect(Rules.overlong(file(String(repeating: "\n", count: 401))).count == 1)
    #expect(Rules.overlong(file(String(repeating: "\n", count: 400))).isEmpty)
  }

  @Test(arguments: [
    "func f() {", "package init?(a: Int) {", "@Test func `a b`() async {", "var a: Int {", "deinit {",
  ])
  func `find a long function`(declaration: String) {
    let body = String(repeating: "  f { (a) in [b] }\n", count: Rules.longestFunction)
    #expect(Rules.longFunctions(in: file("\(declaration)\n\(body)}\n")).count == 1)
  }

  @Test func `leave a long type with short functions`() {
    let function = "  func f(_ a: () -> Void = {}) {\n    g()\n  }\n"
    let text = "struct A {\n" + String(repeating: function, count: 50) + "}\n"
    #expect(Rules.longFunctions(in: file(text)).isEmpty)
  }

  @Test func `leave the requirements of a protocol`() {
    let text = "protocol A {\n" + String(repeating: "  func f() async throws\n", count: 100) + "}\n"
    #expect(Rules.longFunctions(in: file(text)).isEmpty)
  }

  @Test func `find a path of one machine`() {
    #expect(Rules.machinePaths(in: file("let a = \"/" + "home/somebody/esw\"")).count == 1)
    #expect(Rules.machinePaths(in: file("let a = \"/openesw/v1/work/a\"")).isEmpty)
  }
}

@Suite struct `Blanking what is not code` {
  @Test(arguments: [
    ("a // b", "a     "), ("a /* b /* c */ d */ e", "a                   e"),
    ("f(\"a\\\"b\") c", "f(\"    \") c"),
    ("#\"a\"b\"# c", "#\"   \"# c"), ("\"\"\"\na\"b\n\"\"\" c", "\"\"\"\n   \n\"\"\" c"),
    ("`a b`(c)", "`   `(c)"),
    ("\"a", "\" "),
  ])
  func `keeps code in its place`(text: String, code: String) {
    #expect(blankingStringsAndComments(text) == code)
  }
}
