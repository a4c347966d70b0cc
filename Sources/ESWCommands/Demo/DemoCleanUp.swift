import Foundation
import LinuxDataplane

/// Takes away what a demo made on this machine, then looks whether it is gone.
struct DemoCleanUp: Sendable {
  /// Nil on the simulated data plane, which leaves neither namespaces nor pins.
  let sites: DemoTopology?
  let pins: String
  let folder: String

  /// Every part is tried, whatever becomes of the others.
  ///
  /// - Returns: What is still there, and why, a sentence each; empty: everything is gone.
  func run() async -> [String] {
    var problems: [String] = []
    do {
      if sites != nil { try LinuxDataplane.removePins(pins) }
    } catch {
      problems.append("pins: \(error)")
    }
    do {
      try await sites?.remove()
    } catch {
      problems.append("network namespaces: \(error)")
    }
    do {
      if exists(folder) { try FileManager.default.removeItem(atPath: folder) }
    } catch {
      problems.append("data folder: \(error)")
    }
    let left = await leftovers()
    return left.isEmpty ? [] : left + problems
  }

  private func leftovers() async -> [String] {
    var left = [folder].filter(exists)
    guard let sites else { return left }
    if exists(pins) { left.append(pins) }
    do {
      left += try await sites.existing().map { "network namespace \($0)" }
    } catch {
      left.append("perhaps network namespaces (\(error))")
    }
    return left
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
