import ESWClient
import Foundation
import Testing

@testable import ESWCommands

@Suite struct `What people read of counters` {
  private static func json(_ text: String) throws -> JSON {
    try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
  }

  @Test func `has a line for each direction of a connection, and a column for each counter`() throws {
    let counts = #""bytes":1,"flooded":11,"slow":12,"not_learned":13,"clamped":14,"told_too_big":15"#
    let row = try Self.json(
      #"{"counters":{"to_remote":{"frames":7,\#(counts),"answered":16,"for_node":17},"to_local":{"frames":8}}}"#
    )
    #expect(
      Diagnosis.text(of: row) == """
        counters
        DIRECTION  FRAMES  BYTES  FLOODED  SLOW  NOT LEARNED  CLAMPED  TOLD TOO BIG  ANSWERED  FOR NODE
        to_remote  7       1      11       12    13           14       15            16        17
        to_local   8
        """)
  }

  @Test func `has nothing of a connection that the node has not reported`() throws {
    #expect(try Diagnosis.text(of: Self.json(#"{"counters":null}"#)) == "")
  }

  @Test func `names what a node dropped and passed on before it was known whose it is`() throws {
    let node = try Self.json(
      #"{"unclaimed":{"passed_to_slow":17,"drops":[{"reason":"unknown_source","frames":21}]}}"#)
    #expect(
      NodeResource.text(of: node) == """
        drops of no connection
        REASON          FRAMES
        unknown_source  21

        left to the kernel's VXLAN device: 17 packets
        """)
  }

  @Test func `is the same as before for a server that tells nothing of it`() throws {
    #expect(try NodeResource.text(of: Self.json("{}")) == "")
  }
}
