import ArgumentParser
import ESWClient

extension ClientOptions {
  /// The longest that may be asked for: an hour.
  private static let requestTimeoutRange = 1...3600

  mutating func validate() throws {
    guard !quiet || output == .table else {
      throw ValidationError("--quiet and --output json exclude each other")
    }
    guard requestTimeout.map(Self.requestTimeoutRange.contains) ?? true else {
      throw ValidationError("--request-timeout must be 1 to \(Self.requestTimeoutRange.upperBound) seconds")
    }
  }

  /// A client that remembers its last request, for errors to tell of it.
  func client() throws -> ESWClient {
    var client = try unobservedClient()
    if let requestTimeout { client.patience = .seconds(requestTimeout) }
    client.observer = { [verbose] in ExchangeLog.shared.note($0, isTold: verbose) }
    return client
  }

  /// Whether what only people read may stand behind the answer.
  var isForPeople: Bool { output == .table && !quiet }

  /// A list. JSON is an array, with the API's own members.
  func show(_ rows: [JSON], _ columns: [Table.Column]) throws {
    switch (output, quiet) {
    case (.json, _): try Terminal.result(JSON.array(rows).pretty)
    case (.table, true):
      let keys = rows.map { Table.printable($0[columns.first?.path ?? "id"].text) }
      if !keys.isEmpty { try Terminal.result(keys.joined(separator: "\n")) }
    case (.table, false):
      let table = Table(rows, columns: columns, hasHeading: !noHeaders)
      if !table.text.isEmpty { try Terminal.result(table.text) }
      if rows.isEmpty { note("none") }
    }
  }

  /// One. JSON is an object, with the API's own members; a person gets a line for each.
  func show(_ row: JSON, _ columns: [Table.Column]) throws {
    switch (output, quiet) {
    case (.json, _): try Terminal.result(row.pretty)
    case (.table, true): try show([row], columns)
    case (.table, false): try Terminal.result(Table(record: row).text)
    }
  }

  /// A message beside the answer.
  func note(_ text: String) {
    if !quiet { Terminal.note(Table.printable(text)) }
  }
}
