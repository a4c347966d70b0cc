/// What the data path has counted of one direction of a connection, of all CPUs together.
///
/// In a report, what is 0 is left out but for `frames` and `bytes`, and what is left out counts as 0: an
/// agent that does not count something and a path on which it never happened say the same.
package struct TrafficCount: Hashable, Sendable {
  /// That crossed. A copy to each of two remotes counts twice, a super-packet as its segments.
  package var frames: UInt64
  /// Of the inner frames, without the outer headers.
  package var bytes: UInt64
  /// Of the frames: broadcast, multicast, and unicast to a host whose side was not known.
  package var flooded: UInt64
  /// Of the frames: by the kernel's VXLAN device.
  package var slow: UInt64
  /// Requests for the fixed IP, virtual addresses and known hosts that were answered; not in `frames`.
  package var answered: UInt64
  /// Other frames to the switch's own MAC address, which end here; not in `frames`, and no drops.
  package var forNode: UInt64
  /// Of the frames: from hosts that were not learned, because the connection has as many as it may.
  package var notLearned: UInt64
  /// Of the frames: TCP handshakes whose segment size was lowered.
  package var clamped: UInt64
  /// Senders that were told of a frame that did not fit, which is a drop.
  package var toldTooBig: UInt64

  package init(
    frames: UInt64 = 0, bytes: UInt64 = 0, flooded: UInt64 = 0, slow: UInt64 = 0, answered: UInt64 = 0,
    forNode: UInt64 = 0, notLearned: UInt64 = 0, clamped: UInt64 = 0, toldTooBig: UInt64 = 0
  ) {
    self.frames = frames
    self.bytes = bytes
    self.flooded = flooded
    self.slow = slow
    self.answered = answered
    self.forNode = forNode
    self.notLearned = notLearned
    self.clamped = clamped
    self.toldTooBig = toldTooBig
  }
}

extension TrafficCount: Codable {
  private enum CodingKeys: String, CodingKey {
    case frames, bytes, flooded, slow, answered, forNode, notLearned, clamped, toldTooBig
  }

  package init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    func count(_ key: CodingKeys) throws -> UInt64 {
      try members.decodeIfPresent(UInt64.self, forKey: key) ?? 0
    }
    self.init(
      frames: try members.decode(UInt64.self, forKey: .frames),
      bytes: try members.decode(UInt64.self, forKey: .bytes), flooded: try count(.flooded),
      slow: try count(.slow), answered: try count(.answered), forNode: try count(.forNode),
      notLearned: try count(.notLearned), clamped: try count(.clamped), toldTooBig: try count(.toldTooBig))
  }

  package func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(frames, forKey: .frames)
    try members.encode(bytes, forKey: .bytes)
    func tell(_ count: UInt64, _ key: CodingKeys) throws {
      if count != 0 { try members.encode(count, forKey: key) }
    }
    try tell(flooded, .flooded)
    try tell(slow, .slow)
    try tell(answered, .answered)
    try tell(forNode, .forNode)
    try tell(notLearned, .notLearned)
    try tell(clamped, .clamped)
    try tell(toldTooBig, .toldTooBig)
  }
}

/// Frames that were counted before it was known which connection they belong to.
package struct UnclaimedCount: Hashable, Sendable, Codable {
  package struct Drop: Hashable, Sendable, Codable {
    /// The data path's own name of the reason, such as `unknown_source`.
    package let reason: String
    package let frames: UInt64

    package init(reason: String, frames: UInt64) {
      self.reason = reason
      self.frames = frames
    }
  }

  /// VXLAN to a tunnel address of ours that was left to the kernel's VXLAN device: first fragments,
  /// super-packets, odd headers. What comes back from there counts as `slow` of its connection.
  package var passedToSlow: UInt64
  /// All there ever were, also of strangers whose names have been forgotten. Not listed: not dropped.
  package var drops: [Drop]

  package init(passedToSlow: UInt64 = 0, drops: [Drop] = []) {
    self.passedToSlow = passedToSlow
    self.drops = drops
  }
}
