internal import CLinux
internal import Glibc

/// A verified program in the kernel, open in this process.
package struct BPFProgram: Sendable {
  /// At most 15 bytes of the name in the source.
  package let name: String
  /// The kernel's number; never used twice while the system runs.
  package let identifier: UInt32
  /// The kernel's hash of the instructions before it rewrote them: equal programs have equal tags.
  package let tag: [UInt8]
  /// `BPF_PROG_TYPE_*`.
  package let type: UInt32
  let descriptor: Descriptor

  /// The program's descriptor for calls that this room has not; it stays the program's.
  package var rawDescriptor: Int32 { descriptor.number }

  init(owning number: Int32) throws(BPFError) {
    descriptor = Descriptor(owning: number)
    var information = bpf_prog_info()
    var size = UInt32(MemoryLayout<bpf_prog_info>.size)
    let result = clinux_bpf_object_info(number, &information, &size)
    guard result == 0 else { throw BPFError("look at program", "descriptor \(number)", result: result) }
    name = text(of: information.name)
    identifier = information.id
    tag = bytes(of: information.tag)
    type = information.type
  }

  /// Opens a pinned program (`bpftool prog show pinned PATH`); nil when there is no such pin.
  package init?(pinnedAt path: String) throws(BPFError) {
    let number = clinux_bpf_open_pinned(path)
    if number == -ENOENT { return nil }
    guard number >= 0 else { throw BPFError("open pinned program", path, result: number) }
    try self.init(owning: number)
  }

  /// Opens a program by the kernel's number (`bpftool prog show id N`); nil when there is none.
  package init?(identifier: UInt32) throws(BPFError) {
    let number = clinux_bpf_open_by_identifier(Int32(BPF_PROG_GET_FD_BY_ID.rawValue), identifier)
    if number == -ENOENT { return nil }
    guard number >= 0 else { throw BPFError("open program", "\(identifier)", result: number) }
    try self.init(owning: number)
  }

  /// Loads instructions as they are, 8 bytes each; the verifier's text is in the error.
  package static func load(
    named name: String, type: UInt32, instructions: [UInt64], flags: UInt32 = 0
  ) throws(BPFError) -> BPFProgram {
    var log = [CChar](repeating: 0, count: 64 << 10)
    let number = clinux_bpf_program_load(
      type, name, instructions, UInt32(instructions.count), flags, &log, UInt32(log.count))
    guard number >= 0 else {
      let text = String(decoding: log.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw BPFError("load program", name, result: number, text: text.isEmpty ? nil : text)
    }
    return try BPFProgram(owning: number)
  }

  /// `bpftool prog pin`; EEXIST when the path is taken.
  package func pin(at path: String) throws(BPFError) {
    let result = clinux_bpf_pin(descriptor.number, path)
    guard result == 0 else { throw BPFError("pin program \(name) at", path, result: result) }
  }

  /// Runs a `SEC("syscall")` program once with `context`, which it may change; its result.
  package func run(context: inout [UInt8]) throws(BPFError) -> UInt32 {
    var returned: UInt32 = 0
    let result = context.withUnsafeMutableBytes {
      clinux_bpf_run_syscall(descriptor.number, $0.baseAddress, UInt32($0.count), &returned)
    }
    guard result == 0 else { throw BPFError("run program", name, result: result) }
    return returned
  }

  /// What a program made of a frame.
  package struct FrameRun: Hashable, Sendable {
    /// `TC_ACT_*` or `XDP_*`.
    package let verdict: UInt32
    package let frame: [UInt8]
    /// Of one repetition, in nanoseconds.
    package let nanoseconds: UInt32
  }

  /// Runs a tc or XDP program on a frame without sending it (`bpftool prog run`).
  package func run(frame: [UInt8], repeating times: UInt32 = 1) throws(BPFError) -> FrameRun {
    // Room for the headers a program may add.
    var out = [UInt8](repeating: 0, count: frame.count + 512)
    var size = UInt32(out.count)
    var verdict: UInt32 = 0
    var nanoseconds: UInt32 = 0
    let result = clinux_bpf_run_frame(
      descriptor.number, frame, UInt32(frame.count), &out, &size, times, &verdict, &nanoseconds)
    guard result == 0 else { throw BPFError("run program", name, result: result) }
    return FrameRun(verdict: verdict, frame: Array(out.prefix(Int(size))), nanoseconds: nanoseconds)
  }
}
