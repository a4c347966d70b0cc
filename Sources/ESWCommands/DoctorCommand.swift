import ArgumentParser
import ESWClient
import ESWModel
import ESWPlanning
import LinuxDataplane

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Why a connection is down; or, without one, whether this machine can be a node.",
    discussion: """
      With a connection: asks the API, and says one cause, what it is seen by, and what to do about it; then what else \
      is to be said. docs/diagnosis.md has all causes. Commands are for the node, if they are not for esw.

      Without one: looks at this machine, at the kernel, at what this process may do, at underlays, ports and bridges, \
      and at what nodes have left. It changes nothing, and needs neither a server nor an agent. As root it sees \
      everything.

      Exit status: 0 nothing is wrong, with or without advice; \(CommandStatus.faulty.rawValue) something is.

      Examples:
        esw doctor l2
        esw doctor --underlay eth0 --port eth1
      """)

  @OptionGroup var options: ClientOptions
  @Argument(help: "The connection, by id or name; none: this machine.")
  var connection: Reference<ConnectionResource>?
  @Option(help: "A JSON file with settings (ESW_CONFIG).") var config: String?
  @Option(help: "Network namespace of the node, such as /run/netns/name.") var namespace: String?
  @Option(
    name: .customLong("underlay"),
    help: "An interface to look at as an underlay; default those in use, or else with a default route.")
  var underlays: [InterfaceName] = []
  @Option(
    name: .customLong("port"),
    help: "An interface or bridge to look at as an attachment's; default those in use.")
  var ports: [InterfaceName] = []

  func validate() throws {
    guard connection == nil || (namespace == nil && config == nil && underlays.isEmpty && ports.isEmpty)
    else {
      throw ValidationError(
        "--config, --namespace, --underlay and --port are of this machine, not of a connection")
    }
  }

  func run() async throws {
    if let connection {
      try await examine(connection)
    } else {
      try await examineMachine()
    }
  }

  private func examine(_ connection: Reference<ConnectionResource>) async throws {
    let client = try options.client()
    let row: JSON
    do {
      row = try await ConnectionResource.diagnosis(try await connection.id(client).description, client)
    } catch let error as ClientError {
      guard let clock = ClockFinding(of: error, ExchangeLog.shared.last)?.finding else { throw error }
      try Terminal.result(
        options.output == .json
          ? JSON.object(["cause": FindingText.json(clock), "findings": .array([])]).pretty
          : FindingText.block(FindingText.json(clock), as: "cause"))
      throw CommandFailure(.faulty, "")
    }
    try Terminal.result(options.output == .json ? row.pretty : FindingText.page(of: row))
    // What is wrong has been said.
    if row["cause"] != .null { throw CommandFailure(.faulty, "") }
  }

  private func examineMachine() async throws {
    let settings = try await Settings(flags: ["namespace": namespace], file: config)
    let place = settings.optionalText("namespace")
    let facts: NodeFacts
    do {
      facts = try NodeExamination.facts(
        namespace: place, pins: NodePins.folder(ofNamespace: place), underlays: underlays, ports: ports)
    } catch {
      throw CommandFailure(.failed, "the machine could not be looked at: \(error)")
    }
    let findings = NodeFindings(from: facts)
    switch options.output {
    case .json: try Terminal.result(DoctorText.json(facts, findings).pretty)
    case .table: try Terminal.result(DoctorText.page(facts, findings, in: place))
    }
    if findings.hasFault { throw CommandFailure(.faulty, "") }
  }
}

/// What `esw doctor` says, for people and for programs.
enum DoctorText {
  static func json(_ facts: NodeFacts, _ findings: NodeFindings) -> JSON {
    .object([
      "kernel": .string(facts.kernelRelease),
      "cpus": .integer(Int64(facts.processors.count)),
      "underlays": names(facts, .underlay), "ports": names(facts, .port),
      "bridges": .array(facts.bridges.map { .string($0.name.description) }),
      "agent": facts.remains.worker.map { .integer(Int64($0)) } ?? .null,
      "findings": .array(findings.all.map(FindingText.json)),
    ])
  }

  private static func names(_ facts: NodeFacts, _ role: NodeFacts.Role) -> JSON {
    .array(facts.interfaces.filter { $0.role == role }.map { .string($0.name.description) })
  }

  static func page(_ facts: NodeFacts, _ findings: NodeFindings, in namespace: String?) -> String {
    let all = json(facts, findings)
    let none = { (text: String) in text.isEmpty ? "none" : text }
    let someone = facts.remains.isAttended ? "there is one" : "none"
    let agent = facts.remains.worker.map { "process \($0)" } ?? someone
    var heads = [
      "kernel \(all["kernel"].text), \(all["cpus"].text) CPUs, agent: \(agent)",
      "underlays: \(none(all["underlays"].text)); ports: \(none(all["ports"].text)); "
        + "bridges: \(none(all["bridges"].text))",
    ]
    if let namespace, !findings.all.isEmpty {
      heads.append("commands are for the network namespace \(namespace), but for those about /sys/fs/bpf")
    }
    let blocks = findings.all.map { FindingText.block(FindingText.json($0)) }
    let end = blocks.isEmpty ? ["nothing to do"] : []
    return ([heads.joined(separator: "\n")] + blocks + end).map(lines).joined(separator: "\n\n")
  }

  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { Table.printable(String($0)) }
      .joined(separator: "\n")
  }
}
