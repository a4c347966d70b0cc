import ESWAdmission
import ESWModel
import Testing

@Suite struct `Any sequence of requests` {
  @Test(arguments: (1...12).map { UInt64($0) })
  func `keeps what must hold of all rows together`(seed: UInt64) throws {
    var player = Player(seed: seed)
    for _ in 0..<600 {
      let before = player.world.snapshot
      do {
        try player.play()
      } catch let refusal as Refusal {
        player.refusals += 1
        #expect(player.world.snapshot.revision == before.revision, "seed \(seed), \(refusal)")
      }
      for violation in violations(in: player.world) { Issue.record("seed \(seed): \(violation)") }
    }
    #expect((100...550).contains(player.refusals), "seed \(seed) plays too easy or too hard a game")
  }

  @Test func `ends with nothing when everything is deleted`() throws {
    var player = Player(seed: 77)
    for _ in 0..<300 { try? player.play() }
    try player.deleteEverything()
    let snapshot = player.world.snapshot
    let left = [
      snapshot.vpcs.count, snapshot.subnets.count, snapshot.attachments.count, snapshot.ports.count,
    ]
    #expect(left + [snapshot.instances.count, snapshot.connections.count] == [0, 0, 0, 0, 0, 0])
  }
}

/// Asks for this and that in two projects whose networks overlap, on two nodes.
private struct Player {
  var world: World
  var random: SeededGenerator
  var refusals = 0
  private let nodes = [World.node, NodeName("node-2")!]
  private let interfaces: [InterfaceName] = ["eth0", "eth1", "eth2", "eth3", "br0"]

  init(seed: UInt64) {
    world = World(seed: seed)
    world.region = Region(instanceQuota: 3)
    random = SeededGenerator(seed: seed &* 31)
    for node in nodes {
      world.report(
        [fact("eth0", hasDefaultRoute: true), fact("br0", kind: "bridge")]
          + interfaces[1...3].map { fact($0) }, of: node)
    }
  }

  mutating func play() throws {
    let project = pick([World.alice, World.mallory])!
    let owner = random.next() % 20 == 0 ? pick([World.alice, World.mallory])! : project
    world.now = Timestamp(milliseconds: world.now.milliseconds + Int64.random(in: -3...5, using: &random))
    switch random.next() % 19 {
    case 0: if world.snapshot.vpcs.ids(of: project).count < 2 { try world.makeVPC(of: project) }
    case 1, 2, 3: try makeSubnet(of: project)
    case 4, 5: try attach(of: project, as: owner)
    case 6, 7: try makeInstance(of: project, as: owner)
    case 8, 9, 10: try connect(of: project, as: owner)
    case 11: if let row = pick(world.snapshot.connections, of: project) { try world.delete(row, of: owner) }
    case 12: if let row = pick(world.snapshot.instances, of: project) { _ = try world.delete(row, of: owner) }
    case 13: try deleteSomeNetwork(of: project, as: owner)
    case 14, 15: try makePort(of: project, as: owner)
    case 16, 17: try bindOrUnbind(of: project, as: owner)
    default: if let row = pick(world.snapshot.ports, of: project) { try world.delete(row, of: owner) }
    }
  }

  private mutating func makeSubnet(of project: ProjectID) throws {
    guard let vpc = pick(world.snapshot.vpcs, of: project) else { return }
    let length = pick([24, 26, 28])!
    try world.makeSubnet("10.\(random.next() % 8).0.0/\(length)", in: vpc, of: project)
  }

  private mutating func attach(of project: ProjectID, as owner: ProjectID) throws {
    guard let subnet = pick(world.snapshot.subnets, of: project) else { return }
    let name = pick(interfaces)!
    let point = random.next() % 4 == 0 ? AttachmentPoint.bridge(name) : .interface(name)
    try world.attach(subnet, pick([.tunnel, .layer2])!, point, on: pick(nodes)!, of: owner)
  }

  private mutating func makeInstance(of project: ProjectID, as owner: ProjectID) throws {
    guard let subnet = pick(world.snapshot.subnets, of: project) else { return }
    let host = IPv4Address(subnet.network.first.value + UInt32(random.next() % 18))
    let address = random.next() % 2 == 0 ? nil : host.description
    try world.makeInstance(in: subnet, address: address, flavor: "l2cg.medium.ha", of: owner)
  }

  private mutating func connect(of project: ProjectID, as owner: ProjectID) throws {
    guard let subnet = pick(world.snapshot.subnets, of: project),
      let instance = pick(world.snapshot.instances, of: project)
    else { return }
    let remotes = (0...random.next() % 2).map { _ in
      remote(UInt32(random.next() % 4) + 1, "198.51.100.\(random.next() % 3 + 1)")
    }
    try world.connect(subnet, on: instance, remotes: remotes, of: owner)
  }

  private mutating func makePort(of project: ProjectID, as owner: ProjectID) throws {
    let segment = pick(world.snapshot.connections, of: project).flatMap { world.snapshot.subnets[$0.subnet] }
    let any = pick(world.snapshot.subnets, of: project)
    guard let subnet = random.next() % 2 == 0 ? segment ?? any : any else { return }
    let host = IPv4Address(subnet.network.first.value + UInt32(random.next() % 18))
    try world.makePort(
      in: subnet, address: random.next() % 2 == 0 ? nil : host.description,
      owner: random.next() % 4 == 0 ? .none : .virtualAddress, of: owner)
  }

  private mutating func bindOrUnbind(of project: ProjectID, as owner: ProjectID) throws {
    guard let port = pick(world.snapshot.ports, of: project),
      let connection = random.next() % 2 == 0
        ? world.snapshot.connection(on: port.subnet) : pick(world.snapshot.connections, of: project)
    else { return }
    if random.next() % 3 == 0 {
      try world.unbind(port, from: connection, of: owner)
    } else {
      try world.bind(port, to: connection, of: owner)
    }
  }

  private mutating func deleteSomeNetwork(of project: ProjectID, as owner: ProjectID) throws {
    switch random.next() % 3 {
    case 0: if let row = pick(world.snapshot.attachments, of: project) { try world.delete(row, of: owner) }
    case 1: if let row = pick(world.snapshot.subnets, of: project) { try world.delete(row, of: owner) }
    default: if let row = pick(world.snapshot.vpcs, of: project) { try world.delete(row, of: owner) }
    }
  }

  mutating func deleteEverything() throws {
    for row in world.snapshot.connections.values { try world.delete(row, of: row.project) }
    for row in world.snapshot.instances.values { _ = try world.delete(row, of: row.project) }
    for row in world.snapshot.attachments.values { try world.delete(row, of: row.project) }
    for row in world.snapshot.ports.values { try world.delete(row, of: row.project) }
    for row in world.snapshot.subnets.values { try world.delete(row, of: row.project) }
    for row in world.snapshot.vpcs.values { try world.delete(row, of: row.project) }
  }

  private mutating func pick<Element>(_ choices: [Element]) -> Element? {
    choices.randomElement(using: &random)
  }

  private mutating func pick<Row>(_ table: IntentTable<Row>, of project: ProjectID) -> Row? {
    table.ids(of: project).randomElement(using: &random).flatMap { table[$0] }
  }
}

/// Judges by slow comparison of rows, without the indices that admission uses.
private func violations(in world: World) -> [String] {
  let snapshot = world.snapshot
  let connections = snapshot.connections.values
  let instances = snapshot.instances.values
  let attachments = snapshot.attachments.values
  var found: [String] = []
  func demand(_ holds: Bool, _ sentence: String) { if !holds { found.append(sentence) } }
  func distinct(_ keys: [some Hashable], _ sentence: String) {
    demand(Set(keys).count == keys.count, sentence)
  }
  distinct(connections.map(\.subnet), "a subnet has two connections")
  distinct(connections.map(\.number), "a number names two connections")
  distinct(
    connections.flatMap { row in row.remotes.map { [row.instance.description, "\($0.vni) \($0.address)"] } },
    "a pair stands twice in a switch")
  distinct(
    instances.map { [$0.tunnelSubnet.description, $0.tunnelAddress.description] },
    "a tunnel address is two switches'")
  distinct(
    instances.compactMap { row in
      snapshot.tunnelNode(of: row).map { [$0.description, row.tunnelAddress.description] }
    }, "a node holds a tunnel address for two switches")
  distinct(attachments.map { [$0.subnet.description, $0.node.description] }, "a subnet is twice on a node")
  distinct(
    attachments.filter { $0.role == .layer2 }.map { [$0.node.description, $0.point.name.description] },
    "an interface carries two segments")
  demand(
    Set(connections.map(\.subnet)).isDisjoint(with: instances.map(\.tunnelSubnet)),
    "a subnet is both for tunnels and for a segment")
  for project in [World.alice, World.mallory] {
    demand(snapshot.instances.ids(of: project).count <= world.region.instanceQuota, "a quota is exceeded")
  }
  for row in connections {
    let subnet = snapshot.subnets[row.subnet]
    demand(subnet?.project == row.project && subnet?.vpc == row.vpc, "a connection has lost its subnet")
    demand(snapshot.instances[row.instance]?.vpc == row.vpc, "a connection has lost its switch")
    demand(
      subnet.map { subnet in
        row.fixedAddresses.allSatisfy { subnet.network.isHost($0) && $0 != subnet.gateway }
      }
        ?? false, "a fixed address is no host's")
  }
  for row in instances { demand(snapshot.subnets[row.tunnelSubnet] != nil, "a switch has lost its subnet") }
  for row in attachments { demand(snapshot.subnets[row.subnet] != nil, "an attachment has lost its subnet") }
  return found + portViolations(in: snapshot)
}

private func portViolations(in snapshot: IntentSnapshot) -> [String] {
  let connections = snapshot.connections.values
  var found: [String] = []
  func demand(_ holds: Bool, _ sentence: String) { if !holds { found.append(sentence) } }
  let ports = snapshot.ports.values
  let places: [[AnyHashable]] =
    ports.map { [$0.subnet, $0.address.description] }
    + snapshot.instances.values.map { [$0.tunnelSubnet, $0.tunnelAddress.description] }
    + connections.flatMap { row in row.fixedAddresses.map { [row.subnet, $0.description] } }
    + snapshot.subnets.values.map { [$0.id, $0.gateway.description] }
  demand(Set(places).count == places.count, "an address of a subnet is two things'")
  for row in ports {
    let subnet = snapshot.subnets[row.subnet]
    demand(subnet?.project == row.project && subnet?.network.isHost(row.address) == true, "a port is lost")
    guard let id = row.connection else { continue }
    demand(row.owner == .virtualAddress, "what is no virtual address is bound")
    demand(snapshot.connections[id]?.subnet == row.subnet, "a port is bound to a connection elsewhere")
  }
  for row in connections {
    demand(
      Set(snapshot.ports(boundTo: row.id)) == Set(ports.filter { $0.connection == row.id }),
      "the index of bound ports is not their sum")
  }
  return found
}
