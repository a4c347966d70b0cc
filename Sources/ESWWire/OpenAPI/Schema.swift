/// What a JSON value may be: a JSON Schema 2020-12, and the named schemas that it refers to.
package struct Schema: Hashable, Sendable {
  let json: JSONDocument
  /// By name, those that `json` and they themselves refer to.
  let definitions: [String: JSONDocument]

  init(_ json: JSONDocument, definitions: [String: JSONDocument] = [:]) {
    self.json = json
    self.definitions = definitions
  }

  private init(_ json: JSONDocument, of parts: some Sequence<Schema>) {
    self.init(
      json,
      definitions: parts.reduce(into: [:]) { all, part in
        all.merge(part.definitions) { first, second in
          precondition(first == second, "two schemas have one name: \(first) and \(second)")
          return first
        }
      })
  }

  /// The same, written once among the document's components and referred to.
  func named(_ name: String) -> Schema {
    let others = definitions.merging([name: json]) { old, _ in old }
    return Schema(["$ref": .text("#/components/schemas/\(name)")], definitions: others)
  }

  /// Behind references.
  var resolved: JSONDocument {
    guard case .text(let reference)? = json["$ref"] else { return json }
    let name = reference.split(separator: "/").last.map(String.init) ?? ""
    return definitions[name] ?? json
  }

  /// The schema of a property; nil when there is none of that name.
  func property(_ name: String) -> Schema? {
    resolved["properties"]?[name].map { Schema($0, definitions: definitions) }
  }

  var properties: [String] { resolved["properties"]?.names ?? [] }
}

// MARK: Objects and arrays

extension Schema {
  /// An object of an answer: it has these members and no others.
  ///
  /// - Parameter more: Required too.
  static func answer(
    _ required: KeyValuePairs<String, Schema>, optional: KeyValuePairs<String, Schema> = [:],
    more: KeyValuePairs<String, Schema> = [:]
  ) -> Schema {
    let all = Array(required) + Array(more)
    return object(all.map { ($0.key, $0.value) }, optional.map { ($0.key, $0.value) }, isClosed: true)
  }

  /// An object of a request's body: what else it has is ignored, and null counts as left out (contract
  /// section 2).
  static func body(
    _ required: KeyValuePairs<String, Schema>, optional: KeyValuePairs<String, Schema> = [:]
  ) -> Schema {
    object(required.map { ($0.key, $0.value) }, optional.map { ($0.key, $0.value.orNull) }, isClosed: false)
  }

  private static func object(
    _ required: [(String, Schema)], _ optional: [(String, Schema)], isClosed: Bool
  ) -> Schema {
    let all = required + optional
    var json: JSONDocument = ["type": "object"]
    if !required.isEmpty { json = json.with(["required": .texts(required.map(\.0))]) }
    json = json.with(["properties": JSONDocument(all.map { ($0.0, $0.1.json) })])
    if isClosed { json = json.with(["additionalProperties": false]) }
    return Schema(json, of: all.map(\.1))
  }

  /// The object has exactly one of these members, which are optional by themselves.
  func withOne(of names: String...) -> Schema { with("oneOf", of: names) }

  /// At least one of them.
  func withSome(of names: String...) -> Schema { with("anyOf", of: names) }

  private func with(_ keyword: String, of names: [String]) -> Schema {
    let present: JSONDocument = ["not": ["type": "null"]]
    let choices = names.map { name -> JSONDocument in
      ["required": [.text(name)], "properties": JSONDocument([(name, present)])]
    }
    return Schema(json.with(keyword, .array(choices)), definitions: definitions)
  }

  static func array(of element: Schema, count: ClosedRange<Int>? = nil) -> Schema {
    var json: JSONDocument = ["type": "array", "items": element.json]
    if let count {
      json = json.with([
        "minItems": .integer(Int64(count.lowerBound)), "maxItems": .integer(Int64(count.upperBound)),
      ])
    }
    return Schema(json, definitions: element.definitions)
  }

  static func either(_ choices: Schema...) -> Schema {
    Schema(["oneOf": .array(choices.map(\.json))], of: choices)
  }

  /// Or the empty string, which in queries and some bodies counts as left out.
  var orEmpty: Schema { .either(self, .words("")) }

  var orNull: Schema {
    guard case .object(let members) = json, let first = members.first, first.name == "type",
      case .text(let type) = first.value, json["enum"] == nil
    else { return Schema(["anyOf": [json, ["type": "null"]]], definitions: definitions) }
    let types = JSONDocument.Member(name: "type", value: [.text(type), "null"])
    return Schema(.object([types] + members.dropFirst()), definitions: definitions)
  }
}

// MARK: Simple values

extension Schema {
  static let boolean = Schema(["type": "boolean"])

  static func only(_ value: Bool) -> Schema { Schema(["type": "boolean", "enum": [.boolean(value)]]) }

  static let null = Schema(["type": "null"])

  /// The empty object.
  static let empty = Schema(["type": "object", "maxProperties": 0])

  /// The empty array.
  static let none = array(of: string(), count: 0...0)

  static func integer(_ range: ClosedRange<Int64>) -> Schema {
    Schema(["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
  }

  static func integer(from least: Int64) -> Schema {
    Schema(["type": "integer", "minimum": .integer(least)])
  }

  /// - Parameters:
  ///   - length: In Unicode scalars.
  ///   - pattern: ECMA 262, anchored by itself.
  static func string(
    _ length: ClosedRange<Int>? = nil, pattern: String? = nil, format: String? = nil
  ) -> Schema {
    var json: JSONDocument = ["type": "string"]
    if let format { json = json.with(["format": .text(format)]) }
    if let length {
      if length.lowerBound > 0 { json = json.with(["minLength": .integer(Int64(length.lowerBound))]) }
      json = json.with(["maxLength": .integer(Int64(length.upperBound))])
    }
    if let pattern { json = json.with(["pattern": .text(pattern)]) }
    return Schema(json)
  }

  /// One of so many words.
  static func words(_ words: String...) -> Schema { Schema(["type": "string", "enum": .texts(words)]) }

  static func words<Word: RawRepresentable<String> & CaseIterable>(of _: Word.Type) -> Schema {
    Schema(["type": "string", "enum": .texts(Word.allCases.map(\.rawValue))])
  }
}
