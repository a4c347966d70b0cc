import ESWModel
import Testing

@testable import ESWWire

@Suite struct `A query that nothing is encoded in` {
  @Test(arguments: ["", "a=", "a=1", "a=1&b=2", "a=1&a=2", "a=1&ab=0", "limit=1000", "a-b=~&b_c=."])
  func `is seen to be canonical`(query: String) { #expect(QueryParameters.isPlainlyCanonical(query)) }

  @Test(arguments: [
    "a", "a=1&", "&a=1", "b=1&a=2", "a=2&a=1", "a==", "a=+", "a=%41", "a=/", "ab=0&a=1", "a=é",
  ])
  func `is not taken for canonical where it is not`(query: String) {
    #expect(!QueryParameters.isPlainlyCanonical(query))
  }

  @Test func `is its canonical form whenever it is taken for it`() {
    let seed = UInt64.random(in: 0 ... .max)
    var state = seed
    var taken = 0
    for _ in 0..<200_000 {
      var query = ""
      for _ in 0..<(state >> 60) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        query.append(Array("ab=&=&%-/")[Int(state >> 33) % 9])
      }
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      guard QueryParameters.isPlainlyCanonical(query) else { continue }
      taken += 1
      #expect(QueryParameters(query).canonical == query, "seed \(seed)")
    }
    #expect(taken > 1000)
  }
}

@Suite struct `A signed date` {
  @Test func `is read back on every day of four centuries`() {
    var moment = Timestamp(year: 1900, month: 1, day: 1, hour: 23, minute: 59, second: 58)
    for _ in 0..<146_097 {
      #expect(SignedDate.parse(SignedDate.format(moment)) == moment)
      moment = Timestamp(milliseconds: moment.milliseconds + 86_400_000)
    }
  }

  @Test(arguments: [1900, 2000, 2023, 2024] as [Int64], 1...12 as ClosedRange<Int64>)
  func `is of a day that its month has`(year: Int64, month: Int64) {
    for day in Int64(0)...33 {
      let moment = Timestamp(year: year, month: month, day: day, hour: 0, minute: 0, second: 0)
      let text = "\(year)\(month < 10 ? "0" : "")\(month)\(day < 10 ? "0" : "")\(day)T000000Z"
      // A day that there is not comes out as one of another month.
      #expect((SignedDate.parse(text) != nil) == (SignedDate.format(moment) == text))
    }
  }
}
