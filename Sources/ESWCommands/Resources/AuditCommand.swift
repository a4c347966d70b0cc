import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Who changed what, and who was refused.",
    subcommands: [List.self, Show.self], defaultSubcommand: List.self)

  /// Of what `AuditLine` makes of a record.
  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("TIME", "time"), .init("WHO", "who"), .init("FROM", "from"),
    .init("OPERATION", "operation"), .init("OUTCOME", "outcome"), .init("RESOURCE", "resource"),
  ]

  struct Trail: ParsableArguments {
    @Flag(help: "Of all projects, and of users, groups, policies and keys, which are of none.")
    var allProjects = false

    /// Newest first.
    func rows(
      _ client: ESWClient, query: [(name: String, value: String)], limit: Int
    ) async throws -> [JSON] {
      try await client.rows(
        client.path(of: allProjects ? .listDomainAudit : .listAudit), key: "records", query: query,
        limit: limit)
    }
  }

  enum Outcome: String, ExpressibleByArgument, CaseIterable {
    case changed, denied
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The newest records first.",
      discussion: """
        A record is one thing that was created, changed or deleted, or one request that no policy allowed. \
        `--outcome changed` shows all of the former.

        Examples:
          esw audit
          esw audit --user anna --limit 5 --diff
          esw audit --resource ID -o json
          esw audit --all-projects --outcome denied
        """)
    @OptionGroup var options: ClientOptions
    @OptionGroup var trail: Trail
    @Option(help: "Only what this user did, by id or name.") var user: Reference<UserResource>?
    @Option(help: "Only this operation, such as CreateConnection.") var operation: String?
    @Option(help: "Only what was done to the one of this id.") var resource: String?
    @Option(help: "Only changes, or only refusals.") var outcome: Outcome?
    @Option(help: "The most records to show.") var limit = 50
    @Flag(help: "Below each record, which fields changed from what to what.") var diff = false

    func validate() throws {
      guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
      guard !diff || options.isForPeople else {
        throw ValidationError("--diff is for tables; JSON has `before` and `after`")
      }
    }

    func run() async throws {
      let client = try options.client()
      let filters: KeyValuePairs = [
        "user_id": try await user?.id(client).description, "operation": operation, "resource_id": resource,
        "outcome": outcome?.rawValue,
      ]
      let query = filters.compactMap { name, value in value.map { (name: name, value: $0) } }
      let rows = try await trail.rows(client, query: query, limit: limit)
      guard options.output == .table else { return try options.show(rows, AuditCommand.columns) }
      let lines = rows.map { AuditLine($0) }
      guard diff, !rows.isEmpty else {
        return try options.show(lines.map(\.cells), AuditCommand.columns)
      }
      let table = Table(lines.map(\.cells), columns: AuditCommand.columns, hasHeading: !options.noHeaders)
      try Terminal.result(AuditLine.text(lines, under: table, hasHeading: !options.noHeaders))
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One record, with all that is kept of it.",
      discussion: """
        Example:
          esw audit show 17
        """)
    @OptionGroup var options: ClientOptions
    @OptionGroup var trail: Trail
    @Argument(help: "Its number, the id of the list.") var id: Int64

    func validate() throws {
      guard (1..<Int64.max).contains(id) else { throw ValidationError("a record's id is 1 or more") }
    }

    func run() async throws {
      let client = try options.client()
      // The API shows no single one, but the one before a marker.
      let rows = try await trail.rows(client, query: [("marker", "\(id + 1)")], limit: 1)
      guard let row = rows.first, row["id"].text == "\(id)" else {
        throw CommandFailure(
          .notFound, "there is no record \(id)" + (trail.allProjects ? "" : " of the project"),
          advice: "`esw audit` shows which there are; those of all projects with --all-projects.")
      }
      try options.show(row, AuditCommand.columns)
    }
  }
}
