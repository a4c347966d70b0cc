package import ESWModel

/// The value of `X-Sdk-Date`: `YYYYMMDDTHHMMSSZ`, UTC.
package enum SignedDate {
  /// Nil for anything but that form with a date of the calendar.
  package static func parse(_ text: String) -> Timestamp? {
    let bytes = Array(text.utf8)
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      bytes[range].reduce(0) { value, digit in
        value.flatMap { (48...57).contains(digit) ? $0 * 10 + Int64(digit - 48) : nil }
      }
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
      let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    let moment = Timestamp(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    // 31 February comes out as a day of March.
    return format(moment) == text ? moment : nil
  }

  package static func format(_ moment: Timestamp) -> String {
    moment.iso8601.filter { $0 != "-" && $0 != ":" }
  }
}
