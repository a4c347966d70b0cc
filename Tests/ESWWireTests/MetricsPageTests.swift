import ESWModel
import Testing

@testable import ESWWire

@Suite struct `The page of metrics` {
  private func text(_ format: MetricsFormat = .text, _ write: (inout MetricsWriter) -> Void) -> String {
    var writer = MetricsWriter(format, capacity: 64)
    write(&writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test func `names a family once, and only when it has a sample`() {
    let page = text {
      $0.family("nothing", .gauge, "Not there.")
      $0.family("hosts", .gauge, "Known.")
      $0.sample(MetricLabels(["side": "local"]), 1)
      $0.sample(MetricLabels(), 2)
    }
    #expect(page == "# HELP hosts Known.\n# TYPE hosts gauge\nhosts{side=\"local\"} 1\nhosts 2\n")
  }

  @Test func `ends a counter's name as each format has it`() {
    func write(_ writer: inout MetricsWriter) {
      writer.family("frames", .counter, "Crossed.")
      writer.sample(MetricLabels(), UInt64.max)
    }
    #expect(
      text(.text, write)
        == "# HELP frames_total Crossed.\n# TYPE frames_total counter\nframes_total 18446744073709551615\n")
    #expect(
      text(.openMetrics, write)
        == "# HELP frames Crossed.\n# TYPE frames counter\nframes_total 18446744073709551615\n# EOF\n")
  }

  @Test func `escapes what labels may have`() {
    let page = text {
      $0.family("a", .gauge, "A.")
      $0.sample(MetricLabels(["name": "x\"y\\z\nß"]), 1)
    }
    #expect(page.hasSuffix(#"a{name="x\"y\\z\nß"} 1"# + "\n"))
  }

  @Test(arguments: [(0, "0.000"), (7, "0.007"), (1_234, "1.234"), (-5, "0.000")] as [(Int64, String)])
  func `has times in seconds`(milliseconds: Int64, expected: String) {
    let page = text {
      $0.family("age_seconds", .gauge, "Age.")
      $0.sample(MetricLabels(), milliseconds: milliseconds)
    }
    #expect(page.hasSuffix("age_seconds \(expected)\n"))
  }

  @Test func `has histograms whose buckets include those below`() {
    var times = TimeHistogram()
    for time in [Duration.microseconds(50), .microseconds(100), .milliseconds(2), .seconds(60)] {
      times.add(time)
    }
    let lines = text {
      $0.family("took_seconds", .histogram, "Took.")
      $0.sample(MetricLabels(["a": "b"]), times)
    }.split(separator: "\n")
    #expect(lines.contains(#"took_seconds_bucket{a="b",le="0.0001"} 2"#))
    #expect(lines.contains(#"took_seconds_bucket{a="b",le="0.001"} 2"#))
    #expect(lines.contains(#"took_seconds_bucket{a="b",le="0.0025"} 3"#))
    #expect(lines.contains(#"took_seconds_bucket{a="b",le="5.0"} 3"#))
    #expect(lines.contains(#"took_seconds_bucket{a="b",le="+Inf"} 4"#))
    #expect(lines.contains(#"took_seconds_sum{a="b"} 60.002150"#))
    #expect(lines.contains(#"took_seconds_count{a="b"} 4"#))
  }

  @Test(arguments: [
    ("", MetricsFormat.text), ("*/*", .text), ("text/plain;version=0.0.4", .text),
    ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", .openMetrics),
  ])
  func `is in the format that is accepted`(accept: String, format: MetricsFormat) {
    #expect(MetricsFormat(accept: accept) == format)
  }
}
