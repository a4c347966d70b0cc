import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum InstanceResource: Resource {
  typealias ID = InstanceID

  static let kind = ResourceKind(
    "instance", "a switch", list: .listInstances, show: .showInstance, delete: .deleteInstance,
    columns: [
      .init("ID", "id"), .init("NAME", "name"), .init("FLAVOR", "flavor_ref"), .init("STATUS", "status"),
      .init("TUNNEL IP", "tunnel_info.tunnel_ip"), .init("CREATED", "created_at"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only the one of this id.") var id: InstanceID?
    @Option(help: "Only those of exactly this name.") var name: String?
    @Option(help: "Only those of exactly this description.") var description: String?

    func request(_ client: ESWClient, of kind: ResourceKind) -> ListRequest {
      ListRequest(
        kind.list, query: ["id": id?.description, "name": name, "description": description])
    }
  }

  struct Deletion: DeletionOptions {
    static let word = "deletion accepted"

    @OptionGroup var options: WaitOptions

    /// Gone from the list is what the API promises; the deletion's job tells when the node has done it.
    func finish(_ rows: [JSON], _ client: ESWClient) async throws {
      guard options.wait else { return }
      for row in rows {
        let id = row["id"].text
        try await options.waiting(for: "instance \(id)", then: "`esw job \(id)` shows how far it is.") {
          try await InstanceResource.deletion(of: id, client)
        }
      }
    }
  }

  static func explanation(of row: JSON, _ client: ESWClient) async throws -> String {
    try await Diagnosis.text { try await diagnosis(row["id"].text, client) }
  }

  static func diagnosis(_ id: String, _ client: ESWClient) async throws -> JSON {
    try await client.answer(to: .diagnoseInstance, ["instance_id": id])["instance"]
  }

  /// The newest job of a name.
  private static func job(_ name: String, of id: String, _ client: ESWClient) async throws -> JSON? {
    let jobs = try await client.rows(client.path(of: .listResourceJobs, ["resource_id": id]), key: "jobs")
    return jobs.last { $0["name"].text == name }
  }

  private static func deletion(of id: String, _ client: ESWClient) async throws -> Waiting.Look<Void> {
    let job = try await job("deleteInstance", of: id, client)
    switch job?["status"].text {
    case "FAILED"?: return .endedBadly(job?["fail_reason"].text ?? "")
    case "COMPLETED"?, nil: return try await Gone.look(.showInstance, ["instance_id": id], client)
    case let status?: return .goesOn("being deleted, job \(status) \(job?["process"].text ?? "")")
    }
  }

  /// Until it is active.
  static func creation(of id: String, _ client: ESWClient) async throws -> Waiting.Look<JSON> {
    let instance = try await client.answer(to: .showInstance, ["instance_id": id])["instance"]
    let status = instance["status"].text
    switch status {
    case "active": return .done(instance)
    case "build":
      let process = try await job("createInstance", of: id, client)?["process"].text ?? ""
      return .goesOn(process.isEmpty ? status : "\(status) \(process)")
    default:
      let reason = try await job("createInstance", of: id, client)?["fail_reason"].text ?? ""
      return .endedBadly(reason.isEmpty ? status : "\(status), \(reason)")
    }
  }
}

struct InstanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "instance", abstract: "Switches: each has a tunnel address and carries connections.",
    subcommands: [
      ListCommand<InstanceResource>.self, ShowCommand<InstanceResource>.self, Create.self, Update.self,
      Diagnose.self, DeleteCommand<InstanceResource>.self,
    ], defaultSubcommand: ListCommand<InstanceResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a switch.",
      discussion: """
        Prints the switch; it is being built until its status is active (--wait waits for that).

        Example:
          esw instance create edge-01 --vpc site --tunnel-subnet tunnel --flavor l2cg.medium.ha --wait
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var waiting: WaitOptions
    @Argument(help: "Its name: 1 to 64 letters, digits, Chinese characters, _ - or .") var name: ResourceName
    @Option(help: "The VPC of its tunnel subnet, by id or name.") var vpc: Reference<VPCResource>
    @Option(help: "The tunnel subnet, by id or name.") var tunnelSubnet: Reference<SubnetResource>
    @Option(help: "The tunnel address; one is chosen when it is left out.") var tunnelIP: IPv4Address?
    @Option(
      help: "Its size: 1, 3 or 6 connections; `esw flavor` shows more.",
      completion: .list(["l2cg.small.ha", "l2cg.medium.ha", "l2cg.large.ha"]))
    var flavor = "l2cg.small.ha"
    @Option(help: "Zone of the active node; the region's first when left out.") var primary: String?
    @Option(help: "Zone of the standby node; the region's second, or only one, when left out.")
    var standby: String?
    @Option(help: "At most 255 characters without < and >.") var description: ResourceDescription = .empty

    func run() async throws {
      let client = try options.client()
      let zones = try await zones(client)
      let request = NewInstance(
        name: name, description: description, flavor: flavor, primaryZone: zones.primary,
        standbyZone: zones.standby, vpc: try await vpc.id(client),
        tunnelSubnet: try await tunnelSubnet.id(client), tunnelAddress: tunnelIP)
      var instance = try await client.answer(
        to: .createInstance, body: JSONWriter.data { $0.body(request) })["instance"]
      if waiting.wait {
        let id = instance["id"].text
        instance = try await waiting.waiting(
          for: "instance \(name)", then: "`esw instance show \(id)` shows how far it is, and why."
        ) { try await InstanceResource.creation(of: id, client) }
      }
      try options.show(instance, InstanceResource.kind.columns)
    }

    private func zones(_ client: ESWClient) async throws -> (primary: String, standby: String) {
      if let primary, let standby { return (primary, standby) }
      guard case .array(let rows) = try await client.answer(to: .listAvailabilityZones)["availability_zones"],
        let first = rows.first?.text
      else { throw CommandFailure(.failed, "the region has no zones; name them by --primary and --standby") }
      let other = rows.map(\.text).first { $0 != primary ?? first }
      return (primary ?? rows.map(\.text).first { $0 != standby } ?? first, standby ?? other ?? first)
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a switch's name or description; nothing else of it can change.",
      discussion: """
        Example:
          esw instance update edge-01 --name edge-02 --description ""
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The switch, by id or name.") var instance: Reference<InstanceResource>
    @Option(help: "Its new name.") var name: ResourceName?
    @Option(help: "Its new description; \"\" for none.") var description: ResourceDescription?

    func validate() throws {
      guard name != nil || description != nil else {
        throw ValidationError("--name or --description must be given")
      }
    }

    func run() async throws {
      let client = try options.client()
      let body = JSONWriter.data { $0.body(InstanceUpdate(name: name, description: description)) }
      let ids = try await instance.parameters(of: .updateInstance, client).ids
      try options.show(
        try await client.answer(to: .updateInstance, ids, body: body)["instance"],
        InstanceResource.kind.columns)
    }
  }

  struct Diagnose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A switch's status and why it is so.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The switch, by id or name.") var instance: Reference<InstanceResource>

    func run() async throws {
      let client = try options.client()
      let id = try await instance.id(client).description
      let row = try await InstanceResource.diagnosis(id, client)
      guard options.isForPeople else { return try options.show(row, InstanceResource.kind.columns) }
      try Terminal.result(FindingText.page(of: row))
    }
  }
}
