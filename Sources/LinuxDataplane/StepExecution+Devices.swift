internal import BPF
internal import ESWModel
internal import Glibc
internal import Netlink

extension StepExecution {
  // MARK: The slow path's device

  mutating func createSlowPath(_ name: InterfaceName, _ port: UInt16) throws -> StepOutcome {
    if let there = try link(name) {
      guard OwnershipMark.isOurs(there), there.vxlan?.port == port else {
        throw Refused(text: "EEXIST: \(name) exists and is not this device")
      }
      return .alreadySo
    }
    try socket().perform(
      .addVXLAN(named: name.description, .external(port: port), group: OwnershipMark.deviceGroup))
    try refresh(name)
    let device = try existing(name)
    try performAll([
      .setWithoutIPv6Address(device.index), .setAlias(device.index, to: "openesw: slow path"),
    ])
    return .applied
  }

  mutating func raiseSlowPath(_ name: InterfaceName) throws -> StepOutcome {
    let device = try ourDevice(name)
    if device.flags.contains(.up) { return .alreadySo }
    try socket().perform(.raise(device.index))
    try refresh(name)
    return .applied
  }

  mutating func registerSlowPath(_ name: InterfaceName) throws -> StepOutcome {
    let device = try ourDevice(name)
    let maps = try maps()
    let index = UInt32(bitPattern: device.index)
    if device.forwardsIPv4 == true, try maps.slowPathIndex() == index { return .alreadySo }
    // The kernel tells programs a next hop only as for a packet that came in by a forwarding interface.
    try socket().perform(.setForwardingIPv4(device.index, true))
    try maps.setSlowPathIndex(index)
    try refresh(name)
    return .applied
  }

  /// Deletes a device of ours; with one end of a bridge port the other goes as well.
  mutating func delete(_ name: InterfaceName) throws -> StepOutcome {
    guard try link(name) != nil else { return .alreadySo }
    let device = try ourDevice(name)
    try socket().perform(.deleteLink(device.index))
    try refresh(name)
    return .applied
  }

  // MARK: Addresses

  mutating func add(_ owned: OwnedAddress) throws -> StepOutcome {
    let address = try kernelAddress(owned)
    guard let refusal = try socket().perform([.addAddress(address)])[0] else { return .applied }
    guard refusal.errno == EEXIST, try hasOurs(address) else { throw refusal }
    return .alreadySo
  }

  private func hasOurs(_ address: Address) throws -> Bool {
    try socket().addresses().contains {
      $0.linkIndex == address.linkIndex && $0.local == address.local
        && $0.prefixLength == address.prefixLength && $0.origin == OwnershipMark.addressOrigin
    }
  }

  mutating func remove(_ owned: OwnedAddress) throws -> StepOutcome {
    guard try link(owned.interface) != nil else { return .alreadySo }
    let address = try kernelAddress(owned)
    // The kernel matches address and prefix, not who set it: another's of the same form is never deleted.
    guard try hasOurs(address) else { return .alreadySo }
    try socket().perform(.deleteAddress(address))
    return .applied
  }

  mutating func kernelAddress(_ owned: OwnedAddress) throws -> Address {
    Address(
      linkIndex: try existing(owned.interface).index, local: IPAddressBytes(v4: owned.address.value),
      prefixLength: owned.prefixLength, origin: OwnershipMark.addressOrigin)
  }

  // MARK: Bridge ports

  mutating func createBridgePort(
    inner: InterfaceName, outer: InterfaceName, bridge: InterfaceName
  ) throws -> StepOutcome {
    let bridgeLink = try existing(bridge)
    guard bridgeLink.kind == "bridge" else { throw Refused(text: "ENODEV: \(bridge) is not a bridge") }
    if try link(inner) == nil {
      // Of the bridge's MTU, or the bridge would shrink to that of its new port.
      try socket().perform(
        .addVethPair(
          named: inner.description, peer: outer.description, group: OwnershipMark.deviceGroup,
          peerGroup: OwnershipMark.outerGroup, mtu: bridgeLink.mtu))
      try refresh(inner)
      try refresh(outer)
    }
    let ends = (inner: try ourDevice(inner), outer: try ourDevice(outer))
    guard ends.inner.peer?.index == ends.outer.index else {
      throw Refused(text: "\(inner) and \(outer) are not the ends of one pair")
    }
    // Plugged in before it is raised: no frame goes anywhere else.
    var requests: [NetlinkRequest] = []
    for (link, text) in [(ends.inner, "openesw: data path's end"), (ends.outer, "openesw: bridge's end")]
    where link.alias != text {
      requests += [.setWithoutIPv6Address(link.index), .setAlias(link.index, to: text)]
    }
    if ends.outer.master != bridgeLink.index {
      requests.append(.setMaster(ends.outer.index, to: bridgeLink.index))
    }
    for link in [ends.outer, ends.inner] where !link.flags.contains(.up) {
      requests.append(.raise(link.index))
    }
    guard !requests.isEmpty else { return .alreadySo }
    try performAll(requests)
    try refresh(inner)
    try refresh(outer)
    return .applied
  }

  // MARK: Interfaces of others

  mutating func adjust(_ name: InterfaceName, _ adjustment: InterfaceAdjustment) throws -> StepOutcome {
    let link = try existing(name)
    var requests: [NetlinkRequest] = []
    if adjustment.promiscuous, !link.flags.contains(.promiscuous) {
      requests.append(.setPromiscuous(link.index, true))
    }
    if adjustment.raised, !link.flags.contains(.up) { requests.append(.raise(link.index)) }
    let ledger = try ledgerForNotes()
    let index = UInt32(bitPattern: link.index)
    let noted = try ledger.adjustment(of: index)
    let offload = try ReceiveOffload()
    let aggregation = offload.isOn(link.name)
    let isAggregating = adjustment.aggregates ? aggregation == true : noted?.aggregates != true
    if requests.isEmpty, isAggregating, noted == adjustment { return .alreadySo }
    // Noted first: a crash in between leaves a note of something that is not in effect, and that is not read.
    try ledger.note(adjustment, of: index)
    try performAll(requests)
    if !isAggregating { try offload.set(link.name, on: adjustment.aggregates) }
    try refresh(name)
    return .applied
  }

  mutating func restore(_ name: InterfaceName) throws -> StepOutcome {
    guard let link = try link(name), let ledger = try ledger(),
      let adjustment = try ledger.adjustment(of: UInt32(bitPattern: link.index))
    else { return .alreadySo }
    var requests: [NetlinkRequest] = []
    if adjustment.promiscuous, link.flags.contains(.promiscuous) {
      requests.append(.setPromiscuous(link.index, false))
    }
    if adjustment.raised, link.flags.contains(.up) { requests.append(.lower(link.index)) }
    try performAll(requests)
    if adjustment.aggregates { try ReceiveOffload().set(link.name, on: false) }
    try refresh(name)
    try ledger.forget(UInt32(bitPattern: link.index))
    noteRestored()
    return .applied
  }

  // MARK: Many requests

  /// Performs all; the first refusal that matters is thrown.
  private func performAll(_ requests: [NetlinkRequest]) throws {
    let refusals = try socket().perform(requests)
    // A kernel without IPv6 gives no IPv6 addresses either.
    if let refusal = refusals.sorted(by: { $0.key < $1.key }).first(where: { $0.value.errno != EAFNOSUPPORT })
    {
      throw refusal.value
    }
  }
}
