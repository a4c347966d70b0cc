import Testing

@testable import ControlPlane

@Suite struct `A path` {
  @Test(arguments: [
    "/a", "/a/b.c", "/...", "/a/....", "/a..b", "/.a", "/a%2Fb", "/%2e%2e%2e", "/%", "/%2", "/a%2", "/%zz",
    "/v3/8f14e45fceea467fa1d0a1b2c3d4e5f6/l2cg/connections", "/中/文",
  ])
  func `is plain`(path: String) { #expect(PlainPath.isPlain(path)) }

  @Test(arguments: [
    "", "a", "/", "//", "/a/", "//a", "/a//b", "/.", "/..", "/a/.", "/a/..", "/./a", "/../a", "/a/../b",
    "/%2e", "/%2E", "/%2e%2E", "/.%2e/a", "/a/%2e./b", "http://h/a",
  ])
  func `is not plain where others might read another`(path: String) { #expect(!PlainPath.isPlain(path)) }
}
