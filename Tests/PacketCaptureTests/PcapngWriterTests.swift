import ESWModel
import KernelTesting
import Testing

@testable import PacketCapture

@Suite struct `A pcapng file` {
  private let writer = PcapngWriter(sentences: Sample.sentences)

  @Test func `begins with its section and two interfaces`() {
    let source = CaptureSource(connection: nil, port: "a", underlay: "eth1")
    let bytes = writer.header(for: source, product: "esw")
    #expect(
      hexText(bytes.prefix(24))
        == hexText(
          hex(
            """
            0a 0d 0d 0a              # Section Header Block
            60 00 00 00              # length 96
            4d 3c 2b 1a              # byte-order magic
            01 00 00 00              # version 1.0
            ff ff ff ff ff ff ff ff  # the section's length is not known
            """)))
    #expect(
      hexText(bytes[24..<96])
        == hexText(
          hex("01 00 31 00") + Array("VXLAN to this node that belongs to no connection.".utf8)
            + hex(
              """
              00 00 00     # padding of 49 bytes
              04 00 03 00  # shb_userappl
              65 73 77 00  # esw
              00 00 00 00  # end of options
              60 00 00 00  # length again
              """)))
    #expect(
      hexText(bytes[96..<120])
        == hexText(
          hex(
            """
            01 00 00 00  # Interface Description Block
            90 00 00 00  # length 144
            01 00 00 00  # Ethernet
            00 00 00 00  # no snap length
            02 00 01 00  # if_name
            61 00 00 00  # a
            """)))
    #expect(
      hexText(bytes[96..<240].suffix(16))
        == hexText(
          hex(
            """
            09 00 01 00  # if_tsresol
            09 00 00 00  # nanoseconds
            00 00 00 00  # end of options
            90 00 00 00  # length again
            """)))
    #expect(bytes[240..<244].elementsEqual([1, 0, 0, 0]))
  }

  @Test func `has a frame with time, lengths and direction`() {
    let frame = CapturedFrame(
      moment: 0x1122_3344_5566_7788, point: .fromRemote, fate: .delivered, remotes: [Sample.remote],
      outer: .original, length: 300, bytes: [1, 2, 3, 4, 5])
    #expect(
      hexText(writer.block(for: frame))
        == hexText(
          hex(
            """
            06 00 00 00              # Enhanced Packet Block
            34 00 00 00              # length 52
            01 00 00 00              # interface 1: underlay
            44 33 22 11              # time, upper half
            88 77 66 55              # time, lower half
            05 00 00 00              # captured
            2c 01 00 00              # it had 300
            01 02 03 04 05 00 00 00  # the frame, padded
            02 00 04 00 01 00 00 00  # epb_flags: inbound
            00 00 00 00              # end of options
            34 00 00 00              # length again
            """)))
  }

  @Test func `marks what was dropped by comment and verdict`() {
    let frame = CapturedFrame(
      moment: 1, point: .fromPort, fate: .dropped(reason: "held"), remotes: [], outer: .none, length: 1,
      bytes: [7])
    #expect(
      hexText(writer.block(for: frame).dropFirst(8))
        == hexText(
          hex("00 00 00 00 00 00 00 00 01 00 00 00 01 00 00 00 01 00 00 00 07 00 00 00 01 00 0e 00")
            + Array("Dropped: held.".utf8)
            + hex(
              """
              00 00                             # padding of 14 bytes
              02 00 04 00 01 00 00 00           # epb_flags: inbound
              07 00 09 00                       # epb_verdict
              01 02 00 00 00 00 00 00 00        # Linux eBPF TC: TC_ACT_SHOT
              00 00 00                          # padding
              00 00 00 00 54 00 00 00           # end of options, length again
              """)))
  }

  @Test func `ends with what was taken and lost`() {
    var tally = CaptureTally()
    tally.take(Sample.frame(Sample.echo, .fromPort))
    tally.take(Sample.frame(Sample.echo, .toRemote))
    tally.take(Sample.frame(Sample.echo, .fromRemote), isKept: false)
    tally.lose(9)
    #expect(tally.taken == 3 && tally.kept == 2)
    let bytes = writer.statistics(tally, at: 0x1_0000_0002)
    #expect(
      hexText(bytes.prefix(64))
        == hexText(
          hex(
            """
            05 00 00 00 40 00 00 00              # Interface Statistics Block, length 64
            00 00 00 00 01 00 00 00 02 00 00 00  # interface 0, time
            04 00 08 00 01 00 00 00 00 00 00 00  # isb_ifrecv
            05 00 08 00 00 00 00 00 00 00 00 00  # isb_ifdrop
            06 00 08 00 01 00 00 00 00 00 00 00  # isb_filteraccept
            00 00 00 00 40 00 00 00              # end of options, length again
            """)))
    let comment = "9 frames were lost at either interface: more came than could be copied."
    #expect(hexText(bytes).contains(hexText(comment.utf8)))
    #expect(
      hexText(bytes.suffix(44))
        == hexText(
          hex(
            """
            04 00 08 00 02 00 00 00 00 00 00 00  # isb_ifrecv
            05 00 08 00 09 00 00 00 00 00 00 00  # isb_ifdrop
            06 00 08 00 01 00 00 00 00 00 00 00  # isb_filteraccept
            00 00 00 00                          # end of options
            8c 00 00 00                          # length again
            """)))
  }

  @Test func `holds no text that is longer than a line`() {
    let name = String(repeating: "é", count: 70_000)
    let source = CaptureSource(connection: nil, port: name, underlay: name)
    #expect(writer.header(for: source, product: name).count < 4000)
  }
}

@Suite struct `The comment of a frame` {
  private func comment(_ frame: CapturedFrame) -> String? {
    FrameComment(frame, sentences: Sample.sentences)?.text
  }

  @Test(
    arguments: [
      (CapturedFrame.Fate.sent, nil), (.delivered, nil),
      (.dropped(reason: "too_big"), "Dropped: too_big (does not fit the MTU of the way out)."),
      (.dropped(reason: "new_reason"), "Dropped: new_reason."),
      (.answered, "Answered by the switch: it does not cross."), (.answer, "The switch's own answer."),
      (.kept, "To the switch itself: it does not cross."),
    ] as [(CapturedFrame.Fate, String?)])
  func `tells the fate where it is not the usual`(fate: CapturedFrame.Fate, text: String?) {
    #expect(comment(Sample.frame(Sample.echo, .fromPort, fate)) == text)
  }

  @Test func `names all remotes of a copy`() {
    let frame = Sample.frame(Sample.echo, .toRemote, remotes: [Sample.secondRemote, Sample.remote])
    #expect(
      comment(frame)
        == "Sent to 2 remotes: 198.51.100.3 VNI 5010, 198.51.100.2 VNI 5010; outer headers are those of the last."
    )
  }

  @Test(
    arguments: [
      (CapturedFrame.Point.toRemote, CapturedFrame.Outer.original, nil),
      (.toRemote, .withoutAddresses, "Outer MAC addresses are filled in after this point, by the kernel."),
      (.toRemote, .rebuilt, "Outer headers are rebuilt: the kernel's VXLAN device puts the real ones on."),
      (.fromRemote, .rebuilt, "Outer headers are rebuilt: the kernel's VXLAN device took the real ones off."),
    ] as [(CapturedFrame.Point, CapturedFrame.Outer, String?)])
  func `says whose the outer headers are`(
    point: CapturedFrame.Point, outer: CapturedFrame.Outer, text: String?
  ) {
    #expect(comment(Sample.frame(Sample.echo, point, outer: outer)) == text)
  }

  @Test func `says several things one after another`() {
    let frame = Sample.frame(Sample.echo, .toRemote, .answer, outer: .withoutAddresses, segmentSize: 1448)
    #expect(
      comment(frame)
        == "The switch's own answer. Outer MAC addresses are filled in after this point, by the kernel. "
        + "A super-packet: on the wire it is frames with 1448 bytes of payload each.")
  }

  @Test func `is cut where it would get long`() {
    let name = String(repeating: "a", count: 5000)
    #expect(comment(Sample.frame([], .fromPort, .dropped(reason: name)))?.count == 110)
  }
}
