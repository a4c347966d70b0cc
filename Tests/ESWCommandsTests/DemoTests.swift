import Foundation
import Testing

@testable import ESWCommands

/// Whether the real data plane can be had; when not, the tests that need it are skipped aloud.
let missingForKernel: [String] = {
  let missing = DemoRequirements.missing()
  if !missing.isEmpty { print("SKIPPED: tests on the real kernel need \(missing.joined(separator: "; "))") }
  return missing
}()

@Suite(.serialized, .timeLimit(.minutes(5))) struct `The demo` {
  @Test func `on the simulated data plane says so on every screen and ends well`() async throws {
    let demo = try ESWProcess(["demo", "--once", "--simulate"])
    let status = try await demo.waitForExit(within: .seconds(90))
    #expect(status == 0, "\(demo.text)")
    let headlines = demo.text.split(separator: "\n").filter { $0.hasPrefix("[SIMULATED] ") }
    #expect(headlines.count >= 9, "\(demo.text)")
    #expect(demo.text.contains("\"current_count\" : 1"))
  }

  @Test(.enabled(if: missingForKernel.isEmpty))
  func `on the real kernel pings cross both ways, and nothing is left behind`() async throws {
    let before = try await Leftovers()
    let demo = try ESWProcess(["demo", "--once"])
    let status = try await demo.waitForExit(within: .seconds(120))
    #expect(status == 0, "\(demo.text)")
    #expect(demo.text.components(separatedBy: "5 of 5 answered").count == 7, "\(demo.text)")
    #expect(demo.text.contains("): connected") || demo.text.contains(": connected"), "\(demo.text)")
    #expect(try await Leftovers() == before)
  }

  @Test(
    .enabled(if: missingForKernel.isEmpty),
    arguments: zip(
      [
        "1  Two sites", "2  Control plane", "3  Asking", "/vpcs", "/l2cg/instances", "4  What",
        "Pings across",
      ],
      [SIGINT, SIGTERM, SIGINT, SIGTERM, SIGINT, SIGTERM, SIGINT]))
  func `interrupted at any moment it removes what it has made`(_ moment: String, _ signal: Int32) async throws
  {
    let before = try await Leftovers()
    let demo = try ESWProcess(["demo"])
    try await demo.wait(for: moment, within: .seconds(60))
    demo.signal(signal)
    let status = try await demo.waitForExit(within: .seconds(20))
    #expect(status == 0, "\(demo.text)")
    #expect(demo.text.contains("everything that the demo made is gone"), "\(demo.text)")
    #expect(!demo.text.contains("did not take all of it away"), "\(demo.text)")
    #expect(try await Leftovers() == before, "\(demo.text)")
  }

  @Test(.enabled(if: missingForKernel.isEmpty))
  func `a second signal does not stop the clean-up`() async throws {
    let before = try await Leftovers()
    let demo = try ESWProcess(["demo"])
    try await demo.wait(for: "Pings across", within: .seconds(60))
    demo.signal(SIGINT)
    try await demo.wait(for: "Taking it all away")
    demo.signal(SIGINT)
    demo.signal(SIGTERM)
    let status = try await demo.waitForExit(within: .seconds(20))
    #expect(status == 0, "\(demo.text)")
    #expect(try await Leftovers() == before, "\(demo.text)")
  }

  @Test func `a second demo and a lock that cannot be had are told apart`() throws {
    let file = NSTemporaryDirectory() + "esw-lock-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try withExtendedLifetime(DemoLock(path: file)) {
      let second = #expect(throws: DemoFailure.self) { try DemoLock(path: file) }
      #expect(second?.description.contains("another demo runs") == true)
    }
    let none = #expect(throws: DemoFailure.self) { try DemoLock(path: file + "/none") }
    #expect(none?.description.contains("cannot be opened") == true)
  }

  @Test(arguments: [
    ("000001ffffffffff", []), ("000001ffffffefff", ["CAP_NET_ADMIN"]),
    // CAP_SYS_ADMIN does for CAP_BPF.
    ("0000007fffffffff", []), ("0000007fffdfffff", ["CAP_SYS_ADMIN", "CAP_BPF"]),
    // What a container has by default.
    ("00000000a80425fb", ["CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_BPF"]),
  ])
  func `root's missing capabilities are named`(_ effective: String, _ missing: [String]) {
    let status = "Name:\tesw\nCapPrm:\t000001ffffffffff\nCapEff:\t\(effective)\nCapBnd:\t0\n"
    #expect(DemoRequirements.missingCapabilities(in: status) == missing)
  }
}

/// What a demo could leave on the machine.
struct Leftovers: Equatable {
  let namespaces: [String]
  let pins: Bool
  let folders: [String]
  /// By the demo's names: other tests make links of theirs at the same time.
  let links: [String]

  init() async throws {
    namespaces = try await DemoTopology().existing()
    pins = FileManager.default.fileExists(atPath: NodePins.demo)
    folders = try FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())
      .filter { $0.hasPrefix("esw-demo-") }
    let own: Set<Substring> = [
      "up0", "site0", "cloud0", "underlay0", "segment0", "port0", "port1", "port2", "vxlan7127",
    ]
    links = try await Program.run("ip", ["-brief", "link"]).output.split(separator: "\n")
      .filter { own.contains($0.prefix { $0 != "@" && $0 != " " }) }.map(String.init)
  }
}
