import ESWModel
import KernelTesting

@testable import LinuxDataplane

/// A stretch whose hosts say only what the test says: by a tap on each side.
struct ForwardingBed {
  let stretch: Stretch
  let dataplane: LinuxDataplane
  let local: FrameTap
  let far: FrameTap

  static let number = ConnectionNumber(1)
  static let localMAC = MACAddress("02:00:00:00:00:10")!
  static let farMAC = MACAddress("02:00:00:00:00:20")!
  static let unknownMAC = MACAddress("02:00:00:00:00:99")!

  init(
    _ stretch: Stretch, _ settings: ForwardingSettings = .usual, limit: TrafficLimit? = nil
  ) async throws {
    self.stretch = stretch
    for namespace in [stretch.host, stretch.far] {
      try stretch.execute(namespace, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
    }
    dataplane = try stretch.dataplane()
    try await Stretch.converge(dataplane, to: Stretch.configuration(settings, limit: limit))
    local = try await FrameTap("local0", in: stretch.host)
    far = try await FrameTap("vx100", in: stretch.far)
  }

  func sender(_ direction: Direction) -> (tap: FrameTap, mac: MACAddress) {
    direction == .toRemote ? (local, Self.localMAC) : (far, Self.farMAC)
  }

  func receiver(_ direction: Direction) -> (tap: FrameTap, mac: MACAddress) {
    direction == .toRemote ? (far, Self.farMAC) : (local, Self.localMAC)
  }

  /// Lets the node hear both hosts.
  func introduce() async throws {
    for direction in Direction.allCases {
      let (tap, mac) = sender(direction)
      let packet = TestFrame.ipv4(17, TestFrame.udp(to: 5000))
      try tap.say(TestFrame.ethernet(to: receiver(direction).mac, from: mac, type: 0x0800, packet))
    }
    _ = try await eventually { try await hosts() >= 2 ? true : nil }
  }

  private func hosts() async throws -> Int {
    try await evidence().hosts.count { [Self.localMAC, Self.farMAC].contains($0.mac) }
  }

  func evidence() async throws -> DataplaneEvidence.PerConnection {
    guard let counted = try await dataplane.evidence().connections[Self.number] else {
      throw CommandFailure(description: "the connection is not counted")
    }
    return counted
  }

  func held(_ frames: FrameClass, _ direction: Direction) async throws -> UInt64 {
    try await evidence().classDrops.first { $0.frameClass == frames && $0.direction == direction }?.frames
      ?? 0
  }

  func dropped(_ reason: String, _ direction: Direction) async throws -> UInt64 {
    try await evidence().drops.first { $0.reason == reason && $0.direction == direction }?.frames ?? 0
  }

  /// Says a frame and waits for what becomes of it: whether it crossed. One that did not is counted under
  /// its class.
  func crosses(_ frame: [UInt8], as frames: FrameClass, _ direction: Direction) async throws -> Bool {
    let before = try await held(frames, direction)
    let (from, to) = (sender(direction).tap, receiver(direction).tap)
    _ = to.heard()
    try from.say(frame)
    return try await eventually {
      if to.heard().contains(frame) { return true }
      return try await held(frames, direction) > before ? false : nil
    }
  }
}

extension Stretch {
  static func configuration(
    _ settings: ForwardingSettings, limit: TrafficLimit? = nil, remotes: [RemoteEndpoint] = [remote]
  ) -> GatewayConfiguration {
    let plain = configuration(remotes: remotes)
    return GatewayConfiguration(
      store: plain.store, generation: plain.generation, node: plain.node,
      tunnels: plain.tunnels.map {
        TunnelConfiguration(
          instance: $0.instance, address: $0.address, prefixLength: $0.prefixLength, interface: $0.interface,
          limit: limit)
      },
      connections: plain.connections.map { $0.with(settings) })
  }
}

extension ConnectionConfiguration {
  func with(_ settings: ForwardingSettings) -> ConnectionConfiguration {
    ConnectionConfiguration(
      id: id, number: number, instance: instance, attachment: attachment, point: point,
      tunnelAddress: tunnelAddress, network: network, gateway: gateway, fixedAddress: fixedAddress,
      fixedMAC: fixedMAC, remotes: remotes, learningLimit: settings.learningLimit,
      ageingSeconds: settings.ageingSeconds, virtualAddresses: virtualAddresses,
      forwarding: ForwardingConfiguration(settings), pinsUnderlay: settings.pinsUnderlay)
  }
}

/// Runs `body` with a stretch whose hosts are silent.
func withForwarding(
  _ settings: ForwardingSettings = .usual, limit: TrafficLimit? = nil,
  _ body: (ForwardingBed) async throws -> Void
) async throws {
  try await withStretch { stretch in
    try await body(try await ForwardingBed(stretch, settings, limit: limit))
  }
}
