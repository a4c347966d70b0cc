/// `page` and `per_page` of the vendor's IAM, which come together or not at all.
package struct NumberedPage: Sendable {
  /// The vendor's.
  package static let sizeRange = 1...500
  /// Our own choice.
  package static let numberRange = 1...1_000_000

  /// From 1; nil for all rows on one page.
  private let page: (number: Int, size: Int)?

  package init(_ query: QueryParameters) throws(RequestBodyError) {
    func number(_ name: String, in range: ClosedRange<Int>) throws(RequestBodyError) -> Int? {
      guard let text = query[name], text != "" else { return nil }
      guard let number = Int(text), range.contains(number) else {
        throw .invalid(path: name, rule: "an integer from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    switch (try number("page", in: Self.numberRange), try number("per_page", in: Self.sizeRange)) {
    case (let number?, let size?): page = (number, size)
    case (nil, nil): page = nil
    case (_?, nil): throw .missing(path: "per_page")
    case (nil, _?): throw .missing(path: "page")
    }
  }

  package func slice<Row>(of rows: [Row]) -> ArraySlice<Row> {
    guard let page else { return rows[...] }
    return rows.dropFirst((page.number - 1) * page.size).prefix(page.size)
  }
}
