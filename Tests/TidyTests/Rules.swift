/// The rules that one file can be judged by.
enum Rules {
  static let longestLine = 110
  static let longestFile = 400
  static let longestFunction = 60

  static func imports(of file: SourceFile) -> [(line: Int, module: String, isTestable: Bool)] {
    let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
    return file.code.indices.compactMap { number in
      let words = file.code[number].split(separator: " ")
      // Attributes and access stand before the word, and nothing else does.
      guard let place = words.firstIndex(of: "import"), place <= 3,
        let name = words[(place + 1)...].first(where: { !kinds.contains($0) })
      else { return nil }
      let module = name.prefix { $0 != "." }
      return (number + 1, String(module), words.contains("@testable"))
    }
  }

  static func forbiddenImports(of file: SourceFile) -> [Finding] {
    guard let room = file.room, let rule = RoomTable.rules[room] else { return [] }
    let allowed = rule.rooms.union(rule.others).union(["Synchronization"])
    return imports(of: file).filter { !allowed.contains($0.module) }.map { found in
      let advice =
        RoomTable.order.contains(found.module)
        ? "\(room) may not import \(found.module): move the code to a room that may, or hand the value in"
        : "\(room) may not import \(found.module): it is not among the room's modules in RoomTable.swift"
      return Finding(path: file.path, line: found.line, advice: advice)
    }
  }

  /// What no source says, and what to say instead.
  static func bannedCalls(in file: SourceFile) -> [Finding] {
    find("try!", /\btry!/, in: file, "handle the error, or throw it on: a disk or kernel never traps")
      + find("as!", /\bas!/, in: file, "cast with `as?` and say what happens else")
      + find("!", /[\w)\]"`]!(?=$|[^=\w])/, in: file, "unwrap with `guard let`, or throw")
      + find("fatalError(", in: file, "throw, or state the broken invariant with `precondition`")
      + find("Task.detached", in: file, "make it a child task or a `Service`: somebody has to end it")
      + find("String(format:", in: file, "interpolate, or write the digits: this parses at every call")
      + find("Thread.", in: file, "use a task, or an actor with an executor of its own")
  }

  /// A pure room gets time, randomness and files as values.
  static func impurities(in file: SourceFile) -> [Finding] {
    guard let room = file.room, RoomTable.rules[room]?.isPure == true else { return [] }
    let clocks = ["ContinuousClock", "SuspendingClock", "Date()", "Date.now", "ProcessInfo"]
    let randomness = ["SystemRandomNumberGenerator", "UUID()"]
    let files = ["FileManager", "FileHandle", "URLSession", "Data(contentsOf", "String(contentsOf"]
    return clocks.flatMap { find($0, in: file, "\(room) is pure: take `now` as an argument") }
      + randomness.flatMap { find($0, in: file, "\(room) is pure: take a generator as an argument") }
      + files.flatMap { find($0, in: file, "\(room) is pure: take what the file holds as an argument") }
  }

  /// Claims that the compiler cannot check stand below a comment that proves them.
  static func unprovenClaims(in file: SourceFile) -> [Finding] {
    ["@unchecked Sendable", "nonisolated(unsafe)", "@preconcurrency"].flatMap {
      find($0, in: file, "prove it in a comment directly above, or use a Mutex or an actor")
    }.filter { finding in
      !file.lines[max(0, finding.line - 4)..<finding.line].contains { $0.contains("//") }
    }
  }

  static func namelessTodos(in file: SourceFile) -> [Finding] {
    let pattern = /\/\/.*\b(TODO|FIXME|XXX)\b(?!.*#\d)/
    let lines = file.lines.indices.filter { number in
      ["TODO", "FIXME", "XXX"].contains { file.lines[number].contains($0) }
        && file.lines[number].firstMatch(of: pattern) != nil
    }
    return lines.map {
      Finding(path: file.path, line: $0 + 1, advice: "name the issue, as in `(#12)`, or do it now")
    }
  }

  /// Comments only: code is the formatter's to break, and a long string may be one line of an answer.
  static func longComments(in file: SourceFile) -> [Finding] {
    let lines = file.lines.indices.filter { number in
      let line = file.lines[number]
      return line.utf8.count > longestLine && line.count > longestLine
        && line.drop { $0 == " " }.hasPrefix("//")
    }
    return lines.map {
      let advice = "\(file.lines[$0].count) columns: break the comment at \(longestLine)"
      return Finding(path: file.path, line: $0 + 1, advice: advice)
    }
  }

  static func overlong(_ file: SourceFile) -> [Finding] {
    let count = file.lines.count - (file.lines.last?.isEmpty == true ? 1 : 0)
    guard count > longestFile else { return [] }
    let advice = "\(count) lines: split it into `Type+Topic.swift` files of at most \(longestFile)"
    return [Finding(path: file.path, line: longestFile + 1, advice: advice)]
  }

  /// Where the machine of one person shows.
  static func machinePaths(in file: SourceFile) -> [Finding] {
    let pattern = /(?:^|[\s"'`(=:,])\/(?:home|Users|root|work)\/\w/
    let lines = file.lines.indices.filter { number in
      ["/home/", "/Users/", "/root/", "/work/"].contains { file.lines[number].contains($0) }
        && file.lines[number].firstMatch(of: pattern) != nil
    }
    return lines.map {
      Finding(path: file.path, line: $0 + 1, advice: "a path of one machine: make it relative or a setting")
    }
  }

  /// Lines of code with the text; where that says too little, the pattern decides about them.
  static func find(
    _ text: String, _ pattern: Regex<Substring>? = nil, in file: SourceFile, _ advice: String
  ) -> [Finding] {
    let lines = file.code.indices.filter { number in
      let line = file.code[number]
      guard line.contains(text) else { return false }
      return pattern.map { line.firstMatch(of: $0) != nil } ?? true
    }
    return lines.map { Finding(path: file.path, line: $0 + 1, advice: advice) }
  }
}
