import ESWModel

extension JSONWriter {
  /// What probes have shown of a remote; null where the node does not tell.
  mutating func probing(_ probing: RemoteProbing?, heard: HeardReport?) {
    name("probing")
    guard let probing else { return null() }
    object {
      $0.name("reflector")
      switch probing.reflector {
      case nil: $0.null()
      case .dataPath: $0.string("data_path")
      case .host: $0.string("host")
      }
      $0.figures(probing.figures, heard)
      $0.optional("largest_to_remote", probing.largestToRemote)
      $0.optional("largest_to_local", probing.largestToLocal)
      $0.optional("largest_tried", probing.largestTried)
    }
  }

  private mutating func figures(_ figures: ProbeFigures, _ heard: HeardReport?) {
    member("sent", integer: figures.sent)
    member("answered", integer: figures.answered)
    optional("loss_per_mille", figures.lossPerMille)
    optional("round_trip_us", figures.roundTripMicroseconds)
    optional("least_round_trip_us", figures.leastRoundTripMicroseconds)
    optional("answered_age_ms", figures.answeredAgeMilliseconds.flatMap { heard?.asOfNow($0) })
  }

  private mutating func optional(_ name: StaticString, _ value: (some BinaryInteger)?) {
    self.name(name)
    if let value { integer(value) } else { null() }
  }
}
