/// A JSON value that we write and people read: its members keep their order.
indirect enum JSONDocument: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    let name: String
    let value: JSONDocument
  }

  case boolean(Bool)
  case integer(Int64)
  case text(String)
  case array([JSONDocument])
  case object([Member])

  /// Nil unless this is an object that has it.
  subscript(name: String) -> JSONDocument? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// Of an object; none otherwise.
  var names: [String] {
    guard case .object(let members) = self else { return [] }
    return members.map(\.name)
  }

  init(_ members: some Sequence<(String, JSONDocument)>) {
    self = .object(members.map { Member(name: $0.0, value: $0.1) })
  }

  /// The object with more members behind its own.
  func with(_ more: KeyValuePairs<String, JSONDocument>) -> JSONDocument {
    guard case .object(let members) = self else { return self }
    return .object(members + more.map { Member(name: $0.key, value: $0.value) })
  }

  func with(_ name: String, _ value: JSONDocument) -> JSONDocument {
    guard case .object(let members) = self else { return self }
    return .object(members + [Member(name: name, value: value)])
  }

  static func texts(_ texts: some Sequence<String>) -> JSONDocument { .array(texts.map { .text($0) }) }
}

extension JSONDocument: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(booleanLiteral value: Bool) { self = .boolean(value) }
  init(integerLiteral value: Int64) { self = .integer(value) }
  init(stringLiteral value: String) { self = .text(value) }
  init(arrayLiteral elements: JSONDocument...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, JSONDocument)...) { self.init(elements) }
}

extension JSONWriter {
  mutating func document(_ document: JSONDocument) {
    switch document {
    case .boolean(let value): boolean(value)
    case .integer(let value): integer(value)
    case .text(let value): string(value)
    case .array(let elements):
      beginArray()
      for element in elements { self.document(element) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        name(text: member.name)
        self.document(member.value)
      }
      endObject()
    }
  }
}
