/// Swift source with everything blanked that is not code: comments, and what stands inside strings and
/// between backticks. Lines and columns stay. It knows no regex literals: a quote in one would mislead it.
func blankingStringsAndComments(_ text: String) -> String {
  var scanner = CodeScanner(text)
  return scanner.blanked()
}

private struct CodeScanner {
  private enum State {
    case code
    case lineComment
    /// Nested, as Swift has it.
    case blockComment(depth: Int)
    case string(hashes: Int, isMultiline: Bool)
    case backticks
  }

  private let input: [UInt8]
  private var output: [UInt8] = []
  private var position = 0
  private var state = State.code

  init(_ text: String) {
    input = Array(text.utf8)
    output.reserveCapacity(input.count)
  }

  mutating func blanked() -> String {
    while position < input.count {
      switch state {
      case .code: scanCode()
      case .lineComment:
        if input[position] == UInt8(ascii: "\n") { state = .code }
        blank(1)
      case .blockComment(let depth): scanBlockComment(depth)
      case .string(let hashes, let isMultiline): scanString(hashes, isMultiline)
      case .backticks:
        if input[position] == UInt8(ascii: "`") {
          state = .code
          keep(1)
        } else {
          blank(1)
        }
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private mutating func scanCode() {
    switch input[position] {
    case UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "`"): break
    default:
      output.append(input[position])
      position += 1
      return
    }
    if isNext("//") {
      state = .lineComment
      blank(2)
    } else if isNext("/*") {
      state = .blockComment(depth: 1)
      blank(2)
    } else if let opening = openingQuote() {
      state = .string(hashes: opening.hashes, isMultiline: opening.isMultiline)
      keep(opening.hashes + (opening.isMultiline ? 3 : 1))
    } else {
      if isNext("`") { state = .backticks }
      keep(1)
    }
  }

  private mutating func scanBlockComment(_ depth: Int) {
    if isNext("*/") {
      state = depth == 1 ? .code : .blockComment(depth: depth - 1)
      blank(2)
    } else if isNext("/*") {
      state = .blockComment(depth: depth + 1)
      blank(2)
    } else {
      blank(1)
    }
  }

  private mutating func scanString(_ hashes: Int, _ isMultiline: Bool) {
    switch input[position] {
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "\n"): break
    default:
      blank(1)
      return
    }
    let fence = String(repeating: "#", count: hashes)
    if isNext("\\" + fence) {
      blank(2 + hashes)
    } else if isNext((isMultiline ? "\"\"\"" : "\"") + fence) {
      state = .code
      keep((isMultiline ? 3 : 1) + hashes)
    } else {
      if !isMultiline, isNext("\n") { state = .code }
      blank(1)
    }
  }

  private func openingQuote() -> (hashes: Int, isMultiline: Bool)? {
    var end = position
    while end < input.count, input[end] == UInt8(ascii: "#") { end += 1 }
    guard end < input.count, input[end] == UInt8(ascii: "\"") else { return nil }
    let isMultiline = input[end...].starts(with: "\"\"\"".utf8)
    return (end - position, isMultiline)
  }

  private func isNext(_ text: String) -> Bool { input[position...].starts(with: text.utf8) }

  private mutating func keep(_ count: Int) {
    output += input[position..<min(position + count, input.count)]
    position += count
  }

  private mutating func blank(_ count: Int) {
    if count == 1 {
      output.append(input[position] == UInt8(ascii: "\n") ? input[position] : UInt8(ascii: " "))
      position += 1
      return
    }
    for byte in input[position..<min(position + count, input.count)] {
      output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
    }
    position += count
  }
}
