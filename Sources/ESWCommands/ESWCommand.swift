package import ArgumentParser
import Foundation

package struct ESWCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "esw",
    abstract: "OpenESW: a self-hosted Enterprise Switch that stretches a subnet between two sites.",
    discussion: """
      Start here:
        esw demo      two sites on this machine and a real stretch between them
        esw serve     the control plane, with a gateway agent in the same process
        esw doctor    whether this machine can be a node; with a connection, why it is down

      The other commands are clients of the API. Where it is and who asks:
        --endpoint, ESW_ENDPOINT     http://HOST:PORT or https://HOST:PORT
        --ca-file, ESW_CA_FILE       authorities to trust for https
        --project, HUAWEICLOUD_SDK_PROJECT_ID
        HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK
      `esw serve` writes these to DATA/credentials when it first starts; load them with  . DATA/credentials

      Users get keys by `esw key`, and rights by `esw group`, `esw policy` and `esw grant`; `esw audit` tells who \
      changed what and who was refused. `esw plan` in front of a command that changes something shows what it would \
      do. Wherever an id is wanted, a name will do if only one has it.

      What was asked for goes to standard output, as a table or by --output json; all messages go to standard \
      error. `esw help exit-status` says what the exit statuses mean.
      """,
    version: productVersion,
    subcommands: [
      DemoCommand.self, ServeCommand.self, AgentCommand.self, DoctorCommand.self, CompletionCommand.self,
      ExitStatusCommand.self, BenchmarkCommand.self,
    ],
    groupedSubcommands: [
      CommandGroup(
        name: "API",
        subcommands: [
          VPCCommand.self, SubnetCommand.self, PortCommand.self, PrivateIPCommand.self,
          AttachmentCommand.self, InstanceCommand.self, ConnectionCommand.self, VportCommand.self,
          FlavorCommand.self, ZoneCommand.self, QuotaCommand.self, JobCommand.self,
          NodeCommand.self, HostCommand.self, EventCommand.self, PlanCommand.self, TopCommand.self,
          CaptureCommand.self,
        ]),
      CommandGroup(
        name: "WHO MAY WHAT",
        subcommands: [
          UserCommand.self, GroupCommand.self, KeyCommand.self, PolicyCommand.self, GrantCommand.self,
          ProjectCommand.self, AuditCommand.self,
        ]),
    ])

  package init() {}

  /// Parses the process's arguments, runs what they ask for, and ends the process.
  package static func start() async {
    Terminal.ignoreBrokenPipes()
    do {
      var command = try await asyncParseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      // A shell that completes a word shows errors in the middle of the line.
      if Completion.isAsked, exitCode(for: error) != .success { Foundation.exit(1) }
      guard let failure = CommandFailure(error) else { exit(withError: error) }
      Terminal.note(failure.text)
      Foundation.exit(failure.status.rawValue)
    }
  }
}

package let productVersion = "0.1.0"
