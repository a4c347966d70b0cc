import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

enum FlavorResource: Resource {
  typealias ID = String

  static let kind = ResourceKind(
    "flavor", "a flavor", idMember: "name", list: .listFlavors,
    columns: [
      .init("NAME", "name"), .init("CONNECTIONS", "connections"), .init("GBIT/S", "bandwidth"),
      .init("PACKETS/S", "pps"), .init("ZONES", "available_zones"),
    ])
}

struct FlavorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flavor", abstract: "Sizes of switches.", subcommands: [ListCommand<FlavorResource>.self],
    defaultSubcommand: ListCommand<FlavorResource>.self)
}

enum ZoneResource: Resource {
  typealias ID = String

  static let kind = ResourceKind(
    "zone", "a zone", listMember: "availability_zones", idMember: "", list: .listAvailabilityZones,
    columns: [.init("ZONE", "")])
}

struct ZoneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zone", abstract: "Availability zones.", subcommands: [ListCommand<ZoneResource>.self],
    defaultSubcommand: ListCommand<ZoneResource>.self)
}

enum QuotaResource: Resource {
  typealias ID = String

  static let kind = ResourceKind(
    "quota", "a quota", listMember: "quotas.resources", idMember: "type", list: .listQuotas,
    columns: [.init("TYPE", "type"), .init("USED", "used"), .init("QUOTA", "quota")])
}

struct QuotaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quota", abstract: "How many switches the project may have, and has.",
    subcommands: [ListCommand<QuotaResource>.self], defaultSubcommand: ListCommand<QuotaResource>.self)
}

enum JobResource: Resource {
  typealias ID = JobID

  static let kind = ResourceKind(
    "job", "a job", list: .listResourceJobs,
    columns: [
      .init("ID", "id"), .init("NAME", "name"), .init("STATUS", "status"), .init("BEGAN", "begin_time"),
      .init("ENDED", "end_time"), .init("WHY", "fail_reason"),
    ])

  struct Filters: ListFilters {
    @Argument(help: "The switch, by id or name; by id also when it is deleted.")
    var instance: Reference<InstanceResource>

    func request(_ client: ESWClient, of kind: ResourceKind) async throws -> ListRequest {
      ListRequest(kind.list, ["resource_id": try await instance.id(client).description])
    }
  }
}

struct JobCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "What was asked for a switch, and how far it is.",
    discussion: """
      Example:
        esw job edge-01
      """,
    subcommands: [ListCommand<JobResource>.self], defaultSubcommand: ListCommand<JobResource>.self)
}
