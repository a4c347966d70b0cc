import ESWClient
import ESWModel
import ESWPlanning
import ESWWire
import Foundation
import NIOHTTP1

// What the demo shows once everything has been asked for.
extension DemoStory {
  /// Shows each status of a new connection until it is `connected`, and, once the node has it, how the
  /// agent came to it.
  func watch(_ connection: ConnectionID) async throws {
    let started = ContinuousClock.now
    var seen: [(status: String, reason: String?, after: Duration)] = []
    var shown = 0
    var hasShownSteps = false
    while ContinuousClock.now - started < .seconds(30) {
      let own = try await diagnosis(of: connection)
      if own.status != seen.last?.status {
        seen.append((own.status, own.reason, ContinuousClock.now - started))
      }
      if own.status != "pending" {
        if !hasShownSteps {
          showSteps()
          narrator.headline("5  Status: from evidence, not from configuration")
          hasShownSteps = true
        }
        for step in seen[shown...] { show(step.status, step.reason, step.after) }
        shown = seen.count
      }
      if own.status == "connected" { return }
      if own.status == "failed" || own.status == "abnormal" {
        throw DemoFailure("the connection is \(own.status): \(own.reason ?? "")")
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw DemoFailure("no frame came through the tunnel within 30 s")
  }

  private func showSteps() {
    narrator.headline(
      isSimulated
        ? "4  What the agent did, on the simulated data plane" : "4  What the agent did in the kernel")
    let (steps, spent) = passes.taken
    for (step, outcome) in steps {
      narrator.line("\(step)" + (outcome == .applied ? "" : "   [\(outcome)]"))
    }
    narrator.dim("\(steps.count) steps in \(Self.milliseconds(spent)) ms")
  }

  private func show(_ status: String, _ reason: String?, _ after: Duration) {
    narrator.line("after \(Self.milliseconds(after)) ms: \(status)" + (reason.map { " (\($0))" } ?? ""))
  }

  private static func milliseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
  }

  private func diagnosis(of connection: ConnectionID) async throws -> Answer.ConnectionDiagnosis {
    try await client.call(
      .GET, client.ownPath("/connections/\(connection)"), as: Answer.OneConnectionDiagnosis.self
    ).connection
  }

  /// Pings across in both directions, and the switch's own address from both sides.
  ///
  /// - Returns: Whether every ping was answered.
  func ping() async throws -> Bool {
    narrator.headline("6  Pings across")
    if isSimulated {
      narrator.line("none: the SIMULATED data plane carries no frames")
      return true
    }
    let fixed = Self.fixedAddresses.first.map(\.description) ?? ""
    let ways = [
      ("on-prem server", sites.server, "cloud vm1", DemoTopology.vm1Address),
      ("on-prem server", sites.server, "cloud vm2", DemoTopology.vm2Address),
      ("cloud vm1", sites.vm1, "on-prem server", DemoTopology.serverAddress),
      ("cloud vm2", sites.vm2, "on-prem server", DemoTopology.serverAddress),
      ("on-prem server", sites.server, "the switch", fixed),
      ("cloud vm1", sites.vm1, "the switch", fixed),
    ]
    var isGood = true
    for (from, namespace, to, address) in ways {
      let ping = try await Ping(from: namespace, to: address)
      let trip = ping.averageRoundTrip.map { ", round trip \($0) ms" } ?? ""
      let text = "\(from) -> \(to) (\(address)): \(ping.received) of \(ping.transmitted) answered\(trip)"
      if ping.isComplete { narrator.good(text) } else { narrator.bad(text) }
      if let failure = ping.failure { narrator.bad("no ping was made, \(failure)") }
      isGood = isGood && ping.isComplete
    }
    return isGood
  }

  func showHosts(_ connection: ConnectionID) async throws {
    narrator.headline("7  Who is where, as the data path has learned it")
    let own = try await client.call(.GET, client.ownPath("/connections/\(connection)"), as: JSON.self)[
      "connection"]
    if case .array(let hosts) = own["hosts"], !hosts.isEmpty {
      let columns: [Table.Column] = [
        .init("MAC", "mac"), .init("ADDRESS", "address"), .init("SIDE", "side"), .init("BEHIND", "tunnel_ip"),
      ]
      narrator.block(Table(hosts, columns: columns).text)
    } else {
      narrator.line("nobody yet")
    }
    let counters = own["counters"]
    narrator.line(
      "frames to the remote: \(counters["to_remote.frames"].text), from it: \(counters["to_local.frames"].text)"
    )
  }

  func showList(_ instance: InstanceID) async throws {
    let path = client.switchPath("/instances/\(instance)/connections")
    narrator.headline("8  ListConnections, in full")
    narrator.line("GET \(path)")
    let data = try await client.call(.GET, path)
    let pretty = try JSONSerialization.data(
      withJSONObject: try JSONSerialization.jsonObject(with: data),
      options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    narrator.block(String(decoding: pretty, as: UTF8.self))
  }

  func showHowToCall(_ endpoint: String, _ credentials: ESWClient.Credentials, _ instance: InstanceID) {
    narrator.headline("9  Call it yourself")
    narrator.block(
      """
      export ESW_ENDPOINT=\(endpoint)
      export HUAWEICLOUD_SDK_AK=\(credentials.keyID)
      export HUAWEICLOUD_SDK_SK=\(credentials.secret)
      export HUAWEICLOUD_SDK_PROJECT_ID=\(credentials.project)
      esw connection list

      # or look at it, and sign in there with this key pair:
      \(endpoint)/console

      # or with the vendor's SDK (pip install huaweicloudsdkesw):
      from huaweicloudsdkcore.auth.credentials import BasicCredentials
      from huaweicloudsdkesw.v3 import EswClient, ListConnectionsRequest
      client = EswClient.new_builder().with_endpoint("\(endpoint)").with_credentials(
          BasicCredentials("\(credentials.keyID)", "\(credentials.secret)", "\(credentials.project)")).build()
      print(client.list_connections(ListConnectionsRequest(instance_id="\(instance)")))
      """)
    if !isSimulated {
      narrator.block(
        """

        ip netns exec \(sites.server) ping \(DemoTopology.vm1Address)          # another ping across
        ip netns exec \(sites.customerSwitch) tcpdump -ni up0 udp port 4789     # the tunnel's packets
        """)
    }
  }
}
