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

  @Test(.enabled(if: missingForKernel.isEmpty), arguments: [SIGINT, SIGTERM])
  func `interrupted in the middle it removes what it has made`(_ signal: Int32) async throws {
    let before = try await Leftovers()
    let demo = try ESWProcess(["demo"])
    try await demo.wait(for: "Pings across", within: .seconds(60))
    demo.signal(signal)
    let status = try await demo.waitForExit(within: .seconds(60))
    #expect(status == 0, "\(demo.text)")
    #expect(try await Leftovers() == before, "\(demo.text)")
  }
}

/// What a demo could leave on the machine.
struct Leftovers: Equatable {
  let namespaces: [String]
  let pins: [String]
  let folders: [String]
  let links: String

  init() async throws {
    namespaces = try await DemoTopology().existing()
    pins = ((try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/bpf/openesw")) ?? [])
      .filter { $0 == "demo-node" }
    folders = try FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())
      .filter { $0.hasPrefix("esw-demo-") }
    links = try await Program.run("ip", ["-brief", "link"]).output
  }
}
