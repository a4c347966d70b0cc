internal import Glibc
internal import Synchronization

/// A program that could not be run, or said no.
package struct CommandFailure: Error, CustomStringConvertible {
  package let description: String
}

/// Runs a program by name and answers what it printed; throws with its words when it does not end with 0.
///
/// By posix_spawn and waitpid: Foundation's `Process.waitUntilExit` was seen to miss the end of a child when
/// several threads wait at once.
@discardableResult
package func run(_ command: String...) throws -> String {
  let words = command.joined(separator: " ")
  var ends: [Int32] = [0, 0]
  guard pipe(&ends) == 0 else { throw CommandFailure(description: "\(words): no pipe: \(errno)") }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  defer { close(ends[0]) }

  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2)

  var child = pid_t()
  let arguments = command.map { strdup($0) } + [nil]
  defer { for argument in arguments { free(argument) } }
  let result = posix_spawnp(&child, command[0], &actions, nil, arguments, environ)
  close(ends[1])
  guard result == 0 else { throw CommandFailure(description: "\(words): cannot be run: \(result)") }

  let output = String(decoding: readAll(ends[0]), as: UTF8.self)
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0 && errno == EINTR {}
  guard status == 0 else { throw CommandFailure(description: "\(words): status \(status): \(output)") }
  return output
}

/// Compiles C to a BPF object with the Swift toolchain's clang, which has the bpf target; each source once.
package func compileBPF(_ source: String) throws -> [UInt8] {
  try compiled.withLock { compiled in
    if let object = compiled[source] { return object }
    let object = try compileAnew(source)
    compiled[source] = object
    return object
  }
}

private let compiled = Mutex<[String: [UInt8]]>([:])

private func compileAnew(_ source: String) throws -> [UInt8] {
  let object = "/tmp/\(uniqueName("object.o"))"
  let input = "/tmp/\(uniqueName("source.c"))"
  defer { for path in [object, input] { unlink(path) } }
  let file = open(input, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  guard file >= 0, write(file, source, source.utf8.count) == source.utf8.count, close(file) == 0 else {
    throw CommandFailure(description: "write \(input): \(errno)")
  }
  // <asm/types.h> is in the multiarch folder on Debian.
  let multiarch = "/usr/include/\(architecture)-linux-gnu"
  try run(clangPath(), "-O2", "-g", "-target", "bpf", "-I", multiarch, "-c", input, "-o", object)
  let result = open(object, O_RDONLY | O_CLOEXEC)
  guard result >= 0 else { throw CommandFailure(description: "open \(object): \(errno)") }
  defer { close(result) }
  return readAll(result)
}

private func readAll(_ descriptor: Int32) -> [UInt8] {
  var all: [UInt8] = []
  var room = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(descriptor, &room, room.count)
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { return all }
    all += room.prefix(count)
  }
}

/// The clang beside `swift`: another one on the path may lack the bpf target.
private func clangPath() -> String {
  let path = getenv("PATH").map { String(cString: $0) } ?? ""
  for folder in path.split(separator: ":") {
    guard let swift = realpath("\(folder)/swift", nil) else { continue }
    defer { free(swift) }
    let clang = String(cString: swift).split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/clang"
    if access(clang, X_OK) == 0 { return clang }
  }
  return "clang"
}

#if arch(arm64)
  private let architecture = "aarch64"
#else
  private let architecture = "x86_64"
#endif
