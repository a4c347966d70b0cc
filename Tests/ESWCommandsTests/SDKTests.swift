import ESWModel
import Foundation
import Logging
import ServiceLifecycle
import Simulation
import Testing

@testable import ESWCommands

/// The Python with the vendor's SDK, as `make test` names it.
private let python = ProcessInfo.processInfo.environment["ESW_PYTHON"]

@Suite(.timeLimit(.minutes(3))) struct `The vendor's Python SDK` {
  @Test(.enabled(if: python != nil, "ESW_PYTHON is not set; make test sets it"))
  func `walks the whole flow against a running server`() async throws {
    try await walk("walk.py", ["node-1", "underlay0", "segment0"])
  }

  @Test(.enabled(if: python != nil, "ESW_PYTHON is not set; make test sets it"))
  func `walks users, keys, policies and tokens against a running server`() async throws {
    try await walk("iam.py", [Region().name])
  }

  /// Runs the script with a new server's endpoint and credentials.
  private func walk(_ script: String, _ arguments: [String]) async throws {
    let folder = NSTemporaryDirectory() + "esw-sdk-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await SwitchServer(
      .init(
        dataFolder: folder, host: "127.0.0.1", port: 0, region: Region(), node: NodeName("node-1")!,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, dataplane: await kernel()))
    let key = try #require(try await server.firstKey())
    let endpoints = AsyncStream<String>.makeStream()
    let services = try server.services(signals: []) { endpoints.continuation.yield($0) }
    let serving = Task {
      defer { endpoints.continuation.finish() }
      try await services.run()
    }
    let endpoint = try #require(await endpoints.stream.first { _ in true })
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../SDK/\(script)").path
    let walk = try await Program.run(
      "env",
      [
        "HUAWEICLOUD_SDK_AK=\(key.id)", "HUAWEICLOUD_SDK_SK=\(key.secret)",
        "HUAWEICLOUD_SDK_PROJECT_ID=\(key.project)", python ?? "python3", path, endpoint,
      ] + arguments)
    #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
    #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    await services.triggerGracefulShutdown()
    _ = await serving.result
  }

  private func kernel() async -> SimulatedDataplane {
    let kernel = SimulatedDataplane()
    await kernel.place(InterfaceName("underlay0")!)
    await kernel.place(InterfaceName("segment0")!)
    await kernel.placeFarHost(
      IPv4Address("192.168.0.20")!, MACAddress(locallyAdministered: 20),
      behind: RemoteEndpoint(vni: VNI(7127)!, address: IPv4Address("192.168.111.111")!))
    return kernel
  }
}
