/// Bytes from annotated hex: `#` starts a comment, white space is for the eye.
package func hex(_ text: String) -> [UInt8] {
  text.split(separator: "\n")
    .flatMap { $0.prefix { $0 != "#" }.split(separator: " ") }
    .map { word in
      guard let byte = UInt8(word, radix: 16) else { preconditionFailure("not hex: \(word)") }
      return byte
    }
}

/// Bytes as hex, for messages and comparisons.
package func hexText(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}

/// A generator that a test can run again: prints its seed on failure, takes it as an argument.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// SplitMix64.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
