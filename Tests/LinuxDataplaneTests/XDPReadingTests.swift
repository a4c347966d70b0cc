import ESWModel
import Netlink
import Testing

@testable import LinuxDataplane

@Suite struct `Where XDP may be used` {
  private static let all: XDPFeatures = [.basic, .redirect, .transmit]

  private func link(
    kind: String? = nil, flags: LinkFlags = .up, mac: [UInt8] = [2, 0, 0, 0, 0, 7], program: UInt32? = nil
  ) -> Link {
    Link(
      index: 7, name: "eth7", kind: kind, flags: flags, mtu: 1500, hardwareAddress: mac, master: nil,
      peer: nil,
      alias: nil, group: 0, forwardsIPv4: nil, vxlan: nil, xdpProgram: program)
  }

  private func found(
    _ use: XDPUse, _ link: Link, _ features: XDPFeatures = all, driver: String? = "ice",
    hidesTags: Bool = false,
    ours: [PinnedAttachment] = []
  ) -> XDPInterface? {
    var reading = XDPReading(use: use, features: [7: features])
    if let driver { reading.hardware[7] = XDPReading.Hardware(driver: driver, hidesTags: hidesTags) }
    return reading.interfaces(among: [link], beside: ours)[InterfaceName("eth7")!]
  }

  private static let closed = XDPInterface.Entrance.closed(reason: nil)

  @Test(arguments: [XDPUse.auto, .on])
  func `a network card whose driver takes and sends frames is open both ways`(_ use: XDPUse) {
    #expect(
      found(use, link())
        == XDPInterface(
          entrance: .open, isExit: true, hardwareAddress: MACAddress("02:00:00:00:00:07")!))
  }

  @Test func `auto leaves one that takes VLAN tags off`() {
    #expect(found(.auto, link(), hidesTags: true)?.entrance == Self.closed)
  }

  @Test(arguments: ["virtio_net", "vif", "hv_netvsc", "vmxnet3"])
  func `auto leaves cards that a hypervisor makes`(_ driver: String) {
    #expect(found(.auto, link(), driver: driver)?.entrance == Self.closed)
    #expect(found(.on, link(), driver: driver)?.entrance == .open)
  }

  @Test func `auto leaves virtual interfaces, and on takes them`() {
    #expect(found(.auto, link(kind: "veth"), driver: nil)?.entrance == Self.closed)
    #expect(found(.on, link(kind: "veth"), driver: nil)?.entrance == .open)
  }

  @Test func `only cards that take frames are asked for their driver`() {
    let reading = XDPReading(use: .auto, features: [7: Self.all])
    #expect(reading.mayBeHardware(link()))
    #expect(!reading.mayBeHardware(link(kind: "veth")))
    #expect(!reading.mayBeHardware(link(flags: [.up, .loopback])))
    #expect(!XDPReading(use: .auto, features: [7: [.basic]]).mayBeHardware(link()))
  }

  @Test func `a driver that cannot is told where XDP is on`() {
    for features: XDPFeatures in [[], [.basic], [.redirect, .transmit]] {
      #expect(found(.auto, link(), features)?.entrance != .open)
      #expect(
        found(.on, link(), features)?.entrance == .closed(reason: "the driver of eth7 takes no frames of XDP")
      )
    }
  }

  @Test func `an interface may be a way out alone`() {
    let interface = found(.auto, link(), [.transmit])
    #expect(interface?.isExit == true && interface?.entrance == Self.closed)
    #expect(found(.auto, link(), [.basic, .redirect])?.isExit == false)
  }

  @Test(arguments: [XDPUse.auto, .on])
  func `somebody else's program closes it, and ours does not`(_ use: XDPUse) {
    let taken = link(program: 5)
    #expect(found(use, taken)?.entrance == .closed(reason: "eth7 has somebody else's XDP program"))
    let ours = PinnedAttachment(program: .xdpUnderlay, pinned: 7, now: 7)
    #expect(found(use, taken, ours: [ours])?.entrance == .open)
    let detached = PinnedAttachment(program: .xdpUnderlay, pinned: 7, now: nil)
    #expect(found(use, taken, ours: [detached])?.entrance != .open)
    let tcx = PinnedAttachment(program: .underlay, pinned: 7, now: 7)
    #expect(found(use, taken, ours: [tcx])?.entrance != .open)
  }

  @Test func `a program of ours whose link is just leaving does not close it`() {
    var reading = XDPReading(use: .on, features: [7: Self.all])
    reading.programs = [5]
    let interfaces = reading.interfaces(among: [link(program: 5)], beside: [])
    #expect(interfaces[InterfaceName("eth7")!]?.entrance == .open)
  }

  @Test func `loopback, what has no MAC address, and what has no part in it are left out`() {
    #expect(found(.auto, link(kind: "bridge"), []) == nil)
    #expect(found(.on, link(flags: [.up, .loopback])) == nil)
    #expect(found(.on, link(mac: [])) == nil)
  }
}
