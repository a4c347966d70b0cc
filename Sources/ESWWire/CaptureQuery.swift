package import ESWModel

/// What is asked of a capture, and what of it an agent sends.
package enum CaptureQuery {
  /// IANA has not registered it; what everybody says.
  package static let mediaType = "application/x-pcapng"
  /// Of a part, in bytes; ours.
  package static let mostPartBytes = 2 << 20

  package static func order(
    _ query: QueryParameters, of connection: ConnectionID
  ) throws(RequestBodyError) -> (order: CaptureOrder, limits: CaptureLimits) {
    let snap = try number(query, "snap", CaptureOrder.snapLengths) ?? CaptureOrder.usualSnapLength
    let seconds = try number(query, "seconds", CaptureLimits.secondsRange) ?? CaptureLimits.usualSeconds
    let bytes = try number(query, "bytes", CaptureLimits.bytesRange) ?? CaptureLimits.usualBytes
    guard let order = CaptureOrder(connection: connection, snapLength: snap),
      let limits = CaptureLimits(seconds: seconds, bytes: bytes)
    else { throw .invalid(path: "snap", rule: "an integer in its range") }
    return (order, limits)
  }

  /// - Parameter query: Ids with commas between, as `known`.
  package static func known(_ query: QueryParameters) throws(RequestBodyError) -> Set<CaptureID> {
    guard let text = query["known"], text != "" else { return [] }
    var known: Set<CaptureID> = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let id = CaptureID(String(word)) else { throw .invalid(path: "known", rule: "ids of captures") }
      known.insert(id)
    }
    return known
  }

  /// - Returns: Of a part its number, and whether it is the last.
  package static func part(_ query: QueryParameters) throws(RequestBodyError) -> (number: Int, isLast: Bool) {
    guard let number = try number(query, "number", 0...Int(Int32.max)) else {
      throw .invalid(path: "number", rule: "the part's number")
    }
    switch query["last"] {
    case nil, "", "false": return (number, false)
    case "true": return (number, true)
    default: throw .invalid(path: "last", rule: "true or false")
    }
  }

  private static func number(
    _ query: QueryParameters, _ name: String, _ range: ClosedRange<Int>
  ) throws(RequestBodyError) -> Int? {
    guard let text = query[name], text != "" else { return nil }
    guard text.utf8.count <= 10, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
      range.contains(number)
    else {
      throw .invalid(path: name, rule: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
