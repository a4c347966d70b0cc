import KernelTesting
import Testing

@testable import Netlink

@Suite struct `Messages about neighbours, filters and firewalls` {
  @Test func `one neighbour is asked for by its address and interface`() {
    let request = NetlinkRequest.neighbourGet(IPAddressBytes("192.0.2.2")!, link: 7)
    #expect(
      request.message(sequence: 5, adding: 0).bytes
        == hex(
          """
          24 00 00 00 1e 00 01 00 05 00 00 00 00 00 00 00  # RTM_GETNEIGH, request
          02 00 00 00 07 00 00 00 00 00 00 00              # AF_INET, interface 7
          08 00 01 00 c0 00 02 02                          # NDA_DST 192.0.2.2
          """))
  }

  @Test(arguments: [
    (UInt16(0x02), true), (0x04, true), (0x08, true), (0x10, true), (0x80, true), (0x40, true), (0x01, false),
    (0x20, false), (0x00, false),
  ])
  func `a neighbour is usable in the states in which packets leave`(state: UInt16, isUsable: Bool) throws {
    var payload = hex(
      """
      02 00 00 00 07 00 00 00 00 00 00 00  # AF_INET, interface 7
      08 00 01 00 c0 00 02 02              # NDA_DST
      0a 00 02 00 02 00 00 00 00 01 00 00  # NDA_LLADDR
      """)
    payload[8] = UInt8(state)
    let message = NetlinkMessage(type: 28, flags: 0, sequence: 1, payload: payload[...])
    #expect(try Neighbour(message).isUsable == isUsable)
  }

  @Test func `filters of the way out are asked for by their parent`() {
    let request = NetlinkRequest.listEgressFilters(link: 7)
    #expect(
      request.message(sequence: 5, adding: 0x300).bytes
        == hex(
          """
          24 00 00 00 2e 00 01 03 05 00 00 00 00 00 00 00  # RTM_GETTFILTER, request, all
          00 00 00 00 07 00 00 00 00 00 00 00              # any family, interface 7, no handle
          f3 ff ff ff 00 00 00 00                          # parent ffff:fff3
          """))
  }

  private static let filter = hex(
    """
    00 00 00 00 07 00 00 00 01 00 00 00  # interface 7, handle 1
    f3 ff ff ff 03 00 09 00              # ffff:fff3, preference 9, ETH_P_ALL
    08 00 01 00 62 70 66 00              # TCA_KIND "bpf"
    14 00 02 00                          # TCA_OPTIONS
    08 00 08 00 01 00 00 00              # TCA_BPF_FLAGS
    08 00 07 00 64 72 6f 70              # TCA_BPF_NAME "drop", not ended by a zero
    """)

  @Test func `a filter is read with its place and its program`() throws {
    let filter = try TrafficFilter(
      NetlinkMessage(type: 44, flags: 2, sequence: 1, payload: Self.filter[...]))
    #expect(filter.linkIndex == 7 && filter.kind == "bpf")
    #expect(filter.preference == 9 && filter.programName == "drop")
  }

  @Test func `chains are asked for of all families`() {
    #expect(
      NetlinkRequest.listChains().message(sequence: 5, adding: 0x300).bytes
        == hex(
          """
          14 00 00 00 04 0a 01 03 05 00 00 00 00 00 00 00  # NFT_MSG_GETCHAIN of nf_tables, request, all
          00 00 00 00                                      # NFPROTO_UNSPEC, version 0
          """))
  }

  private static let chain = hex(
    """
    02 00 00 05                          # NFPROTO_IPV4, version 0, generation
    0b 00 01 00 66 69 6c 74 65 72 00 00  # NFTA_CHAIN_TABLE "filter"
    0c 00 03 00 46 4f 52 57 41 52 44 00  # NFTA_CHAIN_NAME "FORWARD"
    14 00 04 80                          # NFTA_CHAIN_HOOK
    08 00 01 00 00 00 00 02              # forward
    08 00 02 00 00 00 00 00              # priority 0
    08 00 05 00 00 00 00 00              # NFTA_CHAIN_POLICY drop
    0b 00 07 00 66 69 6c 74 65 72 00 00  # NFTA_CHAIN_TYPE "filter"
    1c 00 08 80                          # NFTA_CHAIN_COUNTERS
    0c 00 01 00 00 00 00 00 00 00 02 a0  # 672 bytes
    0c 00 02 00 00 00 00 00 00 00 00 08  # 8 packets
    """)

  private func read(_ payload: [UInt8]) throws -> FirewallChain? {
    try FirewallChain(NetlinkMessage(type: 0x0a03, flags: 2, sequence: 1, payload: payload[...]))
  }

  @Test func `a chain is read with its hook, policy and count`() throws {
    let chain = try #require(try read(Self.chain))
    #expect(chain.family == .ip && chain.table == "filter" && chain.name == "FORWARD")
    #expect(chain.hook == FirewallChain.forwardHook && chain.dropsTheRest && chain.policyPackets == 8)
  }

  @Test func `a chain of interfaces is read with their names, each once`() throws {
    let payload = hex(
      """
      05 00 00 05                          # NFPROTO_NETDEV
      06 00 01 00 74 00 00 00              # table "t"
      06 00 03 00 63 00 00 00              # name "c"
      34 00 04 80                          # NFTA_CHAIN_HOOK
      08 00 01 00 00 00 00 01              # egress
      09 00 03 00 65 74 68 30 00 00 00 00  # NFTA_HOOK_DEV "eth0"
      1c 00 04 80                          # NFTA_HOOK_DEVS
      09 00 01 00 65 74 68 30 00 00 00 00  # "eth0"
      09 00 01 00 65 74 68 31 00 00 00 00  # "eth1"
      08 00 05 00 00 00 00 01              # policy accept
      """)
    let chain = try #require(try read(payload))
    #expect(chain.family == .netdev && chain.hook == FirewallChain.egressHook)
    #expect(chain.interfaces == ["eth0", "eth1"] && !chain.dropsTheRest && chain.policyPackets == nil)
  }

  @Test func `a chain that others jump to is none of them`() throws {
    #expect(try read(Array(Self.chain.prefix(28))) == nil)
  }

  @Test(arguments: [Self.chain, Self.filter])
  func `bytes that end too early are an error, and never trap`(whole: [UInt8]) {
    for count in whole.indices {
      let payload = whole.prefix(count)
      _ = try? read(Array(payload))
      _ = try? TrafficFilter(NetlinkMessage(type: 44, flags: 2, sequence: 1, payload: payload))
    }
    #expect(throws: NetlinkDecodingError.self) { try read(Array(whole.prefix(3))) }
  }

  @Test func `which firewalls a bridge calls is read from its options`() throws {
    let details = hex(
      """
      05 00 24 00 01 00 00 00  # IFLA_BR_NF_CALL_IPTABLES
      05 00 25 00 00 00 00 00  # IFLA_BR_NF_CALL_IP6TABLES
      05 00 26 00 01 00 00 00  # IFLA_BR_NF_CALL_ARPTABLES
      """)
    let options = try BridgeFirewalling(details[...])
    #expect(options.callsIPTables && !options.callsIP6Tables && options.callsARPTables)
  }
}
