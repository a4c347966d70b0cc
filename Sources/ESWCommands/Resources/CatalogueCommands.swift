import ArgumentParser
import ESWClient
import ESWModel
import Foundation
import NIOHTTP1

struct FlavorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "flavor", abstract: "Sizes of switches.")
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let client = try options.client()
    try options.show(
      try await client.rows(client.switchPath("/flavors"), key: "flavors"),
      [
        .init("NAME", "name"), .init("CONNECTIONS", "connections"), .init("GBIT/S", "bandwidth"),
        .init("PACKETS/S", "pps"), .init("ZONES", "available_zones"),
      ])
  }
}

struct ZoneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "zone", abstract: "Availability zones.")
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let client = try options.client()
    let answer = try await client.call(.GET, client.switchPath("/availability-zones"), as: JSON.self)
    guard case .array(let zones) = answer["availability_zones"] else { return }
    try options.show(zones.map { .object(["zone": $0]) }, [.init("ZONE", "zone")])
  }
}

struct QuotaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quota", abstract: "How many switches the project may have, and has.")
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let client = try options.client()
    let answer = try await client.call(.GET, client.switchPath("/quotas"), as: JSON.self)
    guard case .array(let quotas) = answer["quotas.resources"] else { return }
    try options.show(quotas, [.init("TYPE", "type"), .init("USED", "used"), .init("QUOTA", "quota")])
  }
}

struct JobCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "What was asked for a switch, and how far it is.")
  @OptionGroup var options: ClientOptions
  @Argument(help: "The switch's id.") var instance: InstanceID

  func run() async throws {
    let client = try options.client()
    try options.show(
      try await client.rows(client.switchPath("/resources/\(instance)/jobs"), key: "jobs"),
      [
        .init("ID", "id"), .init("NAME", "name"), .init("STATUS", "status"), .init("BEGAN", "begin_time"),
        .init("ENDED", "end_time"), .init("WHY", "fail_reason"),
      ])
  }
}

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Nodes that report, their interfaces and their problems.")
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let client = try options.client()
    let nodes = try await client.rows(client.ownPath("/nodes"), key: "nodes")
    try options.show(
      nodes,
      [
        .init("NODE", "name"), .init("DATA PLANE", "dataplane"), .init("KERNEL", "kernel"),
        .init("GENERATION", "generation"), .init("REPORTED, MS AGO", "report_age_ms"),
      ])
    guard options.output == .table else { return }
    for node in nodes {
      if case .array(let interfaces) = node["interfaces"], !interfaces.isEmpty {
        Terminal.say("\n\(node["name"].text): interfaces")
        Terminal.say(
          Table(
            interfaces,
            columns: [
              .init("NAME", "name"), .init("KIND", "kind"), .init("UP", "up"), .init("MTU", "mtu"),
              .init("MASTER", "master"), .init("DEFAULT ROUTE", "default_route"),
              .init("ADDRESSES", "addresses"), .init("OURS", "ours"),
            ]
          ).text)
      }
      if case .array(let problems) = node["problems"], !problems.isEmpty {
        Terminal.say("\n\(node["name"].text): problems")
        for problem in problems {
          Terminal.say("  \(problem["subject"].text) \(problem["id"].text): \(problem["text"].text)")
        }
      }
    }
  }
}
