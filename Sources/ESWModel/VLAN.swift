/// The tags by which the frames of a segment are told apart on a trunk: one of 802.1Q, or two (QinQ).
///
/// As text `100`; with a second tag nearer to the wire `200/100`, or `200:802.1ad/100` by another protocol.
package struct VLAN: Hashable, Sendable, Comparable, TextCoded {
  /// Number of a VLAN: 1 to 4094 (IEEE 802.1Q section 9.6; 0 means none, 4095 is reserved).
  package static let range: ClosedRange<UInt16> = 1...4094

  /// What a tag says that it is: its TPID.
  package enum TagProtocol: String, Hashable, Sendable, CaseIterable {
    /// 0x8100, a customer's tag.
    case customer = "802.1q"
    /// 0x88a8, a provider's tag.
    case service = "802.1ad"
  }

  /// The tag nearer to the wire, if there are two.
  package struct Outer: Hashable, Sendable {
    package let id: UInt16
    package let tagProtocol: TagProtocol

    /// Nil for a number outside `VLAN.range`.
    package init?(_ id: UInt16, _ tagProtocol: TagProtocol = .customer) {
      guard VLAN.range.contains(id) else { return nil }
      self.id = id
      self.tagProtocol = tagProtocol
    }
  }

  /// Of the only tag, or of the one behind `outer`. Always of 802.1Q.
  package let id: UInt16
  package let outer: Outer?

  /// Nil for a number outside `range`.
  package init?(_ id: UInt16, outer: Outer? = nil) {
    guard Self.range.contains(id) else { return nil }
    self.id = id
    self.outer = outer
  }

  package init?(_ description: String) {
    let parts = description.split(separator: "/", omittingEmptySubsequences: false)
    guard let last = parts.last, let id = Self.number(last), parts.count <= 2 else { return nil }
    guard parts.count == 2 else {
      self.init(id)
      return
    }
    guard let outer = Outer(String(parts[0])) else { return nil }
    self.init(id, outer: outer)
  }

  package var description: String { outer.map { "\($0)/\(id)" } ?? "\(id)" }

  /// Digits alone, without a leading zero: each value has one text.
  fileprivate static func number(_ text: Substring) -> UInt16? {
    guard let number = UInt16(text), "\(number)" == text else { return nil }
    return number
  }

  package static func < (left: Self, right: Self) -> Bool { left.order < right.order }

  private var order: (UInt16, Int, UInt16) {
    guard let outer else { return (id, 0, 0) }
    return (outer.id, outer.tagProtocol == .customer ? 1 : 2, id)
  }
}

extension VLAN.Outer: LosslessStringConvertible {
  /// `200`, or `200:802.1ad`.
  package init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    guard let first = parts.first, let id = VLAN.number(first), parts.count <= 2 else { return nil }
    guard parts.count == 2 else {
      self.init(id)
      return
    }
    guard let tagProtocol = VLAN.TagProtocol(rawValue: String(parts[1])) else { return nil }
    self.init(id, tagProtocol)
  }

  package var description: String {
    tagProtocol == .customer ? "\(id)" : "\(id):\(tagProtocol.rawValue)"
  }
}

/// Where frames of a connection come in and go out on a node: an interface, and their tags there.
package struct PortReference: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let interface: InterfaceReference
  /// Nil: frames without a tag.
  package let vlan: VLAN?

  package init(_ interface: InterfaceReference, vlan: VLAN? = nil) {
    self.interface = interface
    self.vlan = vlan
  }

  package static func name(_ name: InterfaceName, vlan: VLAN? = nil) -> PortReference {
    PortReference(.name(name), vlan: vlan)
  }

  package static func gone(index: UInt32, vlan: VLAN? = nil) -> PortReference {
    PortReference(.gone(index: index), vlan: vlan)
  }

  package var description: String { vlan.map { "\(interface) vlan \($0)" } ?? "\(interface)" }

  package static func < (left: Self, right: Self) -> Bool {
    if left.interface != right.interface { return left.interface < right.interface }
    switch (left.vlan, right.vlan) {
    case (let one?, let other?): return one < other
    case (nil, _?): return true
    case (_, nil): return false
    }
  }
}
