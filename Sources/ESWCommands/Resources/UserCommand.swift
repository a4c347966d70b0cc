import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum UserResource: Resource {
  typealias ID = UserID

  static let kind = ResourceKind(
    "user", "a user", list: .listUsers, show: .showUser, delete: .deleteUser,
    columns: [
      .init("ID", "id"), .init("NAME", "name"), .init("ENABLED", "enabled"),
      .init("PASSWORD", "pwd_status"), .init("DESCRIPTION", "description"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only the one of this name.") var name: String?
    @Option(help: ArgumentHelp("Only those that are enabled, or are not.", valueName: "true|false"))
    var enabled: Bool?

    func request(_ client: ESWClient, of kind: ResourceKind) -> ListRequest {
      ListRequest(kind.list, query: ["name": name, "enabled": enabled.map { "\($0)" }])
    }
  }
}

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Users: who may call.",
    discussion: "To look a user up by name takes the right to list users; without it, ids are taken.",
    subcommands: [
      ListCommand<UserResource>.self, ShowCommand<UserResource>.self, Create.self, Update.self,
      DeleteCommand<UserResource>.self, Groups.self, Password.self,
    ], defaultSubcommand: ListCommand<UserResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a user, who may do nothing until a group that the user is in is granted a policy.",
      discussion: """
        Example:
          esw user create anna --description "night shift"
          esw group add operators anna
          esw key create anna
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var password: PasswordOption
    @Argument(help: "The user's name.") var name: IdentityName
    @Option(help: "Words about the user.") var description: ResourceDescription?

    func run() async throws {
      let text = try password.text()
      let body = JSONWriter.data(of: "user") {
        $0.member("name", name.description)
        if let description { $0.member("description", description.description) }
        if let text { $0.member("password", text) }
      }
      let answer = try await options.client().answer(to: .createUser, body: body)
      try options.show(answer["user"], UserResource.kind.columns)
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a user; a new password or --disable-access voids all tokens of the user.",
      discussion: """
        Examples:
          esw user update anna --disable-access
          esw user update anna --password-file - < new-password
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var password: PasswordOption
    @Argument(help: "The user, by id or name.") var user: Reference<UserResource>
    @Option(help: "Another name.") var name: IdentityName?
    @Option(help: "Other words about the user; \"\" for none.") var description: ResourceDescription?
    @Flag(inversion: .prefixedEnableDisable, help: "Whether the user's keys and password open anything.")
    var access: Bool?

    func validate() throws {
      guard name != nil || description != nil || access != nil || password.passwordFile != nil else {
        throw ValidationError(
          "--name, --description, --password-file, --enable-access or --disable-access must be given")
      }
    }

    func run() async throws {
      let text = try password.text()
      let client = try options.client()
      let ids = try await user.parameters(of: .updateUser, client).ids
      let body = JSONWriter.data(of: "user") {
        if let name { $0.member("name", name.description) }
        if let description { $0.member("description", description.description) }
        if let access { $0.member("enabled", access) }
        if let text { $0.member("password", text) }
      }
      try options.show(
        try await client.answer(to: .updateUser, ids, body: body)["user"], UserResource.kind.columns)
    }
  }

  struct Groups: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Which groups a user is in.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The user, by id or name.") var user: Reference<UserResource>

    func run() async throws {
      let client = try options.client()
      let ids = try await user.parameters(of: .listGroupsOfUser, client).ids
      try options.show(
        try await client.rows(client.path(of: .listGroupsOfUser, ids), key: "groups"),
        GroupResource.kind.columns)
    }
  }

  struct Password: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change your own password.",
      discussion: "The old one and the new one are two lines of standard input. Prints nothing.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "You, by id or name.") var user: Reference<UserResource>

    func run() async throws {
      guard let old = readLine(), let new = readLine() else {
        throw ValidationError("two lines are wanted on standard input: the password so far, and the new one")
      }
      let client = try options.client()
      let ids = try await user.parameters(of: .changePassword, client).ids
      let body = JSONWriter.data(of: "user") {
        $0.member("original_password", old)
        $0.member("password", new)
      }
      try await client.call(.changePassword, ids, body: body)
    }
  }
}

/// A password comes from a file: what stands in a command line is seen by everybody on the machine.
struct PasswordOption: ParsableArguments {
  @Option(help: "A file whose first line is the password; - for standard input.") var passwordFile: String?

  func text() throws -> String? {
    guard let passwordFile else { return nil }
    if passwordFile == "-" {
      guard let line = readLine() else { throw ValidationError("no password came on standard input") }
      return line
    }
    do {
      let text = try String(contentsOfFile: passwordFile, encoding: .utf8)
      return String(text.prefix { !$0.isNewline })
    } catch {
      throw ValidationError("the password file \(passwordFile) cannot be read: \(error.localizedDescription)")
    }
  }
}

extension JSONWriter {
  /// A body with one object in it, as those of IAM are.
  static func data(of member: StaticString, _ write: (inout JSONWriter) -> Void) -> Data {
    data { $0.object { $0.object(member, write) } }
  }
}

extension IdentityID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension IdentityName: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
