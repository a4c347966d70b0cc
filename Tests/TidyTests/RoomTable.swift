/// Which room may import which: the table of rooms, in one place. A change of it is a change of the
/// picture, and comes with a note in `docs/decisions/`.
struct RoomRule {
  /// Rooms of ours.
  let rooms: Set<String>
  /// Modules of others. `Synchronization` is everybody's: a lock touches nothing outside.
  let others: Set<String>
  /// Values in, values out: no file, no clock, no randomness of its own.
  let isPure: Bool

  init(_ rooms: Set<String> = [], others: Set<String> = [], isPure: Bool = false) {
    self.rooms = rooms
    self.others = others
    self.isPure = isPure
  }
}

enum RoomTable {
  /// From the inside out: a room imports only rooms that stand above it.
  static let order = [
    "ESWModel", "ESWWire", "ESWAdmission", "ESWPlanning", "ESWSeams", "PacketCapture", "SQLiteStore",
    "CLinux", "CLibBPF", "Netlink", "CDatapath", "CConsole", "BPF", "LinuxDataplane", "Simulation",
    "ControlPlane", "GatewayAgent", "ESWClient", "ESWCommands", "esw",
  ]

  static let rules: [String: RoomRule] = [
    "ESWModel": RoomRule(others: ["HashTreeCollections"], isPure: true),
    "ESWWire": RoomRule(["ESWModel"], others: ["Crypto", "Foundation"], isPure: true),
    "ESWAdmission": RoomRule(["ESWModel"], isPure: true),
    "ESWPlanning": RoomRule(["ESWModel"], isPure: true),
    "ESWSeams": RoomRule(["ESWModel"]),
    "PacketCapture": RoomRule(["ESWModel"], isPure: true),
    "SQLiteStore": RoomRule(["ESWModel", "ESWSeams"], others: ["Foundation", "GRDB", "Glibc"]),
    "CLinux": RoomRule(),
    "CLibBPF": RoomRule(),
    "Netlink": RoomRule(["CLinux"], others: ["Glibc"]),
    "CDatapath": RoomRule(),
    "CConsole": RoomRule(),
    "BPF": RoomRule(["CLinux", "CLibBPF"], others: ["Glibc"]),
    "LinuxDataplane": RoomRule(
      ["ESWModel", "ESWSeams", "Netlink", "BPF", "CDatapath", "CLinux"], others: ["Glibc", "Logging"]),
    "Simulation": RoomRule(["ESWModel", "ESWSeams"]),
    "ControlPlane": RoomRule(
      ["ESWModel", "ESWWire", "ESWAdmission", "ESWPlanning", "ESWSeams", "PacketCapture", "CConsole"],
      others: [
        "Crypto", "CryptoExtras", "Foundation", "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging",
        "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "NIOSSL", "ServiceLifecycle",
      ]),
    "GatewayAgent": RoomRule(
      ["ESWModel", "ESWWire", "ESWPlanning", "ESWSeams", "PacketCapture"],
      others: ["AsyncHTTPClient", "Foundation", "Logging", "NIOCore", "NIOHTTP1", "ServiceLifecycle"]),
    "ESWClient": RoomRule(
      ["ESWModel", "ESWWire"], others: ["AsyncHTTPClient", "Foundation", "NIOCore", "NIOHTTP1", "NIOSSL"]),
    "ESWCommands": RoomRule(
      Set(order).subtracting(["ESWCommands", "esw"]),
      others: [
        "ArgumentParser", "AsyncHTTPClient", "Configuration", "Dispatch", "Foundation", "Glibc", "Logging",
        "NIOCore",
        "NIOHTTP1", "NIOSSL", "ServiceLifecycle", "SystemPackage", "UnixSignals",
      ]),
    "esw": RoomRule(["ESWCommands"]),
  ]

  /// Rooms whose tests deal with a kernel or with processes, which need time of the real kind.
  static let roomsOfRealTime: Set<String> = ["BPF", "ESWCommands", "LinuxDataplane", "Netlink"]
}
