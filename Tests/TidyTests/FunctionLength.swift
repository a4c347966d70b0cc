extension Rules {
  /// Functions, initialisers and computed properties over `longestFunction` lines, braces included.
  static func longFunctions(in file: SourceFile) -> [Finding] {
    file.code.indices.compactMap { start in
      guard isDeclaration(file.code[start]), let end = endOfBody(from: start, in: file.code) else {
        return nil
      }
      let count = end - start + 1
      guard count > longestFunction else { return nil }
      let advice = "\(count) lines: move parts that compute into functions of at most \(longestFunction)"
      return Finding(path: file.path, line: start + 1, advice: advice)
    }
  }

  private static let modifiers: Set<Substring> = [
    "package", "public", "private", "fileprivate", "internal", "static", "class", "mutating", "nonmutating",
    "override", "convenience", "final", "nonisolated", "consuming", "borrowing", "private(set)",
  ]

  /// By words, because a regular expression at every line takes seconds.
  private static func isDeclaration(_ line: Substring) -> Bool {
    let words = line.split(separator: " ")
    guard let first = words.first(where: { !modifiers.contains($0) && !$0.hasPrefix("@") }) else {
      return false
    }
    if first == "func" || first == "deinit" { return true }
    if first == "var" { return line.hasSuffix("{") && !words.contains("=") }
    return ["init(", "init?(", "init<", "subscript(", "subscript<"].contains { first.hasPrefix($0) }
  }

  /// The line of the brace that closes the body; nil for a declaration without one, as in a protocol.
  private static func endOfBody(from start: Int, in code: [Substring]) -> Int? {
    var brackets = 0
    var braces = 0
    for index in start..<code.count {
      if index > start, braces == 0, brackets == 0, isDeclaration(code[index]) { return nil }
      for character in code[index].utf8 {
        switch character {
        case UInt8(ascii: "("), UInt8(ascii: "["): brackets += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"): brackets -= 1
        case UInt8(ascii: "{"): if brackets == 0 || braces > 0 { braces += 1 }
        case UInt8(ascii: "}"):
          if braces == 0, brackets == 0 { return nil }
          if braces > 0 { braces -= 1 }
          if braces == 0, brackets == 0 { return index }
        default: break
        }
      }
    }
    return nil
  }
}
