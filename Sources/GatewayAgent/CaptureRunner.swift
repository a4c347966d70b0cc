import ESWModel
import ESWSeams
import Foundation
import Logging
import PacketCapture

/// Makes the captures that the control plane orders.
///
/// It asks for orders beside everything else that the agent does, and each capture sends for itself, one part
/// after the other. While a part is under way, frames wait where the data path keeps them; what has no room
/// there is lost, and counted.
actor CaptureRunner {
  /// A part is sent when it has so many bytes, or when the one before is so old.
  static let (partBytes, partInterval) = (1 << 20, Duration.milliseconds(200))
  /// The same when there is nothing to send: so who goes is noticed, and who is silent too.
  static let signInterval = Duration.milliseconds(900)
  /// Without a byte for so long, statistics are sent: many a proxy ends what is quiet for a minute.
  static let quiet = Duration.seconds(20)
  /// A control plane that is older than captures is asked again after this.
  static let oldPause = Duration.seconds(60)
  /// How often a part is sent that may not have arrived, and the pause between.
  static let (tries, tryPause) = (4, Duration.milliseconds(500))

  private let link: any AgentLink
  private let dataplane: any Dataplane
  private let logger: Logger
  private let writer: PcapngWriter
  private let product: String
  private var running: Set<CaptureID> = []

  init(
    link: any AgentLink, dataplane: any Dataplane, writer: PcapngWriter, product: String, logger: Logger
  ) {
    self.link = link
    self.dataplane = dataplane
    self.writer = writer
    self.product = product
    self.logger = logger
  }

  /// Until it is cancelled. Captures that go on then just end: nobody is to take them for whole.
  func run() async {
    await withDiscardingTaskGroup { group in
      var pause = AgentService.pauses.first
      while !Task.isCancelled {
        do {
          for request in try await link.captures(besides: running.sorted())
          where running.insert(request.id).inserted {
            group.addTask { await self.carryOut(request) }
          }
          pause = AgentService.pauses.first
        } catch is CapturesUnknown {
          logger.debug("the control plane is older than captures")
          try? await Task.sleep(for: Self.oldPause)
        } catch {
          if Task.isCancelled { break }
          logger.debug("no orders of captures; asking again", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: pause)
          pause = min(pause * 2, AgentService.pauses.longest)
        }
      }
      group.cancelAll()
    }
  }

  private func carryOut(_ request: CaptureRequest) async {
    defer { running.remove(request.id) }
    var parcels = ParcelSender(link: link, capture: request.id, logger: logger)
    let capture: FrameCapture
    do {
      guard running.count <= CaptureOrder.mostAtOnce else { throw CaptureRefusal.placesTaken }
      capture = try await dataplane.capture(request.order)
    } catch {
      _ = await parcels.send(.failure("\(error)"))
      return
    }
    logger.info(
      "a capture begins",
      metadata: [
        "capture": "\(request.id)", "connection": "\(request.order.connection.map(\.description) ?? "-")",
      ])
    var file = CaptureFile(
      of: capture.source, upTo: request.limits.bytes, writer: writer, product: product)
    let isWanted = await relay(capture.batches, until: request.limits.seconds, &file, &parcels)
    if isWanted, !Task.isCancelled { _ = await parcels.send(.end(file.end(at: Self.moment))) }
    logger.info(
      "a capture ended", metadata: ["capture": "\(request.id)", "bytes": "\(file.size)"])
  }

  /// - Returns: Whether somebody still wants the end.
  private nonisolated func relay(
    _ batches: AsyncStream<CaptureBatch>, until seconds: Int, _ file: inout CaptureFile,
    _ parcels: inout ParcelSender
  ) async -> Bool {
    let start = ContinuousClock.now
    guard await parcels.send(.part(file.takePending())) else { return false }
    var (sent, loud) = (ContinuousClock.now, ContinuousClock.now)
    for await batch in batches {
      file.lose(batch.lost)
      for frame in batch.frames {
        file.add(frame)
        guard file.pendingBytes >= Self.partBytes else { continue }
        guard await parcels.send(.part(file.takePending())) else { return false }
        (sent, loud) = (.now, .now)
      }
      let now = ContinuousClock.now
      if file.isFull || now - start >= .seconds(seconds) { return true }
      if now - loud >= Self.quiet, file.pendingBytes == 0 { file.addStatistics(at: Self.moment) }
      guard now - sent >= (file.pendingBytes > 0 ? Self.partInterval : Self.signInterval) else { continue }
      if file.pendingBytes > 0 { loud = now }
      guard await parcels.send(.part(file.takePending())) else { return false }
      sent = .now
    }
    return true
  }

  /// Nanoseconds since 1970.
  private static var moment: Int64 {
    Int64(exactly: (Date.now.timeIntervalSince1970 * 1_000_000_000).rounded()) ?? 0
  }
}

/// Numbers what is sent of a capture, and sends again what may not have arrived.
private struct ParcelSender {
  let link: any AgentLink
  let capture: CaptureID
  let logger: Logger
  private var number = 0

  init(link: any AgentLink, capture: CaptureID, logger: Logger) {
    self.link = link
    self.capture = capture
    self.logger = logger
  }

  /// - Returns: Whether more is wanted.
  mutating func send(_ parcel: CaptureParcel) async -> Bool {
    defer { number += 1 }
    for attempt in 1...CaptureRunner.tries {
      do {
        return try await link.send(parcel, number: number, of: capture)
      } catch {
        if Task.isCancelled { return false }
        logger.debug(
          "a part of a capture may not have arrived",
          metadata: ["capture": "\(capture)", "attempt": "\(attempt)", "error": "\(error)"])
        try? await Task.sleep(for: CaptureRunner.tryPause)
      }
    }
    return false
  }
}
