internal import ESWModel

/// What there is to say of a captured frame beside its bytes, in sentences.
struct FrameComment {
  let text: String

  /// Nil for a frame that was simply sent or delivered.
  ///
  /// - Parameter sentences: By the names of drop reasons.
  init?(_ frame: CapturedFrame, sentences: [String: String]) {
    let all = [
      Self.fate(frame.fate, sentences), Self.remotes(frame), Self.outer(frame), Self.segments(frame),
    ].compactMap(\.self)
    guard !all.isEmpty else { return nil }
    text = all.joined(separator: " ")
  }

  private static func fate(_ fate: CapturedFrame.Fate, _ sentences: [String: String]) -> String? {
    switch fate {
    case .sent, .delivered: nil
    case .dropped(let reason): "\(FrameWords.dropped)\(DropReason(reason, sentences).text)."
    case .answered: FrameWords.answered
    case .answer: FrameWords.answer
    case .kept: FrameWords.kept
    }
  }

  private static func remotes(_ frame: CapturedFrame) -> String? {
    guard frame.point == .toRemote, frame.remotes.count > 1 else { return nil }
    // No connection has more than two; what is longer was not made by ours.
    let named = frame.remotes.prefix(8).map(Self.remote).joined(separator: ", ")
    return FrameWords.sentTo + String(frame.remotes.count) + FrameWords.remotes + named
      + FrameWords.remotesEnd
  }

  private static func remote(_ remote: RemoteEndpoint) -> String {
    let port = remote.port == RemoteEndpoint.defaultPort ? "" : FrameWords.port + String(remote.port)
    return "\(remote.address)\(port)\(FrameWords.vni)\(remote.vni)"
  }

  private static func outer(_ frame: CapturedFrame) -> String? {
    switch frame.outer {
    case .none, .original: nil
    case .withoutAddresses: FrameWords.withoutAddresses
    case .rebuilt:
      frame.point == .fromRemote
        ? FrameWords.rebuilt + "the kernel's VXLAN device took the real ones off."
        : FrameWords.rebuilt + "the kernel's VXLAN device puts the real ones on."
    }
  }

  private static func segments(_ frame: CapturedFrame) -> String? {
    frame.segmentSize.map { FrameWords.segments + String($0) + FrameWords.segmentsEnd }
  }
}

/// Why a frame was dropped, by name and in words.
struct DropReason {
  /// Bytes of either that are shown.
  private static let longest = 100

  let name: String
  let sentence: String?

  init(_ name: String, _ sentences: [String: String]) {
    self.name = printable(name.prefix(Self.longest))
    sentence = sentences[name].map { printable($0.prefix(Self.longest)) }
  }

  /// `too_big (does not fit the MTU of the way out)`
  var text: String { sentence.map { "\(name) (\($0))" } ?? name }
}
