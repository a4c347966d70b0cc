import ESWClient
import ESWModel
import ESWPlanning
import Foundation
import KernelTesting
import Netlink
import Testing

@testable import ESWCommands

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `esw doctor` {
  private func doctor(_ namespace: NetworkNamespace, _ more: String...) async throws -> Program.Result {
    try await Program.run(
      ESWProcess.executable().path, ["doctor", "--namespace", namespace.path] + more)
  }

  @Test func `tells programs what it found, and by its status whether a node works there`() async throws {
    try await withNamespace("doctor") { namespace in
      let name = String(namespace.path.split(separator: "/").last ?? "")
      try run("ip", "-n", name, "link", "add", "wan0", "type", "veth", "peer", "name", "wan1")
      let calm = try await doctor(namespace, "--underlay", "wan0", "-o", "json")
      #expect(calm.status == 0, "\(calm.output)")
      try run(
        "ip", "-n", name, "link", "add", "vx9", "type", "vxlan", "id", "9", "dstport", "4789", "dev", "wan0")
      let result = try await doctor(namespace, "--underlay", "wan0", "--output", "json")
      #expect(result.status == CommandStatus.faulty.rawValue)
      let answer = try JSONDecoder().decode(JSON.self, from: Data(result.output.utf8))
      #expect(answer["underlays"] == .array([.string("wan0")]))
      guard case .array(let findings) = answer["findings"], let fault = findings.first else {
        Issue.record("\(result.output)")
        return
      }
      #expect(fault["topic"].text == "vxlan_port_taken" && fault["weight"].text == "fault")
      #expect(fault["subject"].text == "vx9" && fault["commands"].text == "ip -d link show dev vx9")
    }
  }

  @Test func `tells people the same on one screen`() async throws {
    try await withNamespace("doctor") { namespace in
      let name = String(namespace.path.split(separator: "/").last ?? "")
      try run("ip", "-n", name, "link", "add", "wan0", "type", "veth", "peer", "name", "wan1")
      try run("ip", "netns", "exec", name, "ethtool", "-K", "wan0", "gro", "off")
      let result = try await doctor(namespace, "--underlay", "wan0")
      #expect(result.status == 0)
      #expect(result.output.contains("underlays: wan0; ports: none; bridges: none"))
      #expect(result.output.contains("advice gro_off wan0: "))
      #expect(result.output.contains("      ethtool -K wan0 gro on"))
      #expect(result.output.split(separator: "\n", omittingEmptySubsequences: false).count < 40)
    }
  }

  @Test func `says so when it cannot look`() async throws {
    try await withNamespace("doctor") { namespace in
      let result = try await doctor(namespace, "--underlay", "absent0")
      #expect(result.status == CommandStatus.failed.rawValue)
      #expect(result.errors.contains("absent0"))
    }
  }
}
