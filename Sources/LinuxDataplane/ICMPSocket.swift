internal import CLinux
internal import ESWModel
internal import Glibc

/// Sends ICMP echoes from tunnel addresses, and hears their answers and the errors that our VXLAN brings
/// about (decision 0026). One raw socket of the namespace of the thread that made it: the data path's own
/// packets leave without a socket, so no socket's queue of errors has those about them.
final class ICMPSocket {
  /// Packets read in one look; what else came waits, or is dropped by the kernel when its buffer is full.
  static let mostPerLook = 256
  /// An answer that takes longer is nobody's any more.
  private static let patienceNanoseconds: Int64 = 10_000_000_000

  private let descriptor: Int32
  private let identifier = UInt16.random(in: 0 ... .max)
  private var filter: ICMPFilter?
  private var waiting: [UInt16: (way: UnderlayWay, sent: Int64)] = [:]
  private var room = [UInt8](repeating: 0, count: 1024)

  init() throws(ICMPFailure) {
    descriptor = clinux_icmp_socket()
    guard descriptor >= 0 else { throw ICMPFailure(call: "socket", errno: -descriptor) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// From now on, errors about UDP packets to `ports` are heard.
  func hear(ports: Set<UInt16>) throws(ICMPFailure) {
    let wanted = ICMPFilter(identifier: identifier, ports: ports)
    guard wanted != filter else { return }
    let instructions = wanted.instructions
    let result = clinux_attach_filter(descriptor, instructions, UInt16(instructions.count))
    guard result == 0 else { throw ICMPFailure(call: "filter", errno: -result) }
    filter = wanted
  }

  /// Without an outcome: one that cannot leave is not answered either.
  func send(_ echo: Echo) {
    let bytes = ICMPPacket.echoRequest(identifier: identifier, sequence: echo.sequence)
    let sent = Self.now()
    let result = clinux_send_from(
      descriptor, echo.way.tunnelAddress.networkOrder, echo.way.remote.networkOrder, bytes,
      UInt32(bytes.count))
    if result == 0 { waiting[echo.sequence] = (echo.way, sent) }
  }

  func receive(into answers: inout LookAnswers) {
    for _ in 0..<Self.mostPerLook {
      var came: Int64 = 0
      let length = clinux_receive_stamped(descriptor, &room, UInt32(room.count), &came)
      guard length > 0 else { break }
      switch ICMPPacket(room.prefix(min(Int(length), room.count))) {
      case .echoReply(let identifier, let sequence, let source, let destination):
        guard identifier == self.identifier, let asked = waiting[sequence],
          asked.way == UnderlayWay(from: destination, to: source)
        else { continue }
        waiting[sequence] = nil
        answers.echoes.append(
          .init(Echo(asked.way, sequence: sequence), roundTripMicroseconds: Self.micro(asked.sent, came)))
      case .error(let kind, let reporter, let source, let destination):
        answers.errors.append(.init(UnderlayWay(from: source, to: destination), kind, from: reporter))
      case nil: continue
      }
    }
    forget()
  }

  /// Nil where the clock went backwards, or far forwards.
  private static func micro(_ sent: Int64, _ came: Int64) -> UInt32? {
    let (passed, overflow) = came.subtractingReportingOverflow(sent)
    guard came != 0, !overflow, (0...patienceNanoseconds).contains(passed) else { return nil }
    return UInt32(passed / 1000)
  }

  private func forget() {
    guard waiting.count > Self.mostPerLook else { return }
    let now = Self.now()
    waiting = waiting.filter { (0...Self.patienceNanoseconds).contains(now - $0.value.sent) }
  }

  /// The clock by which the kernel says when a packet came.
  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

struct ICMPFailure: Error, CustomStringConvertible {
  let call: String
  let errno: Int32

  var description: String {
    "hear ICMP: \(call): \(String(cString: strerror(errno))) [\(errno)]"
  }
}
