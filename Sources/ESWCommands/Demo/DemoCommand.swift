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
      """)

  @Flag(help: "End when the story is told: status 0, or 1 when a ping was not answered.") var once = false
  @Flag(help: "Use the simulated data plane even where the real one can be had.") var simulate = false
  @Option(help: "trace, debug, info, notice, warning, error or critical; logs go to standard error.")
  var log = "warning"

  func run() async throws {
    let settings = try await Settings(flags: ["log": log], file: nil)
    let logger = try Logging.start(settings)
    let missing = simulate ? ["nothing, but --simulate was asked for"] : DemoRequirements.missing()
    let demo = try Demo(isSimulated: !missing.isEmpty, once: once, logger: logger)
    demo.introduce(missing: missing)
    let isGood = try await demo.run()
    if !isGood { throw ExitCode(1) }
  }
}
