// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
  // A newer release of a package may deprecate what an older one has nothing better for.
  .treatWarning("DeprecatedDeclaration", as: .warning),
]

let collections = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(
  name: "HummingbirdTesting", package: "hummingbird")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(
  name: "Configuration", package: "swift-configuration")

/// One line a room, top to bottom in the order of house style: a room imports only rooms above it.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.init(stringLiteral: name)] + dependencies,
    resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "OpenESW",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    .package(
      url: "https://github.com/apple/swift-configuration.git", from: "1.4.0",
      traits: [.defaults, "CommandLineArguments"]),
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", "4.5.2"..<"5.0.0"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
  ],
  targets: [
    room("ESWModel", [collections]),
    room("ESWWire", ["ESWModel", crypto]),
    room("ESWAdmission", ["ESWModel"]),
    room("ESWPlanning", ["ESWModel"]),
    room("ESWSeams", ["ESWModel"]),
    room("PacketCapture", ["ESWModel"]),
    room("SQLiteStore", ["ESWModel", "ESWSeams", grdb]),
    room("Simulation", ["ESWModel", "ESWSeams"]),
    .target(name: "CLinux"),
    room("Netlink", ["CLinux"]),
    .target(name: "CDatapath", exclude: ["build.sh", "ebpf"]),
    // libelf of Debian 13 wants zstd; that of Debian 12 does not mind.
    .target(
      name: "CLibBPF",
      linkerSettings: [
        .linkedLibrary(":libbpf.a"), .linkedLibrary(":libelf.a"), .linkedLibrary("z"), .linkedLibrary("zstd"),
      ]),
    .target(name: "CConsole", exclude: ["page"]),
    room("BPF", ["CLinux", "CLibBPF"]),
    room("LinuxDataplane", ["ESWModel", "ESWSeams", "CLinux", "Netlink", "CDatapath", "BPF"]),
    room(
      "ControlPlane",
      [
        "ESWModel", "ESWWire", "ESWAdmission", "ESWPlanning", "ESWSeams", "PacketCapture", "CConsole", crypto,
        cryptoExtras,
        hummingbird,
        hummingbirdCore,
        httpTypes, lifecycle, logging, nioCore, nioHTTP1, nioHTTPTypes, nioSSL,
      ]),
    room(
      "GatewayAgent",
      [
        "ESWModel", "ESWWire", "ESWPlanning", "ESWSeams", "PacketCapture", httpClient, nioCore, nioHTTP1,
        logging, lifecycle,
      ]),
    room("ESWClient", ["ESWModel", "ESWWire", httpClient, nioCore, nioHTTP1, nioSSL]),
    room(
      "ESWCommands",
      [
        "ESWModel", "ESWWire", "ESWAdmission", "ESWPlanning", "ESWSeams", "PacketCapture", "SQLiteStore",
        "Simulation", "LinuxDataplane", "ControlPlane", "GatewayAgent", "ESWClient", arguments, configuration,
        httpClient,
        logging,
        lifecycle,
        unixSignals,
        systemPackage, nioHTTP1, nioSSL, httpClient,
      ]),
    .executableTarget(name: "esw", dependencies: ["ESWCommands"], swiftSettings: strict),

    tests("ESWWire", ["ESWModel"], resources: [.copy("Fixtures")]),
    tests("ESWAdmission", ["ESWModel"]),
    tests("ESWPlanning", ["ESWModel", "ESWSeams", "Simulation"]),
    tests("SQLiteStore", ["ESWAdmission", "ESWModel", "ESWSeams", "Simulation", grdb]),
    tests("ESWSeams", ["ESWModel"]),
    tests("PacketCapture", ["ESWModel", "KernelTesting"]),
    .testTarget(name: "TidyTests", swiftSettings: strict),
    .target(
      name: "KernelTesting", dependencies: ["CLinux", "Netlink"], path: "Tests/KernelTesting",
      swiftSettings: strict),
    tests("Netlink", ["CLinux", "KernelTesting"]),
    tests("BPF", ["CLinux", "Netlink", "KernelTesting"]),
    tests(
      "LinuxDataplane",
      [
        "BPF", "CDatapath", "CLinux", "ESWModel", "ESWPlanning", "ESWSeams", "GatewayAgent", "Netlink",
        "KernelTesting", "Simulation", logging,
      ]),
    tests("GatewayAgent", ["ESWModel", "PacketCapture", "Simulation", logging, lifecycle]),
    tests(
      "ESWCommands",
      [
        "esw", "BPF", "ESWModel", "ESWWire", "ESWClient", "ESWPlanning", "ESWSeams", "GatewayAgent",
        "KernelTesting", "LinuxDataplane", "Netlink", "Simulation", httpClient, logging, lifecycle, nioCore,
        nioHTTP1,
      ]),
    tests(
      "ControlPlane",
      [
        "ESWModel", "ESWWire", "ESWSeams", "SQLiteStore", "Simulation", hummingbird, hummingbirdTesting,
        httpTypes,
        lifecycle,
        logging, nioCore, nioEmbedded, nioHTTPTypes,
      ],
      resources: [.copy("Golden")]),
  ],
  swiftLanguageModes: [.v6]
)
