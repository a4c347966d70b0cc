internal import CLinux

/// One thing to ask the kernel, not yet sent. The calls that make requests are beside what they change.
package struct NetlinkRequest: Hashable, Sendable, CustomStringConvertible {
  package let type: UInt16
  /// `NLM_F_*` of this request; the socket adds `NLM_F_REQUEST` and asks for acknowledgements itself.
  package let flags: UInt16
  package let payload: [UInt8]
  /// The equivalent `ip` or `bridge` command, for errors and for people.
  package let command: String

  init(type: Int, flags: Int32 = 0, command: String, _ build: (inout AttributeWriter) -> Void) {
    var writer = AttributeWriter()
    build(&writer)
    self.type = UInt16(type)
    self.flags = UInt16(flags)
    self.payload = writer.bytes
    self.command = command
  }

  package var description: String { command }

  func message(sequence: UInt32, adding more: Int32) -> NetlinkMessage {
    NetlinkMessage(
      type: type, flags: flags | UInt16(NLM_F_REQUEST) | UInt16(more), sequence: sequence,
      payload: payload[...])
  }
}
