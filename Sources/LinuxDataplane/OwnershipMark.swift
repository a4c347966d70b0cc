internal import Netlink

/// How we know what is ours in the kernel (decision 0005), written where it is made and read back.
enum OwnershipMark {
  /// Group of the devices that we make ("OESW"): the only mark that the kernel takes in the message that
  /// makes a device, so there is no moment in which one exists without it. `ip -d link show group 1330991959`.
  static let deviceGroup: UInt32 = 0x4f45_5357
  /// Group of the end of a bridge port that is plugged into somebody's bridge.
  static let outerGroup: UInt32 = deviceGroup + 1
  /// `IFA_PROTO` of addresses that we add: `ip address show proto 0xe5`.
  static let addressOrigin: UInt8 = 0xe5

  static func isOurs(_ link: Link) -> Bool {
    link.group == deviceGroup || link.group == outerGroup
  }
}
