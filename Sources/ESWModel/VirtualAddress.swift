/// A virtual address that is bound to a connection: hosts hand it to each other, on one side or across.
package struct VirtualAddress: Hashable, Sendable, Comparable {
  package let connection: ConnectionNumber
  package let address: IPv4Address

  package init(connection: ConnectionNumber, address: IPv4Address) {
    self.connection = connection
    self.address = address
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.connection, left.address) < (right.connection, right.address)
  }
}

/// An ARP request on the local segment, from the connection's fixed address: who holds the address answers.
package struct HolderQuestion: Hashable, Sendable {
  package let subject: VirtualAddress
  /// Who is asked; nil: everybody.
  package let holder: MACAddress?

  package init(of subject: VirtualAddress, to holder: MACAddress?) {
    self.subject = subject
    self.holder = holder
  }
}

/// What a node knows of a bound virtual address.
package struct VirtualAddressFact: Hashable, Sendable, Codable {
  package let address: IPv4Address
  /// The last one who said in ARP that he has it; nil: nobody has.
  package let holder: Holder?
  /// Requests of remotes that were answered for a holder.
  package let answered: UInt64

  package struct Holder: Hashable, Sendable, Codable {
    package let mac: MACAddress
    package let side: HostFact.Side
    /// Milliseconds since he last said so. Holders of the local side are asked every two seconds, those
    /// behind remotes are not.
    package let seenAgeMilliseconds: Int64

    package init(mac: MACAddress, side: HostFact.Side, seenAgeMilliseconds: Int64) {
      self.mac = mac
      self.side = side
      self.seenAgeMilliseconds = seenAgeMilliseconds
    }
  }

  /// A holder that was silent for longer is not spoken for: as the data path has it.
  package static let silentMilliseconds: Int64 = 5_000

  /// Whether the node answers remotes for the holder.
  package var isAnsweredFor: Bool {
    guard let holder, holder.side == .local else { return false }
    return holder.seenAgeMilliseconds <= Self.silentMilliseconds
  }

  package init(address: IPv4Address, holder: Holder?, answered: UInt64) {
    self.address = address
    self.holder = holder
    self.answered = answered
  }
}
