import ESWAdmission
import ESWModel
import Testing

@Suite struct `Minting ids` {
  @Test func `an id is a UUID of version 7 with its variant`() {
    var generator = IdentifierGenerator(randomness: SeededGenerator(seed: 1))
    let text = generator.next(now: Timestamp(milliseconds: 1_645_557_742_000)).id as VPCID
    // The time stamp of RFC 9562 appendix A.6.
    #expect(text.description.hasPrefix("017f22e2-79b0-7"))
    #expect("89ab".contains(text.description.dropFirst(19).first!))
  }

  @Test func `the creation time is the millisecond of the id`() {
    var generator = IdentifierGenerator(randomness: SeededGenerator(seed: 1))
    let minted: Minted<VPC> = generator.next(now: Timestamp(milliseconds: 1_234_567_890_123))
    #expect(minted.at.milliseconds == 1_234_567_890_123)
    #expect(minted.id.high >> 16 == 1_234_567_890_123)
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `ids and times go up whatever the clock does`(seed: UInt64) {
    var clock = SeededGenerator(seed: seed)
    var generator = IdentifierGenerator(randomness: SeededGenerator(seed: seed))
    var last: Minted<Job>?
    for _ in 0..<20_000 {
      let wobble = Int64.random(in: -50...50, using: &clock)
      let next: Minted<Job> = generator.next(now: Timestamp(milliseconds: 1_800_000_000_000 + wobble))
      if let last {
        #expect(last.id < next.id, "seed \(seed)")
        #expect(last.at <= next.at, "seed \(seed)")
      }
      last = next
    }
  }

  @Test func `a full counter goes on in the next millisecond`() {
    var generator = IdentifierGenerator(randomness: SeededGenerator(seed: 1))
    generator.raise(above: 1_000 << 16 | 0x7FFF, .max)
    let next: Minted<Job> = generator.next(now: Timestamp(milliseconds: 1_000))
    #expect(next.at.milliseconds == 1_001)
  }

  @Test func `a time before 1970 is taken for 1970`() {
    var generator = IdentifierGenerator(randomness: SeededGenerator(seed: 1))
    let minted: Minted<VPC> = generator.next(now: Timestamp(milliseconds: .min))
    #expect(minted.at.milliseconds == 0)
  }

  @Test func `new ids are above those of the snapshot even if the clock was set back`() throws {
    var world = World()
    let old = try world.makeVPC()
    let minting = Minting(above: world.snapshot, randomness: SeededGenerator(seed: 2))
    let next = minting.next(VPC.self, now: Timestamp(milliseconds: 5))
    #expect(next.id > old.id)
    #expect(next.at >= old.createdAt)
  }

  @Test func `an id of another version does not move time`() {
    var generator = IdentifierGenerator(randomness: SeededGenerator(seed: 1))
    generator.raise(above: 0xFFFF_FFFF_FFFF_4000, .max)
    let minted: Minted<VPC> = generator.next(now: Timestamp(milliseconds: 7))
    #expect(minted.at.milliseconds == 7)
  }

  @Test func `many askers at once get no id twice`() async {
    let minting = Minting(
      above: IntentSnapshot(store: StoreID(high: 0, low: 0)), randomness: SeededGenerator(seed: 3))
    let ids = await withTaskGroup(of: [VPCID].self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<1_000).map { _ in minting.next(now: Timestamp(milliseconds: 9)).id } }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(ids).count == 8_000)
  }
}
