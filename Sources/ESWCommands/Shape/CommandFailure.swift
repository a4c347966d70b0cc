import ArgumentParser
import ESWClient
import Foundation

/// Why a client command failed, in words for standard error and a number for the shell.
struct CommandFailure: Error {
  let status: CommandStatus
  let message: String
  /// What was asked of the API and what it answered.
  var circumstances: String?
  /// What to do next.
  var advice: String?

  init(_ status: CommandStatus, _ message: String, advice: String? = nil) {
    self.status = status
    self.message = message
    self.advice = advice
  }

  /// - Returns: Nil for what is not of the client's making, such as a malformed command line.
  init?(_ error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    case let error as ClientError: self.init(error, ExchangeLog.shared.last)
    default: return nil
    }
  }

  var text: String {
    guard !message.isEmpty else { return "" }
    // The server's words must not steer the terminal; those with several lines are ours.
    let lines = message.split(separator: "\n").map { Table.printable(String($0)) }.joined(separator: "\n")
    return (["Error: " + lines, circumstances.map(Table.printable), advice].compactMap { $0 })
      .joined(separator: "\n  ")
  }

  /// The same, when it has been told already.
  var told: CommandFailure { CommandFailure(status, "") }

  static func none(_ kind: ResourceKind, _ name: String) -> CommandFailure {
    CommandFailure(
      .notFound, "there is no \(kind.noun) \(name)", advice: "`esw \(kind.noun) list` shows which there are.")
  }

  static func ambiguous(_ kind: ResourceKind, _ name: String, _ ids: [String]) -> CommandFailure {
    CommandFailure(
      .usage,
      "\(ids.count) have the name \(name); say which by its id:\n  "
        + ids.joined(separator: "\n  "))
  }
}

extension CommandFailure {
  init(_ error: ClientError, _ exchange: Exchange?) {
    switch error {
    case .endpoint: self.init(.usage, "\(error)")
    case .brokenOff: self.init(.serverFailed, "\(error)")
    case .answer:
      self.init(.failed, "\(error)", advice: "Is it an OpenESW of this version that answers there?")
    case .unreachable(let endpoint, let cause):
      self.init(
        .serverFailed, "no answer from \(endpoint): \(cause)",
        advice: "Does `esw serve` run there? --endpoint or ESW_ENDPOINT name another address.")
    case .untrusted:
      self.init(
        .serverFailed, "\(error)",
        advice:
          "--ca-file or ESW_CA_FILE name its authority's certificate; --endpoint has to use one of its names."
      )
    case .refused(let status, let code, let message, let requestID):
      let clock = ClockFinding(of: error, exchange)?.sentence
      self.init(
        Self.exitStatus(status), message, advice: Self.advice(code) ?? clock ?? Self.advice(status, exchange))
      let request = exchange.map { "\($0.method) \($0.target): " } ?? ""
      circumstances = "\(request)HTTP \(status), code \(code)" + (requestID.map { ", request \($0)" } ?? "")
    }
  }

  /// Where a code says more than a status (contract section 8.2).
  private static func advice(_ code: String) -> String? {
    switch code {
    case "l2cg.9907": "`esw connection list --instance SWITCH` shows them: delete those first."
    case "l2cg.9920", "l2cg.9921", "l2cg.9930":
      "`esw instance show SWITCH` and `esw connection show CONNECTION` show the status and why; --wait waits."
    case "l2cg.9941", "l2cg.8003": "`esw flavor` shows the sizes that there are."
    case "l2cg.8002": "`esw quota` shows it, `esw instance list` what uses it."
    case "l2cg.8030": "`esw node list` shows the nodes that there are, and when each was heard last."
    case "l2cg.8012": "`esw subnet list --vpc VPC` shows them."
    case "l2cg.8011": "`esw node list` and `esw node show NODE` show nodes and their interfaces."
    default: nil
    }
  }

  private static func exitStatus(_ status: Int) -> CommandStatus {
    switch status {
    case 401, 403: .notAllowed
    case 404: .notFound
    case 400..<500: .refused
    default: .serverFailed
    }
  }

  private static func advice(_ status: Int, _ exchange: Exchange?) -> String? {
    switch status {
    case 401:
      "Check HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; the credentials of the server's first start are loaded "
        + "with  . DATA/credentials"
    case 403: "Check --project and HUAWEICLOUD_SDK_PROJECT_ID, and what the policies of this user allow."
    case 404: exchange.flatMap { listing($0.target) }
    case 429: "Try again in a moment."
    case 500...: "The server's log has more under that request id."
    default: nil
    }
  }

  /// The command that lists what the path's last id is to be among.
  private static func listing(_ target: String) -> String? {
    let path = target.prefix { $0 != "?" }.split(separator: "/")
    let nouns = Set(ESWCommand.configuration.subcommands.compactMap { $0.configuration.commandName })
    let asked = path.dropLast().reversed().map { $0.hasSuffix("s") ? String($0.dropLast()) : String($0) }
    return asked.first(where: nouns.contains).map { "`esw \($0) list` shows which there are." }
  }
}
