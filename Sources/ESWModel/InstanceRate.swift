/// What a switch carried of late, as Cloud Eye tells it (namespace `SYS.ESW`): out is to its remotes.
package struct InstanceRate: Hashable, Sendable {
  package struct Way: Hashable, Sendable {
    /// A second.
    package let bits: Double
    /// A second.
    package let frames: Double

    package init(bits: Double, frames: Double) {
      self.bits = bits
      self.frames = frames
    }

    /// Bytes in the vendor's interval, which is a minute.
    package var bytesInMinute: Double { bits / 8 * 60 }
  }

  package let outbound: Way
  package let inbound: Way

  package init(outbound: Way, inbound: Way) {
    self.outbound = outbound
    self.inbound = inbound
  }
}
