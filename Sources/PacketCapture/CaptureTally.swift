package import ESWModel

/// What a capture has taken so far: the numbers that stand at its end.
package struct CaptureTally: Hashable, Sendable {
  /// Frames by the interface at which they were seen.
  package struct Count: Hashable, Sendable {
    /// Handed out by the data path.
    package fileprivate(set) var taken: UInt64 = 0
    /// Of these: what the filter let through.
    package fileprivate(set) var kept: UInt64 = 0
  }

  package private(set) var port = Count()
  package private(set) var underlay = Count()
  /// Of both: for these there was no room between the data path and the reader.
  package private(set) var lost: UInt64 = 0

  package init() {}

  package var taken: UInt64 { port.taken &+ underlay.taken }
  package var kept: UInt64 { port.kept &+ underlay.kept }

  package mutating func take(_ frame: CapturedFrame, isKept: Bool = true) {
    switch frame.point {
    case .fromPort, .toPort: port.add(isKept)
    case .fromRemote, .toRemote: underlay.add(isKept)
    }
  }

  package mutating func lose(_ count: UInt64) { lost &+= count }
}

extension CaptureTally.Count {
  fileprivate mutating func add(_ isKept: Bool) {
    taken &+= 1
    if isKept { kept &+= 1 }
  }
}
