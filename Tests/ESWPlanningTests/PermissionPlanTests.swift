import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `Planning a permission` {
  private static let held = PermissionRow(epoch: 5, end: .past)
  private static let granted = PermissionRow(epoch: 6)

  private func state(_ permission: PermissionRow, tunnels: Set<IPv4Address> = []) -> DataplaneState {
    DataplaneState(datapath: .current, tunnels: tunnels, permission: permission)
  }

  private let tunnels: Set<IPv4Address> = [IPv4Address("192.0.2.1")!]

  @Test func `a hold comes before anything else is done`() {
    let plan = DataplanePlan(from: state(Self.granted), to: state(Self.held, tunnels: tunnels))
    #expect(plan.steps.first == .putPermission(Self.held) && plan.steps.count == 2)
  }

  @Test func `a hold comes as soon as there are maps for it`() {
    let plan = DataplanePlan(from: DataplaneState(), to: state(Self.held, tunnels: tunnels))
    #expect(plan.steps.prefix(2) == [.loadDatapath, .putPermission(Self.held)])
  }

  @Test func `a release comes when everything else is done`() {
    let plan = DataplanePlan(from: state(Self.held), to: state(Self.granted, tunnels: tunnels))
    #expect(plan.steps.last == .putPermission(Self.granted) && plan.steps.count == 2)
  }

  @Test func `what is so already is left alone, and what nobody decided is the kernel's own`() {
    #expect(DataplanePlan(from: state(Self.held), to: state(Self.held)).isEmpty)
    #expect(DataplanePlan(from: state(PermissionRow()), to: state(PermissionRow(nil))).isEmpty)
  }

  @Test func `the node gets what operators decided about it`() {
    var sample = Sample.full()
    #expect(sample.configuration.permission == nil)
    let hold = NodePermission.Hold(reason: .empty, since: Sample.now)
    sample.snapshot = sample.snapshot.applying([
      .putPermission(NodePermission(node: Sample.node, epoch: 3, hold: hold)),
      .putPermission(NodePermission(node: NodeName("other")!, epoch: 9, hold: nil)),
    ])
    let configuration = GatewayConfiguration(for: Sample.node, from: sample.snapshot)
    #expect(configuration.permission == ForwardingPermission(epoch: 3, isHeld: true))
    #expect(PermissionRow(configuration.permission) == PermissionRow(epoch: 3, end: .past))
  }

  @Test(arguments: [
    (PermissionRow.End.never, true, Int64?.none), (.past, false, nil),
    (.at(DataplaneMoment(nanoseconds: 5_000_000)), true, 3),
    (.at(DataplaneMoment(nanoseconds: 2_000_000)), false, nil),
  ])
  func `what is told of it is as of now`(_ end: PermissionRow.End, _ isGranted: Bool, _ left: Int64?) {
    let fact = PermissionFact(
      PermissionRow(epoch: 4, end: end), now: DataplaneMoment(nanoseconds: 2_000_000))
    #expect(fact == PermissionFact(epoch: 4, isGranted: isGranted, leftMilliseconds: left))
  }
}
