import ArgumentParser
import Configuration
import ESWModel
import Foundation
import Logging
import SystemPackage

/// Settings by the usual order of precedence: flags, then the environment (`ESW_...`), then a JSON file,
/// then what is built in.
struct Settings {
  private let reader: ConfigReader

  /// - Parameter flags: Only those that were given.
  /// - Throws: When the file is named and cannot be read.
  init(flags: [String: String?], file: String?) async throws {
    var providers: [any ConfigProvider] = [
      InMemoryProvider(
        name: "flags",
        values: flags.compactMapValues { $0 }.reduce(into: [:]) { values, flag in
          values[AbsoluteConfigKey([flag.key])] = ConfigValue(.string(flag.value), isSecret: false)
        }),
      EnvironmentVariablesProvider().prefixKeys(with: "esw"),
    ]
    if let file = file ?? ProcessInfo.processInfo.environment["ESW_CONFIG"] {
      do {
        providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
      } catch {
        throw ValidationError("the settings file \(file) cannot be read: \(error)")
      }
    }
    reader = ConfigReader(providers: providers)
  }

  func text(_ key: String, default value: String) -> String {
    optionalText(key) ?? value
  }

  func optionalText(_ key: String) -> String? { reader.string(forKey: ConfigKey(key)) }

  /// - Throws: When the setting is there and not a number of `range`.
  func number(_ key: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
    // A JSON file may have it as a number, the environment and flags only as text.
    guard let number = optionalText(key).map(Int.init) ?? reader.int(forKey: ConfigKey(key)) else {
      if let text = optionalText(key) {
        throw invalid(key, text, "a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    guard range.contains(number) else {
      throw invalid(key, "\(number)", "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func isOn(_ key: String) -> Bool {
    // As with numbers: text, or a JSON file's own kind.
    optionalText(key).map { ["true", "1", "yes", "on"].contains($0.lowercased()) }
      ?? reader.bool(forKey: ConfigKey(key)) ?? false
  }

  /// - Throws: When the setting is there and is neither.
  func choice(_ key: String, default value: Bool) throws -> Bool {
    guard let text = optionalText(key) else { return reader.bool(forKey: ConfigKey(key)) ?? value }
    switch text.lowercased() {
    case "true", "1", "yes", "on": return true
    case "false", "0", "no", "off": return false
    default: throw invalid(key, text, "on or off")
    }
  }

  func node() throws -> NodeName {
    let text = text("node", default: Self.hostName)
    guard let node = NodeName(text) else {
      throw invalid("node", text, "1 to 63 letters, digits, '.', '_' or '-'")
    }
    return node
  }

  func logLevel() throws -> Logger.Level {
    let text = text("log", default: "info")
    guard let level = Logger.Level(rawValue: text) else {
      throw invalid("log", text, Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return level
  }

  func region() throws -> Region {
    let zones = text("zones", default: "az1,az2").split(separator: ",").map(String.init)
    guard !zones.isEmpty, zones.allSatisfy({ (1...128).contains($0.count) }) else {
      throw invalid("zones", text("zones", default: ""), "names with commas between")
    }
    return Region(
      name: text("region", default: "local-1"), zones: zones,
      instanceQuota: try number("quota", default: 5, in: 1...100_000),
      evidenceLifetime: .seconds(try number("evidence", default: 15, in: 2...3600)))
  }

  func invalid(_ key: String, _ value: String, _ wanted: String) -> ValidationError {
    ValidationError("setting \(key): \"\(value)\" is not \(wanted)")
  }

  /// Where state is kept: `/var/lib/openesw` for root, else the user's state folder.
  func dataFolder() -> String {
    if let folder = optionalText("data") { return folder }
    if geteuid() == 0 { return "/var/lib/openesw" }
    let environment = ProcessInfo.processInfo.environment
    return (environment["XDG_STATE_HOME"] ?? (environment["HOME"] ?? ".") + "/.local/state") + "/openesw"
  }

  private static var hostName: String {
    let name = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? ""
    return NodeName(name) == nil ? "node-1" : name
  }
}

extension NodeName: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
