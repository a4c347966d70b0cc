/// A moment in UTC, in milliseconds since 1970. The wire shows whole seconds (contract section 2).
package struct Timestamp: Hashable, Comparable, Sendable, Codable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

  /// The time that has passed since `earlier`, negative when it lies ahead. Saturates.
  package func since(_ earlier: Timestamp) -> Duration {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    return .milliseconds(overflow ? (milliseconds < 0 ? Int64.min : Int64.max) : difference)
  }

  /// `yyyy-MM-ddTHH:mm:ssZ`, fractions cut off. Years 0 to 9999; beyond, the nearest of them.
  package var iso8601: String {
    let limits: ClosedRange<Int64> = -62_167_219_200...253_402_300_799
    let seconds = min(max(floorDivide(milliseconds, 1000), limits.lowerBound), limits.upperBound)
    let days = floorDivide(seconds, 86_400)
    let (year, month, day) = civilDate(days: days)
    let second = seconds - days * 86_400
    return String(unsafeUninitializedCapacity: 20) { buffer in
      var position = 0
      func digits(_ value: Int64, _ count: Int, _ separator: Unicode.Scalar) {
        var divisor: Int64 = count == 4 ? 1000 : 10
        while divisor > 0 {
          buffer[position] = UInt8(48 + value / divisor % 10)
          position += 1
          divisor /= 10
        }
        buffer[position] = UInt8(ascii: separator)
        position += 1
      }
      digits(year, 4, "-")
      digits(month, 2, "-")
      digits(day, 2, "T")
      digits(second / 3600, 2, ":")
      digits(second / 60 % 60, 2, ":")
      digits(second % 60, 2, "Z")
      return position
    }
  }

  /// Seconds since 1970 of a date in the proleptic Gregorian calendar, UTC; fields are not checked.
  package init(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
    let shifted = month <= 2 ? year - 1 : year
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    self.init(milliseconds: (days * 86_400 + hour * 3600 + minute * 60 + second) * 1000)
  }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

/// The Gregorian date so many days after 1970-01-01, by counting eras of 400 years from 1 March 0000,
/// which puts the leap day last in a year.
private func civilDate(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let shifted = days + 719_468
  let era = floorDivide(shifted, 146_097)
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return (
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  )
}
