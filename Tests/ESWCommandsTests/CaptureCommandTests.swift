import ESWModel
import ESWSeams
import Foundation
import KernelTesting
import LinuxDataplane
import Testing

@testable import ESWCommands

@Suite(.enabled(if: missingForKernel.isEmpty), .timeLimit(.minutes(3))) struct `esw capture` {
  private static func capture(_ arguments: String...) async throws -> Program.Result {
    try await Program.run(ESWProcess.executable().path, ["capture"] + arguments)
  }

  /// A file that tshark reads, field by field; nil: it is not installed.
  private static func rows(of file: String, _ fields: [String]) async throws -> [[String]]? {
    guard Program.exists("tshark") else {
      print("SKIPPED: tshark is not installed")
      return nil
    }
    let options = ["-r", file, "-T", "fields"] + fields.flatMap { ["-e", $0] }
    let result = try await Program.run("tshark", options)
    #expect(result.status == 0, "\(result.errors)")
    return result.output.split(separator: "\n").map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func `writes what crosses and what does not, for tshark`() async throws {
    try await CauseBed.run { bed in
      let file = NSTemporaryDirectory() + "esw-capture-\(UUID().uuidString).pcapng"
      defer { try? FileManager.default.removeItem(atPath: file) }
      let stray = Task {
        // To the switch's own address, which it answers itself.
        _ = try await Program.run(
          "ip", ["netns", "exec", bed.sites.vm1, "ping", "-n", "-q", "-i", "0.2", "192.168.0.116"])
      }
      defer { stray.cancel() }
      let result = try await Self.capture(bed.connection.description, "--write", file, "--seconds", "3")
      #expect(result.status == 0 && result.errors.contains("(after 3 s)"), "\(result.errors)")
      #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
      let fields = [
        "frame.interface_name", "frame.packet_flags_direction", "vxlan.vni", "ip.src", "icmp.type",
        "frame.comment",
      ]
      guard let rows = try await Self.rows(of: file, fields) else { return }
      let (vm, server) = (DemoTopology.vm1Address, DemoTopology.serverAddress)
      let (node, vtep) = (DemoTopology.tunnelAddress, DemoTopology.remoteVTEP)
      func has(_ row: [String]) -> Bool { rows.contains(row) }
      let out = ["underlay0", "0x00000002", "7127", "\(node),\(vm)", "8", ""]
      let back = ["underlay0", "0x00000001", "7127", "\(vtep),\(server)", "0", ""]
      #expect(has(out) && has(back), "\(rows)")
      let asked = ["segment0", "0x00000001", "", vm, "8"]
      #expect(rows.contains { $0.prefix(5) == asked[...] && $0[5].contains("nswer") }, "\(rows)")
      #expect(rows.contains { $0[0] == "segment0" && $0[1] == "0x00000002" && $0[4] == "0" }, "\(rows)")
    }
  }

  @Test func `shows a line a frame, up to its limits, and only what was asked for`() async throws {
    try await CauseBed.run { bed in
      let id = bed.connection.description
      let few = try await Self.capture(
        id, "--count", "4", "--direction", "out", "--host", DemoTopology.vm1Address)
      #expect(few.status == 0 && few.errors.contains("(at 4 frames)"), "\(few.errors)")
      let lines = few.output.split(separator: "\n")
      #expect(lines.count == 4, "\(few.output)")
      #expect(lines.allSatisfy { $0.contains("to \(DemoTopology.remoteVTEP) vni 7127") }, "\(few.output)")
      #expect(lines.allSatisfy { $0.contains(DemoTopology.vm1Address) }, "\(few.output)")
      let none = try await Self.capture(id, "--dropped", "--host", "192.168.0.250", "--seconds", "1")
      #expect(none.status == 0 && none.output.isEmpty, "\(none.output)")
      #expect(none.errors.contains("others did not fit the filter"), "\(none.errors)")
    }
  }

  @Test func `ends with Ctrl-C, and leaves a whole file and nothing else`() async throws {
    try await CauseBed.run { bed in
      let file = NSTemporaryDirectory() + "esw-capture-\(UUID().uuidString).pcapng"
      defer { try? FileManager.default.removeItem(atPath: file) }
      let capture = try ESWProcess(["capture", bed.connection.description, "--write", file])
      let deadline = ContinuousClock.now + .seconds(20)
      while (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0 < 2_000 {
        try #require(ContinuousClock.now < deadline, "\(capture.text)")
        try await Task.sleep(for: .milliseconds(50))
      }
      capture.signal(SIGINT)
      #expect(try await capture.waitForExit(within: .seconds(10)) == 0, "\(capture.text)")
      #expect(capture.text.contains("(interrupted)"), "\(capture.text)")
      let locks = (try? FileManager.default.contentsOfDirectory(atPath: "/run/openesw")) ?? []
      #expect(!locks.contains { $0.hasPrefix("capture-") && $0.contains(bed.sites.node) }, "\(locks)")
      guard let rows = try await Self.rows(of: file, ["frame.number"]) else { return }
      #expect(rows.count > 5)
    }
  }

  @Test func `has the same frames over the API, made by the node's agent`() async throws {
    try await CauseBed.run { bed in
      let limits = try #require(CaptureLimits(seconds: 3))
      let remote = try await RemoteCapture.begin(
        bed.connection, limits: limits, snapLength: CaptureOrder.usualSnapLength, client: bed.client)
      #expect(remote.capture.source.port == "segment0" && remote.capture.source.underlay == "underlay0")
      var frames: [CapturedFrame] = []
      for await batch in remote.capture.batches { frames += batch.frames }
      try remote.check()
      let vtep = IPv4Address(DemoTopology.remoteVTEP)
      for (point, fate) in [
        (CapturedFrame.Point.toRemote, CapturedFrame.Fate.sent), (.fromRemote, .delivered),
      ] {
        let those = frames.filter { $0.point == point && $0.fate == fate && $0.outer == .original }
        #expect(those.count > 3 && those.allSatisfy { $0.remotes.map(\.address) == [vtep] }, "\(those)")
      }
      // Router solicitations of the hosts, by the usual rules.
      let reasons = frames.map(\.fate)
      #expect(!reasons.contains(.dropped(reason: "unknown_source")))
    }
  }

  @Test func `says what is wrong with what was asked`() async throws {
    let nobody = "01a00000-0000-7000-8000-000000000000"
    // Not on this machine: the API is asked, which needs to be told where it is and who asks.
    let missing = try await Self.capture(nobody)
    #expect(missing.status == CommandStatus.notAllowed.rawValue, "\(missing.errors)")
    let alone = try await Self.capture("--refused", "--namespace", "/run/netns/none")
    #expect(alone.status == CommandStatus.failed.rawValue)
    #expect(alone.errors.contains("the node has no data path yet"), "\(alone.errors)")
    for wrong in [[], [nobody, "--refused"], [nobody, "--snap", "4"], [nobody, "--seconds", "0"]] {
      let result = try await Program.run(ESWProcess.executable().path, ["capture"] + wrong)
      #expect(result.status == CommandStatus.usage.rawValue, "\(wrong): \(result.errors)")
    }
  }
}

@Suite struct `Limits of a capture` {
  @Test func `end it before a block that does not fit`() {
    let limits = CaptureBounds(seconds: 1, bytes: 1_000_000, frames: 3)
    #expect(limits.end(behind: 999_900, block: 100, frames: 0) == nil)
    #expect(limits.end(behind: 999_901, block: 100, frames: 0) == .size(1_000_000))
    #expect(limits.end(behind: 0, block: 100, frames: 3) == .frames(3))
  }
}
