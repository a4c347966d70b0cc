import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

/// What names one on the command line: its id or, where no other has it, its name.
struct Reference<Kind: Resource>: ExpressibleByArgument, Sendable {
  let text: String

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    text = argument
  }

  static var defaultCompletionKind: CompletionKind {
    .custom { words, _, prefix in await Completion.candidates(Kind.kind, words: words, prefix: prefix) }
  }

  private var isID: Bool { Kind.ID(text) != nil }

  /// The id. What is one by its form is not looked up: the API says whether there is such a one.
  ///
  /// - Throws: `CommandFailure` when no one or more than one has that name.
  func id(_ client: ESWClient) async throws -> Kind.ID {
    if let id = Kind.ID(text) { return id }
    let row = try await found(client)
    guard let id = Kind.ID(row[Kind.kind.idMember].text) else {
      throw ClientError.answer("\(Kind.kind.noun) \(text) has no id")
    }
    return id
  }

  /// The one that is meant, as the API shows one; where it shows none, as it lists it.
  ///
  /// - Throws: `CommandFailure` when there is none, or more than one has that name.
  func shown(_ client: ESWClient) async throws -> JSON {
    guard let show = Kind.kind.show else { return try await found(client) }
    return try await client.answer(to: show, try await parameters(of: show, client).ids)[Kind.kind.member]
  }

  /// What the path of the operation wants. The one that is meant is looked up only where its id does not do.
  ///
  /// - Returns: Also its row, with no more than the id where it was not looked up.
  func parameters(of operation: Operation, _ client: ESWClient) async throws -> (
    ids: [String: String], row: JSON
  ) {
    let kind = Kind.kind
    let named = JSON.object([kind.idMember: .string(text)])
    if isID, operation.parameters == [kind.parameter] {
      return (kind.parameters(of: operation, named), named)
    }
    let row = try await found(client)
    return (kind.parameters(of: operation, row), row)
  }

  private func found(_ client: ESWClient) async throws -> JSON {
    let kind = Kind.kind
    let (member, wanted) =
      isID ? (kind.idMember, Kind.ID(text)?.description ?? text) : (kind.nameMember, text)
    // A list that does not know the filter shows all.
    let rows = try await ListRequest(kind.list, query: [member: wanted]).rows(client, of: kind)
      .filter { $0[member].text == wanted }
    guard let row = rows.first else { throw CommandFailure.none(kind, text) }
    guard rows.count == 1 else {
      throw CommandFailure.ambiguous(kind, text, rows.map { $0[kind.idMember].text })
    }
    return row
  }
}
