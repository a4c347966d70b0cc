import ESWClient
import Foundation
import Testing

@testable import ESWCommands

@Suite struct `Rates of connections` {
  private static func sample(
    at moment: Int64, reported age: Int64 = 0, frames: Int = 0, drops: [(String, String, Int)] = [],
    name: String = "a"
  ) -> TrafficSample {
    let drops = drops.map { direction, reason, frames in
      JSON.object([
        "direction": .string(direction), "reason": .string(reason), "frames": .integer(Int64(frames)),
      ])
    }
    func counters(_ frames: Int, bytes: Int) -> JSON {
      .object(["frames": .integer(Int64(frames)), "bytes": .integer(Int64(bytes))])
    }
    let row = JSON.object([
      "id": .string(name), "name": .string(name), "status": .string("connected"), "hosts": .integer(2),
      "report_age_ms": .integer(age), "received_age_ms": .integer(5), "drops": .array(drops),
      "to_remote": counters(frames, bytes: frames * 100), "to_local": counters(frames * 2, bytes: 0),
    ])
    return TrafficSample(moment: moment, rows: [row])
  }

  private static func rate(_ old: TrafficSample, _ new: TrafficSample) -> TrafficRates {
    TrafficRates.all(from: old, to: new)[0]
  }

  @Test func `are of the time between reports, not between questions`() {
    // Asked 2 s apart, reported 1.6 s apart.
    let rate = Self.rate(
      Self.sample(at: 10_000, reported: 500, frames: 100), Self.sample(at: 12_000, reported: 900, frames: 260)
    )
    #expect(rate.toRemote == .init(frames: 100, bits: 80_000, drops: 0))
    #expect(rate.toLocal?.frames == 200)
  }

  @Test func `are not known before a second report, and not where counters began anew`() {
    let first = Self.sample(at: 10_000, frames: 100)
    #expect(TrafficRates.all(from: nil, to: first)[0].toRemote == nil)
    #expect(Self.rate(first, Self.sample(at: 12_000, reported: 2_000, frames: 100)).toRemote == nil)
    #expect(Self.rate(first, Self.sample(at: 12_000, frames: 7)).toRemote == nil)
    #expect(Self.rate(first, Self.sample(at: 12_000, frames: 300, name: "b")).toRemote == nil)
  }

  @Test func `name the reason of most drops`() {
    let old = Self.sample(at: 0, drops: [("to_local", "class", 1_000), ("to_remote", "too_big", 10)])
    let new = Self.sample(at: 1_000, drops: [("to_local", "class", 1_010), ("to_remote", "too_big", 40)])
    let rate = Self.rate(old, new)
    #expect(rate.mainReason == "too_big")
    #expect(rate.toRemote?.drops == 30 && rate.toLocal?.drops == 10)
    #expect(Self.rate(old, Self.sample(at: 1_000, drops: [("to_local", "class", 1_000)])).mainReason == nil)
  }

  @Test func `are sorted by what is asked for, and else by name`() {
    func rates(_ growth: [(String, Int)]) -> [TrafficRates] {
      growth.flatMap { name, frames in
        TrafficRates.all(
          from: Self.sample(at: 0, name: name), to: Self.sample(at: 1_000, frames: frames, name: name))
      }
    }
    let all = rates([("c", 5), ("b", 9), ("a", 5)])
    #expect(TrafficRates.sorted(all, by: .frames).map { $0.row["name"].text } == ["b", "a", "c"])
    #expect(TrafficRates.sorted(all, by: .name).map { $0.row["name"].text } == ["a", "b", "c"])
  }

  @Test(arguments: [
    (0.0, "0"), (0.4, "0"), (9_999.4, "9999"), (9_999.5, "10.0k"), (12_345, "12.3k"), (123_456, "123k"),
    (999_499, "999k"), (999_500, "1.00M"), (1_234_567, "1.23M"), (25.06e9, "25.1G"),
  ])
  func `have three digits and a prefix`(value: Double, text: String) {
    #expect(TrafficTable.short(value) == text)
  }

  @Test func `of a thousand connections are one table of so many rows as fit`() {
    let old = TrafficSample(moment: 0, rows: (0..<1000).flatMap { Self.sample(at: 0, name: "c\($0)").rows })
    let new = TrafficSample(
      moment: 1_000, rows: (0..<1000).flatMap { Self.sample(at: 0, frames: $0, name: "c\($0)").rows })
    let table = TrafficTable(TrafficRates.sorted(TrafficRates.all(from: old, to: new), by: .bits), rows: 20)
    let lines = table.text.split(separator: "\n")
    #expect(lines.count == 21 && lines[1].hasPrefix("c999"))
    #expect(table.headline.hasPrefix("1000 connections, 1000 connected: 1.50M frames/s"))
  }

  @Test func `are cut at the edge of the terminal`() {
    #expect(TopScreen.cut("abcdef", 3) == "abc")
    #expect(TopScreen.cut("连接", 3) == "连")
  }
}

@Suite(.timeLimit(.minutes(2))) struct `esw top` {
  @Test func `prints once what scripts read`() async throws {
    let user = try await CommandLineUser()
    let rows = try await user.json("top", "--once", "--interval", "1")
    #expect(rows == .array([]))
    #expect(try await user.esw("top", "--output", "json").status == 64)
    #expect(try await user.esw("top", "--interval", "0").status == 64)
  }

  /// By `script`, which gives it a terminal of its own.
  @Test(.enabled(if: Program.exists("script")))
  func `leaves a terminal as it was when it is interrupted`() async throws {
    let user = try await CommandLineUser()
    let command = "timeout --signal=INT 2 \(try ESWProcess.executable().path) top --interval 1"
    let result = try await user.run(["script", "--quiet", "--command", command, "/dev/null"])
    let text = result.output
    #expect(text.contains("\u{1B}[?1049h") && text.contains("0 connections"), "\(text)")
    let end = "\u{1B}[?25h\u{1B}[?1049l"
    #expect(text.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix(end), "\(text.debugDescription)")
  }
}
