import PacketCapture
import Testing

@Suite struct `An IPv6 address` {
  /// RFC 5952 section 4.
  @Test(arguments: [
    ("2001:db8::1", "2001:db8::1"), ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"), ("::", "::"), ("::1", "::1"),
    ("fe80::", "fe80::"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1::2:0:0:0:3", "1:0:0:2::3"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
  ])
  func `has one text`(text: String, canonical: String) {
    #expect(IPv6Address(text)?.description == canonical)
  }

  @Test(arguments: [
    "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "1::2::3", "12345::",
    "g::",
    "+1::", "fe80::1%eth0", "::1 ", ":1:2:3:4:5:6:7", "::ffff:10.0.0.1",
  ])
  func `is read from nothing else`(text: String) { #expect(IPv6Address(text) == nil) }
}
