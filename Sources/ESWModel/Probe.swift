/// A frame of ours through the tunnel, from the connection's fixed address, that somebody on the far side
/// answers: what shows that frames pass (docs/decisions/0025).
package struct Probe: Hashable, Sendable {
  /// Lengths of frames are in bytes, from the destination address on without the check sequence.
  package enum Question: Hashable, Sendable {
    /// ARP request (RFC 826); nil asks everybody.
    case arp(IPv4Address, at: MACAddress?)
    /// A loopback message (IEEE 802.1Q section 21.7), for another OpenESW's data path.
    case loopback(Loopback)
    /// ICMP echo request (RFC 792) to a host. Transaction: identifier and sequence number.
    case echo(transaction: UInt32, bytes: UInt32, of: IPv4Address, at: MACAddress)
  }

  package struct Loopback: Hashable, Sendable {
    package let transaction: UInt32
    package let bytes: UInt32
    /// The answer shall be as short as a frame can be; else it is as long as the question.
    package let isAnsweredShort: Bool

    package init(transaction: UInt32, bytes: UInt32, isAnsweredShort: Bool) {
      self.transaction = transaction
      self.bytes = bytes
      self.isAnsweredShort = isAnsweredShort
    }
  }

  package let connection: ConnectionNumber
  package let remote: RemoteEndpoint
  package let tunnelAddress: IPv4Address
  package let senderMAC: MACAddress
  package let sender: IPv4Address
  package let question: Question

  package init(
    connection: ConnectionNumber, remote: RemoteEndpoint, tunnelAddress: IPv4Address, senderMAC: MACAddress,
    sender: IPv4Address, question: Question
  ) {
    self.connection = connection
    self.remote = remote
    self.tunnelAddress = tunnelAddress
    self.senderMAC = senderMAC
    self.sender = sender
    self.question = question
  }

  /// The least length of an Ethernet frame (IEEE 802.3 section 3.2.8: 64 with the check sequence).
  package static let leastBytes: UInt32 = 60
}

/// A moment of the data plane's own clock, which only goes forward: CLOCK_MONOTONIC for a kernel.
package struct DataplaneMoment: Hashable, Sendable, Comparable {
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Zero when `earlier` is later.
  package func nanoseconds(since earlier: DataplaneMoment) -> UInt64 {
    nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
  }
}

/// What came back of probes from one remote, the newest ones.
package struct ProbeAnswers: Hashable, Sendable {
  package struct Answer: Hashable, Sendable {
    /// Length of the answer's frame.
    package let bytes: UInt32
    /// That of the question's as it arrived; nil: the answer does not say.
    package let askedBytes: UInt32?
    package let arrived: DataplaneMoment

    package init(bytes: UInt32, askedBytes: UInt32?, arrived: DataplaneMoment) {
      self.bytes = bytes
      self.askedBytes = askedBytes
      self.arrived = arrived
    }
  }

  /// Of loopback and echo, by transaction.
  package var answers: [UInt32: Answer]
  /// When hosts last answered ARP.
  package var hosts: [IPv4Address: DataplaneMoment]
  /// The longest loopback message of the remote's own that arrived of late; nil: none did.
  package var heardBytes: UInt32?

  package init(
    answers: [UInt32: Answer] = [:], hosts: [IPv4Address: DataplaneMoment] = [:], heardBytes: UInt32? = nil
  ) {
    self.answers = answers
    self.hosts = hosts
    self.heardBytes = heardBytes
  }
}
