import ESWAdmission
import ESWModel
import Testing

@Suite struct `Guessing passwords` {
  private let start = Timestamp(milliseconds: 1_000_000)
  private func after(_ seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: start.milliseconds + seconds * 1000)
  }

  @Test func `ends after five failures, until a quarter of an hour has passed`() {
    var throttle = LoginThrottle()
    let looked = (0..<5).map { _ in throttle.begin(name: "a", address: "x", now: start) }
    let soon = throttle.begin(name: "a", address: "x", now: after(899))
    let later = throttle.begin(name: "a", address: "x", now: after(900))
    #expect(looked.allSatisfy { $0 } && !soon && later)
  }

  @Test func `at one desk does not lock the user out at another`() {
    var throttle = LoginThrottle()
    for _ in 0..<6 { _ = throttle.begin(name: "a", address: "x", now: start) }
    let elsewhere = throttle.begin(name: "a", address: "y", now: start)
    #expect(elsewhere)
  }

  @Test func `of many names from one address ends too`() {
    var throttle = LoginThrottle()
    let looked = (0..<200).filter { throttle.begin(name: "n\($0)", address: "x", now: start) }.count
    #expect(looked == 50)
  }

  @Test func `of one name from many addresses ends too`() {
    var throttle = LoginThrottle()
    let looked = (0..<200).filter { throttle.begin(name: "a", address: "x\($0)", now: start) }.count
    #expect(looked == 100)
  }

  @Test func `who knows the password is never slowed down`() {
    var throttle = LoginThrottle()
    let looked = (0..<500).filter { _ in
      let isOpen = throttle.begin(name: "a", address: "x", now: start)
      throttle.succeeded(name: "a", address: "x")
      return isOpen
    }.count
    #expect(looked == 500)
  }

  @Test func `attempts that are under way count`() {
    var throttle = LoginThrottle()
    let looked = (0..<20).filter { _ in throttle.begin(name: "a", address: "x", now: start) }.count
    #expect(looked == 5)
  }

  @Test func `takes no memory without end`() {
    var throttle = LoginThrottle()
    for number in 0..<60_000 {
      _ = throttle.begin(name: "n\(number)", address: "x\(number)", now: after(Int64(number / 1000)))
    }
    #expect(throttle.counterCount <= 20_003)
  }
}
