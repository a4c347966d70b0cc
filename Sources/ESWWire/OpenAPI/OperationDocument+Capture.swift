import ESWModel

extension OperationDocument {
  static let captures = [
    OperationDocument(
      .captureConnection,
      """
      Frames of a connection, while they cross, as a pcapng file: the answer goes on until a limit ends it, or \
      who asked goes. One that breaks off is not whole
      """,
      query: [
        .init(
          name: "seconds", summary: "How long; none: \(CaptureLimits.usualSeconds)",
          schema: .integer(in: CaptureLimits.secondsRange).orEmpty),
        .init(
          name: "bytes", summary: "Of the whole file, at most; none: \(CaptureLimits.usualBytes)",
          schema: .integer(in: CaptureLimits.bytesRange).orEmpty),
        .init(
          name: "snap", summary: "Bytes of each frame, at most; none: \(CaptureOrder.usualSnapLength)",
          schema: .integer(in: CaptureOrder.snapLengths).orEmpty),
      ], .text([CaptureQuery.mediaType]), mayConflict: true)
  ]

  static let agentCaptures = [
    OperationDocument(
      .listCaptureOrders,
      "Captures that are ordered of the node, as soon as there is one that it does not know",
      query: [
        .init(
          name: "known", summary: "Ids of those that it works on, with commas between", schema: .string()),
        .init(name: "wait", summary: "Seconds to wait for one", schema: .integer(0...60).orEmpty),
      ],
      .ok(.answer(["version": linkVersion, "captures": .array(of: order)])), .noContent),
    OperationDocument(
      .sendCapture,
      "Whole blocks of a capture's file, or none to say that it goes on; answered when there is room for more",
      query: [
        .init(
          name: "number", summary: "Of the part; one that is sent again is known by it",
          schema: .integer(0...Int64(Int32.max)), isRequired: true),
        .init(name: "last", summary: "Whether it is the last", schema: .words("true", "false").orEmpty),
      ], body: .string(), bodyType: "application/octet-stream", .noContent,
      Answer(
        status: 202, summary: "Taken, and there is no room yet: the same number again, without bytes",
        schema: nil)),
    OperationDocument(
      .refuseCapture, "Why a capture did not begin, for who asked for it",
      body: .body(["version": linkVersion, "refusal": .string()]), .noContent),
  ]

  private static let order = Schema.answer([
    "id": .uuid,
    "order": .answer(["connection": .uuid, "snapLength": .integer(in: CaptureOrder.snapLengths)]),
    "limits": .answer([
      "seconds": .integer(in: CaptureLimits.secondsRange), "bytes": .integer(in: CaptureLimits.bytesRange),
    ]),
  ]).named("CaptureOrder")
}

extension Schema {
  fileprivate static func integer(in range: ClosedRange<Int>) -> Schema {
    integer(Int64(range.lowerBound)...Int64(range.upperBound))
  }
}
