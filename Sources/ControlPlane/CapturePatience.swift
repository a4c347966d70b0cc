/// How long captures wait for an agent. Our own choices.
package struct CapturePatience: Hashable, Sendable {
  /// For it to take an order up: it asks for them all the time, and begins at once.
  package var beginning = Duration.seconds(5)
  /// Between two parts; it sends one each second, an empty one if nothing came.
  package var silence = Duration.seconds(10)
  /// For a user to take what came until the time of the capture was over.
  package var lateness = Duration.seconds(60)

  package init() {}
}
