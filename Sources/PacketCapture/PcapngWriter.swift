package import ESWModel

/// Captured frames as a pcapng file (draft-ietf-opsawg-pcapng): values in, bytes out. Header, blocks and
/// statistics one after another are the file; it can be read while it grows. Always little endian, so that
/// the same frames are the same bytes on every machine; readers go by the byte-order magic.
package struct PcapngWriter: Sendable {
  /// Bytes of a frame that are written: the most that Wireshark takes (`WTAP_MAX_PACKET_SIZE_STANDARD`).
  package static let longestFrame = 262_144

  /// Interfaces by their number in the file.
  private enum Interface: UInt32 {
    case port = 0
    case underlay = 1
  }

  /// LINKTYPE_ETHERNET
  private static let ethernet: UInt16 = 1
  /// `TC_ACT_SHOT` (linux/pkt_cls.h), at tcx `TCX_DROP`: what a program says to drop a frame. Of one whose
  /// sender is told so it turns the frame into the message instead; a drop it is all the same.
  private static let verdictDrop: UInt64 = 2

  /// Options by their codes: sections 3.5 and 4.1 to 4.6.
  private enum Option {
    static let comment: UInt16 = 1
    static let sectionApplication: UInt16 = 4
    static let interfaceName: UInt16 = 2
    static let interfaceDescription: UInt16 = 3
    static let interfaceResolution: UInt16 = 9
    static let packetFlags: UInt16 = 2
    static let packetVerdict: UInt16 = 7
    static let statisticsReceived: UInt16 = 4
    static let statisticsDropped: UInt16 = 5
    static let statisticsAccepted: UInt16 = 6
  }

  private let sentences: [String: String]

  /// - Parameter sentences: What the names of the data path's drop reasons mean, for people; a name that is
  ///   not among them stands alone.
  package init(sentences: [String: String] = [:]) { self.sentences = sentences }

  /// A Section Header Block (section 4.1) of a length that is not known beforehand, and two Interface
  /// Description Blocks (section 4.2): 0 the attachment port, 1 the underlay; both Ethernet, nanoseconds,
  /// without a snap length.
  ///
  /// - Parameter product: Name and version of the program that writes.
  package func header(for source: CaptureSource, product: String) -> [UInt8] {
    var section = PcapngBlock(.sectionHeader)
    section.append(PcapngBlock.magic)
    section.append(1 as UInt16)
    section.append(0 as UInt16)
    section.append(-1 as Int64)
    let subject = source.connection.map { FrameWords.connection + "\($0)." }
    section.append(
      option: Option.comment, text: subject ?? "VXLAN to this node that belongs to no connection.")
    section.append(option: Option.sectionApplication, text: printable(product))
    let port = description(
      name: source.port ?? FrameWords.unknownPort,
      "Attachment port: frames that came in and did not cross, and the switch's answers; without VLAN tags")
    let underlay = description(
      name: source.underlay ?? FrameWords.unknownUnderlay,
      "Underlay: frames to and from remote VTEPs in VXLAN, also those that are dropped")
    return section.finished() + port + underlay
  }

  private func description(name: String, _ description: String) -> [UInt8] {
    var block = PcapngBlock(.interfaceDescription)
    block.append(Self.ethernet)
    block.append(0 as UInt16)
    block.append(0 as UInt32)
    block.append(option: Option.interfaceName, text: printable(name))
    block.append(option: Option.interfaceDescription, text: description)
    // 10 to the minus ninth.
    block.append(option: Option.interfaceResolution, [9])
    return block.finished()
  }

  /// An Enhanced Packet Block (section 4.3): direction in `epb_flags`; what became of the frame in a comment,
  /// where it was not simply sent or delivered; of one that was dropped, the verdict of the tc program too.
  package func block(for frame: CapturedFrame) -> [UInt8] {
    let bytes = frame.bytes.prefix(Self.longestFrame)
    var block = PcapngBlock(.enhancedPacket)
    block.append(interface(of: frame).rawValue)
    block.append(moment: frame.moment)
    block.append(UInt32(clamping: bytes.count))
    block.append(UInt32(clamping: max(frame.length, bytes.count)))
    block.append(padded: bytes)
    if let comment = FrameComment(frame, sentences: sentences) {
      block.append(option: Option.comment, text: comment.text)
    }
    block.append(option: Option.packetFlags, PcapngBlock.bytes(Self.flags(frame.point)))
    if case .dropped = frame.fate {
      // Type 1: Linux eBPF TC.
      block.append(option: Option.packetVerdict, [1] + PcapngBlock.bytes(Self.verdictDrop))
    }
    return block.finished()
  }

  private func interface(of frame: CapturedFrame) -> Interface {
    switch frame.point {
    case .fromPort, .toPort: .port
    case .fromRemote, .toRemote: .underlay
    }
  }

  /// Bits 0 and 1: 1 inbound, 2 outbound (section 4.3.1).
  private static func flags(_ point: CapturedFrame.Point) -> UInt32 {
    switch point {
    case .fromPort, .fromRemote: 1
    case .toRemote, .toPort: 2
    }
  }

  /// Interface Statistics Blocks (section 4.6) of both interfaces, for the end of a file: frames that were
  /// taken (`isb_ifrecv`), that the filter let through (`isb_filteraccept`), and that were lost
  /// (`isb_ifdrop`). Of the last it is not known at which interface, so they stand at the underlay, and a
  /// comment says so.
  ///
  /// - Parameter moment: The end of the capture, nanoseconds since 1970.
  package func statistics(_ tally: CaptureTally, at moment: Int64) -> [UInt8] {
    statistics(.port, tally.port, lost: 0, at: moment)
      + statistics(.underlay, tally.underlay, lost: tally.lost, at: moment)
  }

  private func statistics(
    _ interface: Interface, _ count: CaptureTally.Count, lost: UInt64, at moment: Int64
  ) -> [UInt8] {
    var block = PcapngBlock(.interfaceStatistics)
    block.append(interface.rawValue)
    block.append(moment: moment)
    if lost > 0 {
      let frames = lost == 1 ? "1 frame was" : "\(lost) frames were"
      let text = "\(frames) lost at either interface: more came than could be copied."
      block.append(option: Option.comment, text: text)
    }
    block.append(option: Option.statisticsReceived, PcapngBlock.bytes(count.taken))
    block.append(option: Option.statisticsDropped, PcapngBlock.bytes(lost))
    block.append(option: Option.statisticsAccepted, PcapngBlock.bytes(count.kept))
    return block.finished()
  }
}
