import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Policies: which actions are allowed and denied.",
    discussion: """
      An action is service:resource:verb, such as esw:connection:list; * stands for any characters of a part. What no \
      policy allows is closed, and what one denies stays closed whatever others allow.
      """,
    subcommands: [List.self, Create.self, Update.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "display_name"), .init("KIND", "catalog"),
    .init("EFFECT", "policy.Statement.Effect"), .init("ACTIONS", "policy.Statement.Action"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All policies, those that are built in too.")
    @OptionGroup var options: ClientOptions

    func run() async throws {
      try options.show(try await options.client().rows("/v3/roles", key: "roles"), PolicyCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a policy.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var content: PolicyArguments

    func run() async throws {
      let answer = try await options.client().call(
        .POST, "/v3.0/OS-ROLE/roles", body: content.body, as: JSON.self)
      try options.show(answer["role"], PolicyCommand.columns)
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a policy another content, wherever it is granted.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The policy's id.") var id: PolicyID
    @OptionGroup var content: PolicyArguments

    func run() async throws {
      let answer = try await options.client().call(
        .PATCH, "/v3.0/OS-ROLE/roles/\(id)", body: content.body, as: JSON.self)
      try options.show(answer["role"], PolicyCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a policy that is granted to nobody.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The policy's id.") var id: PolicyID

    func run() async throws { try await options.client().call(.DELETE, "/v3.0/OS-ROLE/roles/\(id)") }
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
    return JSONWriter.data {
      $0.object {
        $0.object("role") { role in
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
  }
}

struct GrantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "Which policies a group has, and where.",
    subcommands: [List.self, Create.self, Delete.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The policies of a group in one place.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var place: GrantPlace
    @Argument(help: "The group's id.") var group: GroupID

    func run() async throws {
      let client = try options.client()
      let path = try await place.path(of: group, policy: nil, client)
      try options.show(try await client.rows(path, key: "roles"), PolicyCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Grant a policy to a group.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var place: GrantPlace
    @Argument(help: "The group's id.") var group: GroupID
    @Argument(help: "The policy's id.") var policy: PolicyID

    func run() async throws {
      let client = try options.client()
      try await client.call(.PUT, try await place.path(of: group, policy: policy, client))
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a policy from a group.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var place: GrantPlace
    @Argument(help: "The group's id.") var group: GroupID
    @Argument(help: "The policy's id.") var policy: PolicyID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, try await place.path(of: group, policy: policy, client))
    }
  }
}

/// Where a policy counts: in the project of the credentials, unless something else is said.
struct GrantPlace: ParsableArguments {
  @Option(help: "In this project; default that of the credentials.") var project: ProjectID?
  @Flag(help: "In every project that there is or will be.") var allProjects = false
  @Flag(help: "In the domain: for users, groups, policies and keys.") var domain = false

  func validate() throws {
    guard [project != nil, allProjects, domain].count(where: { $0 }) <= 1 else {
      throw ValidationError("only one of --project, --all-projects and --domain can be given")
    }
  }

  func path(of group: GroupID, policy: PolicyID?, _ client: ESWClient) async throws -> String {
    let role = policy.map { "/\($0)" } ?? ""
    guard allProjects || domain else {
      return "/v3/projects/\(project ?? client.project)/groups/\(group)/roles\(role)"
    }
    let answer = try await client.call(.GET, "/v3/auth/domains", as: JSON.self)
    guard case .array(let domains) = answer["domains"], let id = domains.first.map({ $0["id"].text }) else {
      throw ClientError.answer("GET /v3/auth/domains has no domains")
    }
    let rest = "domains/\(id)/groups/\(group)/roles\(role)"
    return domain ? "/v3/\(rest)" : "/v3/OS-INHERIT/\(rest)/inherited_to_projects"
  }
}

extension IdentityID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension IdentityName: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension ProjectID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension ActionPattern: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
