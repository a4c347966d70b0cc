package import ESWModel

/// The value of `X-Sdk-Date`: `YYYYMMDDTHHMMSSZ`, UTC.
package enum SignedDate {
  /// Nil for anything but that form with a date of the calendar.
  package static func parse(_ text: String) -> Timestamp? {
    var text = text
    return text.withUTF8(parse)
  }

  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for place in range {
        guard (48...57).contains(bytes[place]) else { return nil }
        value = value * 10 + Int64(bytes[place] - 48)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
      let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
      (1...12).contains(month), day >= 1, day <= days(of: month, in: year), hour < 24, minute < 60,
      second < 60
    else { return nil }
    return Timestamp(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  private static func days(of month: Int64, in year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  package static func format(_ moment: Timestamp) -> String {
    moment.iso8601.filter { $0 != "-" && $0 != ":" }
  }
}
