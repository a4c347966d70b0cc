package import ESWModel

// Whose frames steps hold up. What is not named here holds up nobody's: rows are put and taken away whole,
// programs are attached beside others, devices and addresses are added.
extension Interruption {
  /// What it takes to bring a program to an interface or to take it away, in milliseconds: the kernel waits
  /// for its CPUs (`docs/benchmarks/scale.md`, 1,000 connections on interfaces of their own).
  private static let programMilliseconds: UInt32 = 16
  /// For all rows of a connection (the same page: 0.04 ms a row).
  private static let rowMilliseconds: UInt32 = 1

  /// - Parameters:
  ///   - before: What the node holds.
  ///   - after: What it is to hold.
  ///   - hosts: How many hosts of a connection were seen lately, by its id.
  package static func all(
    of steps: [DataplaneStep], from before: DataplaneState, to after: DataplaneState,
    on interfaces: [InterfaceFact], hosts: (ConnectionID) -> Int?
  ) -> [Interruption] {
    var detached: Set<InterfaceReference> = []
    for case .detachProgram(let attachment) in steps where !attachment.program.isXDP {
      detached.insert(attachment.interface)
    }
    let ofConnections = before.connections.values.sorted { $0.number < $1.number }.compactMap { row in
      fate(of: row, becoming: after.connections[row.number], before, after, detached).map {
        Interruption(
          frames: $0.frames, subject: .connection(row.id, hosts: hosts(row.id)),
          milliseconds: $0.milliseconds, reason: $0.reason)
      }
    }
    return ofConnections + ofInterfaces(steps, from: before, interfaces)
  }

  private typealias Fate = (frames: Frames, milliseconds: UInt32?, reason: String)

  private static func fate(
    of row: ConnectionRow, becoming new: ConnectionRow?, _ before: DataplaneState, _ after: DataplaneState,
    _ detached: Set<InterfaceReference>
  ) -> Fate? {
    guard let new else { return (.ended, nil, "the node forwards it no more") }
    if after.permission.end == .past, before.permission.end != .past {
      return (.ended, nil, "the node is held: nothing crosses it until it is released")
    }
    guard after.ports[new.port] == new.number, before.ports[row.port] == row.number else { return nil }
    if new.port != row.port {
      let isAttached = before.programs.contains(.init(program: .local, interface: new.port.interface))
      return (
        .lost, rowMilliseconds + (isAttached ? 0 : programMilliseconds),
        "its frames enter at \(new.port) instead of \(row.port); \(source)"
      )
    }
    if detached.contains(row.port.interface) {
      return (.lost, 2 * programMilliseconds, "its program is attached anew; \(source)")
    }
    let (old, now) = (sources(of: row), sources(of: new))
    if !old.isSubset(of: now) {
      return (.lost, rowMilliseconds, "frames are taken from other remotes; \(source)")
    }
    return nil
  }

  private static let source = "measured: docs/benchmarks/scale.md"

  private static func sources(of row: ConnectionRow) -> Set<SourceKey> {
    Set(row.remotes.map { SourceKey(vni: $0.vni, remote: $0.address, local: row.tunnelAddress) })
  }

  private static func ofInterfaces(
    _ steps: [DataplaneStep], from before: DataplaneState, _ interfaces: [InterfaceFact]
  ) -> [Interruption] {
    let facts = Dictionary(interfaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return steps.compactMap { step in
      if case .putPort(let port, _) = step, before.ports[port] == nil { return takeover(of: port, facts) }
      if case .restoreInterface(let name) = step, before.adjustments[name]?.raised == true {
        return Interruption(
          frames: .ended, subject: .interface(name), milliseconds: nil,
          reason: "it was down before, and is put back")
      }
      return step.attachment.flatMap { newProgram($0, facts) }
    }
  }

  private static func takeover(
    of port: PortReference, _ facts: [InterfaceName: InterfaceFact]
  ) -> Interruption? {
    guard case .name(let name) = port.interface, port.vlan == nil, let addresses = facts[name]?.addresses,
      !addresses.isEmpty
    else { return nil }
    let list = addresses.map { "\($0.address)" }.joined(separator: ", ")
    return Interruption(
      frames: .ended, subject: .interface(name), milliseconds: nil,
      reason: "what comes in by it is the connection's, also what is for the node's own \(list)")
  }

  /// A network card has no kind; what has one, such as veth, has no rings that XDP changes.
  private static func newProgram(
    _ attachment: ProgramAttachment, _ facts: [InterfaceName: InterfaceFact]
  ) -> Interruption? {
    guard attachment.program.isXDP, case .name(let name) = attachment.interface, let fact = facts[name],
      fact.kind == nil
    else { return nil }
    return Interruption(
      frames: .lost, subject: .interface(name), milliseconds: nil,
      reason: "many drivers set their rings up anew when XDP comes or goes; for how long is the card's")
  }
}

extension DataplaneStep {
  /// Of a program that comes or goes.
  fileprivate var attachment: ProgramAttachment? {
    if case .attachProgram(let attachment) = self { return attachment }
    if case .detachProgram(let attachment) = self { return attachment }
    return nil
  }
}
