import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

/// The demo in which something goes wrong, and the doctor is to say what.
struct DemoDiagnosis: Sendable {
  let story: DemoStory
  let connection: ConnectionID
  let trouble: DemoBreak
  /// Whether it asks by itself, and ends.
  let once: Bool

  /// How long the doctor may take to see it: the longest is a search for the largest frame.
  static let patience = Duration.seconds(90)

  private var narrator: Narrator { story.narrator }

  /// - Returns: Whether what was made was named, and nothing else before.
  func run(_ endpoint: String, _ credentials: ESWClient.Credentials) async throws -> Bool {
    guard try await story.ping() else { return false }
    return try await withThrowingTaskGroup(of: Void.self) { talking in
      for talker in story.sites.talkers(for: trouble) {
        talking.addTask { _ = try await Program.run("ip", ["netns", "exec"] + talker) }
      }
      defer { talking.cancelAll() }
      if trouble == .blackhole { try await awaitSearch() }
      try await breakIt()
      for stranger in story.sites.strangers(for: trouble) {
        talking.addTask { _ = try await Program.run("ip", ["netns", "exec"] + stranger) }
      }
      try await showPings()
      showCommands(endpoint, credentials)
      guard once else {
        narrator.headline("Up until Ctrl-C")
        try await Task.sleep(for: .seconds(365 * 24 * 3600))
        return true
      }
      return try await ask()
    }
  }

  /// Until it is known that large frames pass.
  private func awaitSearch() async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      let row = try await diagnosis()
      if row["evidence"].text.contains("largest frame") { return }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func breakIt() async throws {
    narrator.headline("7  Something goes wrong")
    if let body = trouble.forwarding {
      let before = try await diagnosis()["generation"]
      let path = story.client.path(of: .updateForwarding, ["connection_id": "\(connection)"])
      try await story.client.call(.PUT, path, body: Data(body.utf8))
      // In force before anybody new comes.
      let deadline = ContinuousClock.now + .seconds(10)
      while try await diagnosis()["generation"] == before, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    try await story.sites.make(trouble)
  }

  /// What hosts notice, and no more.
  private func showPings() async throws {
    let sites = story.sites
    let bytes = trouble.concernsLargeFrames ? 1500 : nil
    for (from, namespace, to, address) in [
      ("on-prem server", sites.server, "cloud vm1", DemoTopology.vm1Address),
      ("cloud vm1", sites.vm1, "on-prem server", DemoTopology.serverAddress),
    ] {
      let ping = try await Ping(from: namespace, to: address, bytes: bytes)
      let size = bytes.map { " with \($0) bytes" } ?? ""
      let text = "\(from) -> \(to) (\(address))\(size): \(ping.received) of \(ping.transmitted) answered"
      if ping.isComplete { narrator.good(text) } else { narrator.bad(text) }
    }
  }

  private func showCommands(_ endpoint: String, _ credentials: ESWClient.Credentials) {
    narrator.headline("8  Find out why, in another terminal")
    narrator.block(
      """
      export ESW_ENDPOINT=\(endpoint)
      export HUAWEICLOUD_SDK_AK=\(credentials.keyID)
      export HUAWEICLOUD_SDK_SK=\(credentials.secret)
      export HUAWEICLOUD_SDK_PROJECT_ID=\(credentials.project)
      esw doctor l2conn
      """)
    narrator.dim(
      "the node is the network namespace \(story.sites.node): ip netns exec \(story.sites.node) COMMAND")
  }

  private func ask() async throws -> Bool {
    narrator.headline("9  esw doctor l2conn")
    let started = ContinuousClock.now
    while ContinuousClock.now - started < Self.patience {
      let asked = ContinuousClock.now
      let row = try await diagnosis()
      let spent = ContinuousClock.now - asked
      if row["cause"] != .null {
        narrator.block(FindingText.page(of: row))
        let seconds = (ContinuousClock.now - started).components.seconds
        narrator.dim("named after \(seconds) s; this answer took \(spent.wholeMilliseconds) ms")
        let isRight = row["cause.topic"].text == trouble.topic.rawValue
        if !isRight { narrator.bad("\(trouble.topic.rawValue) was made, and something else named") }
        return isRight
      }
      try await Task.sleep(for: .milliseconds(200))
    }
    narrator.bad("\(trouble.topic.rawValue) was made, and nothing named")
    return false
  }

  private func diagnosis() async throws -> JSON {
    try await ConnectionResource.diagnosis(connection.description, story.client)
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
