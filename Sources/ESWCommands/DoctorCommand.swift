import ArgumentParser
import ESWClient
import ESWModel
import ESWPlanning
import LinuxDataplane

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Whether this machine can be a node, and how it would be a better one.",
    discussion: """
      Looks at the kernel, at what this process may do, at underlays, ports and bridges, and at what nodes have left. \
      It changes nothing, and needs neither a server nor an agent. As root it sees everything.

      Exit status: 0 a node works here, with or without advice; \(CommandStatus.faulty.rawValue) it does not.
      """)

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
  @Option(name: .shortAndLong, help: "table or json.") var output: OutputFormat = .table

  func run() async throws {
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
    switch output {
    case .json: try Terminal.result(DoctorText.json(facts, findings).pretty)
    case .table: try Terminal.result(DoctorText.page(facts, findings, in: place))
    }
    // What is wrong has been said.
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
      "findings": .array(findings.all.map(json)),
    ])
  }

  private static func names(_ facts: NodeFacts, _ role: NodeFacts.Role) -> JSON {
    .array(facts.interfaces.filter { $0.role == role }.map { .string($0.name.description) })
  }

  private static func json(_ finding: Finding) -> JSON {
    .object([
      "weight": .string(finding.weight.rawValue), "topic": .string(finding.topic.rawValue),
      "subject": finding.subject.map { .string($0) } ?? .null, "what": .string(finding.what),
      "evidence": .string(finding.evidence), "advice": .string(finding.advice),
      "commands": .array(finding.commands.map { .string($0) }),
    ])
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
    let blocks = findings.all.map(block)
    let end = blocks.isEmpty ? ["nothing to do"] : []
    return ([heads.joined(separator: "\n")] + blocks + end).map(lines).joined(separator: "\n\n")
  }

  private static func block(_ finding: Finding) -> String {
    let title = ["\(finding.weight.rawValue)", finding.topic.rawValue, finding.subject].compactMap { $0 }
    let commands = finding.commands.map { "      \($0)" }
    let words = [
      "\(title.joined(separator: " ")): \(finding.what)", "  seen: \(finding.evidence)",
      "  do: \(finding.advice)",
    ]
    return (words + commands).joined(separator: "\n")
  }

  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { Table.printable(String($0)) }
      .joined(separator: "\n")
  }
}
