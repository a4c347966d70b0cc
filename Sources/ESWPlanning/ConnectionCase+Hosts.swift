import ESWModel

// Addresses that more than one has. Frames cross, and some do not come where they should.
extension ConnectionCase {
  var hostFindings: [Finding] { fixedAddressFault + addressFaults + heldFaults }

  private var fixedAddressFault: [Finding] {
    let drops = recentDrops("address_conflict")
    guard drops > 0 else { return [] }
    let address = connection.fixedAddresses.first.map(\.description) ?? "its fixed IP"
    return [
      Finding(
        .fault, .fixedAddressTaken, of: address, "somebody else has the switch's own address \(address)",
        evidence: "\(drops) ARP frames that claim it dropped in \(Self.recently)",
        advice: "give that host another address; or make the connection again with fixed IPs that are free")
    ]
  }

  /// Two hosts, on two sides, that have one address and have lived at the same time.
  private var addressFaults: [Finding] {
    guard let network = subnet?.network else { return [] }
    // Virtual addresses go from host to host, and the switch's own are judged above.
    let exempt = Set(connection.fixedAddresses + (seen?.virtualAddresses ?? []).map(\.address))
    var holders: [IPv4Address: [HostFact]] = [:]
    for host in seen?.hosts ?? [] {
      guard let address = host.address, network.contains(address), !exempt.contains(address) else { continue }
      holders[address, default: []].append(host)
    }
    let pairs = holders.compactMap { address, hosts in
      Self.rivals(among: hosts).map { (address, $0) }
    }.sorted { $0.0 < $1.0 }
    // The gateway's first: it is everybody's.
    let gateway = subnet?.gateway
    return pairs.filter { $0.0 == gateway }.map { gatewayFault($0.0, $0.1) }
      + pairs.filter { $0.0 != gateway }.prefix(Self.mostPairs).map { addressFault($0.0, $0.1) }
  }

  /// A hundred of them have one cause, such as a site that was copied.
  private static let mostPairs = 8

  private static func rivals(among hosts: [HostFact]) -> (HostFact, HostFact)? {
    guard hosts.count > 1 else { return nil }
    for (index, first) in hosts.enumerated() {
      for second in hosts[(index + 1)...]
      where first.mac != second.mac && first.side != second.side && haveMet(first, second) {
        return first.side == .local ? (first, second) : (second, first)
      }
    }
    return nil
  }

  /// Whether each was still heard after the other had come: who has replaced another is no duplicate. Where
  /// an agent does not tell since when, both are taken for present.
  private static func haveMet(_ first: HostFact, _ second: HostFact) -> Bool {
    guard let firstSince = first.sinceAgeMilliseconds, let secondSince = second.sinceAgeMilliseconds else {
      return true
    }
    return first.seenAgeMilliseconds < secondSince && second.seenAgeMilliseconds < firstSince
  }

  private func gatewayFault(_ address: IPv4Address, _ pair: (HostFact, HostFact)) -> Finding {
    Finding(
      .fault, .gatewayDiffers, of: address.description,
      "each side has a gateway \(address) of its own: \(pair.0.mac) and \(pair.1.mac)",
      evidence: [line(pair.0), line(pair.1)],
      advice: "hosts that move, or ask across, get the other's MAC address. Leave one of them, or give one "
        + "another address; if both are to stay, let them share one MAC address (VRRP does)",
      commands: ["esw connection show \(connection.name)"])
  }

  private func addressFault(_ address: IPv4Address, _ pair: (HostFact, HostFact)) -> Finding {
    Finding(
      .fault, .duplicateAddress, of: address.description,
      "two hosts have the address \(address): \(pair.0.mac) \(side(pair.0)), \(pair.1.mac) \(side(pair.1))",
      evidence: [line(pair.0), line(pair.1)],
      advice: "give one of them another address; a server that was moved must be off where it was",
      commands: ["esw connection show \(connection.name)"])
  }

  private var heldFaults: [Finding] {
    (seen?.hosts ?? []).filter { host in
      host.heldMilliseconds.map { $0 > node.asOfNow(0) } ?? false
    }.prefix(Self.mostPairs).map { host in
      Finding(
        .fault, .duplicateHost, of: host.mac.description,
        "the MAC address \(host.mac) sends from both sides: its frames from elsewhere are dropped",
        evidence: "\(line(host)), held there; it changed sides \(host.moves ?? 0) times",
        advice:
          "a loop joins the sites a second time, or the same machine runs twice: find the other way, or "
          + "stop one",
        commands: ["esw connection show \(connection.name)"])
    }
  }

  private func side(_ host: HostFact) -> String {
    switch host.side {
    case .local: "on the local side"
    case .remote(let index):
      connection.remotes.indices.contains(index)
        ? "behind \(connection.remotes[index].address)" : "behind a remote"
    }
  }

  private func line(_ host: HostFact) -> String {
    "\(host.mac) \(side(host)), last seen \(Self.ago(node.asOfNow(host.seenAgeMilliseconds)))"
  }
}
