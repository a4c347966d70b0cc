import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Users: who may call.",
    subcommands: [List.self, Show.self, Create.self, Update.self, Delete.self, Password.self],
    defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("ENABLED", "enabled"), .init("PASSWORD", "pwd_status"),
    .init("DESCRIPTION", "description"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All users.")
    @OptionGroup var options: ClientOptions

    func run() async throws {
      try options.show(try await options.client().rows("/v3/users", key: "users"), UserCommand.columns)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One user.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The user's id.") var id: UserID

    func run() async throws {
      let answer = try await options.client().call(.GET, "/v3/users/\(id)", as: JSON.self)
      try options.show(answer["user"], UserCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a user, who may do nothing until a group that the user is in is granted a policy.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var password: PasswordOption
    @Argument(help: "The user's name.") var name: IdentityName
    @Option(help: "Words about the user.") var description: ResourceDescription?

    func run() async throws {
      let text = try password.text()
      let body = JSONWriter.data {
        $0.object {
          $0.object("user") {
            $0.member("name", name.description)
            if let description { $0.member("description", description.description) }
            if let text { $0.member("password", text) }
          }
        }
      }
      let answer = try await options.client().call(.POST, "/v3/users", body: body, as: JSON.self)
      try options.show(answer["user"], UserCommand.columns)
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a user; a new password or --disable voids all tokens of the user.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var password: PasswordOption
    @Argument(help: "The user's id.") var id: UserID
    @Option(help: "Another name.") var name: IdentityName?
    @Option(help: "Other words about the user.") var description: ResourceDescription?
    @Flag(inversion: .prefixedEnableDisable, help: "Whether the user's keys and password open anything.")
    var access: Bool?

    func run() async throws {
      let text = try password.text()
      let body = JSONWriter.data {
        $0.object {
          $0.object("user") {
            if let name { $0.member("name", name.description) }
            if let description { $0.member("description", description.description) }
            if let access { $0.member("enabled", access) }
            if let text { $0.member("password", text) }
          }
        }
      }
      let answer = try await options.client().call(.PATCH, "/v3/users/\(id)", body: body, as: JSON.self)
      try options.show(answer["user"], UserCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a user and the user's keys.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The user's id.") var id: UserID

    func run() async throws { try await options.client().call(.DELETE, "/v3/users/\(id)") }
  }

  struct Password: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change your own password: the old one and the new one are two lines of standard input.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "Your user id.") var id: UserID

    func run() async throws {
      guard let old = readLine(), let new = readLine() else {
        throw ValidationError("two lines are wanted on standard input: the password so far, and the new one")
      }
      let body = JSONWriter.data {
        $0.object {
          $0.object("user") {
            $0.member("original_password", old)
            $0.member("password", new)
          }
        }
      }
      try await options.client().call(.POST, "/v3/users/\(id)/password", body: body)
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

struct GroupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "group", abstract: "Groups of users: policies are granted to them.",
    subcommands: [List.self, Create.self, Delete.self, Users.self, Add.self, Remove.self],
    defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("DESCRIPTION", "description"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All groups.")
    @OptionGroup var options: ClientOptions

    func run() async throws {
      try options.show(try await options.client().rows("/v3/groups", key: "groups"), GroupCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a group.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "Its name.") var name: IdentityName
    @Option(help: "Words about it.") var description: ResourceDescription?

    func run() async throws {
      let body = JSONWriter.data {
        $0.object {
          $0.object("group") {
            $0.member("name", name.description)
            if let description { $0.member("description", description.description) }
          }
        }
      }
      let answer = try await options.client().call(.POST, "/v3/groups", body: body, as: JSON.self)
      try options.show(answer["group"], GroupCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a group and what is granted to it.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The group's id.") var id: GroupID

    func run() async throws { try await options.client().call(.DELETE, "/v3/groups/\(id)") }
  }

  struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Who is in a group.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The group's id.") var id: GroupID

    func run() async throws {
      try options.show(
        try await options.client().rows("/v3/groups/\(id)/users", key: "users"), UserCommand.columns)
    }
  }

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Put a user into a group.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The group's id.") var group: GroupID
    @Argument(help: "The user's id.") var user: UserID

    func run() async throws { try await options.client().call(.PUT, "/v3/groups/\(group)/users/\(user)") }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a user out of a group.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The group's id.") var group: GroupID
    @Argument(help: "The user's id.") var user: UserID

    func run() async throws { try await options.client().call(.DELETE, "/v3/groups/\(group)/users/\(user)") }
  }
}
