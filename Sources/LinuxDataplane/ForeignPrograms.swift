internal import BPF
internal import CLinux
internal import ESWModel
internal import Glibc
internal import Netlink

/// Programs, filters and firewall chains of others on the way of our frames.
struct ForeignPrograms {
  /// Our links, by the kernel's numbers; and the programs in them.
  let links: Set<UInt32>
  let programs: Set<UInt32>

  init(besides ours: [BPFLink.State]) {
    links = Set(ours.map(\.identifier))
    programs = Set(ours.map(\.programIdentifier))
  }

  /// What of others is at an interface by which our frames come and go.
  ///
  /// - Parameter ownXDP: The numbers of our pinned XDP programs: asked only where there is one of whom it is
  ///   not known.
  func interferences(
    at link: Link, _ name: InterfaceName, _ socket: NetlinkSocket, ownXDP: () throws(BPFError) -> Set<UInt32>
  ) throws -> [LookAnswers.Interference] {
    var found: [LookAnswers.Interference] = []
    if let program = link.xdpProgram, !programs.contains(program), try !ownXDP().contains(program) {
      found.append(.init(.xdp, at: name, named: try Self.programName(program)))
    }
    let ingress = try BPFLink.attached(toInterface: link.index, at: .tcxIngress)
    // Where none of ours is, nothing stands before it: the plan will put it first.
    if let place = ingress.firstIndex(where: isOurs) {
      for entry in ingress[..<place] {
        found.append(.init(.ingressProgram, at: name, named: try Self.programName(entry.program)))
      }
    }
    for entry in try BPFLink.attached(toInterface: link.index, at: .tcxEgress) where !isOurs(entry) {
      found.append(.init(.egressProgram, at: name, named: try Self.programName(entry.program)))
    }
    for filter in try socket.egressFilters(link: link.index) {
      let words = [filter.kind, filter.programName, "pref \(filter.preference)"].compactMap(\.self)
      found.append(.init(.egressProgram, at: name, named: words.joined(separator: " ")))
    }
    return found
  }

  private func isOurs(_ entry: (program: UInt32, link: UInt32?)) -> Bool {
    entry.link.map { links.contains($0) } == true
  }

  /// Nil for one that has gone meanwhile, or has no name.
  private static func programName(_ identifier: UInt32) throws(BPFError) -> String? {
    let name = try BPFProgram(identifier: identifier)?.name
    return name?.isEmpty == true ? nil : name
  }

  // MARK: Firewall

  /// Chains at the way out of interfaces, and those through which bridges send frames and that drop what no
  /// rule accepts. Rules in the chains are not judged: what they drop is theirs to say.
  ///
  /// - Parameters:
  ///   - hasBridges: Whether any attachment is a bridge.
  ///   - firewalls: Those that frames of these bridges meet.
  static func firewall(
    _ chains: [FirewallChain], hasBridges: Bool, firewalls: Set<FirewallSetting>
  ) -> [LookAnswers.Interference] {
    chains.flatMap { chain -> [LookAnswers.Interference] in
      let name = "\(chain.family.word) \(chain.table) \(chain.name)"
      let drops = chain.dropsTheRest ? chain.policyPackets : nil
      if chain.family == .netdev, chain.hook == FirewallChain.egressHook {
        return chain.interfaces.compactMap { InterfaceName($0) }.map {
          .init(.egressProgram, at: $0, named: name, drops: drops)
        }
      }
      guard hasBridges, chain.dropsTheRest, chain.hook == FirewallChain.forwardHook,
        chain.family.isMet(with: firewalls)
      else { return [] }
      return [.init(.bridgeFirewall, at: nil, named: name, drops: drops)]
    }
  }

  /// The same of the older tables. Asking for one makes it, so only those that are there are asked.
  static func olderTables(_ firewalls: Set<FirewallSetting>) -> [LookAnswers.Interference] {
    let families: [(setting: FirewallSetting, family: Int32, list: String)] = [
      (.iptables, AF_INET, "ip_tables_names"), (.ip6tables, AF_INET6, "ip6_tables_names"),
    ]
    return families.compactMap { setting, family, list in
      guard firewalls.contains(setting),
        let tables = ProcessFile.text("/proc/thread-self/net/\(list)")?.split(separator: "\n"),
        tables.contains("filter")
      else { return nil }
      var packets: UInt64 = 0
      guard clinux_forward_policy(family, &packets) == 1 else { return nil }
      return .init(
        .bridgeFirewall, at: nil, named: "\(setting.rawValue)-legacy filter FORWARD", drops: packets)
    }
  }
}

extension FirewallChain.Family {
  /// As `nft` names it.
  fileprivate var word: String {
    switch self {
    case .ip: "ip"
    case .ip6: "ip6"
    case .inet: "inet"
    case .arp: "arp"
    case .bridge: "bridge"
    case .netdev: "netdev"
    case .other(let number): "family \(number)"
    }
  }

  /// Whether frames that a bridge forwards meet its forward chains.
  fileprivate func isMet(with firewalls: Set<FirewallSetting>) -> Bool {
    switch self {
    case .bridge: true
    case .ip: firewalls.contains(.iptables)
    case .ip6: firewalls.contains(.ip6tables)
    case .inet: firewalls.contains(.iptables) || firewalls.contains(.ip6tables)
    case .arp: firewalls.contains(.arptables)
    case .netdev, .other: false
    }
  }
}
