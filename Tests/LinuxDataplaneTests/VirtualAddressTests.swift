import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A virtual address on the real kernel` {
  typealias Bed = VirtualAddressBed

  @Test func `is announced when its holder is found, and answered for by the node`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      _ = bed.atFar.heard()
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      let announcement = ARPFrame.announcement(Bed.address, from: bed.atFirst.mac)
      #expect(try await bed.atFar.hears { $0 == announcement } != nil)

      // Only the node can answer now.
      try bed.hush(bed.first)
      _ = bed.atFirst.heard()
      #expect(try await bed.askFromFar() == bed.atFirst.mac)
      #expect(!bed.heardRequest(bed.atFirst), "a request that the node answers needs not cross")
      #expect(try await bed.fact()?.answered == 1)
      #expect(try await bed.fact()?.holder?.side == .local)
      #expect(bed.stretch.reaches("\(Bed.address)", from: bed.stretch.far))
    }
  }

  @Test func `moves between local hosts with the word of the one that takes it`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      #expect(bed.stretch.reaches("\(Bed.address)", from: bed.stretch.far))
      let before = try bed.stretch.echoes(in: bed.second)

      try bed.leave(bed.first)
      try bed.take(bed.second)
      _ = bed.atFar.heard()
      let announcement = ARPFrame.announcement(Bed.address, from: bed.atSecond.mac)
      try bed.atSecond.say(announcement)
      #expect(try await bed.atFar.hears { $0 == announcement } != nil)
      try bed.hush(bed.second)
      #expect(try await bed.askFromFar() == bed.atSecond.mac)
      #expect(bed.stretch.reaches("\(Bed.address)", from: bed.stretch.far, tries: 1))
      #expect(try bed.stretch.echoes(in: bed.second) > before)
    }
  }

  @Test func `that a host takes silently is announced for it, three times at most`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      try bed.leave(bed.first)
      try bed.take(bed.second)
      _ = bed.atFar.heard()
      let announcement = ARPFrame.announcement(Bed.address, from: bed.atSecond.mac)
      var count = 0
      // As an agent asks, only faster: announcements keep their distance all the same.
      for _ in 0..<45 {
        try await bed.dataplane.ask([HolderQuestion(of: Bed.subject, to: nil)])
        try await ContinuousClock().sleep(for: .milliseconds(100))
        count += bed.atFar.heard().count { $0 == announcement }
      }
      #expect(count == Int(ESW_ANNOUNCEMENTS))
    }
  }

  @Test func `that two hosts take from each other is announced once a second at most`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try bed.take(bed.second)
      _ = bed.atFar.heard()
      let both = [bed.atFirst.mac, bed.atSecond.mac].map { ARPFrame.announcement(Bed.address, from: $0) }
      let clock = ContinuousClock()
      let start = clock.now
      var count = 0
      // Both answer each question, and each answer is the word of another than the last.
      while clock.now < start + .seconds(4) {
        try await bed.dataplane.ask([HolderQuestion(of: Bed.subject, to: nil)])
        try await clock.sleep(for: .milliseconds(100))
        count += bed.atFar.heard().count { both.contains($0) }
      }
      let most = Int((clock.now - start) / .nanoseconds(Int64(ESW_ANNOUNCE_INTERVAL_NS))) + 1
      #expect((2...most).contains(count))
    }
  }

  @Test func `moves across the stretch and back`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      #expect(bed.stretch.reaches("\(Bed.address)", from: bed.second))

      try bed.leave(bed.first)
      let farMAC = MACAddress("02:00:00:00:00:20")!
      try bed.stretch.ip(bed.stretch.far, "link set br0 address \(farMAC)")
      try bed.stretch.ip(bed.stretch.far, "address add \(Bed.address)/32 dev br0")
      _ = bed.atSecond.heard()
      let announcement = ARPFrame.announcement(Bed.address, from: farMAC)
      try bed.atFar.say(announcement)
      #expect(try await bed.atSecond.hears { $0 == announcement } != nil)
      #expect(try await bed.fact()?.holder?.side == .remote(0))
      let answered = try await bed.fact()?.answered
      #expect(try await bed.askFromFar(within: .milliseconds(300)) == nil, "the node has no say in it now")
      #expect(try await bed.fact()?.answered == answered)
      #expect(bed.stretch.reaches("\(Bed.address)", from: bed.second))

      try bed.stretch.ip(bed.stretch.far, "address delete \(Bed.address)/32 dev br0")
      try bed.take(bed.first)
      try bed.hush(bed.first)
      try bed.atFirst.say(.announcement(Bed.address, from: bed.atFirst.mac))
      _ = try await eventually { try await bed.fact()?.isAnsweredFor == true ? true : nil }
      #expect(try await bed.askFromFar() == bed.atFirst.mac)
      #expect(bed.stretch.reaches("\(Bed.address)", from: bed.stretch.far))
    }
  }

  @Test func `is not answered for when its holder has gone`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      let clock = ContinuousClock()
      let died = clock.now
      try bed.leave(bed.first)
      var last: ContinuousClock.Instant?
      while clock.now < died + .seconds(6) {
        try await bed.dataplane.ask([HolderQuestion(of: Bed.subject, to: nil)])
        if try await bed.askFromFar(within: .milliseconds(200)) != nil { last = clock.now }
      }
      let silence = Duration.nanoseconds(Int64(ESW_HOLDER_SILENT_NS))
      // A question of its own may be on its way when the holder goes.
      #expect(try #require(last) - died < silence + .milliseconds(500))
      #expect(try #require(last) - died > .seconds(2), "one lost answer is no death")
      #expect(try await bed.fact()?.isAnsweredFor == false)
      _ = bed.atFirst.heard()
      #expect(try await bed.askFromFar(within: .milliseconds(200)) == nil)
      #expect(bed.heardRequest(bed.atFirst), "a request that nobody answers goes to the segment")
    }
  }

  @Test func `that nobody holds is left to the segment, and so are the words of those who take it`()
    async throws
  {
    try await withVirtualAddressBed { bed in
      _ = bed.atFirst.heard()
      #expect(try await bed.askFromFar(within: .milliseconds(300)) == nil)
      #expect(bed.heardRequest(bed.atFirst))
      #expect(try await bed.fact() == VirtualAddressFact(address: Bed.address, holder: nil, answered: 0))

      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      try bed.hush(bed.first)
      // Who wants to take it asks without an address of his own (RFC 5227 section 2.1.1): it is the
      // holder's to refuse.
      let nobody = IPv4Address(0)
      let question = ARPFrame.request(Bed.address, from: Bed.asker, nobody)
      _ = (bed.atFirst.heard(), bed.atFar.heard())
      try bed.atFar.say(question)
      #expect(try await bed.atFirst.hears { $0 == question } != nil)
      #expect(try await bed.atFar.hears(within: .milliseconds(200)) { $0.operation == 2 } == nil)
    }
  }

  @Test func `is not answered for with a host that has gone to the far side`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      try bed.hush(bed.first)
      #expect(try await bed.askFromFar() == bed.atFirst.mac)
      // A machine that moved with its MAC says something over there, though not about this address.
      try bed.atFar.say(.announcement(IPv4Address("10.9.0.60")!, from: bed.atFirst.mac))
      _ = try await eventually {
        let hosts = try await bed.dataplane.evidence().connections[ConnectionNumber(1)]?.hosts
        return hosts?.first { $0.mac == bed.atFirst.mac }?.side == .remote(0) ? true : nil
      }
      #expect(try await bed.fact()?.isAnsweredFor == true)
      #expect(try await bed.askFromFar(within: .milliseconds(300)) == nil)
    }
  }

  @Test func `that is unbound is an address like any other`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      let steps = try await Stretch.converge(bed.dataplane, to: Bed.unbound)
      #expect(steps == [.removeVirtualAddress(Bed.subject)])
      #expect(try await bed.fact() == nil)
      _ = bed.atFirst.heard()
      #expect(try await bed.askFromFar() == bed.atFirst.mac, "the host itself")
      #expect(bed.heardRequest(bed.atFirst))
      #expect(bed.stretch.reaches("\(Bed.address)", from: bed.stretch.far))
      try bed.hush(bed.first)
      #expect(try await bed.askFromFar(within: .milliseconds(300)) == nil)
    }
  }

  @Test func `is nobody's when the sides of its connection are others`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.take(bed.first)
      try await bed.askUntilHeld(by: bed.atFirst.mac)
      let other = RemoteEndpoint(vni: VNI(101)!, address: Stretch.remote.address)
      let changed = Stretch.configuration(
        .bridge, remotes: [Stretch.remote, other], virtualAddresses: [Bed.address])
      try await Stretch.converge(bed.dataplane, to: changed)
      #expect(try await bed.fact()?.holder == nil)
    }
  }

  @Test func `whose map has lost its pin makes the data path anew`() async throws {
    try await withVirtualAddressBed { bed in
      try bed.stretch.pins.folder("maps").remove("esw_virtuals")
      #expect(try await bed.dataplane.observe().state.datapath == .otherLayout)
      try await Stretch.converge(bed.dataplane, to: Bed.bound)
      #expect(try bed.stretch.hostReaches(Stretch.farHost))
    }
  }
}
