import Testing

/// `docs/diagnosis.md` and decision 0027 against the sources: a cause that can be named is explained.
@Suite struct `The tables of causes` {
  /// Those of connections, which stand behind those of nodes alone.
  private static let topics = SourceFile(path: "Sources/ESWModel/Finding.swift").lines
    .drop { !$0.contains("// Of both.") }.prefix { !$0.contains("package let weight") }
    .compactMap { $0.firstMatch(of: /case \w+ = "([a-z_]+)"/).map { String($0.output.1) } }

  @Test func `are of causes that are found in the sources`() {
    #expect(Self.topics.count > 30)
  }

  @Test(arguments: ["docs/diagnosis.md", "docs/decisions/0027-one-cause.md"])
  func `have every cause`(_ path: String) {
    let text = SourceFile(path: path).lines.joined(separator: "\n")
    for topic in Self.topics where !text.contains("`\(topic)`") {
      Issue.record("\(path): `\(topic)` is missing: say what it means")
    }
  }
}
