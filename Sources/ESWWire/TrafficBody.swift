package import ESWModel

extension JSONWriter {
  /// What a connection has counted so far: as much as rates are made of.
  ///
  /// - Parameter heard: The report of its node; null stands for what that does not tell.
  package mutating func traffic(
    of connection: Connection, status: ConnectionStatus.Word, node: NodeName?, heard: HeardReport?,
    seen: ConnectionReport?
  ) {
    beginObject()
    member("id", connection.id)
    member("name", connection.name.description)
    member("instance_id", connection.instance)
    member("status", status.rawValue)
    member("node", optional: node?.description)
    member("report_age_ms", integer: heard?.ageMilliseconds)
    let received = seen?.remotes.compactMap(\.receivedAgeMilliseconds).min()
    let sent = seen?.remotes.compactMap(\.sentAgeMilliseconds).min()
    member("received_age_ms", integer: received.flatMap { heard?.asOfNow($0) })
    member("sent_age_ms", integer: sent.flatMap { heard?.asOfNow($0) })
    member("hosts", integer: seen?.hosts.count)
    counters("to_remote", seen?.toRemote)
    counters("to_local", seen?.toLocal)
    array("drops", seen?.drops ?? []) { writer, drop in
      writer.object {
        $0.member("direction", Self.word(drop.direction))
        $0.member("reason", drop.reason)
        $0.member("frames", integer: drop.frames)
      }
    }
    endObject()
  }

  private mutating func counters(_ name: StaticString, _ count: TrafficCount?) {
    self.name(name)
    guard let count else { return null() }
    object {
      $0.member("frames", integer: count.frames)
      $0.member("bytes", integer: count.bytes)
    }
  }
}
