import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum PolicyResource: Resource {
  typealias ID = PolicyID

  /// Read as roles, which those that are built in are too.
  static let kind = ResourceKind(
    "policy", "a policy", listMember: "roles", member: "role", parameter: "role_id",
    nameMember: "display_name", list: .listRoles, show: .showRole, delete: .deletePolicy,
    columns: [
      .init("ID", "id"), .init("NAME", "display_name"), .init("KIND", "catalog"),
      .init("EFFECT", "policy.Statement.Effect"), .init("ACTIONS", "policy.Statement.Action"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only the one of this name.") var name: String?

    func request(_ client: ESWClient, of kind: ResourceKind) -> ListRequest {
      ListRequest(kind.list, query: ["display_name": name])
    }
  }
}

struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Policies: which actions are allowed and denied.",
    discussion: """
      An action is service:resource:verb, such as esw:connection:list; * stands for any characters of a part. What no \
      policy allows is closed, and what one denies stays closed whatever others allow. Policies that are built in \
      can be granted and not changed, and one that is granted cannot be deleted.
      """,
    subcommands: [
      ListCommand<PolicyResource>.self, ShowCommand<PolicyResource>.self, Create.self, Update.self,
      DeleteCommand<PolicyResource>.self,
    ], defaultSubcommand: ListCommand<PolicyResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a policy.",
      discussion: """
        Example:
          esw policy create look --allow "esw:*:list" --allow "esw:*:get" --deny "esw:connection:*"
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var content: PolicyArguments

    func run() async throws {
      let answer = try await options.client().answer(to: .createPolicy, body: content.body)
      try options.show(answer["role"], PolicyResource.kind.columns)
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a policy another content, wherever it is granted.",
      discussion: """
        All of it is replaced: name, description, what is allowed and what is denied.

        Example:
          esw policy update look look --allow "esw:*:list" --description "lists only"
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The policy, by id or name.") var policy: Reference<PolicyResource>
    @OptionGroup var content: PolicyArguments

    func run() async throws {
      let client = try options.client()
      let ids = try await policy.parameters(of: .updatePolicy, client).ids
      let answer = try await client.answer(to: .updatePolicy, ids, body: content.body)
      try options.show(answer["role"], PolicyResource.kind.columns)
    }
  }
}

struct PolicyArguments: ParsableArguments {
  @Argument(help: "Its name.") var name: IdentityName
  @Option(help: "An action to allow; may be given again.") var allow: [ActionPattern] = []
  @Option(help: "An action to deny; may be given again.") var deny: [ActionPattern] = []
  @Option(help: "Words about it.") var description: ResourceDescription?

  func validate() throws {
    guard !allow.isEmpty || !deny.isEmpty else { throw ValidationError("--allow or --deny must be given") }
  }

  var body: Data {
    let statements = [("Allow", allow), ("Deny", deny)].filter { !$0.1.isEmpty }
    return JSONWriter.data(of: "role") { role in
      role.member("display_name", name.description)
      role.member("description", description?.description ?? "")
      role.member("type", "XA")
      role.object("policy") { policy in
        policy.member("Version", "1.1")
        policy.array("Statement", statements) { writer, statement in
          writer.object {
            $0.member("Effect", statement.0)
            $0.member("Action", strings: statement.1.map(\.description))
          }
        }
      }
    }
  }
}

extension ActionPattern: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
