import ESWAdmission
import ESWModel
import Testing

@Suite struct `Guessing passwords` {
  private let x = LoginThrottle.Source.client("x")
  private let start = Timestamp(milliseconds: 1_000_000)
  private func after(_ seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: start.milliseconds + seconds * 1000)
  }

  @Test func `ends after five failures, until a quarter of an hour has passed`() {
    var throttle = LoginThrottle()
    let looked = (0..<5).map { _ in throttle.begin(name: "a", source: x, now: start) != nil }
    let soon = throttle.begin(name: "a", source: x, now: after(899)) != nil
    let later = throttle.begin(name: "a", source: x, now: after(900)) != nil
    #expect(looked.allSatisfy { $0 } && !soon && later)
  }

  @Test func `at one desk does not lock the user out at another`() {
    var throttle = LoginThrottle()
    for _ in 0..<6 { _ = throttle.begin(name: "a", source: x, now: start) }
    let elsewhere = throttle.begin(name: "a", source: .client("y"), now: start) != nil
    #expect(elsewhere)
  }

  @Test func `of many names from one address ends too`() {
    var throttle = LoginThrottle()
    let looked = (0..<200).filter { throttle.begin(name: "n\($0)", source: x, now: start) != nil }.count
    #expect(looked == 50)
  }

  @Test func `of one name from many addresses ends too`() {
    var throttle = LoginThrottle()
    let looked = (0..<200).filter { throttle.begin(name: "a", source: .client("x\($0)"), now: start) != nil }
      .count
    #expect(looked == 100)
  }

  @Test func `who knows the password is never slowed down`() {
    var throttle = LoginThrottle()
    let looked = (0..<500).filter { _ in
      guard let attempt = throttle.begin(name: "a", source: x, now: start) else { return false }
      throttle.succeeded(attempt)
      return true
    }.count
    #expect(looked == 500)
  }

  @Test func `attempts that are under way count`() {
    var throttle = LoginThrottle()
    let looked = (0..<20).filter { _ in throttle.begin(name: "a", source: x, now: start) != nil }.count
    #expect(looked == 5)
  }

  @Test func `takes no memory without end`() {
    var throttle = LoginThrottle()
    for number in 0..<30_000 {
      _ = throttle.begin(name: "n\(number)", source: .client("x\(number)"), now: after(Int64(number / 1000)))
    }
    #expect(throttle.counterCount <= 20_003)
  }

  @Test func `whose password nobody looked at has failed nothing`() {
    var throttle = LoginThrottle()
    for number in 0..<500 {
      let attempt = throttle.begin(name: "a", source: x, now: start)
      #expect(attempt != nil, "\(number)")
      if let attempt { throttle.withdraw(attempt) }
    }
    #expect(throttle.counterCount == 0)
  }

  @Test func `takes nothing back of a window that was opened later`() throws {
    var throttle = LoginThrottle()
    let begun = throttle.begin(name: "a", source: x, now: start)
    let slow = try #require(begun)
    for _ in 0..<5 { _ = throttle.begin(name: "a", source: x, now: after(900)) }
    throttle.withdraw(slow)
    let next = throttle.begin(name: "a", source: x, now: after(900))
    #expect(next == nil)
  }

  @Test func `of many others' names does not clear the count of one`() {
    var throttle = LoginThrottle()
    for number in 0..<100 {
      _ = throttle.begin(name: "admin", source: .client("y\(number)"), now: start)
    }
    for number in 0..<30_000 {
      _ = throttle.begin(name: "n\(number)", source: .client("x\(number)"), now: after(1))
    }
    let next = throttle.begin(name: "admin", source: .client("z"), now: after(2))
    #expect(next == nil)
  }

  @Test func `behind a proxy on this machine locks out no other name`() {
    var throttle = LoginThrottle()
    let looked = (0..<200).filter { throttle.begin(name: "n\($0)", source: .machine, now: start) != nil }
      .count
    #expect(looked == 200)
    let tried = (0..<20).filter { _ in throttle.begin(name: "a", source: .machine, now: start) != nil }.count
    #expect(tried == 5)
  }
}
