import KernelTesting
import Testing

@testable import Netlink

@Suite struct `Netlink messages` {
  @Test func `a request has its header, and its payload is padded`() {
    let message = NetlinkMessage(type: 18, flags: 0x301, sequence: 5, payload: [1, 2, 3])
    #expect(
      message.bytes
        == hex(
          """
          13 00 00 00  # length 19, without padding
          12 00 01 03  # RTM_GETLINK, request and dump
          05 00 00 00  # sequence
          00 00 00 00  # port: to be filled by the kernel
          01 02 03 00  # payload and padding
          """))
  }

  @Test func `a datagram of several messages is taken apart`() throws {
    let first = NetlinkMessage(type: 16, flags: 2, sequence: 1, payload: [1, 2, 3, 4, 5])
    let second = NetlinkMessage(type: 3, flags: 2, sequence: 1, payload: [0, 0, 0, 0])
    let messages = try NetlinkMessage.messages(in: (first.bytes + second.bytes)[...])
    #expect(messages == [first, second])
  }

  @Test(arguments: [
    (
      hex("0f 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00"),
      NetlinkDecodingError.lengthBelowHeader(claimed: 15)
    ),
    (
      hex("11 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00"),
      .lengthBeyondEnd(claimed: 17, available: 16)
    ),
    (
      hex("ff ff ff ff 10 00 00 00 00 00 00 00 00 00 00 00"),
      .lengthBeyondEnd(claimed: Int(UInt32.max), available: 16)
    ),
    (hex("10 00"), .wrongSize(wanted: 4, found: 2)),
    (hex("10 00 00 00 10 00"), .lengthBeyondEnd(claimed: 16, available: 6)),
  ])
  func `a link dump with a lying length is refused`(bytes: [UInt8], error: NetlinkDecodingError) {
    #expect(throws: error) { try NetlinkMessage.messages(in: bytes[...]) }
  }

  @Test func `a refusal carries the kernel's number and words`() throws {
    let bytes = hex(
      """
      38 00 00 00 02 00 00 03 07 00 00 00 00 00 00 00  # NLMSG_ERROR, capped, with attributes
      de ff ff ff                                      # -34
      44 00 00 00 10 00 05 06 07 00 00 00 00 00 00 00  # header of the request
      12 00 01 00 56 4e 49 20 74 6f 6f 20 6c 61 72 67 65 00 00 00  # "VNI too large"
      """)
    let message = try #require(try NetlinkMessage.messages(in: bytes[...]).first)
    let answer = try #require(try message.acknowledgement())
    #expect(answer.errno == 34)
    #expect(answer.text == "VNI too large")
  }

  @Test func `a refusal that echoes the request is read behind the echo`() throws {
    let bytes = hex(
      """
      30 00 00 00 02 00 00 02 07 00 00 00 00 00 00 00  # NLMSG_ERROR, with attributes, not capped
      ff ff ff ff                                      # -1
      14 00 00 00 10 00 05 00 07 00 00 00 00 00 00 00  # header of the request: 20 bytes
      aa bb cc dd                                      # its payload
      07 00 01 00 6e 6f 00 00                          # "no"
      """)
    let message = try #require(try NetlinkMessage.messages(in: bytes[...]).first)
    #expect(try message.acknowledgement()?.text == "no")
  }

  @Test func `the end of a dump can carry a failure`() throws {
    let message = NetlinkMessage(type: 3, flags: 2, sequence: 1, payload: hex("ea ff ff ff")[...])
    #expect(try message.acknowledgement()?.errno == 22)
  }

  @Test func `a link is read from bytes`() throws {
    let payload = hex(
      """
      00 00 01 00 07 00 00 00 43 11 01 00 00 00 00 00  # ether, index 7, up|broadcast|running|promisc|lower-up...
      09 00 03 00 65 73 77 30 00 00 00 00              # IFLA_IFNAME esw0
      08 00 04 00 aa 05 00 00                          # IFLA_MTU 1450
      0a 00 01 00 02 00 00 00 00 01 00 00              # IFLA_ADDRESS
      08 00 0a 00 09 00 00 00                          # IFLA_MASTER 9
      08 00 1b 00 2a 00 00 00                          # IFLA_GROUP 42
      08 00 14 00 6f 75 72 73                          # IFLA_IFALIAS "ours", without zero
      28 00 12 80                                      # IFLA_LINKINFO
        0a 00 01 00 76 78 6c 61 6e 00 00 00            #   IFLA_INFO_KIND vxlan
        18 00 02 80                                    #   IFLA_INFO_DATA
          05 00 19 00 01 00 00 00                      #     IFLA_VXLAN_COLLECT_METADATA
          06 00 0f 00 12 b5 00 00                      #     IFLA_VXLAN_PORT 4789
          04 00 1b 00                                  #     one that we do not know
      """)
    let link = try Link(NetlinkMessage(type: 16, flags: 0, sequence: 1, payload: payload[...]))
    #expect(link.index == 7)
    #expect(link.name == "esw0")
    #expect(link.kind == "vxlan")
    #expect(link.mtu == 1450)
    #expect(link.hardwareAddress == [2, 0, 0, 0, 0, 1])
    #expect(link.master == 9)
    #expect(link.alias == "ours")
    #expect(link.group == 42)
    #expect(link.flags.isSuperset(of: [.up, .running, .promiscuous, .lowerUp]))
    #expect(link.vxlan?.isExternal == true)
    #expect(link.vxlan?.port == 4789)
    #expect(link.vxlan?.identifier == nil)
  }

  @Test func `the first next hop of a multipath route is its way`() throws {
    let payload = hex(
      """
      02 00 00 00 fe 04 00 01 00 00 00 00  # IPv4, default, table 254, static, unicast
      14 00 09 00                          # RTA_MULTIPATH
        10 00 00 00 03 00 00 00            #   rtnexthop: 16 bytes, interface 3
        08 00 05 00 0a 00 00 01            #   RTA_GATEWAY 10.0.0.1
      """)
    let route = try Route(NetlinkMessage(type: 24, flags: 0, sequence: 1, payload: payload[...]))
    #expect(route.isDefault)
    #expect(route.outputLink == 3)
    #expect(route.gateway?.description == "10.0.0.1")
  }

  @Test func `a request to move a link holds the namespace's descriptor`() {
    #expect(
      NetlinkRequest.move(7, toNamespace: 5).payload
        == hex(
          """
          00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00  # ifinfomsg, index 7
          08 00 1c 00 05 00 00 00                          # IFLA_NET_NS_FD 5
          """))
  }
}

/// Every reader gets bytes that are nearly right: what a trap would find is found here.
@Suite struct `Hostile netlink bytes` {
  @Test(arguments: 0..<8 as Range<UInt64>)
  func `mutated messages are read or refused, never trapped`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for round in 0..<4000 {
      var bytes = Self.corpus[Int(random.next() % UInt64(Self.corpus.count))]
      for _ in 0..<(random.next() % 6) { Self.mutate(&bytes, &random) }
      let start = bytes
      // A crash shows no expectation: the seed of the case and the round are in its name and here.
      Self.readEverything(bytes)
      #expect(start == bytes, "seed \(seed), round \(round)")
    }
  }

  private static let corpus: [[UInt8]] = {
    let requests: [NetlinkRequest] = [
      .addVXLAN(named: "esw0", .external(), group: 3), .addVethPair(named: "a", peer: "b"),
      .addAddress(Address(linkIndex: 3, local: IPAddressBytes(v4: 1), prefixLength: 24, origin: 9)),
      .routeGet(to: IPAddressBytes(v4: 1)),
      .appendForwarding([0, 0, 0, 0, 0, 0], link: 2, to: IPAddressBytes(v4: 2)),
      .addRoute(to: nil, prefixLength: 0, via: IPAddressBytes(v4: 1), link: 3),
    ]
    return requests.map { $0.message(sequence: 1, adding: 0).bytes }
      + [
        hex(
          "24 00 00 00 02 00 00 01 01 00 00 00 00 00 00 00 ff ff ff ff 10 00 00 00 10 00 05 06 07 00 00 00 00 00 00 00"
        )
      ]
  }()

  private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let place = Int(random.next() % UInt64(bytes.count))
    switch random.next() % 5 {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 1: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
    case 2: bytes.removeSubrange(place...)
    case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
    default: bytes.append(contentsOf: bytes[place...])
    }
  }

  private static func readEverything(_ bytes: [UInt8]) {
    guard let messages = try? NetlinkMessage.messages(in: bytes[...]) else { return }
    for message in messages {
      for type in [message.type, 2, 3, 16, 20, 24, 28] {
        let typed = NetlinkMessage(type: type, flags: message.flags, sequence: 1, payload: message.payload)
        _ = try? typed.acknowledgement()
        _ = try? Link(typed)
        _ = try? Address(typed)
        _ = try? Route(typed)
        _ = try? Neighbour(typed)
      }
    }
  }
}
