import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum ProjectResource: Resource {
  typealias ID = ProjectID

  static let kind = ResourceKind(
    "project", "a project", list: .listProjects, show: .showProject,
    columns: [.init("ID", "id"), .init("NAME", "name"), .init("DESCRIPTION", "description")])
}

struct ProjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project", abstract: "Projects: what is in one is not seen from another.",
    discussion: "Those that you may use are listed.",
    subcommands: [ListCommand<ProjectResource>.self, ShowCommand<ProjectResource>.self, Create.self],
    defaultSubcommand: ListCommand<ProjectResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a project.",
      discussion: """
        Example:
          esw project create laboratory
          esw grant create operators "ESW FullAccess" --in laboratory
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Its name.") var name: IdentityName
    @Option(help: "Words about it.") var description: ResourceDescription?

    func run() async throws {
      let body = JSONWriter.data(of: "project") {
        $0.member("name", name.description)
        if let description { $0.member("description", description.description) }
      }
      let answer = try await options.client().answer(to: .createProject, body: body)
      try options.show(answer["project"], ProjectResource.kind.columns)
    }
  }
}

extension ProjectID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
