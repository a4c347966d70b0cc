import ESWClient
import Foundation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `Attachments by VLAN, on the command line` {
  private let create = ["attachment", "create", "stretched", "--node", "node-1"]

  @Test func `are made, listed and shown`() async throws {
    let user = try await CommandLineUser()
    try await user.makeNetwork()
    try await user.report()
    let made = try await user.json(
      "attachment", "create", "stretched", "--node", "node-1", "--interface", "segment0", "--vlan", "100",
      "--outer-vlan", "200:802.1ad")
    #expect(made["vlan.id"].text == "100")
    #expect(made["vlan.outer.id"].text == "200" && made["vlan.outer.protocol"].text == "802.1ad")
    let list = try await user.check("attachment")
    #expect(list.contains("VLAN  OUTER"), "\(list)")
    #expect(list.contains("segment0   100   200"), "\(list)")
    try await user.check("subnet", "create", "other", "--vpc", "site", "--cidr", "192.168.1.0/24")
    let again = try await user.esw(
      "attachment", "create", "other", "--node", "node-1", "--interface", "segment0", "--vlan", "100",
      "--outer-vlan", "200:802.1ad")
    #expect(again.status != 0)
    #expect(again.errors.contains("VLAN 200:802.1ad/100 already"), "\(again.errors)")
  }

  private static let senseless = [
    ["--bridge", "br0", "--vlan", "1"], ["--tunnel", "underlay0", "--vlan", "1"],
    ["--interface", "segment0", "--vlan", "0"], ["--interface", "segment0", "--vlan", "4095"],
    ["--interface", "segment0", "--outer-vlan", "1"],
    ["--interface", "segment0", "--vlan", "1", "--outer-vlan", "2:802.1x"],
  ]

  @Test func `are refused as usage before anybody is asked when they make no sense`() async throws {
    let user = try await CommandLineUser()
    for options in Self.senseless {
      let result = try await user.run([try ESWProcess.executable().path] + create + options)
      #expect(result.status == 64, "\(options): \(result.errors)")
    }
  }
}
