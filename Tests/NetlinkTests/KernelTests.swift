import Glibc
import KernelTesting
import Testing

@testable import Netlink

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Netlink on the real kernel` {
  @Test func `an external VXLAN device is made as asked, and removed`() async throws {
    try await withNamespace("vxlan") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        try socket.perform(.addVXLAN(named: "esw0", .external(), group: 4711))
        let link = try #require(try socket.link(named: "esw0"))
        #expect(link.kind == "vxlan")
        #expect(link.group == 4711)
        #expect(link.vxlan == VXLANSettings.external())
        #expect(!link.flags.contains(.up))
        try socket.perform(.raise(link.index))
        #expect(try socket.link(named: "esw0")?.flags.contains(.up) == true)
        try socket.perform(.deleteLink(link.index))
        #expect(try socket.link(named: "esw0") == nil)
      }
    }
  }

  @Test func `a refusal carries the kernel's words and the command`() async throws {
    try await withNamespace("refusal") { namespace in
      let error = try await NamespaceActor(in: namespace).run { socket in
        #expect(throws: NetlinkError.self) {
          try socket.perform(.addVXLAN(named: "v", VXLANSettings(identifier: 1 << 24)))
        }
      }
      let seen = try #require(error)
      #expect(seen.description.contains("VXLAN ID must be lower than 16777216"), "\(seen)")
      #expect(seen.description.contains("ip link add v type vxlan id 16777216"), "\(seen)")
    }
  }

  @Test func `a veth pair, its master, MTU, flags and namespace change as asked`() async throws {
    try await withNamespace("near") { near in
      try await withNamespace("far") { far in
        try await NamespaceActor(in: near).run { socket in
          try socket.perform(.addBridge(named: "br0"))
          try socket.perform(.addVethPair(named: "v0", peer: "v1"))
          let bridge = try #require(try socket.link(named: "br0"))
          let link = try #require(try socket.link(named: "v0"))
          let peer = try #require(try socket.link(named: "v1"))
          #expect(link.kind == "veth")
          #expect(link.peer == Link.Peer(index: peer.index, namespaceIdentifier: nil))

          let refused = try socket.perform([
            .setMaster(link.index, to: bridge.index), .setMTU(link.index, to: 1400),
            .setPromiscuous(link.index, true), .setAlias(link.index, to: "mine"),
            .setGroup(link.index, to: 12), .raise(link.index),
            .setHardwareAddress(link.index, to: [2, 0, 0, 0, 0, 9]),
          ])
          #expect(refused.isEmpty)
          let changed = try #require(try socket.link(named: "v0"))
          #expect(changed.master == bridge.index)
          #expect(changed.mtu == 1400)
          #expect(changed.alias == "mine")
          #expect(changed.group == 12)
          #expect(changed.hardwareAddress == [2, 0, 0, 0, 0, 9])
          #expect(changed.flags.isSuperset(of: [.promiscuous, .up]))

          try far.withDescriptor { try socket.perform(.move(peer.index, toNamespace: $0)) }
          #expect(try socket.link(named: "v1") == nil)
          #expect(try socket.link(named: "v0")?.peer?.namespaceIdentifier != nil)
          try socket.perform(.setMaster(link.index, to: nil))
          try socket.perform(.setPromiscuous(link.index, false))
          try socket.perform(.lower(link.index))
          let freed = try #require(try socket.link(named: "v0"))
          #expect(freed.master == nil)
          #expect(freed.flags.isDisjoint(with: [.promiscuous, .up]))
        }
        let moved = try await NamespaceActor(in: far).run { try $0.link(named: "v1") }
        #expect(moved?.kind == "veth")
      }
    }
  }

  @Test func `a peer can be made right inside another namespace`() async throws {
    try await withNamespace("near") { near in
      try await withNamespace("far") { far in
        try await NamespaceActor(in: near).run { socket in
          try far.withDescriptor {
            try socket.perform(.addVethPair(named: "v0", peer: "v1", peerNamespace: $0))
          }
        }
        let names = try await NamespaceActor(in: far).run { try $0.links().map(\.name) }
        #expect(names.contains("v1"))
      }
    }
  }

  @Test func `addresses keep the mark of who set them`() async throws {
    try await withNamespace("address") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        try socket.perform(.addBridge(named: "br0"))
        let bridge = try #require(try socket.link(named: "br0"))
        let address = Address(
          linkIndex: bridge.index, local: try #require(IPAddressBytes("10.9.0.1")), prefixLength: 24,
          origin: 222)
        try socket.perform(.addAddress(address))
        let found = try #require(try socket.addresses().first { $0.local == address.local })
        #expect(found.origin == 222)
        #expect(found.prefixLength == 24)
        #expect(found.linkIndex == bridge.index)
        #expect(throws: NetlinkError.self) { try socket.perform(.addAddress(address)) }
        try socket.perform(.deleteAddress(address))
        #expect(try !socket.addresses().contains { $0.local == address.local })
      }
    }
  }

  @Test func `routes are listed and asked for`() async throws {
    try await withNamespace("route") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        try socket.perform(.addVethPair(named: "v0", peer: "v1"))
        let link = try #require(try socket.link(named: "v0"))
        let gateway = try #require(IPAddressBytes("10.9.0.254"))
        try socket.perform(.raise(link.index))
        try socket.perform(.raise(try #require(link.peer).index))
        try socket.perform(
          .addAddress(
            Address(linkIndex: link.index, local: try #require(IPAddressBytes("10.9.0.1")), prefixLength: 24))
        )
        let elsewhere = try #require(IPAddressBytes("192.0.2.7"))
        #expect(try socket.route(to: elsewhere) == nil)
        try socket.perform(.addRoute(to: nil, prefixLength: 0, via: gateway, link: link.index))
        let defaults = try socket.routes().filter(\.isDefault)
        #expect(defaults.map(\.outputLink) == [link.index])
        #expect(defaults.map(\.gateway) == [gateway])
        let way = try #require(try socket.route(to: elsewhere))
        #expect(way.outputLink == link.index)
        #expect(way.preferredSource?.description == "10.9.0.1")
      }
    }
  }

  @Test func `neighbours and forwarding tables are listed by interface`() async throws {
    try await withNamespace("neighbour") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        try socket.perform(.addVXLAN(named: "vx0", VXLANSettings(identifier: 7)))
        try socket.perform(.addBridge(named: "br0"))
        let device = try #require(try socket.link(named: "vx0"))
        let bridge = try #require(try socket.link(named: "br0"))
        try socket.perform(.raise(bridge.index))
        let remotes = ["192.0.2.1", "192.0.2.2"].compactMap { IPAddressBytes($0) }
        for remote in remotes {
          try socket.perform(.appendForwarding([0, 0, 0, 0, 0, 0], link: device.index, to: remote))
        }
        #expect(try Set(socket.forwarding(link: device.index).compactMap(\.destination)) == Set(remotes))

        let host = try #require(IPAddressBytes("10.9.0.7"))
        try socket.perform(.replaceNeighbour(host, hardwareAddress: [2, 0, 0, 0, 0, 7], link: bridge.index))
        let neighbours = try socket.neighbours(link: bridge.index).filter { $0.destination == host }
        #expect(neighbours.map(\.hardwareAddress) == [[2, 0, 0, 0, 0, 7]])
        #expect(neighbours.allSatisfy { $0.isPermanent && $0.isValid })
        #expect(try socket.neighbours(link: device.index).allSatisfy { $0.destination != host })
      }
    }
  }

  @Test func `in a batch only the refused requests have an error`() async throws {
    try await withNamespace("batch") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        try socket.perform(.addVXLAN(named: "vx0", VXLANSettings(identifier: 7)))
        let device = try #require(try socket.link(named: "vx0"))
        var requests = (0..<1000).map { number in
          NetlinkRequest.appendForwarding(
            [2, 0, 0, 0, UInt8(number >> 8), UInt8(number & 255)], link: device.index,
            to: IPAddressBytes(v4: 0xc000_0201))
        }
        requests[3] = .raise(9999)
        requests[255] = .raise(9999)
        requests[999] = .raise(9999)
        let refused = try socket.perform(requests)
        #expect(Set(refused.keys) == [3, 255, 999])
        #expect(refused.values.allSatisfy { $0.errno == ENODEV })
        #expect(try socket.forwarding(link: device.index).count == 997)
      }
    }
  }

  @Test func `an object that is not there is an error of its own`() async throws {
    try await withNamespace("missing") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        let error = #expect(throws: NetlinkError.self) { try socket.perform(.deleteLink(4711)) }
        #expect(error?.errno == ENODEV)
      }
    }
  }
}
