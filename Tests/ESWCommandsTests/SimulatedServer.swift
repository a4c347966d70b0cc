import ESWModel
import Foundation
import Simulation
import Testing

@testable import ESWCommands

/// The Python with the vendor's SDK, as `make test` names it.
let vendorPython = ProcessInfo.processInfo.environment["ESW_PYTHON"]

/// What `esw serve` runs, on a simulated kernel with an underlay, a segment and a host behind a remote.
enum SimulatedServer {
  static let node = NodeName("node-1")!

  /// - Parameters:
  ///   - tls: Nil: plain HTTP.
  ///   - secondsAhead: By how much its clock is wrong.
  ///   - body: Gets the endpoint and the key of the first start.
  static func run(
    tls: TLSFiles? = nil, secondsAhead: Int64 = 0, _ body: (String, IssuedKey) async throws -> Void
  ) async throws {
    try await runInFolder(tls: tls, secondsAhead: secondsAhead) { endpoint, key, _ in
      try await body(endpoint, key)
    }
  }

  /// - Parameter body: Gets the server's data folder too.
  static func runInFolder(
    tls: TLSFiles? = nil, region: Region = Region(), secondsAhead: Int64 = 0,
    _ body: (String, IssuedKey, DataFolder) async throws -> Void
  ) async throws {
    let folder = NSTemporaryDirectory() + "esw-sdk-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let kernel = SimulatedDataplane()
    await kernel.place(InterfaceName("underlay0")!)
    await kernel.place(InterfaceName("segment0")!)
    await kernel.placeFarHost(
      IPv4Address("192.168.0.20")!, MACAddress(locallyAdministered: 20),
      behind: RemoteEndpoint(vni: VNI(7127)!, address: IPv4Address("192.168.111.111")!))
    let options = SwitchServer.Options(
      dataFolder: folder, listen: ServedSwitch.anyPort, tls: tls, region: region, node: node,
      logger: ServedSwitch.silence, dataplane: .open(kernel),
      clock: { Timestamp(milliseconds: Timestamp.now.milliseconds + 1000 * secondsAhead) })
    try await ServedSwitch.run(options) { served in
      try await body(served.endpoint, served.key, try DataFolder(folder))
    }
  }

  /// Runs a script of `Tests/SDK` as a user of the vendor's clients would.
  ///
  /// - Parameter caFile: Of the authorities that it trusts; nil: the system's.
  static func script(
    _ name: String, _ arguments: [String], at endpoint: String, as key: IssuedKey, caFile: String? = nil
  ) async throws -> Program.Result {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../SDK/\(name)").path
    return try await Program.run(
      "env",
      (caFile.map { ["REQUESTS_CA_BUNDLE=\($0)"] } ?? []) + [
        "HUAWEICLOUD_SDK_AK=\(key.id)", "HUAWEICLOUD_SDK_SK=\(key.secret)",
        "HUAWEICLOUD_SDK_PROJECT_ID=\(key.project)", vendorPython ?? "python3", "-B", path, endpoint,
        "\(node)",
        "underlay0", "segment0",
      ] + arguments)
  }
}
