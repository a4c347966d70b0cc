import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum GroupResource: Resource {
  typealias ID = GroupID

  static let kind = ResourceKind(
    "group", "a group", list: .listGroups, show: .showGroup, delete: .deleteGroup,
    columns: [.init("ID", "id"), .init("NAME", "name"), .init("DESCRIPTION", "description")])

  struct Filters: ListFilters {
    @Option(help: "Only the one of this name.") var name: String?

    func request(_ client: ESWClient, of kind: ResourceKind) -> ListRequest {
      ListRequest(kind.list, query: ["name": name])
    }
  }
}

struct GroupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "group", abstract: "Groups of users: policies are granted to them.",
    discussion: "Deleting a group takes away what is granted to it; its users stay.",
    subcommands: [
      ListCommand<GroupResource>.self, ShowCommand<GroupResource>.self, Create.self, Update.self,
      DeleteCommand<GroupResource>.self, Users.self, Add.self, Remove.self,
    ], defaultSubcommand: ListCommand<GroupResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a group.",
      discussion: """
        Example:
          esw group create operators --description "who runs the switches"
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Its name.") var name: IdentityName
    @Option(help: "Words about it.") var description: ResourceDescription?

    func run() async throws {
      let body = JSONWriter.data(of: "group") {
        $0.member("name", name.description)
        if let description { $0.member("description", description.description) }
      }
      let answer = try await options.client().answer(to: .createGroup, body: body)
      try options.show(answer["group"], GroupResource.kind.columns)
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a group's name or description.",
      discussion: """
        Example:
          esw group update operators --name night-shift
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The group, by id or name.") var group: Reference<GroupResource>
    @Option(help: "Another name.") var name: IdentityName?
    @Option(help: "Other words about it; \"\" for none.") var description: ResourceDescription?

    func validate() throws {
      guard name != nil || description != nil else {
        throw ValidationError("--name or --description must be given")
      }
    }

    func run() async throws {
      let client = try options.client()
      let ids = try await group.parameters(of: .updateGroup, client).ids
      let body = JSONWriter.data(of: "group") {
        if let name { $0.member("name", name.description) }
        if let description { $0.member("description", description.description) }
      }
      try options.show(
        try await client.answer(to: .updateGroup, ids, body: body)["group"], GroupResource.kind.columns)
    }
  }

  struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Who is in a group.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The group, by id or name.") var group: Reference<GroupResource>

    func run() async throws {
      let client = try options.client()
      let ids = try await group.parameters(of: .listUsersOfGroup, client).ids
      try options.show(
        try await client.rows(client.path(of: .listUsersOfGroup, ids), key: "users"),
        UserResource.kind.columns)
    }
  }

  struct Membership: ParsableArguments {
    @Argument(help: "The group, by id or name.") var group: Reference<GroupResource>
    @Argument(help: "The user, by id or name.") var user: Reference<UserResource>

    func send(_ operation: ESWWire.Operation, by options: ChangeOptions) async throws {
      let client = try options.client()
      let ids = [
        "group_id": try await group.id(client).description, "user_id": try await user.id(client).description,
      ]
      try await client.call(operation, ids)
    }
  }

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a user into a group.",
      discussion: """
        Prints nothing.

        Example:
          esw group add operators anna
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var membership: Membership

    func run() async throws { try await membership.send(.addUserToGroup, by: options) }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a user out of a group.",
      discussion: """
        Prints nothing.

        Example:
          esw group remove operators anna
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var membership: Membership

    func run() async throws { try await membership.send(.removeUserFromGroup, by: options) }
  }
}
