import ESWModel
import Foundation
import KernelTesting
import PacketCapture
import Testing

@Suite struct `The page about captures` {
  private static let sentences = [
    "too_big": "does not fit the MTU of the way out",
    "link_control": "STP, LLDP or another frame that must not leave its link",
  ]

  /// What the other host says to the question before it.
  private static let reply: [UInt8] =
    Sample.host.bytes + Sample.other.bytes + hex("08 06 00 01 08 00 06 04 00 02") + Sample.other.bytes
    + Sample.otherAddress.bytes + Sample.host.bytes + Sample.hostAddress.bytes

  private static let frames: [CapturedFrame] = [
    Sample.frame(Sample.arp(1), .toRemote, remotes: [Sample.secondRemote, Sample.remote]),
    Sample.frame(reply, .fromRemote, .delivered),
    Sample.frame(Sample.ethernet(0x0800, Sample.ipv4(6, Sample.tcp(2))), .toRemote, outer: .withoutAddresses),
    Sample.frame(
      Sample.ethernet(0x0800, Sample.ipv4(6, Sample.tcp(0x10) + [UInt8](repeating: 0, count: 1460))),
      .fromPort,
      .dropped(reason: "too_big")),
    Sample.frame(
      Sample.ethernet(0x0800, Sample.ipv4(6, Sample.tcp(0x10) + [UInt8](repeating: 0, count: 4200))),
      .toRemote,
      outer: .rebuilt, segmentSize: 1410),
    Sample.frame(Sample.echo, .fromPort, .answered),
    Sample.frame(
      Sample.ethernet(0x8902, hex("00 03 00 04 00 00 01 2c") + [UInt8](repeating: 0, count: 38)), .fromRemote,
      .answered),
    Sample.frame(
      Sample.ethernet(0x8902, hex("00 02 00 04 00 00 01 2c") + [UInt8](repeating: 0, count: 38)), .toRemote,
      .answer),
    Sample.frame(
      Sample.ethernet(0x88cc, [UInt8](repeating: 0, count: 80)), .fromPort, .dropped(reason: "link_control")),
  ]

  @Test func `shows lines as they are made`() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../docs/capture.md").standardizedFileURL
    let page = try String(contentsOf: path, encoding: .utf8)
    for frame in Self.frames {
      let line = FrameLine(frame, sentences: Self.sentences).description
      #expect(page.contains("    \(line)\n"), "\(line)")
    }
  }
}
