import ArgumentParser
import ESWClient
import ESWModel
import ESWSeams
import Foundation
import LinuxDataplane
import PacketCapture

extension FrameFilter.Host: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension Direction: ExpressibleByArgument {
  package init?(argument: String) {
    switch argument {
    case "out": self = .toRemote
    case "in": self = .toLocal
    default: return nil
    }
  }

  package static var allValueStrings: [String] { ["out", "in"] }
}

struct CaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Frames of one connection, from the data path, with what became of each.",
    discussion: """
      Each frame once: as it left for a remote or came from one, outer headers included, and what did not cross with \
      the reason. To the terminal, a line a frame; with --write to a pcapng file, for Wireshark and tshark. Frames go \
      on as before, and other connections do not notice. docs/capture.md explains what is seen.

      On the node, as root, it reads the data path itself and needs no server for a connection that is given by its \
      id. Elsewhere the API has the node do it; that takes the right openesw:connection:capture, and is in the audit.

      Examples:
        esw capture l2conn --dropped
        esw capture l2conn --host 192.168.0.20 --write l2conn.pcapng
        esw capture l2conn --write - | tshark -r - -Y arp
        esw capture --refused
      """)

  @OptionGroup var options: ClientOptions
  @Argument(help: "The connection, by id or name.") var connection: Reference<ConnectionResource>?
  @Flag(help: "Instead of a connection: VXLAN to this node that no connection lets in.") var refused = false
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A pcapng file to write, or - for standard output.", valueName: "file"))
  var write: String?
  @Option(help: "Only frames from or to a host, by its MAC, IPv4 or IPv6 address.") var host:
    FrameFilter.Host?
  @Option(help: ArgumentHelp("Only frames to the remotes (out), or from them (in).", valueName: "out|in"))
  var direction: Direction?
  @Flag(help: "Only frames that were dropped.") var dropped = false
  @Option(help: "End after so many seconds.") var seconds = 300
  @Option(help: "End before more is written than so many megabytes.") var megabytes = 100
  @Option(help: "End after so many frames.") var count: UInt64?
  @Option(help: ArgumentHelp("Bytes of each frame.", valueName: "bytes")) var snap = CaptureOrder
    .usualSnapLength
  @Option(
    help: "Network namespace of the node, such as /run/netns/name; default the one that has the connection.")
  var namespace: String?
  @Flag(help: "Over the API, also where this machine is the node.") var remote = false

  func validate() throws {
    guard (connection != nil) != refused else {
      throw ValidationError(
        "a connection, or --refused, is wanted: `esw connection list` shows which there are")
    }
    guard !remote || (namespace == nil && !refused) else {
      throw ValidationError("--remote is of a connection, wherever it is: without --namespace and --refused")
    }
    guard CaptureBounds.secondsRange.contains(seconds) else {
      throw ValidationError("--seconds must be 1 to \(CaptureBounds.secondsRange.upperBound)")
    }
    guard CaptureBounds.megabytesRange.contains(megabytes) else {
      throw ValidationError("--megabytes must be 1 to \(CaptureBounds.megabytesRange.upperBound)")
    }
    guard CaptureOrder.snapLengths.contains(snap) else {
      throw ValidationError(
        "--snap must be \(CaptureOrder.snapLengths.lowerBound) to \(CaptureOrder.snapLengths.upperBound)")
    }
    guard options.output == .table else {
      throw ValidationError("frames are no JSON here: --write - | tshark -r - -T json makes it of them")
    }
    guard count ?? 1 > 0 else { throw ValidationError("--count must be 1 or more") }
  }

  func run() async throws {
    let id = try await identify()
    let local = try place(of: id)
    let begun: (capture: FrameCapture, remote: RemoteCapture?)
    if let local {
      begun = (try await begin(id, at: local), nil)
    } else {
      let remote = try await begin(id)
      begun = (remote.capture, remote)
    }
    do {
      // Only now: what is refused leaves a file of that name as it is.
      let output = try CaptureOutput(path: write, sentences: LinuxDataplane.dropSentences)
      try await take(begun.capture, into: output, way: local == nil ? " over the API" : "", begun.remote)
    } catch {
      await begun.capture.stop()
      throw error
    }
  }

  private func take(
    _ capture: FrameCapture, into output: CaptureOutput, way: String, _ remote: RemoteCapture?
  ) async throws {
    var output = output
    let bounds = CaptureBounds(seconds: seconds, bytes: Int64(megabytes) * 1_000_000, frames: count)
    options.note("capturing \(connection?.text ?? "what is refused")\(way) \(bounds.description)")
    var run = CaptureRun(
      filter: FrameFilter(host: host, onlyDropped: dropped, direction: direction), bounds: bounds,
      showsProgress: write != nil && Terminal.isErrorTerminal)
    try await run.take(capture, into: &output)
    await capture.stop()
    options.note(run.summary(of: output, path: write))
    guard run.end == .source else { return }
    try remote?.check()
    if let reason = await capture.failure() {
      throw CommandFailure(.failed, "the node could not go on: \(reason)")
    }
  }

  private func begin(_ id: ConnectionID?, at place: CapturePlace) async throws -> FrameCapture {
    guard let order = CaptureOrder(connection: id, snapLength: snap) else { throw ExitCode.validationFailure }
    do {
      return try await LinuxDataplane.capture(order, pins: place.pins, namespace: place.namespace)
    } catch {
      throw CommandFailure(.failed, "\(error)")
    }
  }

  /// Over the API. What the filter leaves out counts there too, so its limit of bytes is the most that there
  /// is.
  private func begin(_ id: ConnectionID?) async throws -> RemoteCapture {
    let longest = CaptureLimits.secondsRange.upperBound
    guard let id, let limits = CaptureLimits(seconds: seconds, bytes: CaptureLimits.bytesRange.upperBound)
    else {
      throw CommandFailure(
        .usage, "over the API a capture is of a connection, and takes \(longest) s at most",
        advice: "On the node itself `esw capture` takes longer, and shows what is refused.")
    }
    return try await RemoteCapture.begin(id, limits: limits, snapLength: snap, client: options.client())
  }

  /// Nil: what is refused.
  private func identify() async throws -> ConnectionID? {
    guard let connection else { return nil }
    // One that the API does not know may still be on the node.
    if let id = ConnectionID(connection.text) { return id }
    return try await connection.id(options.client())
  }

  /// Nil: over the API.
  private func place(of connection: ConnectionID?) throws -> CapturePlace? {
    if remote { return nil }
    if let namespace { return CapturePlace.of(namespace: namespace) }
    let places = connection.map(CapturePlace.all(with:)) ?? CapturePlace.all()
    guard places.count > 1 else {
      if places.isEmpty, connection == nil { throw nowhere() }
      return places.first
    }
    let folders = places.map(\.pins).joined(separator: ", ")
    throw CommandFailure(
      .usage, "which of the \(places.count) nodes of this machine, \(folders)?",
      advice: "--namespace says it, or --remote for the one that the API knows.")
  }

  private func nowhere() -> CommandFailure {
    guard geteuid() == 0 else {
      return CommandFailure(.notAllowed, "the data path can be read by root only", advice: "Try sudo.")
    }
    return CommandFailure(
      .notFound, "no data path is on this machine", advice: "`esw doctor` says what this machine has.")
  }
}
