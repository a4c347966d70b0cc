internal import CLinux
internal import Glibc

// Links are named by index in requests: a name can move to another interface between two calls.

extension NetlinkRequest {
  /// `ip link show`, without statistics.
  package static func listLinks() -> NetlinkRequest {
    NetlinkRequest(type: RTM_GETLINK, command: "ip link show") { writer in
      writer.linkHeader()
      writer.attribute(UInt16(IFLA_EXT_MASK), UInt32(RTEXT_FILTER_SKIP_STATS))
    }
  }

  /// `ip link show dev NAME`; refused with ENODEV when there is none.
  package static func showLink(named name: String) -> NetlinkRequest {
    NetlinkRequest(type: RTM_GETLINK, command: "ip link show dev \(name)") { writer in
      writer.linkHeader()
      writer.attribute(UInt16(IFLA_IFNAME), text: name)
      writer.attribute(UInt16(IFLA_EXT_MASK), UInt32(RTEXT_FILTER_SKIP_STATS))
    }
  }

  /// `ip link add NAME type vxlan ...`; refused with EEXIST when the name is taken.
  package static func addVXLAN(
    named name: String, _ settings: VXLANSettings, group: UInt32 = 0
  ) -> NetlinkRequest {
    add(named: name, kind: VXLANSettings.kind, group: group, words: settings.words) {
      settings.write(to: &$0)
    }
  }

  /// `ip link add NAME type bridge`. The bridge learns, and does not speak STP.
  package static func addBridge(named name: String, group: UInt32 = 0) -> NetlinkRequest {
    add(named: name, kind: "bridge", group: group, words: "") { _ in }
  }

  /// `ip link add NAME type veth peer name PEER [netns FD]`.
  ///
  /// Both ends are made down: a veth end made up in the message that makes its peer is refused (ENOTCONN).
  /// `peerNamespace` is an open descriptor of the namespace that gets the peer; `mtu` is for both.
  package static func addVethPair(
    named name: String, peer: String, peerNamespace: Int32? = nil, group: UInt32 = 0, peerGroup: UInt32 = 0,
    mtu: UInt32? = nil
  ) -> NetlinkRequest {
    let place = peerNamespace.map { " netns \($0)" } ?? ""
    let words = "peer name \(peer)\(place)"
    return add(named: name, kind: "veth", group: group, mtu: mtu, words: words) { details in
      details.nested(UInt16(VETH_INFO_PEER)) { other in
        other.linkHeader()
        other.attribute(UInt16(IFLA_IFNAME), text: peer)
        if peerGroup != 0 { other.attribute(UInt16(IFLA_GROUP), peerGroup) }
        if let mtu { other.attribute(UInt16(IFLA_MTU), mtu) }
        if let peerNamespace { other.attribute(UInt16(IFLA_NET_NS_FD), UInt32(bitPattern: peerNamespace)) }
      }
    }
  }

  /// `ip link delete dev DEV`; with a veth end its peer goes as well.
  package static func deleteLink(_ index: Int32) -> NetlinkRequest {
    NetlinkRequest(type: RTM_DELLINK, command: "ip link delete dev #\(index)") { $0.linkHeader(index: index) }
  }

  /// `ip link set dev DEV up`.
  package static func raise(_ index: Int32) -> NetlinkRequest {
    set(index, "up") { $0.linkHeader(index: index, flags: .up, changing: .up) }
  }

  /// `ip link set dev DEV down`.
  package static func lower(_ index: Int32) -> NetlinkRequest {
    set(index, "down") { $0.linkHeader(index: index, flags: [], changing: .up) }
  }

  /// `ip link set dev DEV promisc on|off`. One flag for all who ask this way; no counting.
  package static func setPromiscuous(_ index: Int32, _ isOn: Bool) -> NetlinkRequest {
    set(index, "promisc \(isOn ? "on" : "off")") {
      $0.linkHeader(index: index, flags: isOn ? .promiscuous : [], changing: .promiscuous)
    }
  }

  /// `ip link set dev DEV master BRIDGE`, or `nomaster`.
  package static func setMaster(_ index: Int32, to master: Int32?) -> NetlinkRequest {
    set(index, master.map { "master #\($0)" } ?? "nomaster") { writer in
      writer.linkHeader(index: index)
      writer.attribute(UInt16(IFLA_MASTER), master ?? 0)
    }
  }

  /// `ip link set dev DEV mtu BYTES`.
  package static func setMTU(_ index: Int32, to bytes: UInt32) -> NetlinkRequest {
    set(index, "mtu \(bytes)") { writer in
      writer.linkHeader(index: index)
      writer.attribute(UInt16(IFLA_MTU), bytes)
    }
  }

  /// `ip link set dev DEV alias TEXT`; an empty text removes it. At most 255 bytes, or the kernel refuses.
  package static func setAlias(_ index: Int32, to text: String) -> NetlinkRequest {
    set(index, "alias '\(text)'") { writer in
      writer.linkHeader(index: index)
      writer.attribute(UInt16(IFLA_IFALIAS), bytes: Array(text.utf8.prefix(1024)))
    }
  }

  /// `ip link set dev DEV group NUMBER`; 0 is the group of those that nobody grouped.
  package static func setGroup(_ index: Int32, to group: UInt32) -> NetlinkRequest {
    set(index, "group \(group)") { writer in
      writer.linkHeader(index: index)
      writer.attribute(UInt16(IFLA_GROUP), group)
    }
  }

  /// `sysctl net.ipv4.conf.DEV.forwarding=1|0`.
  package static func setForwardingIPv4(_ index: Int32, _ isOn: Bool) -> NetlinkRequest {
    NetlinkRequest(
      type: RTM_NEWLINK, command: "sysctl net.ipv4.conf.#\(index).forwarding=\(isOn ? 1 : 0)"
    ) { writer in
      writer.linkHeader(index: index)
      writer.nested(UInt16(IFLA_AF_SPEC)) { families in
        families.nested(UInt16(AF_INET)) { family in
          family.nested(UInt16(IFLA_INET_CONF)) { settings in
            settings.attribute(UInt16(IPV4_DEVCONF_FORWARDING), UInt32(isOn ? 1 : 0))
          }
        }
      }
    }
  }

  /// `ip link set dev DEV addrgenmode none`: a device that is no host gets no IPv6 address when raised, and
  /// so sends nothing by itself. EAFNOSUPPORT where the kernel has no IPv6 for it.
  package static func setWithoutIPv6Address(_ index: Int32) -> NetlinkRequest {
    set(index, "addrgenmode none") { writer in
      writer.linkHeader(index: index)
      writer.nested(UInt16(IFLA_AF_SPEC)) { families in
        families.nested(UInt16(AF_INET6)) { family in
          family.attribute(UInt16(IFLA_INET6_ADDR_GEN_MODE), UInt8(IN6_ADDR_GEN_MODE_NONE.rawValue))
        }
      }
    }
  }

  /// `ip link set dev DEV address MAC`.
  package static func setHardwareAddress(_ index: Int32, to bytes: [UInt8]) -> NetlinkRequest {
    set(index, "address \(macText(bytes))") { writer in
      writer.linkHeader(index: index)
      writer.attribute(UInt16(IFLA_ADDRESS), bytes: bytes)
    }
  }

  /// `ip link set dev DEV netns FD`: by an open descriptor of the namespace. The index may change there.
  package static func move(_ index: Int32, toNamespace descriptor: Int32) -> NetlinkRequest {
    set(index, "netns \(descriptor)") { writer in
      writer.linkHeader(index: index)
      writer.attribute(UInt16(IFLA_NET_NS_FD), UInt32(bitPattern: descriptor))
    }
  }

  private static func set(
    _ index: Int32, _ words: String, _ build: (inout AttributeWriter) -> Void
  ) -> NetlinkRequest {
    NetlinkRequest(type: RTM_NEWLINK, command: "ip link set dev #\(index) \(words)", build)
  }

  private static func add(
    named name: String, kind: String, group: UInt32, mtu: UInt32? = nil, words: String,
    _ details: (inout AttributeWriter) -> Void
  ) -> NetlinkRequest {
    let marks = (group == 0 ? "" : " group \(group)") + (mtu.map { " mtu \($0)" } ?? "")
    let command = "ip link add \(name)\(marks) type \(kind)" + (words.isEmpty ? "" : " " + words)
    return NetlinkRequest(type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, command: command) { writer in
      writer.linkHeader()
      writer.attribute(UInt16(IFLA_IFNAME), text: name)
      // The one mark that the kernel takes in the message that makes the link (it ignores an alias there):
      // there is no moment in which the link exists and nobody knows whose it is.
      if group != 0 { writer.attribute(UInt16(IFLA_GROUP), group) }
      if let mtu { writer.attribute(UInt16(IFLA_MTU), mtu) }
      writer.nested(UInt16(IFLA_LINKINFO)) { information in
        information.attribute(UInt16(IFLA_INFO_KIND), text: kind)
        information.nested(UInt16(IFLA_INFO_DATA), details)
      }
    }
  }
}

extension AttributeWriter {
  /// `struct ifinfomsg`.
  fileprivate mutating func linkHeader(
    index: Int32 = 0, flags: LinkFlags = [], changing: LinkFlags = []
  ) {
    fixed(UInt8(AF_UNSPEC))
    fixed(UInt8(0))
    fixed(UInt16(0))
    fixed(index)
    fixed(flags.rawValue)
    fixed(changing.rawValue)
  }
}

/// "02:00:00:00:00:01".
func macText(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { byte in
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
  }.joined(separator: ":")
}

extension NetlinkSocket {
  /// `ip link show`.
  package func links() throws(NetlinkError) -> [Link] {
    try dump(.listLinks()) { message throws(NetlinkDecodingError) in try Link(message) }
  }

  /// `ip link show dev NAME`; nil when there is none.
  package func link(named name: String) throws(NetlinkError) -> Link? {
    let request = NetlinkRequest.showLink(named: name)
    do throws(NetlinkError) {
      return try decode(request, try query(request)) { message throws(NetlinkDecodingError) in
        try Link(message)
      }
    } catch  where error.errno == ENODEV {
      return nil
    }
  }
}
