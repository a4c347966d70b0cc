internal import CLinux
internal import Glibc
internal import Synchronization

/// Tells that something in a network namespace changed. What changed is not said: whoever is told looks.
package enum NetlinkEvents {
  /// What to be told about (`ip monitor link address route neigh`, `RTNLGRP_*` of linux/rtnetlink.h).
  package enum Group: Hashable, Sendable, CaseIterable {
    case links
    case addresses
    case routes
    case neighbours
    /// Settings of interfaces, as sysctl changes them (`ip monitor netconf`).
    case settings
  }

  /// A stream that yields when something changed in the namespace of the calling thread.
  ///
  /// Changes while nobody is looking become one element, so a consumer that looks after each element has
  /// always looked after the last change. Lost events (ENOBUFS) are an element as well. Subscribe first,
  /// look second. Ends the stream: the consumer's cancellation, or a socket that fails for good.
  ///
  /// - Parameter losses: Counts events that were lost.
  package static func changes(
    _ groups: Set<Group>, counting losses: EventLosses = EventLosses()
  ) throws(NetlinkError) -> AsyncStream<Void> {
    let source = try EventSource(groups, losses)
    let stop = try Signal()
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    continuation.onTermination = { _ in stop.raise() }
    let thread = try startThread {
      // On a thread, not on the shared pool: it blocks for as long as nothing happens.
      while source.waitForChange(until: stop) { continuation.yield() }
      continuation.finish()
    }
    pthread_detach(thread)
    return stream
  }
}

/// How often the kernel had more to tell than was taken off it in time (`ENOBUFS`).
package final class EventLosses: Sendable {
  private let losses = Atomic<UInt64>(0)

  package init() {}

  package var count: UInt64 { losses.load(ordering: .relaxed) }

  fileprivate func add() { losses.wrappingAdd(1, ordering: .relaxed) }
}

extension NetlinkEvents.Group {
  fileprivate var numbers: [rtnetlink_groups] {
    switch self {
    case .links: [RTNLGRP_LINK]
    case .addresses: [RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR]
    case .routes: [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE]
    case .neighbours: [RTNLGRP_NEIGH]
    case .settings: [RTNLGRP_IPV4_NETCONF]
    }
  }
}

/// A socket that hears of changes.
private final class EventSource: Sendable {
  private let descriptor: Int32
  private let losses: EventLosses

  init(_ groups: Set<NetlinkEvents.Group>, _ losses: EventLosses) throws(NetlinkError) {
    self.losses = losses
    let attempted = "ip monitor"
    descriptor = try NetlinkDescriptor.open(isBlocking: false, for: attempted)
    try NetlinkDescriptor.bind(descriptor, for: attempted)
    for number in groups.flatMap(\.numbers) {
      try NetlinkDescriptor.set(
        descriptor, level: SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, Int32(number.rawValue), for: attempted)
    }
  }

  deinit {
    close(descriptor)
  }

  /// Blocks until something changed; false when `stop` was raised or the socket is of no use any more.
  func waitForChange(until stop: Signal) -> Bool {
    var waits = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      guard poll(&waits, nfds_t(waits.count), -1) >= 0 else {
        if errno == EINTR { continue }
        return false
      }
      if waits[1].revents != 0 { return false }
      switch drain() {
      case .some(true): return true
      case .some(false): continue
      case nil: return false
      }
    }
  }

  /// Throws away all that waits: was there something? Nil when the socket failed.
  private func drain() -> Bool? {
    var isChange = false
    // One byte is enough: the rest of a datagram that is not read is dropped.
    var byte: UInt8 = 0
    while true {
      if recv(descriptor, &byte, 1, 0) >= 0 {
        isChange = true
        continue
      }
      switch errno {
      case EINTR: continue
      case ENOBUFS:
        losses.add()
        isChange = true
      case EAGAIN: return isChange
      default: return nil
      }
    }
  }
}
