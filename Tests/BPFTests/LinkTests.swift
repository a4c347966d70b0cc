import Glibc
import KernelTesting
import Netlink
import Testing

@testable import BPF

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `eBPF links` {
  /// Runs `body` on a thread in a namespace that has an interface.
  private func withInterface(
    _ body: @escaping @Sendable (NetlinkSocket, Int32, PinFolder) throws -> Void
  ) async throws {
    try await withPinFolder { folder in
      try await withNamespace("link") { namespace in
        try await NamespaceActor(in: namespace).run { socket in
          try socket.perform(.addVethPair(named: "v0", peer: "v1"))
          let link = try #require(try socket.link(named: "v0"))
          try socket.perform(.raise(link.index))
          try body(socket, link.index, folder)
        }
      }
    }
  }

  @Test(arguments: [BPFLink.Hook.tcxIngress, .tcxEgress])
  func `a program is on its hook while the link is kept`(hook: BPFLink.Hook) async throws {
    try await withInterface { _, index, _ in
      let program = try BPFObject(testObject(), named: "test").program("pass")
      do {
        let link = try BPFLink.attach(program, toInterface: index, at: hook, .first)
        let state = try link.state()
        #expect(state.interfaceIndex == index)
        #expect(state.programIdentifier == program.identifier)
        #expect(state.hook == hook)
        let attached = try BPFLink.attached(toInterface: index, at: hook)
        #expect(attached.map(\.program) == [program.identifier])
        #expect(attached.map(\.link) == [state.identifier])
        #expect(try BPFLink(identifier: state.identifier)?.state() == state)
      }
      #expect(try BPFLink.attached(toInterface: index, at: hook).isEmpty)
    }
  }

  @Test func `programs stand in the wanted order`() async throws {
    try await withInterface { _, index, _ in
      // Three loads: a program can be on a hook only once.
      let programs = try (0..<3).map { _ in try BPFObject(testObject(), named: "test").program("pass") }
      let middle = try BPFLink.attach(programs[0], toInterface: index, at: .tcxIngress, .last)
      let last = try BPFLink.attach(programs[1], toInterface: index, at: .tcxIngress, .last)
      let first = try BPFLink.attach(programs[2], toInterface: index, at: .tcxIngress, .first)
      let wanted = try [first, middle, last].map { try $0.state().identifier }
      #expect(try BPFLink.attached(toInterface: index, at: .tcxIngress).map(\.link) == wanted)
    }
  }

  @Test func `a pinned link outlives who made it, and its program changes in one step`() async throws {
    try await withInterface { _, index, folder in
      let path = folder.path(of: "link")
      let old = try BPFObject(testObject(), named: "test").program("pass")
      let new = try BPFObject(testObject(version: 2), named: "test").program("pass")
      #expect(old.tag != new.tag)
      try BPFLink.attach(old, toInterface: index, at: .tcxIngress, .first).pin(at: path)

      let link = try #require(try BPFLink(pinnedAt: path))
      let before = try link.state()
      #expect(before.programIdentifier == old.identifier)
      try link.replaceProgram(with: new, expected: old)
      #expect(try link.state().programIdentifier == new.identifier)
      #expect(try link.state().identifier == before.identifier)
      let error = #expect(throws: BPFError.self) { try link.replaceProgram(with: new, expected: old) }
      #expect(error?.errno == EPERM)

      try link.detach()
      #expect(try link.state().interfaceIndex == nil)
      #expect(try BPFLink.attached(toInterface: index, at: .tcxIngress).isEmpty)
    }
  }

  @Test func `a link whose interface has gone says so`() async throws {
    try await withInterface { socket, index, folder in
      let program = try BPFObject(testObject(), named: "test").program("pass")
      try BPFLink.attach(program, toInterface: index, at: .tcxEgress, .first).pin(at: folder.path(of: "link"))
      try socket.perform(.deleteLink(index))
      let link = try #require(try BPFLink(pinnedAt: folder.path(of: "link")))
      #expect(try link.state().interfaceIndex == nil)
      #expect(try link.state().programIdentifier == program.identifier)
    }
  }

  @Test func `one program is on a hook only once`() async throws {
    try await withInterface { _, index, _ in
      let program = try BPFObject(testObject(), named: "test").program("pass")
      let link = try BPFLink.attach(program, toInterface: index, at: .tcxIngress, .last)
      let error = #expect(throws: BPFError.self) {
        try BPFLink.attach(program, toInterface: index, at: .tcxIngress, .first)
      }
      #expect(error?.errno == EEXIST)
      #expect(try link.state().interfaceIndex == index)
    }
  }

  @Test func `an XDP program is attached in generic mode`() async throws {
    try await withInterface { _, index, _ in
      let program = try BPFObject(testObject(), named: "test").program("passxdp")
      let link = try BPFLink.attach(program, toInterface: index, at: .xdp, .generic)
      #expect(try link.state().interfaceIndex == index)
      #expect(try link.state().hook == .xdp)
    }
  }

  @Test func `an interface that is not there is an error with its index`() async throws {
    try await withInterface { _, _, _ in
      let program = try BPFObject(testObject(), named: "test").program("pass")
      let error = #expect(throws: BPFError.self) {
        try BPFLink.attach(program, toInterface: 4711, at: .tcxIngress, .first)
      }
      #expect(error?.errno == ENODEV)
      #expect(error?.description.contains("4711") == true)
    }
  }

  @Test func `no pin is no link, map or program`() throws {
    let path = PinFolder.fileSystem + "/eswt-absent"
    #expect(try BPFLink(pinnedAt: path) == nil)
    #expect(try BPFMap(pinnedAt: path) == nil)
    #expect(try BPFProgram(pinnedAt: path) == nil)
  }
}
