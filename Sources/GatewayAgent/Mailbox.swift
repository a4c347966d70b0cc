/// A place for one letter: a newer one replaces one that nobody has taken. One reader.
struct Mailbox<Letter: Sendable>: Sendable {
  let letters: AsyncStream<Letter>
  private let slot: AsyncStream<Letter>.Continuation

  init() {
    (letters, slot) = AsyncStream.makeStream(of: Letter.self, bufferingPolicy: .bufferingNewest(1))
  }

  func put(_ letter: Letter) { slot.yield(letter) }
}
