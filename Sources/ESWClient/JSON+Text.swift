extension JSON {
  /// Two spaces a level, members by name, a line an element: the same bytes for the same value, always.
  package var pretty: String {
    var text = ""
    write(to: &text, indent: "\n")
    return text
  }

  /// The same on one line.
  package var line: String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  /// - Parameter indent: Before each element; nil: all stands on one line.
  private func write(to text: inout String, indent: String?) {
    let inner = indent.map { $0 + "  " }
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    // Only finite numbers are read from JSON.
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let elements):
      guard !elements.isEmpty else {
        text += "[]"
        return
      }
      text += "["
      for (place, element) in elements.enumerated() {
        text += (place > 0 ? "," : "") + (inner ?? "")
        element.write(to: &text, indent: inner)
      }
      text += (indent ?? "") + "]"
    case .object(let members):
      guard !members.isEmpty else {
        text += "{}"
        return
      }
      text += "{"
      for (place, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        text += (place > 0 ? "," : "") + (inner ?? "")
        Self.write(member.key, to: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(to: &text, indent: inner)
      }
      text += (indent ?? "") + "}"
    }
  }

  /// RFC 8259 section 7. Whatever could steer a terminal is escaped, too.
  private static func write(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where mustEscape(scalar):
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  private static func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || scalar.properties.isBidiControl
  }
}
