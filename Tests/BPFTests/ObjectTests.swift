import Glibc
import KernelTesting
import Testing

@testable import BPF

/// Runs `body` with a pin folder of its own and removes it afterwards, also after an error.
func withPinFolder<Result>(_ body: (PinFolder) async throws -> Result) async throws -> Result {
  try PinFolder.mountFileSystem()
  let folder = PinFolder(path: PinFolder.fileSystem).folder(uniqueName("pins"))
  try folder.create()
  do {
    let result = try await body(folder)
    try folder.removeAll()
    return result
  } catch {
    try? folder.removeAll()
    throw error
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `eBPF objects` {
  @Test func `an object becomes maps and programs by name`() throws {
    let object = try BPFObject(testObject(), named: "test")
    #expect(object.programs.keys.sorted() == ["double_it", "drop", "pass", "passxdp"])
    #expect(Set(object.maps.keys).isSuperset(of: ["counts", "per_cpu", "prefixes"]))
    #expect(
      try object.map("counts").layout == BPFMap.Layout(type: 1, keySize: 4, valueSize: 8, maxEntries: 1024))
    let pass = try object.program("pass")
    #expect(pass.name == "pass")
    #expect(pass.tag.contains { $0 != 0 })
    #expect(try BPFProgram(identifier: pass.identifier)?.tag == pass.tag)
    #expect(throws: BPFError.self) { try object.program("absent") }
    #expect(throws: BPFError.self) { try object.map("absent") }
  }

  @Test func `only the wanted programs are loaded, and maps have the wanted size`() throws {
    let object = try BPFObject(
      testObject(), named: "test", .init(maxEntries: ["counts": 7], programs: ["pass"]))
    #expect(object.programs.keys.sorted() == ["pass"])
    #expect(try object.map("counts").layout.maxEntries == 7)
    let error = #expect(throws: BPFError.self) {
      try BPFObject(testObject(), named: "test", .init(maxEntries: ["absent": 7]))
    }
    #expect(error?.cause == .notInObject)
  }

  @Test func `a second load uses the pinned maps of the first`() async throws {
    try await withPinFolder { folder in
      let first = try BPFObject(testObject(), named: "test", .init(mapPins: folder))
      try first.map("counts").set(UInt32(5), to: UInt64(55))
      let second = try BPFObject(testObject(version: 2), named: "test", .init(mapPins: folder))
      #expect(try second.map("counts").identifier == first.map("counts").identifier)
      #expect(try second.map("counts").value(of: UInt32(5), as: UInt64.self) == 55)
      #expect(try folder.names() == ["counts", "per_cpu", "prefixes"])
      let opened = try #require(try BPFMap(pinnedAt: folder.path(of: "counts")))
      #expect(try opened.identifier == first.map("counts").identifier)
      #expect(try first.program("pass").tag == first.program("pass").tag)
    }
  }

  @Test func `a pinned map of another layout is an error that names both, and nothing changes`() async throws
  {
    try await withPinFolder { folder in
      let first = try BPFObject(testObject(), named: "test", .init(mapPins: folder))
      let error = #expect(throws: BPFError.self) {
        try BPFObject(testObject(entries: 2048), named: "test", .init(mapPins: folder))
      }
      let wanted = try BPFObject.layouts(of: testObject(entries: 2048), named: "test")["counts"]
      #expect(
        try error?.cause == .layoutDiffers(pinned: first.map("counts").layout, wanted: #require(wanted)))
      #expect(try BPFMap(pinnedAt: folder.path(of: "counts"))?.identifier == first.map("counts").identifier)
    }
  }

  @Test func `what the verifier says is in the error`() throws {
    let source = """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      SEC("tc") int bad(struct __sk_buff *frame) { return *(volatile int *)(long)frame->len; }
      char _license[] SEC("license") = "GPL";
      """
    let error = #expect(throws: BPFError.self) { try BPFObject(compileBPF(source), named: "bad") }
    #expect(error?.description.contains("invalid mem access") == true, "\(String(describing: error))")
    #expect(error?.errno == EACCES)
  }

  @Test func `bytes that are no object are an error with words`() {
    let error = #expect(throws: BPFError.self) { try BPFObject([1, 2, 3, 4], named: "nonsense") }
    #expect(error?.description.contains("nonsense") == true)
  }

  @Test func `loads on two threads keep their logs apart`() async throws {
    await withTaskGroup { group in
      for number in 0..<8 {
        group.addTask {
          let error = #expect(throws: BPFError.self) { try BPFObject([1, 2], named: "odd\(number)") }
          for other in 0..<8 where other != number {
            #expect(error?.description.contains("odd\(other)") == false)
          }
        }
      }
    }
  }

  @Test func `hand-made instructions load, and bad ones say why`() throws {
    // r0 = 7; exit
    let good = try BPFProgram.load(named: "seven", type: 3, instructions: [0x0000_0007_0000_00b7, 0x95])
    #expect(try good.run(frame: Array(repeating: 0, count: 64)).verdict == 7)
    let error = #expect(throws: BPFError.self) {
      // exit without a result
      try BPFProgram.load(named: "empty", type: 3, instructions: [0x95])
    }
    #expect(error?.description.contains("R0 !read_ok") == true, "\(String(describing: error))")
  }

  @Test func `a syscall program gets a context and changes it`() throws {
    let object = try BPFObject(testObject(), named: "test")
    var context = bytes(of: UInt64(21)) + bytes(of: UInt64(0))
    #expect(try object.program("double_it").run(context: &context) == 7)
    #expect(context == bytes(of: UInt64(21)) + bytes(of: UInt64(42)))
    let seen = try #require(try object.map("per_cpu").valuesPerCPU(of: [0, 0, 0, 0]))
    #expect(seen.map { $0[0] }.reduce(0, +) == 21)
  }

  @Test func `a program runs on a frame that is never sent`() throws {
    let object = try BPFObject(testObject(), named: "test")
    let frame = (0..<64).map { UInt8($0) }
    let outcome = try object.program("drop").run(frame: frame, repeating: 10)
    #expect(outcome.verdict == 2)
    #expect(outcome.frame == frame)
    #expect(try object.map("counts").value(of: UInt32(100), as: UInt64.self) == 10)
  }

  @Test func `a pinned program outlives its object`() async throws {
    try await withPinFolder { folder in
      var object: BPFObject? = try BPFObject(testObject(), named: "test")
      let identifier = try object?.program("pass").identifier
      try object?.program("pass").pin(at: folder.path(of: "pass"))
      object = nil
      #expect(try BPFProgram(pinnedAt: folder.path(of: "pass"))?.identifier == identifier)
      #expect(try folder.remove("pass"))
      #expect(try !folder.remove("pass"))
      #expect(try BPFProgram(pinnedAt: folder.path(of: "pass")) == nil)
    }
  }

  @Test func `a pin folder is made, listed and removed with all in it`() async throws {
    try await withPinFolder { folder in
      let inner = folder.folder("inner")
      try inner.create()
      try inner.create()
      let map = try BPFMap.create(named: "m", BPFMap.Layout(type: 2, keySize: 4, valueSize: 4, maxEntries: 1))
      try map.pin(at: inner.path(of: "m"))
      #expect(#expect(throws: BPFError.self) { try map.pin(at: inner.path(of: "m")) }?.errno == EEXIST)
      #expect(try folder.names() == ["inner"])
      try folder.removeAll()
      #expect(try folder.names() == [])
      try folder.removeAll()
    }
  }
}
