import ESWModel
import Testing

@testable import ESWPlanning

/// How long a status holds by itself, held against asking again at many moments.
@Suite struct `The moments for which a status holds` {
  private struct Case {
    let sample = Sample.full()
    var reports = ReportSnapshot()
    let region: Region
    let now: Timestamp

    init(using random: inout SplitMix) {
      // Some settings end between two milliseconds.
      region = Region(
        evidenceLifetime: .microseconds(Int64.random(in: 0...20_000_000, using: &random)),
        nodeSilence: .microseconds(Int64.random(in: 0...20_000_000, using: &random)))
      now = Timestamp(milliseconds: Sample.now.milliseconds + .random(in: -40_000...40_000, using: &random))
      if Int.random(in: 0..<8, using: &random) > 0 {
        let generation: [Revision?] = [nil, Revision(1), sample.snapshot.revision, sample.snapshot.revision]
        let problems: [[Problem]] = [
          [], [], [], [Problem(.node, "p")], [Problem(.configuration, "p")],
          [Problem(.connection(Sample.id(21)), "p")], [Problem(.instance(Sample.id(10)), "p")],
        ]
        let age: Int64? = Bool.random(using: &random) ? .random(in: 0...30_000, using: &random) : nil
        reports.put(
          .init(
            report: `Deriving status`.report(
              sample, generation: generation.randomElement(using: &random) ?? nil,
              problems: problems.randomElement(using: &random) ?? [], age: age,
              lost: .random(in: 0...20, using: &random)), at: Sample.now))
      }
    }

    func words(
      at moment: Timestamp
    ) -> (instance: InstanceStatus.Word, connection: ConnectionStatus.Word, span: MomentSpan) {
      var span = MomentSpan.always
      let instance = InstanceStatus(
        of: sample.instance, in: sample.snapshot, reports: reports, region: region, now: moment,
        holding: &span)
      let connection = ConnectionStatus(
        of: sample.connection, in: sample.snapshot, reports: reports, region: region, now: moment,
        holding: &span)
      return (instance.word, connection.word, span)
    }
  }

  @Test func `are those at which it is derived again as it was`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(state: seed)
    for _ in 0..<3000 {
      let sample = Case(using: &random)
      let (instance, connection, span) = sample.words(at: sample.now)
      #expect(span.contains(sample.now), "seed \(seed)")
      let ends = [span.first, span.first.next, span.last.previous, span.last, sample.now.next]
      let others = (0..<20).map { _ in
        Timestamp(milliseconds: Sample.now.milliseconds + .random(in: -60_000...60_000, using: &random))
      }
      for moment in ends + others where span.contains(moment) {
        let again = sample.words(at: moment)
        #expect(again.instance == instance && again.connection == connection, "seed \(seed), at \(moment)")
      }
    }
  }

  @Test func `end where a clock decides otherwise`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(state: seed)
    for _ in 0..<3000 {
      let sample = Case(using: &random)
      let span = sample.words(at: sample.now).span
      // Behind an end something else is told of the node or of its evidence, so the span is another one.
      if span.last != MomentSpan.always.last {
        #expect(sample.words(at: span.last.next).span != span, "seed \(seed)")
      }
      if span.first != MomentSpan.always.first {
        #expect(sample.words(at: span.first.previous).span != span, "seed \(seed)")
      }
    }
  }

  @Test func `have no end where no clock is asked`() {
    var random = SplitMix(state: 1)
    var sample = Case(using: &random)
    sample.reports = ReportSnapshot()
    #expect(sample.words(at: sample.now).span == .always)
  }

  @Test(arguments: [
    (Int64.max, Duration.seconds(1), Int64.max), (.min, .seconds(-1), .min), (0, .microseconds(1999), 1),
    (0, .microseconds(-1), -1), (5, .zero, 5),
  ])
  func `are counted in whole milliseconds and never overflow`(
    _ start: Int64, _ duration: Duration, _ end: Int64
  ) {
    #expect(Timestamp(milliseconds: start).last(within: duration) == Timestamp(milliseconds: end))
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
