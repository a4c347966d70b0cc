import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `A check before a change` {
  /// A case of the table: what is the matter, and what the check of that topic says then.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let topic: PlanCheck.Topic
    let result: PlanCheck.Result
    let world: PlanWorld
    let edit: IntentEdit

    init(
      _ topic: PlanCheck.Topic, _ result: PlanCheck.Result, _ text: String,
      edit: IntentEdit = PlanWorld.connection(), _ change: (inout PlanWorld) -> Void = { _ in }
    ) {
      testDescription = "\(topic) \(result): \(text)"
      self.topic = topic
      self.result = result
      self.edit = edit
      var world = PlanWorld.idle
      change(&world)
      self.world = world
    }
  }

  private static func to(_ address: String, vni: UInt32 = 100) -> IntentEdit {
    PlanWorld.connection(remotes: [RemoteEndpoint(vni: VNI(vni)!, address: IPv4Address(address)!)])
  }

  private static func way(_ route: UnderlayFact.Route, nextHop: UnderlayFact.NextHop? = nil) -> UnderlayFact {
    UnderlayFact(
      tunnelAddress: IPv4Address("10.9.0.12")!, remote: Sample.remote(7).address, route: route,
      nextHop: nextHop)
  }

  private static func own(_ address: String) -> [InterfaceAddress] {
    [InterfaceAddress(address: IPv4Address(address)!, prefixLength: 24, isOurs: false)]
  }

  static let all: [Case] =
    [
      Case(.node, .pass, "the node reports"),
      Case(.node, .fail, "the node is silent") { $0.silence = .seconds(30) },
      Case(.node, .fail, "the node has never reported") { $0.hasReport = false },
      Case(.interfaces, .pass, "both interfaces are there"),
      Case(.interfaces, .fail, "the segment's interface is gone") { $0.interfaces.remove(at: 1) },
    ] + remotes + others

  private static let remotes = [
    Case(.remote, .pass, "it is elsewhere"),
    Case(.remote, .fail, "it lies in the stretched subnet itself", edit: to("192.168.0.77")),
    Case(.remote, .fail, "it is the switch's own tunnel address", edit: to("10.9.0.12")),
    Case(.remote, .pass, "it is reached by the underlay") {
      $0.underlays = [way(.by(Sample.underlay, gateway: nil, mtu: 1500))]
    },
    Case(.remote, .fail, "there is no route") {
      $0.underlays = [way(.unreachable("Network is unreachable"))]
    },
    Case(.remote, .fail, "it is the node's own address") { $0.underlays = [way(.own)] },
    Case(.remote, .fail, "it is reached through the segment") {
      $0.underlays = [way(.by(Sample.segment, gateway: nil, mtu: 1500))]
    },
    Case(.remote, .warn, "it is reached by another interface than the underlay") {
      $0.underlays = [way(.by(Sample.bridge, gateway: nil, mtu: 1500))]
    },
    Case(.remote, .warn, "its next hop is silent") {
      $0.underlays = [way(.by(Sample.underlay, gateway: nil, mtu: 1500), nextHop: .silent)]
    },
    Case(.remote, .fail, "it is a neighbour on the segment") {
      $0.interfaces[1] = Sample.interface(Sample.segment, addresses: own("192.168.1.1"))
    },
    Case(.remote, .warn, "it is a neighbour of another interface") {
      $0.interfaces[2] = Sample.interface(Sample.bridge, kind: "bridge", addresses: own("192.168.1.1"))
    },
    Case(.remote, .pass, "it is a neighbour at the underlay") {
      $0.interfaces[0] = Sample.interface(Sample.underlay, addresses: own("192.168.1.1"))
    },
  ]

  private static let others = [
    Case(.vni, .pass, "nobody else has it"),
    Case(.vni, .pass, "the remote sends it already") { $0.strangers = [stranger(vni: 100)] },
    Case(.vni, .warn, "the remote sends another") { $0.strangers = [stranger(vni: 101)] },
    Case(.mtu, .warn, "the underlay is as narrow as the segment"),
    Case(.mtu, .pass, "the underlay is wide enough") {
      $0.interfaces[0] = Sample.wide(Sample.underlay, mtu: 1550)
    },
    Case(.mtu, .warn, "the underlay lacks one byte") {
      $0.interfaces[0] = Sample.wide(Sample.underlay, mtu: 1549)
    },
    Case(.mtu, .warn, "a router on the way carries less") {
      $0.interfaces[0] = Sample.wide(Sample.underlay, mtu: 9000)
      $0.underlays = [way(.by(Sample.underlay, gateway: nil, mtu: 1400))]
    },
    Case(.addresses, .pass, "the fixed addresses are nobody's"),
    Case(.addresses, .warn, "the node itself has one of them") {
      $0.interfaces[0] = Sample.interface(Sample.underlay, addresses: own("192.168.0.250"))
    },
    Case(.networks, .pass, "nothing overlaps"),
    Case(.networks, .warn, "the node has the network elsewhere") {
      $0.interfaces[2] = Sample.interface(Sample.bridge, kind: "bridge", addresses: own("192.168.0.3"))
    },
  ]

  private static func stranger(vni: UInt32) -> StrangerReport {
    StrangerReport(
      reason: "unknown_source", frames: 3, source: Sample.remote(7).address, vni: vni, ageMilliseconds: 10)
  }

  @Test(arguments: all)
  func `says what is so`(row: Case) {
    #expect(row.world.results(row.edit)[row.topic] == row.result)
  }

  @Test func `names the numbers of the MTU and the command that helps`() throws {
    let plan = PlanWorld.idle.plan(PlanWorld.connection())
    let mtu = try #require(plan.checks.first { $0.topic == .mtu })
    #expect(mtu.text.contains("1450") && mtu.text.contains("ip link set dev eth0 mtu 1550"))
    #expect(mtu.connection == Sample.id(21))
  }

  @Test func `warns of a connection that waits for its attachment`() {
    var world = PlanWorld.idle
    world.sample.snapshot = world.sample.snapshot.applying([.removeAttachment(Sample.id(2))])
    let plan = world.plan(PlanWorld.connection())
    #expect(plan.nodes.isEmpty)
    #expect(plan.checks.contains { $0.topic == .node && $0.result == .warn })
  }

  @Test func `of a port tells who has its address`() throws {
    var world = PlanWorld.full
    let address = IPv4Address("192.168.0.9")!
    let host = HostFact(
      mac: MACAddress(locallyAdministered: 1), address: address, side: .remote(0), seenAgeMilliseconds: 5)
    world.connections = [
      ConnectionReport(
        id: world.sample.connection.id, remotes: [], toRemote: .init(), toLocal: .init(), drops: [],
        hosts: [host])
    ]
    func result(_ owner: Port.Owner, _ address: IPv4Address) -> PlanCheck.Result? {
      world.results(
        .putPort(
          Port(
            id: Sample.id(40), project: Sample.project, subnet: Sample.id(2), name: .empty, owner: owner,
            address: address, createdAt: Sample.now)))[.addresses]
    }
    #expect(result(.none, address) == .warn)
    #expect(result(.virtualAddress, address) == .pass)
    #expect(result(.none, IPv4Address("192.168.0.10")!) == .pass)
  }

  @Test func `of a VPC and a subnet warns of networks that overlap`() throws {
    func vpc(_ number: UInt64, _ network: String) -> VPC {
      VPC(
        id: Sample.id(number), project: Sample.project, name: ResourceName("v")!, description: .empty,
        network: IPv4Network(network)!, createdAt: Sample.now, updatedAt: Sample.now)
    }
    var world = PlanWorld.full
    world.sample.snapshot = world.sample.snapshot.applying([.putVPC(vpc(60, "10.0.0.0/8"))])
    #expect(world.results(.putVPC(vpc(61, "10.4.0.0/16")))[.networks] == .warn)
    #expect(world.results(.putVPC(vpc(61, "172.16.0.0/16")))[.networks] == .pass)
    var subnet = try #require(world.sample.snapshot.subnets[Sample.id(2)])
    subnet = Subnet(
      id: Sample.id(62), project: Sample.project, vpc: Sample.id(61), name: subnet.name,
      description: .empty, network: IPv4Network("192.168.0.128/25")!, gateway: subnet.gateway,
      isDHCPEnabled: true, nameServers: [], availabilityZone: "az1", createdAt: Sample.now,
      updatedAt: Sample.now)
    #expect(world.results(.putSubnet(subnet))[.networks] == .warn)
  }
}
