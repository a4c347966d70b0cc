import ESWModel
import Testing

@testable import GatewayAgent

@Suite struct `Choosing whom to probe` {
  static let configuration = Stretch.configuration(1)
  static let number = ConnectionNumber(1)

  private func evidence(age: Int64?, hosts: [HostFact] = []) -> DataplaneEvidence {
    var counted = DataplaneEvidence.PerConnection()
    if let age { counted.receivedAgeMilliseconds = [0: age] }
    counted.hosts = hosts
    return DataplaneEvidence(connections: [Self.number: counted])
  }

  @Test func `a remote that has just sent something is left alone`() {
    var schedule = ProbeSchedule()
    #expect(schedule.probes(for: Self.configuration, evidence: evidence(age: 100), now: .now).isEmpty)
  }

  @Test func `a quiet remote's known hosts are asked, and no one else`() {
    var schedule = ProbeSchedule()
    let host = HostFact(
      mac: MACAddress(locallyAdministered: 5), address: IPv4Address("192.168.0.20"), side: .remote(0),
      seenAgeMilliseconds: 5_000)
    let probes = schedule.probes(
      for: Self.configuration, evidence: evidence(age: 5_000, hosts: [host]), now: .now)
    #expect(probes.map(\.target) == [IPv4Address("192.168.0.20")])
  }

  @Test func `hosts of our own side are not asked through the tunnel`() {
    var schedule = ProbeSchedule()
    let host = HostFact(
      mac: MACAddress(locallyAdministered: 5), address: IPv4Address("192.168.0.20"), side: .local,
      seenAgeMilliseconds: 0)
    let probes = schedule.probes(
      for: Self.configuration, evidence: evidence(age: nil, hosts: [host]), now: .now)
    #expect(probes.first?.target == IPv4Address("192.168.0.1"))
  }

  @Test func `with no known host the whole subnet is walked, the gateway first, ourselves never`() {
    var schedule = ProbeSchedule()
    var asked: Set<IPv4Address> = []
    let start = ContinuousClock.now
    for round in 0..<8 {
      let probes = schedule.probes(
        for: Self.configuration, evidence: evidence(age: nil), now: start + .seconds(2 * round))
      if round == 0 { #expect(probes.first?.target == IPv4Address("192.168.0.1")) }
      asked.formUnion(probes.map(\.target))
    }
    #expect(asked.count == 253)
    #expect(!asked.contains(IPv4Address("192.168.0.250")!))
    #expect(!asked.contains(IPv4Address("192.168.0.255")!))
  }

  @Test func `passes in quick succession do not multiply probes`() {
    var schedule = ProbeSchedule()
    let now = ContinuousClock.now
    #expect(!schedule.probes(for: Self.configuration, evidence: evidence(age: nil), now: now).isEmpty)
    #expect(
      schedule.probes(for: Self.configuration, evidence: evidence(age: nil), now: now + .milliseconds(10))
        .isEmpty)
  }
}
