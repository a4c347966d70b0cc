/// What one client may take of the server. All are our own choices.
package struct ServerLimits: Hashable, Sendable {
  /// A request line and its headers have to be whole so long after their first byte; the first ones of a
  /// connection, with the TLS handshake, so long after it was opened.
  package var headPatience = Duration.seconds(20)
  /// A body has to be whole so long after its headers.
  package var bodyPatience = Duration.seconds(60)
  /// A client has to take so much of an answer that the rest fits our buffer, in this time.
  package var answerPatience = Duration.seconds(60)
  /// A connection between two requests is closed after so long.
  package var idleTimeout = Duration.seconds(75)
  /// How many connections are served at a time; more wait in the kernel's queue.
  package var mostConnections = 8192
  /// Of one client: an IPv4 address, or an IPv6 network of 64 bits, which is what one host can choose from.
  package var mostConnectionsPerAddress = 256
  /// Bytes of bodies that are being read or worked on, all requests together, beyond
  /// `BodyShare.freeBytes` of each. Users and agents have so much each.
  package var mostBodyBytes = 32 << 20

  package init() {}
}
