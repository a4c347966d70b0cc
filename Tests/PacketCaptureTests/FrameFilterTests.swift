import ESWModel
import KernelTesting
import PacketCapture
import Testing

@Suite struct `A filter of captured frames` {
  private func host(_ text: String) -> FrameFilter { FrameFilter(host: FrameFilter.Host(text)) }

  @Test func `without a wish lets everything through`() {
    #expect(FrameFilter().matches(Sample.frame([])))
  }

  @Test(arguments: ["02:00:00:00:00:0a", "02:00:00:00:00:0b", "10.1.0.10", "10.1.0.11"])
  func `finds both hosts of a packet by their addresses`(text: String) {
    #expect(host(text).matches(Sample.frame(Sample.echo, .toRemote)))
    #expect(host(text).matches(Sample.frame(Sample.echo, .fromPort)))
  }

  @Test(arguments: ["10.1.0.10", "10.1.0.11", "02:00:00:00:00:0a"])
  func `finds sender and target of an ARP message`(text: String) {
    #expect(host(text).matches(Sample.frame(Sample.arp(1), .fromRemote)))
  }

  @Test(arguments: ["2001:db8::a", "fe80::b"])
  func `finds both hosts of an IPv6 packet`(text: String) {
    #expect(host(text).matches(Sample.frame(Sample.ethernet(0x86dd, Sample.ipv6(59, [])))))
  }

  @Test(arguments: ["192.0.2.1", "198.51.100.2"])
  func `does not look at outer headers`(text: String) {
    #expect(!host(text).matches(Sample.frame(Sample.echo, .toRemote)))
  }

  @Test(arguments: ["10.1.0.12", "02:00:00:00:00:0c", "2001:db8::1"])
  func `leaves out frames of other hosts`(text: String) {
    #expect(!host(text).matches(Sample.frame(Sample.echo)))
    #expect(!host(text).matches(Sample.frame(Sample.arp(1))))
  }

  @Test func `looks behind VLAN tags`() {
    let tagged = Sample.ethernet(0x0806, Array(Sample.arp(1).dropFirst(14)), tags: [7, 8])
    #expect(host("10.1.0.10").matches(Sample.frame(tagged)))
  }

  @Test func `does not guess what was cut off`() {
    let frame = Sample.frame(Sample.echo, cutAt: 30)
    #expect(!host("10.1.0.11").matches(frame))
    #expect(host("02:00:00:00:00:0b").matches(frame))
  }

  @Test func `for drops leaves out what was not dropped`() {
    let filter = FrameFilter(onlyDropped: true)
    #expect(filter.matches(Sample.frame(Sample.echo, .fromPort, .dropped(reason: "held"))))
    for fate in [CapturedFrame.Fate.sent, .delivered, .answered, .answer, .kept] {
      #expect(!filter.matches(Sample.frame(Sample.echo, .fromPort, fate)))
    }
  }

  @Test(arguments: [
    (CapturedFrame.Point.fromPort, Direction.toRemote), (.toRemote, .toRemote), (.fromRemote, .toLocal),
    (.toPort, .toLocal),
  ])
  func `knows the direction of each point`(point: CapturedFrame.Point, direction: Direction) {
    for wanted in Direction.allCases {
      #expect(
        FrameFilter(direction: wanted).matches(Sample.frame(Sample.echo, point)) == (wanted == direction))
    }
  }

  @Test func `wants all that is set`() {
    let filter = FrameFilter(host: .ipv4(Sample.hostAddress), onlyDropped: true, direction: .toRemote)
    let dropped = CapturedFrame.Fate.dropped(reason: "held")
    #expect(filter.matches(Sample.frame(Sample.echo, .fromPort, dropped)))
    #expect(!filter.matches(Sample.frame(Sample.echo, .fromRemote, dropped)))
    #expect(!filter.matches(Sample.frame(Sample.echo, .fromPort)))
    #expect(!filter.matches(Sample.frame([], .fromPort, dropped)))
  }

  @Test(arguments: ["", "host", "10.1.0", "10.1.0.0/24", "02-00-00-00-00-0a"])
  func `takes one address and nothing else`(text: String) { #expect(FrameFilter.Host(text) == nil) }

  @Test(arguments: ["02:00:00:00:00:0a", "10.1.0.10", "2001:db8::a"])
  func `names the host as it was given`(text: String) {
    #expect(FrameFilter.Host(text)?.description == text)
  }
}
