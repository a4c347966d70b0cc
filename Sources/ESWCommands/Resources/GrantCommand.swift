import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

struct GrantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "Which policies a group has, and where.",
    discussion: """
      A policy counts in one project (--in, or that of the credentials), in all of them (--all-projects), or in the \
      domain (--domain), where users, groups, policies and keys are.
      """,
    subcommands: [List.self, Create.self, Delete.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The policies of a group in one place.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var place: GrantPlace
    @Argument(help: "The group, by id or name.") var group: Reference<GroupResource>

    func run() async throws {
      let client = try options.client()
      let (operations, ids) = try await place.found(of: group, client)
      try options.show(
        try await client.rows(client.path(of: operations.list, ids), key: PolicyResource.kind.listMember),
        PolicyResource.kind.columns)
    }
  }

  struct Choice: ParsableArguments {
    @OptionGroup var place: GrantPlace
    @Argument(help: "The group, by id or name.") var group: Reference<GroupResource>
    @Argument(help: "The policy, by id or name.") var policy: Reference<PolicyResource>

    func send(
      _ operation: KeyPath<GrantPlace.Operations, ESWWire.Operation>, by options: ChangeOptions
    ) async throws {
      let client = try options.client()
      var (operations, ids) = try await place.found(of: group, client)
      ids[PolicyResource.kind.parameter] = try await policy.id(client).description
      try await client.call(operations[keyPath: operation], ids)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Grant a policy to a group.",
      discussion: """
        Prints nothing.

        Examples:
          esw grant create operators "ESW FullAccess"
          esw grant create auditors "ESW ReadOnlyAccess" --all-projects
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.send(\.grant, by: options) }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a policy from a group.",
      discussion: """
        Prints nothing.

        Example:
          esw grant delete operators "ESW FullAccess" --in laboratory
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.send(\.revoke, by: options) }
  }
}

/// Where a policy counts: in the project of the credentials, unless something else is said.
struct GrantPlace: ParsableArguments {
  struct Operations {
    let grant: ESWWire.Operation
    let revoke: ESWWire.Operation
    let list: ESWWire.Operation
  }

  @Option(name: .customLong("in"), help: "In this project, by id or name; default that of the credentials.")
  var one: Reference<ProjectResource>?
  @Flag(help: "In every project that there is or will be.") var allProjects = false
  @Flag(help: "In the domain: for users, groups, policies and keys.") var domain = false

  func validate() throws {
    guard [one != nil, allProjects, domain].count(where: { $0 }) <= 1 else {
      throw ValidationError("only one of --in, --all-projects and --domain can be given")
    }
  }

  /// - Returns: What is to be asked for there, and all of its paths' parameters but the policy.
  func found(
    of group: Reference<GroupResource>, _ client: ESWClient
  ) async throws -> (Operations, ids: [String: String]) {
    let group = try await group.id(client).description
    guard allProjects || domain else {
      let project = try await one?.id(client) ?? client.project
      return (
        Operations(grant: .grantInProject, revoke: .revokeInProject, list: .listInProject),
        ["project_id": project.description, "group_id": group]
      )
    }
    let answer = try await client.answer(to: .listAuthDomains)
    guard case .array(let domains) = answer["domains"], let id = domains.first?["id"].text else {
      throw ClientError.answer("GET \(client.path(of: .listAuthDomains)) has no domains")
    }
    return (
      domain
        ? Operations(grant: .grantInDomain, revoke: .revokeInDomain, list: .listInDomain)
        : Operations(grant: .grantInAllProjects, revoke: .revokeInAllProjects, list: .listInAllProjects),
      ["domain_id": id, "group_id": group]
    )
  }
}
