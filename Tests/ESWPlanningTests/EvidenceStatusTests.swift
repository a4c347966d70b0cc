import ESWModel
import Testing

@testable import ESWPlanning

extension RemoteProbing {
  static func probed(by reflector: Reflector?, sent: UInt32, lost: UInt32) -> RemoteProbing {
    RemoteProbing(
      reflector: reflector,
      figures: ProbeFigures(
        sent: sent, answered: sent - lost, roundTripMicroseconds: 100, leastRoundTripMicroseconds: 100,
        answeredAgeMilliseconds: 0))
  }
}

@Suite struct `A status by evidence` {
  struct Case: Sendable, CustomTestStringConvertible {
    let what: String
    /// Age of the last frame, and what probes say.
    let remotes: [(age: Int64?, probing: RemoteProbing?)]
    let expected: ConnectionStatus.Word
    var secondsLater: Int64 = 0

    var testDescription: String { what }
  }

  static let lossless = RemoteProbing.probed(by: .dataPath, sent: 20, lost: 0)
  static let halfLost = RemoteProbing.probed(by: .dataPath, sent: 20, lost: 10)

  static let cases: [Case] = [
    Case(what: "nothing was ever heard", remotes: [(nil, nil)], expected: .disconnect),
    Case(what: "nothing was heard, and probes are lost", remotes: [(nil, halfLost)], expected: .disconnect),
    Case(what: "a fresh frame, from an agent that does not probe", remotes: [(0, nil)], expected: .connected),
    Case(what: "a fresh frame, and all probes answered", remotes: [(0, lossless)], expected: .connected),
    Case(what: "as old as may be", remotes: [(15_000, lossless)], expected: .connected),
    Case(what: "older", remotes: [(15_001, lossless)], expected: .disconnect),
    Case(what: "old, and probes lost", remotes: [(15_001, halfLost)], expected: .disconnect),
    Case(
      what: "aged since it was told", remotes: [(10_000, lossless)], expected: .disconnect, secondsLater: 6),
    Case(what: "half of the probes lost", remotes: [(0, halfLost)], expected: .abnormal),
    Case(
      what: "all of them", remotes: [(0, .probed(by: .dataPath, sent: 20, lost: 20))], expected: .abnormal),
    Case(
      what: "one less than half", remotes: [(0, .probed(by: .dataPath, sent: 20, lost: 9))],
      expected: .connected),
    Case(
      what: "too few to say", remotes: [(0, .probed(by: .dataPath, sent: 9, lost: 9))], expected: .connected),
    Case(
      what: "a host that answers no more", remotes: [(0, .probed(by: .host, sent: 20, lost: 20))],
      expected: .connected),
    Case(
      what: "nobody has answered yet", remotes: [(0, .probed(by: nil, sent: 20, lost: 20))],
      expected: .connected),
    Case(
      what: "the other remote is well", remotes: [(0, halfLost), (5_000, lossless)], expected: .connected),
    Case(
      what: "the other remote was well", remotes: [(0, halfLost), (16_000, lossless)], expected: .abnormal),
    Case(
      what: "the other remote was never heard", remotes: [(0, halfLost), (nil, nil)], expected: .abnormal),
  ]

  @Test(arguments: cases) func `follows the newest frames and what became of probes`(_ sample: Case) {
    let report = ConnectionReport(
      id: Sample.id(21),
      remotes: sample.remotes.enumerated().map { index, remote in
        RemoteEvidence(
          remote: RemoteEndpoint(vni: VNI(7)!, address: IPv4Address(0xc000_0201 + UInt32(index))),
          receivedAgeMilliseconds: remote.age, sentAgeMilliseconds: nil, probing: remote.probing)
      }, toRemote: TrafficCount(), toLocal: TrafficCount(), drops: [], hosts: [])
    var span = MomentSpan.always
    let now = Timestamp(milliseconds: Sample.now.milliseconds + sample.secondsLater * 1000)
    let status = ConnectionStatus(
      evidence: report, heardAt: Sample.now, now: now, region: Region(), holding: &span)
    #expect(status.word == sample.expected)
    #expect((status.reason == nil) == (sample.expected == .connected))
    #expect(span.contains(now))
  }
}
