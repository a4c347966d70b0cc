import ESWClient
import ESWModel
import ESWPlanning
import ESWSeams
import ESWWire
import Foundation
import GatewayAgent
import LinuxDataplane
import Simulation
import Synchronization
import Testing

@testable import ESWCommands

/// One `esw serve` in this process, whose agent's passes are kept: on a node with `underlay0`, `segment0` and
/// the bridge `cloud0`.
struct PlanBed: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case simulated, kernel

    static let here: [Kind] = missingForKernel.isEmpty ? allCases : [.simulated]
  }

  static let node = NodeName("node-1")!

  let client: ESWClient
  let store: any IntentStore
  private let passes: Passes

  static func run(on kind: Kind, _ body: (PlanBed) async throws -> Void) async throws {
    switch kind {
    case .simulated:
      let kernel = SimulatedDataplane()
      for name in ["underlay0", "segment0"] { await kernel.place(InterfaceName(name)!) }
      await kernel.place(InterfaceName("cloud0")!, kind: "bridge")
      try await serve(on: kernel, body)
    case .kernel:
      let sites = DemoTopology(prefix: "eswp\(getpid())-")
      let pins = NodePins.folder(ofNamespace: "/run/netns/\(sites.node)")
      let outcome: Result<Void, any Error>
      do {
        try await sites.create()
        try await Program.check("ip", ["-n", sites.node, "link", "add", "cloud0", "type", "bridge"])
        try await Program.check("ip", ["-n", sites.node, "link", "set", "cloud0", "up"])
        try await serve(on: LinuxDataplane(namespace: "/run/netns/\(sites.node)", pins: pins), body)
        outcome = .success(())
      } catch {
        outcome = .failure(error)
      }
      try? LinuxDataplane.removePins(pins)
      try await sites.remove()
      try outcome.get()
    }
  }

  private static func serve(
    on dataplane: any Dataplane, _ body: (PlanBed) async throws -> Void
  ) async throws {
    let folder = NSTemporaryDirectory() + "esw-plan-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let passes = Passes()
    let options = SwitchServer.Options(
      dataFolder: folder, listen: ServedSwitch.anyPort, region: Region(), node: node,
      logger: ServedSwitch.silence, dataplane: .open(dataplane), observer: { passes.append($0) })
    try await ServedSwitch.run(options) { served in
      let bed = PlanBed(client: try served.client(), store: served.server.store, passes: passes)
      try await bed.awaitNode()
      try await body(bed)
    }
  }

  /// Until the node has carried out all intent, has nothing left to do, and has said so.
  func awaitNode() async throws {
    for _ in 0..<3000 {
      let revision = store.snapshot.revision
      if passes.isQuiet(at: revision),
        let generation = store.reports.received(from: Self.node)?.report.generation, generation >= revision
      {
        return
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("the node did not come to rest")
  }

  /// Plans the change, makes it, and holds what the node did against what was shown.
  ///
  /// - Returns: What the change answered.
  @discardableResult
  func change(
    _ operation: ESWWire.Operation, _ ids: [String: String] = [:], body: String = "",
    location: SourceLocation = #_sourceLocation
  ) async throws -> (plan: JSON, answer: JSON) {
    let before = (snapshot: store.snapshot, report: store.reports.received(from: Self.node))
    let body = body.isEmpty ? nil : Data(body.utf8)
    let plan = try await client.answer(to: operation, ids, query: [("dry_run", "true")], body: body)["plan"]
    #expect(store.snapshot.revision == before.snapshot.revision, sourceLocation: location)
    #expect(plan["revision"].text == "\(before.snapshot.revision)", sourceLocation: location)
    let mark = passes.count
    let data = try await client.call(operation, ids, body: body)
    let answer = data.isEmpty ? JSON.null : try JSONDecoder().decode(JSON.self, from: data)
    try await awaitNode()
    let executed = passes.steps(since: mark)
    let shown = PlannedSteps(plan, becoming: answer)
    #expect(shown.lines == executed.map { "\($0.word.rawValue): \($0)" }, sourceLocation: location)
    // To the last byte of a row, which no command shows.
    let look = try #require(before.report?.report.observation)
    func state(_ snapshot: IntentSnapshot) -> DataplaneState {
      DesiredDataplane(for: GatewayConfiguration(for: Self.node, from: snapshot), on: look).state
    }
    let expected = DataplanePlan(from: state(before.snapshot), to: state(store.snapshot)).steps
    #expect(expected == executed, sourceLocation: location)
    return (plan, answer)
  }
}

/// The steps of a plan, with the ids that the change made in place of those that the plan made up.
private struct PlannedSteps {
  private(set) var lines: [String] = []

  init(_ plan: JSON, becoming answer: JSON) {
    guard case .array(let nodes) = plan["nodes"] else { return }
    var names: [(String, String)] = []
    if case .array(let rows) = plan["rows"] {
      for row in rows where row["provisional"] == .boolean(true) {
        let type = row["resource_type"].text
        if let planned = AttachmentID(row["resource_id"].text),
          let made = AttachmentID(answer["\(type).id"].text)
        {
          let (old, new) = (
            DesiredDataplane.bridgePortNames(of: planned), DesiredDataplane.bridgePortNames(of: made)
          )
          names += [(old.inner, new.inner), (old.outer, new.outer)]
            .map { ($0.0.description, $0.1.description) }
        }
      }
    }
    for node in nodes {
      guard case .array(let steps) = node["steps"] else { continue }
      lines += steps.map { step in
        names.reduce("\(step["kind"].text): \(step["command"].text)") {
          $0.replacingOccurrences(of: $1.0, with: $1.1)
        }
      }
    }
  }
}

/// What the agent did, pass by pass.
private final class Passes: Sendable {
  private let records = Mutex<[AgentService.PassRecord]>([])

  var count: Int { records.withLock { $0.count } }

  func append(_ record: AgentService.PassRecord) { records.withLock { $0.append(record) } }

  /// Whether the last pass found nothing to do for this generation or a later one.
  func isQuiet(at revision: Revision) -> Bool {
    records.withLock { records in
      guard let last = records.last, let generation = last.generation else { return false }
      return last.steps.isEmpty && generation >= revision
    }
  }

  func steps(since mark: Int) -> [DataplaneStep] {
    records.withLock { $0.dropFirst(mark).flatMap(\.steps) }
  }
}
