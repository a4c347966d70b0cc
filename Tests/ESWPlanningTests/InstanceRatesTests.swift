import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `The rates of a switch` {
  private let sample = Sample.full()

  private func received(_ second: Int64, bytes: UInt64, frames: UInt64) -> ReportSnapshot.Received {
    let connection = ConnectionReport(
      id: sample.connection.id, remotes: [], toRemote: TrafficCount(frames: frames, bytes: bytes),
      toLocal: TrafficCount(frames: 2 * frames, bytes: 2 * bytes), drops: [], hosts: [])
    let report = GatewayReport(
      node: Sample.node, store: sample.snapshot.store, generation: sample.snapshot.revision,
      dataplane: .simulated, kernelRelease: "test", interfaces: [], problems: [], connections: [connection],
      strangers: [])
    return ReportSnapshot.Received(report: report, at: moment(second))
  }

  private func moment(_ second: Int64) -> Timestamp {
    Timestamp(milliseconds: Sample.now.milliseconds + second * 1000)
  }

  private func rates(_ reports: [(second: Int64, bytes: UInt64, frames: UInt64)]) -> InstanceRates {
    var rates = InstanceRates()
    for report in reports {
      rates.take(
        received(report.second, bytes: report.bytes, frames: report.frames), in: sample.snapshot)
    }
    return rates
  }

  @Test func `are in bits and frames a second, and in bytes of a minute, each way`() throws {
    let rates = rates([(0, 1_000, 10), (10, 2_000, 20)])
    let rate = try #require(rates.rate(of: sample.instance.id, now: moment(10)))
    #expect(rate.outbound == InstanceRate.Way(bits: 800, frames: 1))
    #expect(rate.inbound == InstanceRate.Way(bits: 1_600, frames: 2))
    #expect(rate.outbound.bytesInMinute == 6_000)
  }

  @Test func `speak of the last minute`() throws {
    // A burst before it, then a frame a second.
    var reports: [(second: Int64, bytes: UInt64, frames: UInt64)] = [(0, 0, 0)]
    for step: UInt64 in 1...20 { reports.append((Int64(step) * 10, 1_000_000 + step * 1_000, step * 10)) }
    let rates = rates(reports)
    let rate = try #require(rates.rate(of: sample.instance.id, now: moment(200)))
    #expect(rate.outbound == InstanceRate.Way(bits: 800, frames: 1))
  }

  @Test func `are not negative when counters begin anew`() throws {
    let rates = rates([(0, 1_000_000, 1_000), (10, 1_000, 10)])
    let rate = try #require(rates.rate(of: sample.instance.id, now: moment(10)))
    #expect(rate.outbound == InstanceRate.Way(bits: 800, frames: 1))
  }

  @Test func `are not known from one report`() {
    #expect(rates([(0, 1_000, 10)]).rate(of: sample.instance.id, now: moment(1)) == nil)
  }

  @Test func `are not known when the node is silent`() {
    let rates = rates([(0, 1_000, 10), (10, 2_000, 20)])
    #expect(rates.rate(of: sample.instance.id, now: moment(41)) == nil)
  }
}
