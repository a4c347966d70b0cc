internal import CLinux
internal import Glibc

/// A program on a hook of an interface. The link holds it there as long as it is open or pinned.
package struct BPFLink: Sendable {
  /// Where in an interface a program runs (`enum bpf_attach_type`).
  package enum Hook: Hashable, Sendable {
    /// After the driver, before the stack (linux 6.6).
    case tcxIngress
    /// After the stack, before the driver (linux 6.6).
    case tcxEgress
    /// In the driver; one program only.
    case xdp

    var attachType: UInt32 {
      switch self {
      case .tcxIngress: UInt32(CLINUX_BPF_TCX_INGRESS)
      case .tcxEgress: UInt32(CLINUX_BPF_TCX_EGRESS)
      case .xdp: BPF_XDP.rawValue
      }
    }
  }

  /// Where among the other programs of a tcx hook; for XDP in which mode.
  package enum Placement: Hashable, Sendable {
    /// Before all that are there now.
    case first
    /// After all that are there now.
    case last
    /// XDP in the driver, or refused.
    case driver
    /// XDP after the driver, slow, on any interface.
    case generic

    var flags: UInt32 {
      switch self {
      case .first: UInt32(CLINUX_BPF_F_BEFORE)
      case .last: UInt32(CLINUX_BPF_F_AFTER)
      case .driver: 1 << 2  // XDP_FLAGS_DRV_MODE
      case .generic: 1 << 1  // XDP_FLAGS_SKB_MODE
      }
    }
  }

  /// The link as it is now.
  package struct State: Hashable, Sendable {
    /// The kernel's number; never used twice while the system runs.
    package let identifier: UInt32
    package let programIdentifier: UInt32
    /// Nil when the interface has gone, or the link was detached.
    package let interfaceIndex: Int32?
    /// Nil for a link of a kind we do not make.
    package let hook: Hook?
  }

  let descriptor: Descriptor
  private let subject: String

  /// Attaches a program (`BPF_LINK_CREATE`); the interface is one of the calling thread's namespace.
  /// EEXIST when this very program is on the hook already.
  package static func attach(
    _ program: BPFProgram, toInterface index: Int32, at hook: Hook, _ placement: Placement
  ) throws(BPFError) -> BPFLink {
    let number = clinux_bpf_link_create(
      program.descriptor.number, UInt32(bitPattern: index), hook.attachType, placement.flags)
    guard number >= 0 else {
      throw BPFError("attach program \(program.name) at \(hook) of", "interface \(index)", result: number)
    }
    return BPFLink(descriptor: Descriptor(owning: number), subject: "\(hook) of interface \(index)")
  }

  private init(descriptor: Descriptor, subject: String) {
    self.descriptor = descriptor
    self.subject = subject
  }

  /// Opens a pinned link (`bpftool link show pinned PATH`); nil when there is no such pin.
  package init?(pinnedAt path: String) throws(BPFError) {
    let number = clinux_bpf_open_pinned(path)
    if number == -ENOENT { return nil }
    guard number >= 0 else { throw BPFError("open pinned link", path, result: number) }
    self.init(descriptor: Descriptor(owning: number), subject: path)
  }

  /// Opens a link by the kernel's number (`bpftool link show id N`); nil when there is none.
  package init?(identifier: UInt32) throws(BPFError) {
    let number = clinux_bpf_open_by_identifier(Int32(BPF_LINK_GET_FD_BY_ID.rawValue), identifier)
    if number == -ENOENT { return nil }
    guard number >= 0 else { throw BPFError("open link", "\(identifier)", result: number) }
    self.init(descriptor: Descriptor(owning: number), subject: "link \(identifier)")
  }

  package func state() throws(BPFError) -> State {
    var information = clinux_bpf_link_information()
    let result = clinux_bpf_link_info(descriptor.number, &information)
    guard result == 0 else { throw BPFError("look at link", subject, result: result) }
    let hook: Hook? =
      switch (information.type, information.attach_type) {
      case (UInt32(CLINUX_BPF_LINK_TYPE_TCX), UInt32(CLINUX_BPF_TCX_INGRESS)): .tcxIngress
      case (UInt32(CLINUX_BPF_LINK_TYPE_TCX), UInt32(CLINUX_BPF_TCX_EGRESS)): .tcxEgress
      case (BPF_LINK_TYPE_XDP.rawValue, _): .xdp
      default: nil
      }
    let index = Int32(bitPattern: information.interface_index)
    return State(
      identifier: information.identifier, programIdentifier: information.program_identifier,
      interfaceIndex: index == 0 ? nil : index, hook: hook)
  }

  /// Puts another program into the link, between two packets (`BPF_LINK_UPDATE`).
  ///
  /// With `expected`, only while that program is in it; EPERM otherwise.
  package func replaceProgram(with program: BPFProgram, expected: BPFProgram? = nil) throws(BPFError) {
    let result = clinux_bpf_link_update(
      descriptor.number, program.descriptor.number, expected?.descriptor.number ?? -1)
    guard result == 0 else {
      throw BPFError("put program \(program.name) into link", subject, result: result)
    }
  }

  /// `bpftool link pin`; EEXIST when the path is taken.
  package func pin(at path: String) throws(BPFError) {
    let result = clinux_bpf_pin(descriptor.number, path)
    guard result == 0 else { throw BPFError("pin link of \(subject) at", path, result: result) }
  }

  /// Takes the program off its hook at once, whoever else has the link open (`bpftool link detach`).
  package func detach() throws(BPFError) {
    let result = clinux_bpf_link_detach(descriptor.number)
    guard result == 0 else { throw BPFError("detach link", subject, result: result) }
  }

  /// What is on a tcx hook of an interface, ours and others', first to run first
  /// (`bpftool net show dev DEV`).
  ///
  /// `link` is nil for a program that was attached without one.
  package static func attached(
    toInterface index: Int32, at hook: Hook
  ) throws(BPFError) -> [(program: UInt32, link: UInt32?)] {
    // linux/bpf_mprog.h: BPF_MPROG_MAX.
    var programs = [UInt32](repeating: 0, count: 64)
    var links = [UInt32](repeating: 0, count: 64)
    var count = UInt32(programs.count)
    let result = clinux_bpf_query(UInt32(bitPattern: index), hook.attachType, &programs, &links, &count)
    if result == -ENOENT { return [] }
    guard result == 0 else {
      throw BPFError("list programs at \(hook) of", "interface \(index)", result: result)
    }
    return zip(programs, links).prefix(Int(count)).map { ($0, $1 == 0 ? nil : $1) }
  }
}
