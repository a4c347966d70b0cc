import Testing

/// The rules of CONTRIBUTING.md that a machine can hold. A finding says what to do instead.
@Suite struct `The sources` {
  private func expectNone(_ findings: [Finding]) {
    for finding in findings where !Exceptions.cover(finding) { Issue.record("\(finding)") }
  }

  @Test func `are found`() {
    #expect(Repository.sources.count > 20, "no sources found")
    #expect(Repository.tests.contains { $0.path.hasSuffix("/TidyTests.swift") })
  }

  @Test func `stand in rooms that the table knows`() {
    for folder in Repository.folders(of: "Sources") where RoomTable.rules[folder] == nil {
      Issue.record("Sources/\(folder) is no room: add it to RoomTable.swift and docs/decisions, or move it")
    }
  }

  @Test func `import only what their room may`() {
    expectNone(Repository.sources.flatMap(Rules.forbiddenImports))
  }

  @Test func `make no banned call`() { expectNone(Repository.sources.flatMap(Rules.bannedCalls)) }

  @Test func `are pure where their room is`() { expectNone(Repository.sources.flatMap(Rules.impurities)) }

  @Test func `prove what the compiler cannot check`() {
    expectNone((Repository.sources + Repository.tests).flatMap(Rules.unprovenClaims))
  }

  @Test func `have no public declaration outside the client`() {
    let files = Repository.sources.filter { $0.room != "ESWClient" }
    expectNone(
      files.flatMap {
        Rules.find("public ", /\bpublic (?!import)/, in: $0, "say `package`: rooms are no libraries")
      })
  }

  @Test func `name an issue with what is left to do`() {
    expectNone((Repository.sources + Repository.tests).flatMap(Rules.namelessTodos))
  }

  @Test func `have functions that fit a screen`() {
    expectNone((Repository.sources + Repository.tests).flatMap(Rules.longFunctions))
  }

  @Test func `have files that can be read in one go`() {
    expectNone((Repository.sources + Repository.tests).flatMap(Rules.overlong))
  }

  @Test func `have comments that fit`() {
    expectNone((Repository.sources + Repository.tests).flatMap(Rules.longComments))
  }

  @Test func `name no path of one machine`() { expectNone(Repository.texts.flatMap(Rules.machinePaths)) }
}

@Suite struct `The exceptions` {
  @Test func `are all still needed`() {
    let findings = Repository.sources.flatMap { Rules.bannedCalls(in: $0) + Rules.longFunctions(in: $0) }
    for exception in Exceptions.all where !findings.contains(where: exception.covers) {
      Issue.record("Exceptions.swift: \(exception.path) keeps the rule now: take it off the list")
    }
  }
}

@Suite struct `The tests` {
  @Test func `look into no other room than their own`() {
    for file in Repository.tests {
      for found in Rules.imports(of: file) where found.isTestable && found.module != file.room {
        Issue.record(
          "\(file.path):\(found.line): test \(found.module) in \(found.module)Tests, or by its package API")
      }
    }
  }

  @Test func `wait for what happens and never sleep`() {
    let files = Repository.tests.filter { !RoomTable.roomsOfRealTime.contains($0.room ?? "") }
    for file in files {
      for call in ["Task.sleep", "usleep(", "nanosleep("] {
        for finding in Rules.find(call, in: file, "await the event, or hand in a clock that the test moves") {
          Issue.record("\(finding)")
        }
      }
    }
  }
}

@Suite struct `The table of rooms` {
  @Test func `lets a room see only those above it`() throws {
    for (room, rule) in RoomTable.rules {
      let place = try #require(RoomTable.order.firstIndex(of: room))
      for other in rule.rooms {
        #expect(try #require(RoomTable.order.firstIndex(of: other)) < place, "\(room) imports \(other)")
      }
    }
  }

  @Test func `is what the package declares`() {
    let package = SourceFile(path: "Package.swift")
    let text = package.lines.joined(separator: " ")
    for declaration in text.matches(of: /room\(\s*"(\w+)"\s*(?:,\s*\[([^\]]*)\])?/) {
      let room = String(declaration.1)
      let declared = (declaration.2 ?? "").matches(of: /"(\w+)"/).map { String($0.1) }
      let allowed = RoomTable.rules[room]?.rooms ?? []
      for name in declared where !allowed.contains(name) {
        Issue.record("Package.swift: room \(room) depends on \(name), which RoomTable.swift does not allow")
      }
    }
  }
}
