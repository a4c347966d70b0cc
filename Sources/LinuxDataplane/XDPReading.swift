internal import ESWModel
internal import Netlink

/// Whether a node uses XDP in front of tcx (docs/decisions/0021).
package enum XDPUse: String, CaseIterable, Sendable {
  /// Not at all; what an earlier process attached is detached.
  case off
  /// At network cards whose driver takes and sends frames of XDP, if they leave VLAN tags in the frame.
  case auto
  /// Wherever the driver takes frames of XDP, also at virtual interfaces: there bulk TCP is slower, and who
  /// sends on the same machine must finish checksums and segments himself.
  case on
}

/// What is known of XDP at the interfaces of one look.
struct XDPReading: Equatable {
  /// What `auto` asks of a network card.
  struct Hardware: Equatable {
    let driver: String
    /// Whether it takes VLAN tags off before XDP sees the frame; XDP would take it for one without.
    let hidesTags: Bool
  }

  /// Not `off`.
  let use: XDPUse
  /// By index.
  var features: [Int32: XDPFeatures] = [:]
  /// Of those that `mayBeHardware`.
  var hardware: [Int32: Hardware] = [:]
  /// The kernel's numbers of our own programs. A link that was unpinned leaves its interface a moment later.
  var programs: Set<UInt32> = []

  /// Drivers whose packets may come from the same machine, with checksums left to hardware that there is not.
  private static let virtualDrivers: Set<String> = ["virtio_net", "vif", "hv_netvsc", "vmxnet3"]

  /// What the kernel makes of software has a kind.
  static func isPhysical(_ link: Link) -> Bool { link.kind == nil && !link.flags.contains(.loopback) }

  /// Whether the driver is worth asking.
  func mayBeHardware(_ link: Link) -> Bool { Self.isPhysical(link) && takesFrames(link) }

  private func takesFrames(_ link: Link) -> Bool {
    features[link.index]?.isSuperset(of: [.basic, .redirect]) == true
  }

  /// The interfaces in the model's words; those that have no part in it are left out.
  func interfaces(among links: [Link], beside attachments: [PinnedAttachment]) -> [InterfaceName:
    XDPInterface]
  {
    let ours = Set(attachments.filter { $0.program.isXDP }.compactMap(\.now))
    var interfaces: [InterfaceName: XDPInterface] = [:]
    for link in links {
      guard let name = InterfaceName(link.name), let mac = MACAddress(bytes: link.hardwareAddress),
        !link.flags.contains(.loopback)
      else { continue }
      let entrance = entrance(link, isOurs: ours.contains(link.index))
      let isExit = features[link.index]?.contains(.transmit) == true
      guard isExit || entrance != .closed(reason: nil) else { continue }
      interfaces[name] = XDPInterface(entrance: entrance, isExit: isExit, hardwareAddress: mac)
    }
    return interfaces
  }

  private func entrance(_ link: Link, isOurs: Bool) -> XDPInterface.Entrance {
    if let program = link.xdpProgram, !isOurs, !programs.contains(program) {
      return .closed(reason: "\(link.name) has somebody else's XDP program")
    }
    if !takesFrames(link) {
      return .closed(reason: use == .on ? "the driver of \(link.name) takes no frames of XDP" : nil)
    }
    if use == .on { return .open }
    guard let hardware = hardware[link.index], !hardware.hidesTags,
      !Self.virtualDrivers.contains(hardware.driver)
    else { return .closed(reason: nil) }
    return .open
  }
}
