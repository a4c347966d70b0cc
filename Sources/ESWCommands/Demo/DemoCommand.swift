import ArgumentParser
import ESWClient
import ESWModel
import ESWSeams
import Foundation
import Logging
import ServiceLifecycle
import Simulation
import UnixSignals

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Two sites on this machine and a real stretch between them, asked for through the API.",
    discussion: """
      Makes two sites in network namespaces of its own (eswdemo-...), starts a control plane with its agent, and \
      then only uses the signed HTTP API. Stays up until Ctrl-C and then removes everything that it made. Without \
      root, Linux 6.6 or the bpf file system it says what is missing and runs on a simulated data plane.

      With --break something goes wrong when everything works, and `esw doctor l2conn` is to find it out; with --once \
      the demo asks by itself, and ends with status 0 when the doctor names what was made. It can be:
      \(DemoBreak.table)
      """)

  @Flag(
    help:
      "End when the story is told: status 0, or 1 when a ping, or the doctor, did not answer as it should.")
  var once = false
  @Option(name: .customLong("break"), help: ArgumentHelp("Break this once it works.", valueName: "cause"))
  var trouble: DemoBreak?
  @Flag(help: "Use the simulated data plane even where the real one can be had.") var simulate = false
  @Option(help: "trace, debug, info, notice, warning, error or critical; logs go to standard error.")
  var log = "warning"
  @Option(help: .hidden) var prefix = DemoTopology.usualPrefix

  func validate() throws {
    guard trouble == nil || !simulate else {
      throw ValidationError("--break is of the real data plane: nothing of it can go wrong in a simulation")
    }
    guard prefix.utf8.count <= 40,
      prefix.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    else { throw ValidationError("--prefix is up to 40 letters, digits and -") }
  }

  func run() async throws {
    let settings = try await Settings(flags: ["log": log], file: nil)
    let logger = try Logging.start(settings)
    let missing = simulate ? ["nothing, but --simulate was asked for"] : DemoRequirements.missing()
    if trouble != nil, !missing.isEmpty {
      throw CommandFailure(
        .failed,
        "--break needs the real data plane, and it cannot be had here: \(missing.joined(separator: "; "))")
    }
    let demo = try Demo(
      isSimulated: !missing.isEmpty, once: once, trouble: trouble, prefix: prefix, logger: logger)
    demo.introduce(missing: missing)
    let isGood = try await demo.run()
    if !isGood { throw ExitCode(1) }
  }
}
