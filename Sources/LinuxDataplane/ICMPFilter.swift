internal import CLinux

/// What the kernel hands to our ICMP socket: answers to our echoes, and errors about UDP to the ports of our
/// remotes. All else, such as answers to somebody's ping, never wakes us nor fills our buffer.
struct ICMPFilter: Equatable {
  let identifier: UInt16
  let ports: Set<UInt16>

  /// Ports that are told apart; where remotes have more, errors about any UDP come.
  static let mostPorts = 16
  /// Bytes of a packet that are kept: RFC 1812 section 4.3.2.3 says that an error has 576 at most.
  private static let kept: UInt32 = 576

  /// Classic BPF (linux/filter.h); offsets count from the IP header.
  var instructions: [sock_filter] {
    let ports = ports.count <= Self.mostPorts ? ports.sorted() : []
    // The two ends stand behind 15 instructions and one for each port.
    let (drop, accept) = (15 + ports.count, 16 + ports.count)
    func to(_ target: Int, from place: Int) -> UInt8 { UInt8(truncatingIfNeeded: target - place - 1) }
    var program: [sock_filter] = [
      Self.make(BPF_LDX | BPF_B | BPF_MSH, 0),  // X: the header's length
      Self.make(BPF_LD | BPF_B | BPF_IND, 0),  // type
      Self.jump(0, then: 0, else: 2),
      Self.make(BPF_LD | BPF_H | BPF_IND, 4),  // identifier
      Self.jump(UInt32(identifier), then: to(accept, from: 4), else: to(drop, from: 4)),
      Self.jump(3, then: 1, else: 0),
      Self.jump(11, then: 0, else: to(drop, from: 6)),
      Self.make(BPF_LD | BPF_B | BPF_IND, 8 + 9),  // protocol of the packet that it is about
      Self.jump(17, then: 0, else: to(drop, from: 8)),
      Self.make(BPF_LD | BPF_B | BPF_IND, 8),  // its header's length
      Self.make(BPF_ALU | BPF_AND | BPF_K, 0xf),
      Self.make(BPF_ALU | BPF_LSH | BPF_K, 2),
      Self.make(BPF_ALU | BPF_ADD | BPF_X, 0),
      Self.make(BPF_MISC | BPF_TAX, 0),
      Self.make(BPF_LD | BPF_H | BPF_IND, 8 + 2),  // its destination port
    ]
    for (index, port) in ports.enumerated() {
      program.append(Self.jump(UInt32(port), then: to(accept, from: 15 + index), else: 0))
    }
    program.append(Self.make(BPF_RET | BPF_K, self.ports.count > Self.mostPorts ? Self.kept : 0))
    program.append(Self.make(BPF_RET | BPF_K, Self.kept))
    return program
  }

  private static func make(_ code: Int32, _ value: UInt32) -> sock_filter {
    sock_filter(code: UInt16(code), jt: 0, jf: 0, k: value)
  }

  private static func jump(_ value: UInt32, then: UInt8, else other: UInt8) -> sock_filter {
    sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: then, jf: other, k: value)
  }
}
