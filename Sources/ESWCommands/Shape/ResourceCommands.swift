import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

/// `esw NOUN list`: also what `esw NOUN` alone does.
struct ListCommand<Kind: Resource>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "All that there are, or those that the filters let pass.")
  }

  @OptionGroup var options: ClientOptions
  @OptionGroup(title: "Filters") var filters: Kind.Filters
  @Option(help: "The most rows to show; all, in as many pages as it takes, when left out.") var limit: Int?

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more") }
  }

  func run() async throws {
    let client = try options.client()
    let request = try await filters.request(client, of: Kind.kind)
    try options.show(try await request.rows(client, of: Kind.kind, limit: limit), Kind.kind.columns)
  }
}

struct ShowCommand<Kind: Resource>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "show", abstract: "One, with all that the API tells of it.")
  }

  @OptionGroup var options: ClientOptions
  @Argument(help: ArgumentHelp("Its id or, where no other has it, its name.", valueName: Kind.kind.noun))
  var reference: Reference<Kind>

  func run() async throws {
    let client = try options.client()
    let row = try await reference.shown(client)
    try options.show(row, Kind.kind.columns)
    guard options.isForPeople else { return }
    let text = try await Kind.explanation(of: row, client)
    if !text.isEmpty { try Terminal.result("\n" + text) }
  }
}

/// Prints nothing on standard output, in either format; what was deleted is said on standard error.
struct DeleteCommand<Kind: Resource>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "delete", abstract: "Delete one or more.",
      discussion: """
        Names are looked up first: when one of them is not found, nothing is deleted. A refusal ends neither the \
        others nor the command; the exit status is then that of the first refusal. Nothing is printed on standard \
        output, but by --dry-run: a plan for each, as if it were the only one.
        """)
  }

  @OptionGroup var options: ChangeOptions
  @OptionGroup var deletion: Kind.Deletion
  @Argument(help: ArgumentHelp("Ids or, where no other has it, names.", valueName: Kind.kind.noun))
  var references: [Reference<Kind>]

  func run() async throws {
    let client = try options.client()
    guard let delete = Kind.kind.delete else { return }
    var targets: [(ids: [String: String], row: JSON)] = []
    for reference in references { targets.append(try await reference.parameters(of: delete, client)) }
    var failures: [CommandFailure] = []
    var deleted: [JSON] = []
    for (reference, target) in zip(references, targets) {
      do {
        try await client.call(delete, target.ids)
        deleted.append(target.row)
        options.note("\(Kind.kind.noun) \(reference.text): \(Kind.Deletion.word)")
      } catch {
        guard let failure = CommandFailure(error) else { throw error }
        failures.append(failure)
        if references.count > 1 { Terminal.note(failure.text) }
      }
    }
    if !deleted.isEmpty { try await deletion.finish(deleted, client) }
    // A plan with nothing against it ends its command too, as done.
    if let first = failures.first(where: { $0.status != .done }) ?? failures.first {
      throw references.count > 1 ? first.told : first
    }
  }
}
