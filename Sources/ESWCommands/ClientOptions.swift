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

  @Option(name: [.customLong("output"), .short], help: "How to show the answer.")
  var output: OutputFormat = .table

  func client(http: HTTPClient = .shared) throws -> ESWClient {
    let environment = ProcessInfo.processInfo.environment
    func required(_ name: String) throws -> String {
      guard let value = environment[name], !value.isEmpty else {
        throw ValidationError(
          "\(name) is not set. `esw serve` writes the credentials to a file in its data folder when it first starts: "
            + "load them with  . DATA/credentials")
      }
      return value
    }
    let project = try required("HUAWEICLOUD_SDK_PROJECT_ID")
    guard let project = ProjectID(project) else {
      throw ValidationError(
        "HUAWEICLOUD_SDK_PROJECT_ID is not a project id (32 hexadecimal digits): \(project)")
    }
    return try ESWClient(
      endpoint: endpoint ?? environment["ESW_ENDPOINT"] ?? Self.defaultEndpoint,
      credentials: .init(
        keyID: try required("HUAWEICLOUD_SDK_AK"), secret: try required("HUAWEICLOUD_SDK_SK"),
        project: project), http: http)
  }

  func show(_ rows: [JSON], _ columns: [Table.Column]) throws {
    switch output {
    case .table: Terminal.say(Table(rows, columns: columns).text)
    case .json: Terminal.say(try Self.pretty(.array(rows)))
    }
  }

  func show(_ row: JSON, _ columns: [Table.Column]) throws {
    switch output {
    case .table: Terminal.say(Table([row], columns: columns).text)
    case .json: Terminal.say(try Self.pretty(row))
    }
  }

  static func pretty(_ value: JSON) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
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
