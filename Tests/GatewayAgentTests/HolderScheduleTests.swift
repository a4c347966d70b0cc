import ESWModel
import Testing

@testable import GatewayAgent

@Suite struct `Choosing whom to ask for virtual addresses` {
  static let address = IPv4Address("192.168.0.50")!
  static let configuration = Stretch.configuration(1, virtualAddresses: [address])
  static let number = ConnectionNumber(1)
  static let subject = VirtualAddress(connection: number, address: address)
  static let mac = MACAddress(locallyAdministered: 50)
  static let start = ContinuousClock.now

  /// - Parameter age: Of the holder's last word, in milliseconds; nil: nobody has been heard.
  private func evidence(_ age: Int64?, side: HostFact.Side = .local) -> DataplaneEvidence {
    let holder = age.map {
      VirtualAddressFact.Holder(mac: Self.mac, side: side, seenAgeMilliseconds: $0)
    }
    var counted = DataplaneEvidence.PerConnection()
    counted.virtualAddresses = [VirtualAddressFact(address: Self.address, holder: holder, answered: 0)]
    return DataplaneEvidence(connections: [Self.number: counted])
  }

  private func ask(
    _ schedule: inout HolderSchedule, _ evidence: DataplaneEvidence, at seconds: Double
  ) -> [HolderQuestion] {
    schedule.questions(for: Self.configuration, evidence: evidence, now: Self.start + .seconds(seconds))
  }

  @Test func `an address that has just been bound is asked of everybody at once`() {
    var schedule = HolderSchedule()
    #expect(ask(&schedule, evidence(nil), at: 0) == [HolderQuestion(of: Self.subject, to: nil)])
  }

  @Test func `one that the data path does not have yet is not asked for`() {
    var schedule = HolderSchedule()
    let without = DataplaneEvidence(connections: [Self.number: .init()])
    #expect(ask(&schedule, without, at: 0).isEmpty)
    #expect(!ask(&schedule, evidence(nil), at: 0.1).isEmpty)
  }

  @Test func `a holder who answers is asked alone, in every second pass`() {
    var schedule = HolderSchedule()
    let rounds = (0..<10).map { ask(&schedule, evidence(1_000), at: Double($0) * 1.01) }
    #expect(rounds.map(\.count) == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0])
    #expect(rounds.joined().allSatisfy { $0.holder == Self.mac })
  }

  @Test func `one who has missed a question may have been relieved: everybody is asked, as often`() {
    var schedule = HolderSchedule()
    #expect(ask(&schedule, evidence(2_000), at: 0).map(\.holder) == [Self.mac])
    #expect(ask(&schedule, evidence(4_000), at: 2).map(\.holder) == [nil])
    #expect(ask(&schedule, evidence(5_000), at: 4).map(\.holder) == [nil])
  }

  @Test(arguments: [nil, HostFact.Side.remote(0)])
  func `while no local host has it, pauses grow to half a minute`(side: HostFact.Side?) {
    var schedule = HolderSchedule()
    var moments: [Int] = []
    for second in 0..<150 {
      let seen = side.map { evidence(100, side: $0) } ?? evidence(nil)
      let questions = ask(&schedule, seen, at: Double(second))
      if !questions.isEmpty { moments.append(second) }
      #expect(questions.allSatisfy { $0.holder == nil })
    }
    #expect(moments == [0, 2, 5, 11, 23, 47, 79, 111, 143])
  }

  @Test func `a holder who speaks by himself during a long pause is asked like any other`() {
    var schedule = HolderSchedule()
    for second in 0..<50 { _ = ask(&schedule, evidence(nil), at: Double(second)) }
    #expect(ask(&schedule, evidence(500), at: 50).map(\.holder) == [Self.mac])
  }

  @Test func `of too many, those that have waited longest are asked first`() {
    var schedule = HolderSchedule()
    let count = 5 * HolderSchedule.mostPerPass / 2
    let addresses = (0..<count).map { IPv4Address(0x0a00_0000 + UInt32($0)) }
    let configuration = Stretch.configuration(1, virtualAddresses: addresses)
    var counted = DataplaneEvidence.PerConnection()
    counted.virtualAddresses = addresses.map {
      VirtualAddressFact(
        address: $0, holder: .init(mac: Self.mac, side: .local, seenAgeMilliseconds: 10), answered: 0)
    }
    let evidence = DataplaneEvidence(connections: [Self.number: counted])
    var asked: [IPv4Address: Int] = [:]
    for second in 0..<5 {
      let questions = schedule.questions(
        for: configuration, evidence: evidence, now: Self.start + .seconds(second))
      #expect(questions.count <= HolderSchedule.mostPerPass)
      for question in questions { asked[question.subject.address, default: 0] += 1 }
    }
    #expect(asked.count == count)
    #expect(asked.values.allSatisfy { (1...3).contains($0) })
  }
}
