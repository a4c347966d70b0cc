import ESWModel

// What the reports of one node tell of.
extension Telling {
  mutating func tellHealings(of report: GatewayReport, _ memory: inout EventWatch.Memory) {
    guard let agent = report.agent else { return }
    var last = memory.healed?.run == agent.run ? memory.healed?.number ?? 0 : 0
    let before = last
    for healing in agent.healings where healing.number > last {
      // A number that is missing was pushed out before a report with it came.
      if healing.number > last + 1 { leftOut += healing.number - last - 1 }
      last = healing.number
      let moment = at.before(milliseconds: healing.ageMilliseconds)
      let happening = Happening.driftHealed(
        steps: healing.steps.prefix(Healing.mostSteps).map { String($0.prefix(Healing.longestStep)) },
        count: healing.count)
      if let connection = healing.connection, snapshot.connections[connection] != nil {
        tell(happening, of: connection, at: moment)
      } else {
        tell(happening, at: moment)
      }
    }
    guard last != before else { return }
    memory.healed = (agent.run, last)
    batch.marks[.healed(node)] = .some("\(agent.run) \(last)")
  }

  /// - Parameter through: Until when everything has been told; nil: nothing has.
  mutating func tellHosts(
    of report: GatewayReport, through: Timestamp?, _ memory: inout EventWatch.Memory
  ) {
    let most = ConnectionReport.mostHosts(among: report.connections.count)
    // What has been so for longer was told before.
    let window = through.map { (at.since($0) + EventWatch.slack).milliseconds } ?? .max
    var room = EventWatch.mostHostEvents
    var held: Set<EventWatch.HostKey> = []
    var lists: [EventWatch.HostList] = []
    lists.reserveCapacity(report.connections.count)
    var places: [ConnectionID: Int]?
    for (index, connection) in report.connections.enumerated() {
      let list = EventWatch.HostList(of: connection, most: most)
      lists.append(list)
      var roomHere = min(room, EventWatch.mostHostEventsOfConnection)
      let roomBefore = roomHere
      for host in connection.hosts {
        if let since = host.sinceAgeMilliseconds, since <= window {
          tellOfPlace(host, since, list, &memory, &roomHere)
        }
        if host.heldMilliseconds != nil {
          let key = EventWatch.HostKey(connection: list.id, mac: host.mac)
          held.insert(key)
          if !memory.held.contains(key) { tell(.duplicateHeld(list.sighting(of: host)), list.id, &roomHere) }
        }
      }
      if let before = memory.list(of: connection.id, at: index, &places), before.fold != list.fold {
        tellOfGone(before, list, &roomHere)
      }
      room -= roomBefore - roomHere
    }
    memory.hosts = lists
    memory.held = held
    if !memory.recent.isEmpty {
      memory.recent = memory.recent.filter { at.since($0.value.at) < EventWatch.slack * 5 }
    }
  }

  private mutating func tellOfPlace(
    _ host: HostFact, _ since: Int64, _ list: EventWatch.HostList, _ memory: inout EventWatch.Memory,
    _ room: inout Int
  ) {
    let key = EventWatch.HostKey(connection: list.id, mac: host.mac)
    let moment = at.before(milliseconds: since)
    let moves = host.moves ?? 0
    if let known = memory.recent[key], known.moves == moves {
      let apart = moment.since(known.at)
      if apart < EventWatch.slack * 2, apart > .zero - EventWatch.slack * 2 { return }
    }
    memory.recent[key] = (moves, moment)
    let sighting = list.sighting(of: host)
    tell(
      moves == 0 ? .hostLearned(sighting) : .hostMoved(sighting, moves: moves), list.id, &room, at: moment)
  }

  /// Only where both lists are all there is: a list that is cut says nothing of who is not on it. Counters
  /// that begin anew are those of a new data path, which has forgotten its hosts; they have not gone.
  private mutating func tellOfGone(
    _ before: EventWatch.HostList, _ list: EventWatch.HostList, _ room: inout Int
  ) {
    guard list.isWhole, list.frames >= before.frames else { return }
    let here = Set(list.facts.map(\.mac))
    for host in before.facts where !here.contains(host.mac) {
      tell(.hostGone(before.sighting(of: host)), list.id, &room)
    }
  }

  private mutating func tell(
    _ happening: Happening, _ connection: ConnectionID, _ room: inout Int, at moment: Timestamp? = nil
  ) {
    guard room > 0 else {
      leftOut += 1
      return
    }
    room -= 1
    tell(happening, of: connection, at: moment)
  }

  mutating func tellStrangers(
    of report: GatewayReport, through: Timestamp?, _ memory: inout EventWatch.Memory
  ) {
    var room = EventWatch.mostStrangerEvents
    for stranger in report.strangers {
      guard let age = stranger.ageMilliseconds else { continue }
      let reason = String(stranger.reason.prefix(64))
      let key = EventWatch.StrangerKey(reason: reason, source: stranger.source, vni: stranger.vni)
      let moment = at.before(milliseconds: age)
      let known = memory.strangers.updateValue(moment, forKey: key)
      // Those of before the last look were told then, or did not come into its list.
      let isNews =
        known.map { moment.since($0) >= EventWatch.strangerQuiet }
        ?? through.map { at.since($0) >= .milliseconds(age) - EventWatch.slack } ?? true
      guard isNews else { continue }
      guard room > 0 else {
        leftOut += 1
        continue
      }
      room -= 1
      tell(
        .sourceRefused(
          StrangerSighting(
            reason: reason, source: stranger.source, vni: stranger.vni, frames: stranger.frames)),
        at: moment)
    }
    guard memory.strangers.count > EventWatch.mostStrangers else { return }
    let latest = memory.strangers.sorted { $0.value > $1.value }.prefix(EventWatch.mostStrangers / 2)
    memory.strangers = Dictionary(uniqueKeysWithValues: latest.map { ($0.key, $0.value) })
  }
}

extension EventWatch.HostList {
  init(of connection: ConnectionReport, most: Int) {
    id = connection.id
    facts = connection.hosts
    remotes = connection.remotes
    frames = connection.toRemote.frames &+ connection.toLocal.frames
    // In whatever order they are: a sum, of words that are mixed (the finaliser of MurmurHash3).
    fold = connection.hosts.reduce(UInt64(connection.hosts.count)) { $0 &+ $1.mac.mixed }
    isWhole = connection.hosts.count < most
  }

  func sighting(of host: HostFact) -> HostSighting {
    var remote: IPv4Address?
    if case .remote(let index) = host.side, remotes.indices.contains(index) {
      remote = remotes[index].remote.address
    }
    return HostSighting(mac: host.mac, address: host.address, isLocal: host.side == .local, remote: remote)
  }
}

extension EventWatch.Memory {
  /// Reports name connections in the same order mostly.
  fileprivate func list(
    of id: ConnectionID, at index: Int, _ places: inout [ConnectionID: Int]?
  ) -> EventWatch.HostList? {
    if hosts.indices.contains(index), hosts[index].id == id { return hosts[index] }
    let known =
      places ?? Dictionary(zip(hosts.map(\.id), hosts.indices), uniquingKeysWith: { first, _ in first })
    places = known
    return known[id].map { hosts[$0] }
  }
}

extension MACAddress {
  fileprivate var mixed: UInt64 {
    var word = value
    word = (word ^ word >> 33) &* 0xFF51_AFD7_ED55_8CCD
    word = (word ^ word >> 33) &* 0xC4CE_B9FE_1A85_EC53
    return word ^ word >> 33
  }
}

extension Timestamp {
  /// Saturates.
  func before(milliseconds age: Int64) -> Timestamp {
    let (moment, overflow) = milliseconds.subtractingReportingOverflow(max(age, 0))
    return Timestamp(milliseconds: overflow ? .min : moment)
  }
}

extension Duration {
  /// Saturates.
  fileprivate var milliseconds: Int64 {
    let (seconds, fraction) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? .max : whole &+ fraction / 1_000_000_000_000_000
  }
}
