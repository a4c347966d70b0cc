import ESWModel
import Foundation
import KernelTesting
import PacketCapture
import Testing

/// Where another reader of pcapng can be had; without it its tests are skipped aloud.
private let hasTshark = (try? run("tshark", "--version")) != nil && (try? run("capinfos", "--version")) != nil

/// Our files by the reader that people have.
@Suite(.enabled(if: hasTshark, "Debian's package tshark is missing"), .timeLimit(.minutes(2)))
struct `Tshark` {
  private static let frames: [CapturedFrame] = [
    Sample.frame(
      Sample.arp(1), .toRemote, remotes: [Sample.secondRemote, Sample.remote], outer: .withoutAddresses),
    Sample.frame(Sample.echo, .toRemote),
    Sample.frame(Sample.echo, .fromRemote, .delivered, outer: .rebuilt),
    Sample.frame(Sample.echo, .fromRemote, .dropped(reason: "too_big")),
    Sample.frame(Sample.arp(1), .fromPort, .answered),
    Sample.frame(Sample.arp(2), .toPort, .answer),
    Sample.frame(Sample.echo, .fromPort, .kept),
    Sample.frame(Sample.echo, .fromPort, .dropped(reason: "held"), cutAt: 60),
    Sample.frame(Sample.ethernet(0x0800, Sample.ipv4(6, Sample.tcp(0x10))), .toRemote, segmentSize: 1448),
  ]

  private static let source = CaptureSource(
    connection: ConnectionID(high: 1, low: 2), port: "eth0 vlan 100", underlay: nil)

  /// Writes the file, and hands its path over.
  private func withFile<Result>(
    _ frames: [CapturedFrame] = frames, lost: UInt64 = 3, _ body: (String) throws -> Result
  ) throws -> Result {
    let writer = PcapngWriter(sentences: Sample.sentences)
    var tally = CaptureTally()
    var bytes = writer.header(for: Self.source, product: "esw 1.2.3")
    for frame in frames {
      tally.take(frame)
      bytes += writer.block(for: frame)
    }
    tally.lose(lost)
    bytes += writer.statistics(tally, at: Sample.moment + 1_000_000_000)
    let path = "/tmp/\(uniqueName("capture.pcapng"))"
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  /// The values of fields by frame; fields that a frame has not are empty.
  private func fields(_ names: [String], _ path: String) throws -> [[String]] {
    // A last column that is never empty, so that no empty ones before it are lost.
    let asked = names.flatMap { ["-e", $0] } + ["-e", "frame.number"]
    let output = try run(["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|"] + asked)
    return output.split(separator: "\n").filter { $0.contains("|") }.map { line in
      line.split(separator: "|", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
  }

  @Test func `reads interface, direction and length of each frame`() throws {
    try withFile { path in
      let names = ["frame.interface_name", "frame.packet_flags_direction", "frame.len", "frame.cap_len"]
      let (port, underlay) = ("eth0 vlan 100", "underlay")
      let found = try fields(names, path)
      #expect(
        found == [
          [underlay, "0x00000002", "92", "92"], [underlay, "0x00000002", "148", "148"],
          [underlay, "0x00000001", "148", "148"], [underlay, "0x00000001", "148", "148"],
          [port, "0x00000001", "42", "42"], [port, "0x00000002", "42", "42"],
          [port, "0x00000001", "98", "98"],
          [port, "0x00000001", "98", "60"], [underlay, "0x00000002", "104", "104"],
        ])
    }
  }

  @Test func `reads the time to the nanosecond`() throws {
    try withFile { path in
      let found = try fields(["frame.time_epoch"], path)
      #expect(found.allSatisfy { $0 == ["1772368496.789012345"] }, "\(found)")
    }
  }

  @Test func `shows comments, and drops by their verdict`() throws {
    try withFile { path in
      let found = try fields(["frame.comment", "frame.verdict.ebpf_tc"], path)
      #expect(found.map { $0[1] } == ["", "", "", "2", "", "", "", "2", ""])
      #expect(
        found.map { $0[0] } == [
          "Sent to 2 remotes: 198.51.100.3 VNI 5010, 198.51.100.2 VNI 5010; outer headers are those of the last. "
            + "Outer MAC addresses are filled in after this point, by the kernel.",
          "", "Outer headers are rebuilt: the kernel's VXLAN device took the real ones off.",
          "Dropped: too_big (does not fit the MTU of the way out).",
          "Answered by the switch: it does not cross.",
          "The switch's own answer.", "To the switch itself: it does not cross.", "Dropped: held.",
          "A super-packet: on the wire it is frames with 1448 bytes of payload each.",
        ])
    }
  }

  @Test func `decodes VXLAN and the frame inside`() throws {
    try withFile { path in
      let names = ["vxlan.vni", "arp.opcode", "icmp.type", "tcp.dstport", "eth.src", "_ws.malformed"]
      let (outside, inside) = (Sample.host.description, Sample.host.description)
      let both = "\(outside),\(inside)"
      let found = try fields(names, path)
      #expect(
        found == [
          ["5010", "1", "", "", both, ""], ["5010", "", "8", "", both, ""], ["5010", "", "8", "", both, ""],
          ["5010", "", "8", "", both, ""], ["", "1", "", "", inside, ""], ["", "2", "", "", inside, ""],
          ["", "", "8", "", inside, ""], ["", "", "8", "", inside, ""], ["5010", "", "", "443", both, ""],
        ])
    }
  }

  /// Those of docs/capture.md; frames by their number in the file.
  @Test(arguments: [
    ("frame.verdict.ebpf_tc == 2", [4, 8]), ("frame.comment contains \"too_big\"", [4]),
    ("vxlan && frame.packet_flags_direction == 2", [1, 2, 9]),
    ("vxlan && frame.packet_flags_direction == 1", [3, 4, 10]), ("frame.interface_id == 0", [5, 6, 7, 8]),
    ("ip.addr == 10.1.0.10", [2, 3, 4, 7, 8, 9]), ("arp.src.proto_ipv4 == 10.1.0.10", [1, 5, 6]),
    ("eth.addr == ff:ff:ff:ff:ff:ff", [1, 5, 6]), ("cfm", [10]),
  ])
  func `finds frames by the filters that the page names`(filter: String, numbers: [Int]) throws {
    let probe = Sample.ethernet(0x8902, hex("00 03 00 04 00 00 00 11 00"))
    try withFile(Self.frames + [Sample.frame(probe, .fromRemote, .answered)]) { path in
      let asked = ["tshark", "-n", "-r", path, "-Y", filter, "-T", "fields", "-e", "frame.number"]
      let found = try run(asked).split(separator: "\n").compactMap { Int($0) }
      #expect(found == numbers)
    }
  }

  @Test func `decodes another port when told, and reads from a pipe`() throws {
    let other = Sample.tunnelled(Sample.echo, port: 8472)
    let frame = CapturedFrame(
      moment: 0, point: .toRemote, fate: .sent, remotes: [], outer: .original, length: other.count,
      bytes: other)
    try withFile([frame]) { path in
      let output = try run(
        "sh", "-c", "tshark -n -r - -d udp.port==8472,vxlan -T fields -e vxlan.vni -e icmp.type < \(path)")
      #expect(output.contains("5010\t8\n"), "\(output)")
    }
  }

  @Test func `finds the program, the connection, interfaces and losses in the file`() throws {
    try withFile { path in
      let text = try run("capinfos", path)
      for wanted in [
        "esw 1.2.3", "Connection 00000000-0000-0001-0000-000000000002.", "Name = eth0 vlan 100",
        "Name = underlay",
        "Time precision = nanoseconds (9)", "Number of packets = 4", "Number of packets = 5", "Ethernet",
      ] { #expect(text.contains(wanted), "\(wanted) in \(text)") }
    }
  }

  @Test func `reads a file that is still growing`() throws {
    try withFile([], lost: 0) { path in
      let text = try run("capinfos", "-c", path)
      #expect(text.contains("Number of packets:   0"), "\(text)")
    }
  }
}
