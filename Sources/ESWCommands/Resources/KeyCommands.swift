import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Access keys, by which requests are signed.",
    subcommands: [List.self, Create.self, Enable.self, Disable.self, Delete.self],
    defaultSubcommand: List.self)

  static let path = "/v3.0/OS-CREDENTIAL/credentials"
  static let columns: [Table.Column] = [
    .init("KEY", "access"), .init("STATUS", "status"), .init("USER", "user_id"),
    .init("CREATED", "create_time"),
    .init("DESCRIPTION", "description"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The keys of a user; yours when none is named.")
    @OptionGroup var options: ClientOptions
    @Option(help: "The user's id.") var user: UserID?

    func run() async throws {
      let query = user.map { [("user_id", "\($0)")] } ?? []
      try options.show(
        try await options.client().rows(KeyCommand.path, key: "credentials", query: query), KeyCommand.columns
      )
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key. Its secret is shown now and never again; a user may have two keys.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The user's id.") var user: UserID
    @Option(help: "Words about it.") var description: ResourceDescription?

    func run() async throws {
      let body = JSONWriter.data {
        $0.object {
          $0.object("credential") {
            $0.member("user_id", user.description)
            if let description { $0.member("description", description.description) }
          }
        }
      }
      let answer = try await options.client().call(.POST, KeyCommand.path, body: body, as: JSON.self)
      try options.show(answer["credential"], [.init("KEY", "access"), .init("SECRET", "secret")])
    }
  }

  struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a key open again what its user may.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The key.") var key: String

    func run() async throws { try await KeyCommand.set("active", key, options) }
  }

  struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a key open nothing until it is enabled.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The key.") var key: String

    func run() async throws { try await KeyCommand.set("inactive", key, options) }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a key.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The key.") var key: String

    func run() async throws { try await options.client().call(.DELETE, try KeyCommand.path(of: key)) }
  }

  private static func set(_ status: String, _ key: String, _ options: ClientOptions) async throws {
    let body = JSONWriter.data {
      $0.object { $0.object("credential") { $0.member("status", status) } }
    }
    let answer = try await options.client().call(.PUT, try path(of: key), body: body, as: JSON.self)
    try options.show(answer["credential"], columns)
  }

  private static func path(of key: String) throws -> String {
    guard !key.isEmpty, key.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) }) else {
      throw ValidationError("a key is made of capital letters and digits: \(key)")
    }
    return "\(path)/\(key)"
  }
}

struct ProjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project", abstract: "Projects: what is in one is not seen from another.",
    subcommands: [List.self, Create.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("DESCRIPTION", "description"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The projects that you may use.")
    @OptionGroup var options: ClientOptions

    func run() async throws {
      try options.show(
        try await options.client().rows("/v3/projects", key: "projects"), ProjectCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a project.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "Its name.") var name: IdentityName
    @Option(help: "Words about it.") var description: ResourceDescription?

    func run() async throws {
      let body = JSONWriter.data {
        $0.object {
          $0.object("project") {
            $0.member("name", name.description)
            if let description { $0.member("description", description.description) }
          }
        }
      }
      let answer = try await options.client().call(.POST, "/v3/projects", body: body, as: JSON.self)
      try options.show(answer["project"], ProjectCommand.columns)
    }
  }
}
