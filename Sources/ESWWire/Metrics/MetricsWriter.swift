/// How metrics are written down.
package enum MetricsFormat: Hashable, Sendable, CaseIterable {
  /// Prometheus' text format 0.0.4.
  case text
  /// OpenMetrics 1.0.0.
  case openMetrics

  /// What a scraper that accepts these media types gets. Prometheus asks for OpenMetrics before all else.
  package init(accept: String) {
    self = accept.contains("application/openmetrics-text") ? .openMetrics : .text
  }

  package var mediaType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}

/// Labels, written once: thousands of series begin with the same.
struct MetricLabels {
  fileprivate(set) var bytes: [UInt8] = []

  init(_ pairs: KeyValuePairs<StaticString, String> = [:]) {
    for (name, value) in pairs { append(name, value) }
  }

  func with(_ name: StaticString, _ value: String) -> MetricLabels {
    var labels = self
    labels.append(name, value)
    return labels
  }

  private mutating func append(_ name: StaticString, _ value: String) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    bytes.append(contentsOf: name)
    bytes.append(UInt8(ascii: "="))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(escaped: value)
    bytes.append(UInt8(ascii: "\""))
  }
}

/// Writes families of metrics, one after another. What has no sample is not mentioned.
struct MetricsWriter {
  enum Kind {
    case counter, gauge, histogram, summary

    fileprivate var word: StaticString {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      case .summary: "summary"
      }
    }
  }

  let format: MetricsFormat
  private(set) var bytes: [UInt8] = []
  private(set) var series = 0
  private var family: StaticString = ""
  private var kind = Kind.gauge
  private var help: StaticString = ""
  private var isNamed = false

  /// - Parameter capacity: A guess of the size in bytes.
  init(_ format: MetricsFormat, capacity: Int) {
    self.format = format
    bytes.reserveCapacity(capacity)
  }

  /// - Parameter name: Of a counter without `_total`.
  mutating func family(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
    family = name
    self.kind = kind
    self.help = help
    isNamed = false
  }

  mutating func sample(_ labels: MetricLabels, _ value: some BinaryInteger) {
    begin(labels, kind == .counter ? "_total" : "")
    end("\(value)")
  }

  /// In an exact decimal form.
  mutating func sample(_ labels: MetricLabels, milliseconds: Int64) {
    sample(labels, thousandths: UInt64(max(milliseconds, 0)))
  }

  mutating func sample(_ labels: MetricLabels, thousandths: UInt64) {
    begin(labels, kind == .counter ? "_total" : "")
    end(Self.decimal(thousandths, digits: 3))
  }

  mutating func sample(_ labels: MetricLabels, microseconds: UInt64, suffix: StaticString = "") {
    begin(labels, suffix)
    end(Self.decimal(microseconds, digits: 6))
  }

  mutating func sample(_ labels: MetricLabels, count: UInt64, suffix: StaticString) {
    begin(labels, suffix)
    end("\(count)")
  }

  mutating func sample(_ labels: MetricLabels, real value: Double) {
    begin(labels, "")
    end(value.isFinite ? "\(value)" : "NaN")
  }

  /// A histogram of times: a bucket each, then all of them, their sum and their number.
  mutating func sample(_ labels: MetricLabels, _ times: TimeHistogram) {
    var below: UInt64 = 0
    for (bound, count) in zip(TimeHistogram.bounds, times.counts) {
      below &+= count
      sample(labels.with("le", bound.text), count: below, suffix: "_bucket")
    }
    sample(labels.with("le", "+Inf"), count: times.count, suffix: "_bucket")
    sample(labels, microseconds: times.microseconds, suffix: "_sum")
    sample(labels, count: times.count, suffix: "_count")
  }

  consuming func finish() -> [UInt8] {
    if format == .openMetrics { bytes.append(contentsOf: "# EOF\n" as StaticString) }
    return bytes
  }

  private mutating func begin(_ labels: MetricLabels, _ suffix: StaticString) {
    if !isNamed { writeHead() }
    series += 1
    bytes.append(contentsOf: family)
    bytes.append(contentsOf: suffix)
    if !labels.bytes.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      bytes.append(contentsOf: labels.bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func end(_ value: String) {
    bytes.append(contentsOf: value.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func writeHead() {
    isNamed = true
    for (word, text) in [("# HELP " as StaticString, help), ("# TYPE ", kind.word)] {
      bytes.append(contentsOf: word)
      bytes.append(contentsOf: family)
      // In OpenMetrics a counter's family has no such ending, its samples have.
      if format == .text, kind == .counter { bytes.append(contentsOf: "_total" as StaticString) }
      bytes.append(UInt8(ascii: " "))
      bytes.append(contentsOf: text)
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  private static func decimal(_ value: UInt64, digits: Int) -> String {
    let text = "\(value)"
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.utf8.count)) + text
    return "\(padded.dropLast(digits)).\(padded.suffix(digits))"
  }
}

extension [UInt8] {
  fileprivate mutating func append(contentsOf text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  fileprivate mutating func append(escaped text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"), UInt8(ascii: "\""):
        append(UInt8(ascii: "\\"))
        append(byte)
      case UInt8(ascii: "\n"):
        append(UInt8(ascii: "\\"))
        append(UInt8(ascii: "n"))
      default: append(byte)
      }
    }
  }
}
