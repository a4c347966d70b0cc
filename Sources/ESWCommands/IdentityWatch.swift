import ControlPlane
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Keeps the certificate that is shown equal to its files: looks at them every few seconds, and at SIGHUP.
///
/// It asks for their state instead of being told of changes: that works for links that are turned, as
/// certbot and Kubernetes do it, on every file system.
actor IdentityWatch: Service {
  static let interval = Duration.seconds(2)
  /// A certificate that ends sooner is a warning.
  static let shortestRest = Duration.seconds(14 * 24 * 3600)
  private static let warningInterval = Duration.seconds(24 * 3600)

  private let files: TLSFiles
  private let identity: ServerIdentity
  private let logger: Logger
  private let hearsHangups: Bool
  private var change: SettledChange<[TLSFiles.Stamp?]>
  private var lastWarning: ContinuousClock.Instant?

  /// - Parameter hearsHangups: Whether SIGHUP is taken from the process.
  init(files: TLSFiles, identity: ServerIdentity, logger: Logger, hearsHangups: Bool) {
    self.files = files
    self.identity = identity
    self.logger = logger
    self.hearsHangups = hearsHangups
    change = SettledChange(handled: files.stamps)
  }

  func run() async throws {
    tell("certificate loaded")
    if files.isKeyOpen {
      logger.warning(
        "others may read the private key: chmod 600 it, and replace it if they are not trusted",
        metadata: ["file": "\(files.key)"])
    }
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.poll() }
        if self.hearsHangups { group.addTask { await self.listen() } }
      }
    }
  }

  private func poll() async {
    while (try? await Task.sleep(for: Self.interval)) != nil {
      if change.look(files.stamps) { renew() }
      warnOfEnd()
    }
  }

  private func listen() async {
    for await _ in await UnixSignalsSequence(trapping: .sighup) {
      // Now, whether they look changed or not; the next look finds nothing new.
      change = SettledChange(handled: files.stamps)
      renew()
    }
  }

  private func renew() {
    do {
      try files.renew(identity)
      lastWarning = nil
      tell("certificate loaded anew: handshakes show it from now on")
    } catch {
      logger.error(
        "the certificate on disk cannot be used, the old one is still shown", metadata: ["error": "\(error)"])
    }
  }

  private func tell(_ message: Logger.Message) {
    let facts = identity.facts
    logger.info(
      message,
      metadata: [
        "file": "\(files.certificate)", "names": "\(facts.names.joined(separator: ","))",
        "valid_until": "\(facts.validUntil.formatted(.iso8601))",
      ])
    warnOfEnd()
  }

  private func warnOfEnd() {
    let (facts, now) = (identity.facts, Date())
    let problem: Logger.Message? =
      if facts.validUntil <= now {
        "the certificate has expired: clients refuse it"
      } else if facts.validFrom > now {
        "the certificate is not valid yet: clients refuse it"
      } else if facts.validUntil < now + Self.shortestRest / .seconds(1) {
        "the certificate expires soon"
      } else { nil }
    guard let problem, lastWarning.map({ .now - $0 > Self.warningInterval }) ?? true else { return }
    lastWarning = .now
    logger.warning(problem, metadata: ["valid_until": "\(facts.validUntil.formatted(.iso8601))"])
  }
}
