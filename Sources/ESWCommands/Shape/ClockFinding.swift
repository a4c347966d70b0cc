import ESWClient
import ESWModel
import Foundation

/// That a call was refused because two clocks differ: a signature lives 15 minutes either way (contract
/// section 9.1).
struct ClockFinding {
  let finding: Finding
  /// For whoever reads an error.
  let sentence: String

  /// Nil where the clocks are not what it was refused for.
  init?(of error: ClientError, _ exchange: Exchange?, now: Date = Date()) {
    guard case .refused(401, _, let message, _) = error else { return nil }
    self.init(message: message, serverDate: exchange?.serverDate, now: now)
  }

  /// - Parameters:
  ///   - message: The server's. One of ours names both times, because `Date` may be of something between.
  ///   - serverDate: The answer's `Date`.
  init?(message: String, serverDate: String?, now: Date) {
    let isExpired = message.contains("signature expired")
    guard let server = Self.served(message) ?? serverDate.flatMap(Self.httpDate) else { return nil }
    let skew = Int(now.timeIntervalSince(server).rounded())
    // Less than a minute is not worth a word.
    guard abs(skew) >= 60 || isExpired else { return nil }
    let (own, other) = (Self.text(now), Self.text(server))
    let difference = "\(abs(skew)) s \(skew > 0 ? "ahead of" : "behind") the server's"
    sentence =
      "This machine's clock is \(difference) (\(own) here, \(other) there): set the one that is wrong right."
    finding = Finding(
      .fault, .clockWrong, "this machine's clock is \(difference), so signatures are refused",
      evidence: ["this machine: \(own)", "the server: \(other)", message],
      advice: "set the one that is wrong right, best by NTP on both; a signature may be 15 minutes off",
      commands: ["date -u", "timedatectl set-ntp true"])
  }

  private static func served(_ message: String) -> Date? {
    guard let match = message.firstMatch(of: /the server's time is ([0-9TZ:-]{20})/) else { return nil }
    return try? Date(String(match.1), strategy: .iso8601)
  }

  private static func httpDate(_ text: String) -> Date? {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: text)
  }

  private static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
