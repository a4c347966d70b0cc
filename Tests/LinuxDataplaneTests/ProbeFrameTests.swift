import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite struct `A probe` {
  private func payload(_ question: Probe.Question) -> [UInt8] {
    Probe(
      connection: ConnectionNumber(1),
      remote: RemoteEndpoint(vni: VNI(0x01_0203)!, address: IPv4Address("192.0.2.2")!),
      tunnelAddress: IPv4Address("192.0.2.1")!, senderMAC: MACAddress("02:e5:00:00:00:01")!,
      sender: IPv4Address("10.9.0.1")!, question: question
    ).payload
  }

  @Test(arguments: [
    (MACAddress?.none, "ff ff ff ff ff ff"), (MACAddress("02:00:00:00:00:14"), "02 00 00 00 00 14"),
  ])
  func `is an ARP request in Ethernet in VXLAN, padded to the least frame`(_ host: MACAddress?, _ to: String)
  {
    #expect(
      hexText(payload(.arp(IPv4Address("10.9.0.20")!, at: host)))
        == hexText(
          hex(
            """
            08 00 00 00 01 02 03 00              # VXLAN: VNI valid, 0x010203
            \(to) 02 e5 00 00 00 01             # from the fixed MAC
            08 06                                # ARP
            00 01 08 00 06 04 00 01              # Ethernet, IPv4, request
            02 e5 00 00 00 01 0a 09 00 01        # sender
            00 00 00 00 00 00 0a 09 00 14        # target
            00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
            """)))
  }

  @Test func `is a loopback message to the nearest bridge`() {
    let question = Probe.Loopback(transaction: 0xabcd_ef01, bytes: 62, isAnsweredShort: true)
    #expect(
      hexText(payload(.loopback(question)))
        == hexText(
          hex(
            """
            08 00 00 00 01 02 03 00              # VXLAN
            01 80 c2 00 00 0e 02 e5 00 00 00 01  # from the fixed MAC
            89 02                                # connectivity fault management
            00 03 00 04 ab cd ef 01              # level 0, loopback message, no flags, transaction
            03 00 24                             # data TLV, 36 bytes
            4f 45 53 57 01 00 00 00              # OESW, to be answered short
            00 00 00 00 00 00 00 00 00 00 00 00 00 00
            00 00 00 00 00 00 00 00 00 00 00 00 00 00
            00                                   # end TLV
            """)))
  }

  @Test func `is an echo request that may not be cut`() {
    let host = MACAddress("02:00:00:00:00:14")!
    #expect(
      hexText(
        payload(.echo(transaction: 0x0001_0002, bytes: 64, of: IPv4Address("10.9.0.20")!, at: host)))
        == hexText(
          hex(
            """
            08 00 00 00 01 02 03 00              # VXLAN
            02 00 00 00 00 14 02 e5 00 00 00 01  # from the fixed MAC
            08 00 45 00 00 32 00 00 40 00 40 01  # IPv4, 50 bytes, DF, ICMP
            26 a5 0a 09 00 01 0a 09 00 14
            08 00 f7 fc 00 01 00 02              # echo request
            00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
            """)))
  }
}
