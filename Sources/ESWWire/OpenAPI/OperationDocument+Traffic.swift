import ESWModel

extension OperationDocument {
  static let trafficList = OperationDocument(
    .listTraffic, "What connections have counted, as of `moment_ms`: two such lists make rates",
    query: Query.paging() + [.filter("instance_id")],
    .ok(
      .answer(
        ["request_id": .requestID, "moment_ms": .integer(from: .min)], more: Schema.trafficPage)))
}

extension Schema {
  fileprivate static let trafficPage: KeyValuePairs<String, Schema> = [
    "page_info": pageInfo, "traffic": array(of: row),
  ]

  private static let row = answer([
    "id": uuid, "name": resourceName, "instance_id": uuid, "status": words(of: ConnectionStatus.Word.self),
    "node": nodeName.orNull, "report_age_ms": milliseconds.orNull, "received_age_ms": milliseconds.orNull,
    "sent_age_ms": milliseconds.orNull, "hosts": count.orNull, "to_remote": counters.orNull,
    "to_local": counters.orNull,
    "drops": array(
      of: answer(["direction": words("to_remote", "to_local"), "reason": string(), "frames": count])),
  ]).named("ConnectionTraffic")

  private static let counters = answer(["frames": count, "bytes": count])
}
