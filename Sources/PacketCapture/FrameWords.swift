/// Words of a frame's comment by which it is read back: writer and reader have them from here.
enum FrameWords {
  static let dropped = "Dropped: "
  static let answered = "Answered by the switch: it does not cross."
  static let answer = "The switch's own answer."
  static let kept = "To the switch itself: it does not cross."
  static let sentTo = "Sent to "
  static let remotes = " remotes: "
  static let remotesEnd = "; outer headers are those of the last."
  static let port = " port "
  static let vni = " VNI "
  static let withoutAddresses = "Outer MAC addresses are filled in after this point, by the kernel."
  static let rebuilt = "Outer headers are rebuilt: "
  static let segments = "A super-packet: on the wire it is frames with "
  static let segmentsEnd = " bytes of payload each."
  static let connection = "Connection "
  static let unknownPort = "port"
  static let unknownUnderlay = "underlay"
}
