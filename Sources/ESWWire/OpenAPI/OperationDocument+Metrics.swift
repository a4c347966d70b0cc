extension OperationDocument {
  static let metrics = Area(
    name: "Metrics", summary: "What Prometheus collects",
    operations: [
      OperationDocument(
        .showMetrics,
        "Counters and states of everything, in Prometheus' text format, or as OpenMetrics where that is accepted",
        .text(MetricsFormat.allCases.map(\.mediaType)))
    ])
}
