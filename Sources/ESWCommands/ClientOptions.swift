import ArgumentParser
import AsyncHTTPClient
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json
}

/// What every client command takes: where the API is, who asks, and how the answer is shown.
struct ClientOptions: ParsableArguments {
  static let defaultEndpoint = "http://127.0.0.1:8470"

  @Option(help: "The API's address (ESW_ENDPOINT; default \(defaultEndpoint)).")
  var endpoint: String?

  @Option(help: "PEM file of the authorities to trust for https (ESW_CA_FILE; default the system's).")
  var caFile: String?

  @Option(name: [.customLong("output"), .short], help: "How to show the answer.")
  var output: OutputFormat = .table

  @Option(help: "The project's id (HUAWEICLOUD_SDK_PROJECT_ID).") var project: String?

  @Option(help: ArgumentHelp("How long an answer of the API may take; default 120.", valueName: "seconds"))
  var requestTimeout: Int?

  @Flag(name: .shortAndLong, help: "Print only the first column: ids, one a line.") var quiet = false
  @Flag(help: "Tables without their heading.") var noHeaders = false
  @Flag(name: .shortAndLong, help: "Say on standard error what is asked of the API.") var verbose = false

  func unobservedClient(http: HTTPClient? = nil) throws -> ESWClient {
    let environment = ProcessInfo.processInfo.environment
    func required(_ name: String) throws -> String {
      guard let value = environment[name], !value.isEmpty else {
        throw CommandFailure(
          .notAllowed, "\(name) is not set",
          advice: "`esw serve` writes the credentials to a file in its data folder when it first starts: "
            + "load them with  . DATA/credentials")
      }
      return value
    }
    let project = try project ?? required("HUAWEICLOUD_SDK_PROJECT_ID")
    guard let project = ProjectID(project) else {
      throw CommandFailure(
        .usage, "\"\(project)\" is not a project id (32 hexadecimal digits)",
        advice: "--project or HUAWEICLOUD_SDK_PROJECT_ID say it.")
    }
    return try ESWClient(
      endpoint: endpoint ?? environment["ESW_ENDPOINT"] ?? Self.defaultEndpoint,
      credentials: .init(
        keyID: try required("HUAWEICLOUD_SDK_AK"), secret: try required("HUAWEICLOUD_SDK_SK"),
        project: project), http: try http ?? Trust.client(caFile: caFile ?? environment["ESW_CA_FILE"]))
  }
}

extension Identifier: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension IPv4Address: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension IPv4Network: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension ResourceName: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension ResourceDescription: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension VLAN.Outer: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension InterfaceName: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

/// `VNI@ADDRESS[:PORT]`, such as `7127@192.168.111.111`.
struct RemoteArgument: ExpressibleByArgument {
  let endpoint: RemoteEndpoint

  init?(argument: String) {
    let parts = argument.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = UInt32(parts[0]), let vni = VNI(number) else { return nil }
    let place = parts[1].split(separator: ":", omittingEmptySubsequences: false)
    guard let address = place.first.flatMap({ IPv4Address(String($0)) }), place.count <= 2 else { return nil }
    guard place.count == 2 else {
      endpoint = RemoteEndpoint(vni: vni, address: address)
      return
    }
    guard let port = UInt16(place[1]), port > 0 else { return nil }
    endpoint = RemoteEndpoint(vni: vni, address: address, port: port)
  }
}

extension JSONWriter {
  /// A body that `write` writes, as the client sends it.
  static func data(_ write: (inout JSONWriter) -> Void) -> Data {
    var writer = JSONWriter()
    write(&writer)
    return Data(writer.finish())
  }
}
