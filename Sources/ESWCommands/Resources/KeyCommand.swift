import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum KeyResource: Resource {
  typealias ID = String

  static let kind = ResourceKind(
    "key", "a key", listMember: "credentials", member: "credential", parameter: "access_key",
    idMember: "access", list: .listAccessKeys, show: .showAccessKey, delete: .deleteAccessKey,
    columns: [
      .init("KEY", "access"), .init("STATUS", "status"), .init("USER", "user_id"),
      .init("CREATED", "create_time"), .init("DESCRIPTION", "description"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Those of this user, by id or name; your own when left out.")
    var user: Reference<UserResource>?

    func request(_ client: ESWClient, of kind: ResourceKind) async throws -> ListRequest {
      ListRequest(kind.list, query: ["user_id": try await user?.id(client).description])
    }
  }
}

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Access keys, by which requests are signed.",
    discussion: "A list has the keys of one user. A user may have two: one in use while another takes over.",
    subcommands: [
      ListCommand<KeyResource>.self, ShowCommand<KeyResource>.self, Create.self, Enable.self, Disable.self,
      DeleteCommand<KeyResource>.self,
    ], defaultSubcommand: ListCommand<KeyResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key. Its secret is shown now and never again.",
      discussion: """
        Example:
          esw key create anna --description laptop
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The user, by id or name.") var user: Reference<UserResource>
    @Option(help: "Words about it.") var description: ResourceDescription?

    func validate() throws {
      guard !options.quiet else {
        throw ValidationError("--quiet would lose the secret, which is shown only once")
      }
    }

    func run() async throws {
      let client = try options.client()
      let user = try await user.id(client)
      let body = JSONWriter.data(of: "credential") {
        $0.member("user_id", user.description)
        if let description { $0.member("description", description.description) }
      }
      let answer = try await client.answer(to: .createAccessKey, body: body)
      try options.show(answer["credential"], KeyResource.kind.columns)
      options.note("the secret is shown this once and never again: keep it now")
    }
  }

  struct Choice: ParsableArguments {
    @Argument(help: "The key.") var key: Reference<KeyResource>

    func set(_ status: String, by options: ChangeOptions) async throws {
      let body = JSONWriter.data(of: "credential") { $0.member("status", status) }
      let answer = try await options.client().answer(
        to: .updateAccessKey, ["access_key": key.text], body: body)
      try options.show(answer["credential"], KeyResource.kind.columns)
    }
  }

  struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a key open again what its user may.")
    @OptionGroup var options: ChangeOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.set("active", by: options) }
  }

  struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a key open nothing until it is enabled.")
    @OptionGroup var options: ChangeOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.set("inactive", by: options) }
  }
}
