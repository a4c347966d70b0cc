import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A node that may not forward` {
  private static func configuration(held isHeld: Bool, epoch: UInt32) -> GatewayConfiguration {
    let plain = Stretch.configuration()
    return GatewayConfiguration(
      store: plain.store, generation: plain.generation, node: plain.node, tunnels: plain.tunnels,
      connections: plain.connections, permission: ForwardingPermission(epoch: epoch, isHeld: isHeld))
  }

  private static func held(_ dataplane: LinuxDataplane) async throws -> [Direction: UInt64] {
    let drops = try await dataplane.evidence().connections[ConnectionNumber(1)]?.drops ?? []
    return Dictionary(
      drops.filter { $0.reason == "held" }.map { ($0.direction, $0.frames) }, uniquingKeysWith: +)
  }

  @Test(arguments: [XDPUse.off, .on])
  func `holds every frame back, both ways, also without a process, until it is released`(
    _ xdp: XDPUse
  ) async throws {
    try await Stretch.$xdp.withValue(xdp) {
      try await withStretch { stretch in
        var dataplane: LinuxDataplane? = try stretch.dataplane()
        try await Stretch.converge(try #require(dataplane), to: Stretch.configuration())
        // Several, so that XDP remembers both hosts.
        try stretch.execute(stretch.host, "ping -c5 -i0.05 -W2 \(Stretch.farHost)")
        #expect(
          try await Stretch.converge(try #require(dataplane), to: Self.configuration(held: true, epoch: 1))
            == [.putPermission(PermissionRow(epoch: 1, end: .past))])
        dataplane = nil

        #expect(try !stretch.hostReaches(Stretch.farHost, tries: 1))
        #expect(!stretch.reaches("\(Stretch.localHost)", from: stretch.far, tries: 1))
        // It does not answer for the switch's address either.
        #expect(try !stretch.hostReaches(Stretch.fixedAddress, tries: 1))
        let next = try stretch.dataplane()
        let counted = try await Self.held(next)
        #expect(counted[.toRemote] ?? 0 >= 2 && counted[.toLocal] ?? 0 >= 1)
        #expect(try await Stretch.plan(next, to: Self.configuration(held: true, epoch: 1)) == [])

        try await Stretch.converge(next, to: Self.configuration(held: false, epoch: 2))
        #expect(try stretch.hostReaches(Stretch.farHost))
        #expect(try stretch.hostReaches(Stretch.fixedAddress))
      }
    }
  }

  @Test func `stops by itself when its permission ends`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      let soon = try await dataplane.evidence().now.nanoseconds + 60_000_000_000
      let row = PermissionRow(epoch: 1, end: .at(DataplaneMoment(nanoseconds: soon)))
      #expect(await dataplane.execute([.putPermission(row)]) == [.applied])
      #expect(try stretch.hostReaches(Stretch.farHost))
      #expect(try await Self.held(dataplane) == [:])

      let now = try await dataplane.evidence().now
      let ended = PermissionRow(epoch: 2, end: .at(now))
      #expect(await dataplane.execute([.putPermission(ended)]) == [.applied])
      // The path's clock goes in steps of the kernel's tick.
      _ = try await eventually {
        _ = try? stretch.execute(stretch.host, "ping -c1 -W1 \(Stretch.farHost)")
        return try await Self.held(dataplane)[.toRemote] ?? 0 >= 1 ? true : nil
      }
      #expect(try !stretch.hostReaches(Stretch.farHost, tries: 1))
    }
  }

  @Test func `does not answer another data path's probes`() async throws {
    try await withTwoGateways { gateways in
      var prober = Prober(gateways.near)
      for _ in 0..<3 { _ = try await prober.pass() }
      let held = DataplaneStep.putPermission(PermissionRow(epoch: 1, end: .past))
      #expect(await gateways.far.dataplane.execute([held]) == [.applied])
      var probing: RemoteProbing?
      for _ in 0..<21 { probing = try await prober.pass() }
      #expect(try #require(probing?.figures.lossPerMille) >= 500)
    }
  }
}
