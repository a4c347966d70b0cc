import BPF
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `GRO of underlays and ports` {
  private static let names = ["segment0", "underlay0"]

  private func isOn(_ stretch: Stretch) async throws -> [Bool?] {
    try await NamespaceActor(in: stretch.node).run { _ in
      let offload = try ReceiveOffload()
      return Self.names.map { offload.isOn($0) }
    }
  }

  @Test func `is on while they are used, and afterwards as it was`() async throws {
    try await withStretch { stretch in
      #expect(try await isOn(stretch) == [false, false])
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await isOn(stretch) == [true, true])
      #expect(try stretch.hostReaches(Stretch.farHost))
      try await Stretch.converge(dataplane, to: Stretch.configuration(isEmpty: true))
      #expect(try await isOn(stretch) == [false, false])
    }
  }

  @Test func `that was on before stays on`() async throws {
    try await withStretch { stretch in
      try stretch.execute(stretch.node, "ethtool -K underlay0 gro on")
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      try await Stretch.converge(dataplane, to: Stretch.configuration(isEmpty: true))
      #expect(try await isOn(stretch) == [false, true])
    }
  }

  @Test func `is set again when somebody has turned it off`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      try stretch.execute(stretch.node, "ethtool -K segment0 gro off")
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await isOn(stretch) == [true, true])
    }
  }

  @Test func `is left alone by a node that is told to, which puts back what was set`() async throws {
    try await withStretch { stretch in
      // Gone with the end of the line: one at a time works with the pins.
      try await Stretch.converge(stretch.dataplane(), to: Stretch.configuration())
      let other = try LinuxDataplane(
        namespace: stretch.node.path, pins: stretch.pins.path, setsAggregation: false)
      try await Stretch.converge(other, to: Stretch.configuration())
      #expect(try await isOn(stretch) == [false, false])
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  @Test func `of an interface that is not there is an error with its name`() async throws {
    try await withStretch { stretch in
      try await NamespaceActor(in: stretch.node).run { _ in
        let offload = try ReceiveOffload()
        #expect(offload.isOn("nobody0") == nil)
        do throws(NetlinkError) {
          try offload.set("nobody0", on: true)
          Issue.record("it was set")
        } catch {
          #expect(error.errno == 19 && error.description.contains("nobody0"))
        }
      }
    }
  }
}
