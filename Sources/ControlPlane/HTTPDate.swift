import ESWModel
import Synchronization

/// The `Date` of answers (RFC 9110 section 5.6.7), put together once a second.
final class HTTPDate: Sendable {
  private let last = Mutex<(second: Int64, text: String)>((.min, ""))

  func text(at moment: Timestamp) -> String {
    let second = moment.milliseconds / 1000
    return last.withLock { last in
      if last.second != second { last = (second, moment.httpDate) }
      return last.text
    }
  }
}

extension Timestamp {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Mon, 05 Jan 2026 09:00:00 GMT`; years 1970 to 9999.
  var httpDate: String {
    let text = Array(iso8601)
    let day = Self.days[Int(max(milliseconds, 0) / 86_400_000 % 7)]
    let month = Self.months[(Int(String(text[5..<7])) ?? 1) - 1]
    return "\(day), \(String(text[8..<10])) \(month) \(String(text[0..<4])) \(String(text[11..<19])) GMT"
  }
}
