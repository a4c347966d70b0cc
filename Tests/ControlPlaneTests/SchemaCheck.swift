import ESWModel
import ESWWire
import Foundation
import HTTPTypes

/// Judges values by schemas of the served document: the keywords of JSON Schema that it uses, and no others.
struct SchemaCheck {
  let document: ServedDocument

  /// Where and why the value is not of the schema; empty when it is.
  func faults(of value: JSONValue, by schema: JSONValue, at path: String = "") -> [String] {
    let schema = document.resolved(schema)
    var faults: [String] = []
    for (keyword, rule) in schema.members ?? [:] {
      faults += self.faults(of: value, keyword, rule, among: schema).map {
        "\(path.isEmpty ? "/" : path): \($0)"
      }
    }
    if let members = value.members, let properties = schema["properties"]?.members {
      for (name, member) in members {
        if let property = properties[name] {
          faults += self.faults(of: member, by: property, at: "\(path)/\(name)")
        } else if schema["additionalProperties"] == .boolean(false) {
          faults.append("\(path)/\(name) is not in the schema")
        }
      }
    }
    if let elements = value.elements, let items = schema["items"] {
      for (index, element) in elements.enumerated() {
        faults += self.faults(of: element, by: items, at: "\(path)/\(index)")
      }
    }
    return faults
  }

  private func faults(
    of value: JSONValue, _ keyword: String, _ rule: JSONValue, among schema: JSONValue
  ) -> [String] {
    switch keyword {
    case "type":
      let types = rule.elements?.compactMap(\.text) ?? [rule.text ?? "?"]
      // Our reader does not tell an integer beyond 63 bits, which a counter can be, from other numbers.
      let isHuge = value == .number && types.contains("integer")
      return isHuge || types.contains(type(of: value)) ? [] : ["\(type(of: value)) is not \(types)"]
    case "enum": return rule.elements?.contains(value) == true ? [] : ["\(value) is not one of \(rule)"]
    case "required":
      let missing = (rule.elements ?? []).compactMap(\.text).filter { value[$0] == nil }
      return value.members == nil || missing.isEmpty ? [] : ["\(missing) is missing"]
    case "oneOf", "anyOf":
      let fitting = (rule.elements ?? []).count { faults(of: value, by: $0).isEmpty }
      return fitting == 1 || (keyword == "anyOf" && fitting > 1) ? [] : ["\(fitting) of \(keyword) fit"]
    case "not": return faults(of: value, by: rule).isEmpty ? ["it is what it must not be"] : []
    case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems":
      return isWithin(value, keyword, rule.number ?? 0) ? [] : ["\(value) breaks \(keyword) \(rule)"]
    case "pattern": return matches(value, rule.text ?? "") ? [] : ["\(value) is not like \(rule)"]
    case "format": return isOf(format: rule.text ?? "", value) ? [] : ["\(value) is not of format \(rule)"]
    case "properties", "additionalProperties", "items": return []
    default: return ["the check does not know the keyword \(keyword)"]
    }
  }

  private func type(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .boolean: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  private func isWithin(_ value: JSONValue, _ keyword: String, _ limit: Int64) -> Bool {
    let size: Int64?
    switch keyword {
    case "minLength", "maxLength": size = value.text.map { Int64($0.unicodeScalars.count) }
    case "minItems", "maxItems": size = value.elements.map { Int64($0.count) }
    default: size = value.number
    }
    return size.map { keyword.hasPrefix("min") ? $0 >= limit : $0 <= limit } ?? true
  }

  private func matches(_ value: JSONValue, _ pattern: String) -> Bool {
    guard let text = value.text, let regex = try? NSRegularExpression(pattern: pattern) else {
      return value.text == nil
    }
    return regex.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
  }

  private func isOf(format: String, _ value: JSONValue) -> Bool {
    guard let text = value.text else { return true }
    switch format {
    case "uuid": return VPCID(text)?.description == text
    case "ipv4": return IPv4Address(text) != nil
    case "date-time": return (try? Date.ISO8601FormatStyle().parse(text)) != nil
    default: return false
    }
  }
}

extension SchemaCheck {
  /// What is wrong with an answer, by what the document says of its operation.
  func faults(of reply: Reply, to method: String, _ uri: String) -> [String] {
    let path = uri.prefix { $0 != "?" }
    guard let operation = operation(method, String(path)) else {
      let error = document.json["components"]?["schemas"]?["Error"] ?? .null
      if method == "HEAD", reply.status >= 400, reply.text.isEmpty { return [] }
      return reply.status < 400
        ? ["\(reply.status) for a path that is not in the document"]
        : faults(of: reply.json ?? .null, by: error)
    }
    guard let response = operation.responses["\(reply.status)"].map(document.resolved) else {
      return ["\(operation.id) answers \(reply.status), which is not in the document"]
    }
    var faults: [String] = []
    for (name, header) in response["headers"]?.members ?? [:] {
      let value = HTTPField.Name(name).flatMap { reply.headers[$0] }
      guard let value else {
        faults.append("no header \(name)")
        continue
      }
      let schema = document.resolved(header)["schema"] ?? .null
      faults += self.faults(of: .string(value), by: schema, at: name)
    }
    let content = response["content"]?.members ?? [:]
    // What is no JSON is text, of one of the media types that are named.
    if !content.isEmpty, content["application/json"] == nil {
      let mediaType = reply.headers[.contentType] ?? ""
      return content[mediaType] == nil ? faults + ["it is \(mediaType)"] : faults
    }
    guard let schema = response["content"]?["application/json"]?["schema"] else {
      return reply.text.isEmpty ? faults : faults + ["a body where there is none: \(reply.text)"]
    }
    if reply.headers[.contentType] != "application/json" { faults.append("it is not application/json") }
    // Bodies beyond the limits of our reader are only in tests of many rows.
    guard let json = reply.json else {
      return reply.text.utf8.count > 100_000 ? faults : faults + ["no JSON"]
    }
    return faults + self.faults(of: json, by: schema)
  }

  private func operation(_ method: String, _ path: String) -> ServedDocument.Item? {
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    return document.operations.first { item in
      let parts = item.route.split(separator: " ", maxSplits: 1)
      let template = parts[1].split(separator: "/", omittingEmptySubsequences: false)
      return parts[0] == method && template.count == segments.count
        && zip(template, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
  }
}
