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
  /// For a data path to hand out what it has copied.
  static let stopPatience = Duration.seconds(5)
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
    var sender = CaptureSender(link: link, capture: request.id, logger: logger)
    let capture: FrameCapture
    do {
      guard running.count <= CaptureOrder.mostAtOnce else { throw CaptureRefusal.placesTaken }
      capture = try await dataplane.capture(request.order)
    } catch {
      await sender.refuse("\(error)")
      return
    }
    let connection = request.order.connection?.description ?? "none"
    logger.info(
      "a capture begins", metadata: ["capture": "\(request.id)", "connection": "\(connection)"])
    sender.file = CaptureFile(
      of: capture.source, upTo: request.limits.bytes, writer: writer, product: product)
    let isWanted = await relay(capture, until: request.limits.seconds, &sender)
    // Who hears of the end can begin the next.
    await capture.stop()
    if let reason = await capture.failure() {
      // Without an end: nobody is to take it for whole.
      logger.warning("a capture broke off", metadata: ["capture": "\(request.id)", "error": "\(reason)"])
    } else if isWanted {
      await sender.end(at: Self.moment)
    }
    logger.info(
      "a capture ended", metadata: ["capture": "\(request.id)", "bytes": "\(sender.file?.size ?? 0)"])
  }

  private enum Turn {
    case batch(CaptureBatch?)
    case tick
    case stopped
  }

  /// One batch is waited for at a time, and beside it the moment at which what has come is to go.
  ///
  /// - Returns: Whether somebody still wants the end.
  private nonisolated func relay(
    _ capture: FrameCapture, until seconds: Int, _ sender: inout CaptureSender
  ) async -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    guard await sender.flush() else { return false }
    return await withTaskGroup(of: Turn.self) { group in
      defer { group.cancelAll() }
      var isStopping = false
      func awaitBatch() { group.addTask { .batch(await capture.batches.first { _ in true }) } }
      func awaitTick() {
        group.addTask {
          try? await Task.sleep(for: Self.partInterval)
          return .tick
        }
      }
      awaitBatch()
      awaitTick()
      while let turn = await group.next() {
        switch turn {
        case .batch(nil): return !Task.isCancelled
        case .batch(let batch?):
          guard await sender.add(batch) else { return false }
          awaitBatch()
        case .tick:
          if Task.isCancelled { return false }
          guard await sender.flushIfDue(at: Self.moment) else { return false }
          awaitTick()
        case .stopped: break
        }
        let now = ContinuousClock.now
        if sender.isFull || now >= end + Self.stopPatience { return true }
        guard now >= end, !isStopping else { continue }
        isStopping = true
        // What was copied until now follows, and then the end.
        group.addTask {
          await capture.stop()
          return .stopped
        }
      }
      return true
    }
  }

  /// Nanoseconds since 1970.
  private static var moment: Int64 {
    Int64(exactly: (Date.now.timeIntervalSince1970 * 1_000_000_000).rounded()) ?? 0
  }
}

/// Sends the file of a capture part by part, and again what may not have arrived.
private struct CaptureSender {
  let link: any AgentLink
  let capture: CaptureID
  let logger: Logger
  var file: CaptureFile?
  private var number = 0
  private var sent = ContinuousClock.now
  private var loud = ContinuousClock.now

  init(link: any AgentLink, capture: CaptureID, logger: Logger) {
    self.link = link
    self.capture = capture
    self.logger = logger
  }

  var isFull: Bool { file?.isFull ?? false }

  /// - Returns: Whether more is wanted.
  mutating func add(_ batch: CaptureBatch) async -> Bool {
    file?.lose(batch.lost)
    for frame in batch.frames {
      file?.add(frame)
      guard file?.pendingBytes ?? 0 >= CaptureRunner.partBytes else { continue }
      guard await flush() else { return false }
    }
    return true
  }

  /// - Parameter moment: Nanoseconds since 1970.
  /// - Returns: Whether more is wanted.
  mutating func flushIfDue(at moment: Int64) async -> Bool {
    let now = ContinuousClock.now
    if file?.pendingBytes == 0, now - loud >= CaptureRunner.quiet { file?.addStatistics(at: moment) }
    guard file?.pendingBytes ?? 0 > 0 || now - sent >= CaptureRunner.signInterval else { return true }
    return await flush()
  }

  /// - Returns: Whether more is wanted.
  mutating func flush() async -> Bool {
    let part = file?.takePending() ?? []
    let isWanted = await send(.part(part))
    sent = .now
    if !part.isEmpty { loud = sent }
    return isWanted
  }

  mutating func end(at moment: Int64) async { _ = await send(.end(file?.end(at: moment) ?? [])) }

  mutating func refuse(_ reason: String) async { _ = await send(.failure(reason)) }

  private mutating func send(_ parcel: CaptureParcel) async -> Bool {
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
