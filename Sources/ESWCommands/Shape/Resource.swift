import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

/// A kind of thing that the API keeps, as `esw NOUN list|show|delete` deal with it: `ListCommand`,
/// `ShowCommand` and `DeleteCommand` need nothing else. What a kind alone can do is a command of its own.
protocol Resource: Sendable {
  /// What the API names one by.
  associatedtype ID: LosslessStringConvertible
  /// What narrows a list.
  associatedtype Filters: ListFilters = NoFilters
  /// How `delete` can be told to wait; only where something goes on behind the answer.
  associatedtype Deletion: DeletionOptions = DeletionAtOnce

  static var kind: ResourceKind { get }

  /// What `show` says to people behind the members of the answer. Nothing, if not said otherwise.
  static func explanation(of row: JSON, _ client: ESWClient) async throws -> String
}

extension Resource {
  static func explanation(of row: JSON, _ client: ESWClient) async throws -> String { "" }
}

struct ResourceKind: Sendable {
  /// The command's name: `connection`.
  let noun: String
  /// In sentences, with its article: `a switch`.
  let phrase: String
  /// The member of a list's answer that holds the rows.
  let listMember: String
  /// The member of an answer that holds one.
  let member: String
  /// The path's parameter that takes the id.
  let parameter: String
  /// The member of a row that is the id.
  let idMember: String
  /// The member of a row that is the name, and the list's filter by it.
  let nameMember: String
  let list: Operation
  /// Nil: one is looked up in the list.
  let show: Operation?
  let delete: Operation?
  /// Of a list. The first is what `--quiet` prints.
  let columns: [Table.Column]

  /// - Parameter noun: The members of answers and the path's parameter are named after it, if not said
  ///   otherwise.
  init(
    _ noun: String, _ phrase: String, listMember: String? = nil, member: String? = nil,
    parameter: String? = nil, idMember: String = "id", nameMember: String = "name",
    list: Operation, show: Operation? = nil,
    delete: Operation? = nil, columns: [Table.Column]
  ) {
    self.noun = noun
    self.phrase = phrase
    self.listMember = listMember ?? noun + "s"
    self.member = member ?? noun
    self.parameter = parameter ?? noun + "_id"
    self.idMember = idMember
    self.nameMember = nameMember
    self.list = list
    self.show = show
    self.delete = delete
    self.columns = columns
  }

  /// The path's parameters, from the row of the one that is meant.
  func parameters(of operation: Operation, _ row: JSON) -> [String: String] {
    // `project_id` is no parameter but the caller's, except where a project is what is meant.
    let own = parameter == "project_id" ? [parameter] : []
    return (operation.parameters + own).reduce(into: [:]) {
      $0[$1] = row[$1 == parameter ? idMember : $1].text
    }
  }
}

/// What narrows a list: options whose names are those of the API's filters.
protocol ListFilters: ParsableArguments {
  func request(_ client: ESWClient, of kind: ResourceKind) async throws -> ListRequest
}

struct ListRequest {
  let operation: Operation
  var ids: [String: String] = [:]
  var query: [(name: String, value: String)] = []

  /// - Parameter query: What was not given is left out.
  init(_ operation: Operation, _ ids: [String: String] = [:], query: KeyValuePairs<String, String?> = [:]) {
    self.operation = operation
    self.ids = ids
    self.query = query.compactMap { name, value in value.map { (name, $0) } }
  }

  func rows(_ client: ESWClient, of kind: ResourceKind, limit: Int? = nil) async throws -> [JSON] {
    try await client.rows(
      client.path(of: operation, ids), key: kind.listMember, query: query, limit: limit)
  }
}

struct NoFilters: ListFilters {
  func request(_ client: ESWClient, of kind: ResourceKind) -> ListRequest { ListRequest(kind.list) }
}

protocol DeletionOptions: ParsableArguments {
  /// What an accepted deletion is called.
  static var word: String { get }

  /// Called when all deletions are accepted, with the rows as they were.
  func finish(_ rows: [JSON], _ client: ESWClient) async throws
}

struct DeletionAtOnce: DeletionOptions {
  static let word = "deleted"

  func finish(_ rows: [JSON], _ client: ESWClient) {}
}
