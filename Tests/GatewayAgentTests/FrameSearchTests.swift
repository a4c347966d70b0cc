import ESWModel
import Testing

@testable import GatewayAgent

/// A way that carries frames up to a length, each direction.
private struct Path {
  let there: UInt32
  let back: UInt32
  var isAnswering = true

  func outcome(_ trial: FrameSearch.Trial, _ reflector: FrameSearch.Reflector) -> FrameSearch.Outcome {
    let answer = trial.isAnsweredShort ? Probe.leastBytes : trial.bytes
    let passes = isAnswering && trial.bytes <= there && answer <= back
    return FrameSearch.Outcome(trial: trial, answer: passes ? (trial.bytes, answer) : nil)
  }
}

extension FrameSearch {
  /// Searches to the end; how many rounds and trials it took.
  fileprivate mutating func run(
    upTo tried: UInt32, _ reflector: Reflector, on path: Path
  ) -> (rounds: Int, trials: Int) {
    var trials = begin(upTo: tried, reflector)
    var (rounds, count) = (0, 0)
    while !trials.isEmpty, rounds < 20 {
      rounds += 1
      count += trials.count
      trials = take(trials.map { path.outcome($0, reflector) })
    }
    return (rounds, count)
  }
}

@Suite struct `Searching for the largest frame` {
  @Test func `takes one round where the largest passes`() {
    var search = FrameSearch()
    let (rounds, trials) = search.run(upTo: 1514, .dataPath, on: Path(there: 9000, back: 9000))
    #expect(search.found == .init(toRemote: 1514, toLocal: 1514, tried: 1514))
    #expect(rounds == 1 && trials == 3)
  }

  @Test(arguments: [
    (UInt32(1404), UInt32(9000), UInt32(1404)), (9000, 1404, 1404), (1400, 1300, 1300), (1300, 1400, 1300),
    (1513, 1514, 1513), (60, 60, 60),
  ])
  func `finds each way's to the byte, the way back as far as frames get there`(
    _ there: UInt32, _ back: UInt32, _ expected: UInt32
  ) {
    var search = FrameSearch()
    let (rounds, _) = search.run(upTo: 1514, .dataPath, on: Path(there: there, back: back))
    #expect(search.found?.toRemote == min(there, 1514))
    #expect(search.found?.toLocal == min(back, there, 1514))
    #expect(rounds < FrameSearch.mostRounds)
  }

  @Test func `by a host finds one number for both ways`() {
    var search = FrameSearch()
    _ = search.run(upTo: 9014, .host, on: Path(there: 9000, back: 1404))
    #expect(search.found == .init(toRemote: 1404, toLocal: 1404, tried: 9014))
  }

  @Test func `of who does not answer finds nothing, and does not go on`() {
    var search = FrameSearch()
    let (rounds, _) = search.run(upTo: 1514, .host, on: Path(there: 9000, back: 9000, isAnswering: false))
    #expect(rounds == 1 && search.found == nil && !search.isGoingOn)
  }

  @Test func `a second time takes one round where nothing has changed`() {
    var search = FrameSearch()
    for path in [Path(there: 1404, back: 1514), Path(there: 1514, back: 1404), Path(there: 1300, back: 1200)]
    {
      search.forget()
      _ = search.run(upTo: 1514, .dataPath, on: path)
      let before = search.found
      let (rounds, trials) = search.run(upTo: 1514, .dataPath, on: path)
      #expect(rounds == 1 && trials <= 7 && search.found == before)
    }
  }

  @Test func `keeps what was found until it knows better`() {
    var search = FrameSearch()
    _ = search.run(upTo: 1514, .dataPath, on: Path(there: 1404, back: 1404))
    _ = search.begin(upTo: 1514, .dataPath)
    #expect(search.largestToRemote == 1404 && search.largestToLocal == 1404 && search.tried == 1514)
  }

  @Test func `never tells more than passes, and ends, whatever is lost`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(state: seed)
    for _ in 0..<500 {
      let path = Path(
        there: .random(in: 60...9100, using: &random), back: .random(in: 60...9100, using: &random))
      let reflector: FrameSearch.Reflector = Bool.random(using: &random) ? .dataPath : .host
      var search = FrameSearch()
      for _ in 0..<2 {
        var trials = search.begin(upTo: 9014, reflector)
        var rounds = 0
        while !trials.isEmpty {
          rounds += 1
          #expect(trials.count <= 7 && Set(trials).count == trials.count, "seed \(seed)")
          #expect(trials.allSatisfy { (60...9014).contains($0.bytes) }, "seed \(seed)")
          let outcomes = trials.map { trial in
            Int.random(in: 0..<10, using: &random) == 0
              ? FrameSearch.Outcome(trial: trial, answer: nil) : path.outcome(trial, reflector)
          }
          trials = search.take(outcomes)
        }
        #expect(rounds <= FrameSearch.mostRounds && !search.isGoingOn, "seed \(seed)")
        #expect(
          search.largestToRemote ?? 0 <= path.there && search.largestToLocal ?? 0 <= path.back, "seed \(seed)"
        )
      }
    }
  }
}

/// A small generator, for tests whose seed is told (Steele, Lea, Flood 2014).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
