import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite struct `Rows of the maps` {
  static let row = ConnectionRow(
    id: Identifier(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10), number: ConnectionNumber(7),
    port: .name(InterfaceName("segment0")!), tunnelAddress: IPv4Address("192.0.2.1")!,
    fixedAddress: IPv4Address("10.9.0.1")!, fixedMAC: MACAddress("02:e5:00:00:00:01")!,
    remotes: [
      RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("192.0.2.2")!),
      RemoteEndpoint(vni: VNI(0xff_ffff)!, address: IPv4Address("192.0.2.3")!, port: 8472),
    ], learningLimit: 100, ageingSeconds: 300)

  @Test func `a connection is laid out as maps.h says`() {
    #expect(
      hexText(bytes(of: esw_connection_row(Self.row, port: 5)))
        == hexText(
          hex(
            """
            05 00 00 00 00 00 00 00  # port_ifindex, no tags
            00 00 00 00              # underlay_ifindex: as routed
            c0 00 02 01              # tunnel_address_be
            10 00 00 00              # flags: clamp MSS
            64 00 00 00              # learning_limit
            2c 01 00 00              # ageing_seconds
            0a 09 00 01              # fixed_address_be
            02 e5 00 00 00 01 02 40  # fixed_mac, remote_count, time_to_live
            c0 00 02 02 64 00 00 00 12 b5 00 00  # remote 192.0.2.2, VNI 100, port 4789
            c0 00 02 03 ff ff ff 00 21 18 00 00  # remote 192.0.2.3, VNI 2^24 - 1, port 8472
            00 00 00 00 00 00 00 00  # service, reserved, meter: none
            88 13 00 00 00 00 00 00  # to remotes: neighbour 5000, configuration none
            ff ff ff ff ff ff ff ff  # vrrp, known unicast
            98 3a 00 00 88 13 00 00  # unknown unicast 15000, broadcast 5000
            98 3a 00 00 ff ff ff ff  # multicast 15000
            88 13 00 00 00 00 00 00  # to local: neighbour 5000, configuration none
            ff ff ff ff ff ff ff ff  # vrrp, known unicast
            98 3a 00 00 88 13 00 00  # unknown unicast 15000, broadcast 5000
            98 3a 00 00 ff ff ff ff  # multicast 15000
            01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10  # uuid
            """)))
  }

  @Test(arguments: [0, 1, 2])
  func `what is written is what is read`(remotes: Int) throws {
    var row = Self.row
    row.remotes = Array(row.remotes.prefix(remotes))
    let written = esw_connection_row(row, port: 5)
    #expect(written.model(ConnectionNumber(7)) { _ in row.port.interface } == row)
  }

  @Test func `whether frames are handed over is kept in its flag`() {
    var row = Self.row
    row.handsOver = true
    let written = esw_connection_row(row, port: 5)
    #expect(written.flags & ESW_CONNECTION_PEER.rawValue != 0)
    #expect(written.model(ConnectionNumber(7)) { _ in row.port.interface } == row)
  }

  @Test func `a row with something that we do not write is not taken for ours`() {
    let changes: [(inout esw_connection_row) -> Void] = [
      { $0.flags |= 1 }, { $0.meter = 3 }, { $0.remote_count = 3 }, { $0.remotes.0.vni = 0 },
      { $0.remotes.0.vni = 1 << 24 }, { $0.reserved.0 = 1 }, { $0.remote_count = 1 },
    ]
    for (index, change) in changes.enumerated() {
      var row = esw_connection_row(Self.row, port: 5)
      change(&row)
      #expect(row.model(ConnectionNumber(7)) { _ in Self.row.port.interface } == nil, "change \(index)")
    }
  }
}

@Suite struct `A look at the kernel` {
  private static func link(
    _ index: Int32, _ name: String, kind: String? = nil, group: UInt32 = 0, flags: LinkFlags = [.up],
    master: Int32? = nil, peer: Link.Peer? = nil, vxlan: VXLANSettings? = nil, forwards: Bool = false
  ) -> Link {
    Link(
      index: index, name: name, kind: kind, flags: flags, mtu: 1500, hardwareAddress: [], master: master,
      peer: peer,
      alias: nil, group: group, forwardsIPv4: forwards, vxlan: vxlan)
  }

  private func name(_ text: String) -> InterfaceName { InterfaceName(text)! }

  @Test func `a row of an interface that has gone names its index`() {
    var rows = MapContents()
    rows.ports = [
      (esw_port_key(ifindex: 2, outer_tag: 0, inner_tag: 0), esw_port_row(connection: 1)),
      (esw_port_key(ifindex: 9, outer_tag: 0, inner_tag: 0), esw_port_row(connection: 2)),
    ]
    rows.connections = [
      (esw_connection_key(connection: 1), esw_connection_row(`Rows of the maps`.row, port: 9))
    ]
    rows.kept = [1]
    let reading = KernelReading<MapContents>(
      links: [Self.link(2, "segment0")], datapath: .current,
      attachments: [
        PinnedAttachment(program: .local, pinned: 2, now: 2),
        PinnedAttachment(program: .underlay, pinned: 9, now: nil),
      ], rows: rows)
    let state = reading.observation.state
    #expect(
      state.ports == [.name(name("segment0")): ConnectionNumber(1), .gone(index: 9): ConnectionNumber(2)])
    #expect(state.connections[ConnectionNumber(1)]?.port == .gone(index: 9))
    #expect(
      state.programs == [
        ProgramAttachment(program: .local, interface: .name(name("segment0"))),
        ProgramAttachment(program: .underlay, interface: .gone(index: 9)),
      ])
  }

  @Test func `a connection that lacks the path's own rows is not taken for one that works`() {
    var rows = MapContents()
    rows.connections = [
      (esw_connection_key(connection: 7), esw_connection_row(`Rows of the maps`.row, port: 2))
    ]
    let links = [Self.link(2, "segment0")]
    let broken = KernelReading<MapContents>(links: links, datapath: .current, rows: rows).observation.state
    #expect(broken.connections[ConnectionNumber(7)] != nil)
    #expect(broken.connections[ConnectionNumber(7)] != `Rows of the maps`.row)
    rows.kept = [7]
    let whole = KernelReading<MapContents>(links: links, datapath: .current, rows: rows).observation.state
    #expect(whole.connections[ConnectionNumber(7)] == `Rows of the maps`.row)
  }

  @Test(arguments: [nil, "1", "4094", "200/100", "200:802.1ad/100"])
  func `tags of a row are read back as they were written`(_ text: String?) {
    let vlan = text.flatMap { VLAN($0) }
    #expect((vlan == nil) == (text == nil))
    var row = `Rows of the maps`.row
    row.port = PortReference(row.port.interface, vlan: vlan)
    let written = esw_connection_row(row, port: 2)
    #expect(written.model(row.number) { _ in row.port.interface } == row)
    let key = esw_port_key(vlan, on: 2)
    #expect(PortReference(key) { .gone(index: $0) } == .gone(index: 2, vlan: vlan))
  }

  /// No protocol, both, no number, a service tag alone, an inner tag alone or of the wrong protocol.
  @Test(arguments: [
    (100, 0), (0x3064, 0), (0x1000, 0), (0x1fff, 0), (0x2064, 0), (0, 0x1064), (0x1064, 0x2064),
  ])
  func `tags that no version of ours writes spoil the maps`(outer: UInt16, inner: UInt16) {
    var rows = MapContents()
    rows.ports = [(esw_port_key(ifindex: 2, outer_tag: outer, inner_tag: inner), esw_port_row(connection: 1))]
    #expect(
      KernelReading<MapContents>(datapath: .current, rows: rows).observation.state.datapath == .otherLayout)
    var row = esw_connection_row(`Rows of the maps`.row, port: 2)
    (row.outer_tag, row.inner_tag) = (outer, inner)
    #expect(row.model(ConnectionNumber(7)) { .gone(index: $0) } == nil)
  }

  @Test func `a source that no version of ours writes spoils the maps`() {
    var rows = MapContents()
    rows.sources = [(esw_source_key(), esw_source_row(connection: 1, remote_index: 0))]
    #expect(
      KernelReading<MapContents>(datapath: .current, rows: rows).observation.state.datapath == .otherLayout)
  }

  @Test func `only devices of our group are ours`() {
    let group = OwnershipMark.deviceGroup
    let reading = KernelReading<MapContents>(links: [
      Self.link(2, "esw-vx4789", kind: "vxlan", vxlan: .external()),
      Self.link(3, "eswi1", kind: "veth", group: group, peer: Link.Peer(index: 4, namespaceIdentifier: nil)),
      Self.link(4, "eswo1", kind: "veth", group: OwnershipMark.outerGroup, master: 6),
      Self.link(5, "eswi2", kind: "veth", peer: Link.Peer(index: 7, namespaceIdentifier: nil)),
      Self.link(6, "br0", kind: "bridge"),
    ])
    let observation = reading.observation
    #expect(observation.state.slowPath == nil)
    #expect(
      observation.state.bridgePorts == [
        name("eswi1"): BridgePort(
          inner: name("eswi1"), outer: name("eswo1"), bridge: name("br0"), areUp: true)
      ])
    #expect(observation.interfaces.filter(\.isOurs).map(\.name) == [name("eswi1"), name("eswo1")])
  }

  @Test func `a bridge port whose other end was taken away is shown as one to make anew`() {
    let peer = Link.Peer(index: 4, namespaceIdentifier: 1)
    let reading = KernelReading<MapContents>(links: [
      Self.link(3, "eswi1", kind: "veth", group: OwnershipMark.deviceGroup, peer: peer)
    ])
    let port = reading.observation.state.bridgePorts[name("eswi1")]
    #expect(port?.outer == name("eswi1"))
    #expect(port?.bridge == nil)
  }

  @Test(arguments: [(true, UInt32(2), true), (false, 2, false), (true, 3, false), (true, 0, false)])
  func `the slow path is registered only if the rows name it and it forwards`(
    forwards: Bool, registered: UInt32, expected: Bool
  ) {
    var rows = MapContents()
    rows.slowPathIndex = registered
    let reading = KernelReading<MapContents>(
      links: [
        Self.link(
          2, "esw-vx4789", kind: "vxlan", group: OwnershipMark.deviceGroup, vxlan: .external(),
          forwards: forwards)
      ], datapath: .current, rows: rows)
    #expect(reading.observation.state.slowPath?.isRegistered == expected)
  }

  @Test func `an adjustment counts only while it is in effect`() {
    var reading = KernelReading<MapContents>(links: [Self.link(2, "segment0", flags: [.up])])
    reading.adjusted = [
      2: InterfaceAdjustment(promiscuous: true, raised: true),
      9: InterfaceAdjustment(promiscuous: true, raised: true),
    ]
    #expect(
      reading.observation.state.adjustments
        == [name("segment0"): InterfaceAdjustment(promiscuous: false, raised: true)])
  }

  @Test func `GRO that is off, or on because of us, is ours to set`() {
    let names = ["off", "ours", "theirs", "silent"]
    var reading = KernelReading<MapContents>(links: names.indices.map { Self.link(Int32($0) + 2, names[$0]) })
    reading.aggregation = [2: false, 3: true, 4: true]
    reading.adjusted = [3: InterfaceAdjustment(promiscuous: false, raised: false, aggregates: true)]
    #expect(reading.observation.withoutAggregation == [name("off"), name("ours")])
    reading.aggregation[3] = false
    #expect(reading.observation.state.adjustments[name("ours")]?.aggregates == false)
  }

  @Test func `addresses with our mark are ours, and others are told`() {
    let ours = Address(
      linkIndex: 2, local: IPAddressBytes("192.0.2.1")!, prefixLength: 24, origin: OwnershipMark.addressOrigin
    )
    let other = Address(linkIndex: 2, local: IPAddressBytes("192.0.2.9")!, prefixLength: 24)
    let observation = KernelReading<MapContents>(
      links: [Self.link(2, "underlay0")], addresses: [other, ours], defaultRoutes: [2]
    ).observation
    #expect(
      observation.state.ownedAddresses
        == [OwnedAddress(interface: name("underlay0"), address: IPv4Address("192.0.2.1")!, prefixLength: 24)])
    #expect(observation.interfaces.first?.addresses.map(\.isOurs) == [true, false])
    #expect(observation.interfaces.first?.hasDefaultRoute == true)
  }
}

@Suite struct `A question for a holder` {
  @Test(arguments: [nil, MACAddress("02:00:00:00:00:0a")!])
  func `is an ARP request from the fixed address, to one host or to all`(holder: MACAddress?) {
    let row = esw_connection_row(`Rows of the maps`.row, port: 5)
    let subject = VirtualAddress(connection: ConnectionNumber(7), address: IPv4Address("10.9.0.50")!)
    let destination = holder == nil ? "ff ff ff ff ff ff" : "02 00 00 00 00 0a"
    #expect(
      HolderQuestion(of: subject, to: holder).frame(from: row).map(hexText)
        == hexText(
          hex(
            """
            \(destination) 02 e5 00 00 00 01  # from the fixed MAC
            08 06                                # ARP
            00 01 08 00 06 04 00 01              # Ethernet, IPv4, request
            02 e5 00 00 00 01 0a 09 00 01        # sender
            00 00 00 00 00 00 0a 09 00 32        # target
            00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
            """)))
  }

  @Test func `is none where there is no port to ask by`() {
    let subject = VirtualAddress(connection: ConnectionNumber(7), address: IPv4Address("10.9.0.50")!)
    let row = esw_connection_row(`Rows of the maps`.row, port: 0)
    #expect(HolderQuestion(of: subject, to: nil).frame(from: row) == nil)
  }
}
