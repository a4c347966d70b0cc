import ESWModel

extension Schema {
  /// What probes through the tunnel have shown of a remote. Lengths are those of Ethernet frames, in bytes.
  static let probing = answer([
    "reflector": words("data_path", "host").orNull, "sent": count, "answered": count,
    "loss_per_mille": count.orNull, "round_trip_us": count.orNull, "least_round_trip_us": count.orNull,
    "answered_age_ms": milliseconds.orNull, "largest_to_remote": count.orNull,
    "largest_to_local": count.orNull, "largest_tried": count.orNull,
  ]).named("Probing")

  /// The same as agents tell it.
  static let reportedProbing = body(
    [
      "figures": body(
        ["sent": count, "answered": count],
        optional: [
          "roundTripMicroseconds": count, "leastRoundTripMicroseconds": count,
          "answeredAgeMilliseconds": milliseconds,
        ])
    ],
    optional: [
      "reflector": words(of: RemoteProbing.Reflector.self), "largestToRemote": count,
      "largestToLocal": count, "largestTried": count,
    ])
}
