import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `The command line` {
  @Test func `tables are aligned by columns of the terminal, and show what is one line by line`() async throws
  {
    let user = try await CommandLineUser()
    try await user.check("vpc", "create", "site", "--cidr", "192.168.0.0/16", "--description", "the first")
    try await user.check("vpc", "create", "站点", "--cidr", "10.0.0.0/16")
    #expect(
      try await user.check("vpc").withoutIDs == """
        ID                                    NAME  CIDR            STATUS  DESCRIPTION
        00000000-0000-0000-0000-000000000000  site  192.168.0.0/16  OK      the first
        00000000-0000-0000-0000-000000000000  站点  10.0.0.0/16     OK
        """)
    #expect(
      try await user.check("vpc", "list", "--no-headers", "--limit", "1").withoutIDs
        == "00000000-0000-0000-0000-000000000000  site  192.168.0.0/16  OK  the first")
    #expect(
      try await user.check("vpc", "show", "站点").withoutIDs == """
        id                     00000000-0000-0000-0000-000000000000
        name                   站点
        status                 OK
        description
        cidr                   10.0.0.0/16
        created_at             0000-00-00T00:00:00Z
        enterprise_project_id  0
        routes
        tenant_id              00000000000000000000000000000000
        updated_at             0000-00-00T00:00:00Z
        """)
    let none = try await user.esw("instance")
    #expect(none.output == "ID  NAME  FLAVOR  STATUS  TUNNEL IP  CREATED\n")
    #expect(none.errors == "none\n")
  }

  @Test func `JSON is what the API says, and nothing else is on standard output`() async throws {
    let user = try await CommandLineUser()
    try await user.makeNetwork()
    let client = try user.server.client()
    let created = try await user.esw(
      "instance", "create", "edge-01", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait", "-o", "json",
      "--verbose")
    let instance = try JSONDecoder().decode(JSON.self, from: Data(created.output.utf8))
    #expect(created.errors.contains("POST /v3/"))
    #expect(instance["status"] == .string("active"))
    let path = client.path(of: .showInstance, ["instance_id": instance["id"].text])
    #expect(try await client.call(.GET, path, as: JSON.self)["instance"] == instance)
    #expect(try await user.json("instance", "list") == .array([instance]))
    #expect(try await user.json("instance", "show", "edge-01") == instance)
    #expect(try await user.json("connection") == .array([]))
    #expect(try await user.json("zone") == .array([.string("az1"), .string("az2")]))
    let diagnosis = try await user.json("instance", "diagnose", "edge-01")
    #expect(diagnosis["reason"].text.contains("not attached on any node"))
    #expect(try await user.check("instance", "-q") == instance["id"].text)
    // The same bytes each time, members by name.
    #expect(
      try await user.check("quota", "-o", "json") == """
        [
          {
            "max": 5,
            "min": 0,
            "quota": 5,
            "type": "instance",
            "used": 1
          }
        ]
        """)
  }

  @Test func `a name stands for an id where it is unique, and ids are told where it is not`() async throws {
    let user = try await CommandLineUser()
    let first = try await user.check("vpc", "create", "same", "--cidr", "10.0.0.0/16", "-q")
    let second = try await user.check("vpc", "create", "same", "--cidr", "10.1.0.0/16", "-q")
    let ambiguous = try await user.esw("vpc", "show", "same")
    #expect(ambiguous.status == CommandStatus.usage.rawValue)
    #expect(ambiguous.errors.contains("2 have the name same") && ambiguous.output.isEmpty)
    #expect(ambiguous.errors.contains(first) && ambiguous.errors.contains(second))
    // An id may be written in capitals, as in the API.
    #expect(try await user.check("vpc", "show", second.uppercased(), "-q") == second)
    try await user.check("vpc", "delete", first)
    #expect(try await user.check("vpc", "show", "same", "-q") == second)
  }

  @Test func `deleting several says nothing on standard output, and goes on behind a refusal`() async throws {
    let user = try await CommandLineUser()
    try await user.makeNetwork()
    try await user.check("vpc", "create", "other", "--cidr", "10.0.0.0/16")
    let typo = try await user.esw("vpc", "delete", "other", "othre")
    #expect(typo.status == CommandStatus.notFound.rawValue)
    #expect(try await user.check("vpc", "-q").split(separator: "\n").count == 2, "a typo deletes nothing")
    let mixed = try await user.esw("vpc", "delete", "site", "other")
    #expect(mixed.status == CommandStatus.refused.rawValue && mixed.output.isEmpty)
    #expect(mixed.errors.contains("l2cg.8012") && mixed.errors.contains("vpc other: deleted"))
    #expect(mixed.errors.contains("esw subnet list --vpc"))
    let quiet = try await user.esw("subnet", "delete", "tunnel", "stretched", "-q")
    #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty)
  }

  @Test func `a list is shown to its end, also where the API tells no next page`() async throws {
    let user = try await CommandLineUser()
    let client = try user.server.client()
    // One more than a page.
    let count = 1001
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<32 {
        group.addTask {
          for number in stride(from: worker, to: count, by: 32) {
            let request = NewVPC(
              name: try #require(ResourceName("vpc-\(number)")), description: .empty,
              network: try #require(IPv4Network("10.0.0.0/16")))
            try await client.call(.createVPC, body: JSONWriter.data { $0.body(request) })
          }
        }
      }
      try await group.waitForAll()
    }
    let ids = try await user.check("vpc", "list", "-q").split(separator: "\n")
    #expect(ids.count == count && Set(ids).count == count)
    #expect(
      try await user.check("vpc", "list", "-q", "--limit", "3").split(separator: "\n") == Array(ids.prefix(3))
    )
    #expect(try await user.check("vpc", "show", "vpc-1000", "-q").count == 36)
  }

  @Test func `a reader that goes away is no error, a full disk is`() async throws {
    let user = try await CommandLineUser()
    try await user.makeNetwork()
    let program = try ESWProcess.executable().path
    for command in ["vpc list -o json", "subnet list", "flavor", "completion bash", "exit-status"] {
      let head = try await user.run([
        "bash", "-c", "\(program) \(command) | head -c 1; echo \" ${PIPESTATUS[0]}\"",
      ])
      #expect(head.output.hasSuffix(" 0\n") && head.errors.isEmpty, "\(command): \(head)")
    }
    // `true` reads nothing at all.
    let unread = try await user.run(["bash", "-c", "\(program) subnet list | true; echo ${PIPESTATUS[0]}"])
    #expect(unread.output == "0\n" && unread.errors.isEmpty, "\(unread)")
    let full = try await user.run(["bash", "-c", "\(program) vpc list > /dev/full"])
    #expect(full.status == CommandStatus.failed.rawValue)
    #expect(full.errors.contains("could not be written"))
  }
}

@Suite(.timeLimit(.minutes(3))) struct `Exit statuses` {
  private struct Failing {
    let arguments: [String]
    let settings: [String: String]
    let status: CommandStatus
    let words: [String]

    init(_ arguments: [String], _ settings: [String: String], _ status: CommandStatus, _ words: [String]) {
      self.arguments = arguments
      self.settings = settings
      self.status = status
      self.words = words
    }
  }

  @Test func `each kind of failure has its own, says what to do next, and prints nothing else`() async throws
  {
    let user = try await CommandLineUser()
    try await user.makeNetwork()
    let unknown = "01900000-0000-7000-8000-000000000000"
    let noProject = String(repeating: "0", count: 32)
    let cases: [Failing] = [
      Failing(
        ["vpc", "delete", "site"], [:], .refused, ["HTTP 409, code l2cg.8012, request ", "DELETE /v1/"]),
      Failing(["vpc", "create", "x", "--cidr", "10.0.0.0/30"], [:], .refused, ["HTTP 400, code l2cg.8001"]),
      Failing(["vpc", "show", unknown], [:], .notFound, ["HTTP 404", "`esw vpc list`"]),
      Failing(["vpc", "show", "nothing"], [:], .notFound, ["there is no vpc nothing", "`esw vpc list`"]),
      Failing(
        ["connection", "show", unknown], [:], .notFound, ["there is no connection", "`esw connection list`"]
      ),
      Failing(["connection", "--instance", unknown], [:], .notFound, ["l2cg.9923", "`esw instance list`"]),
      Failing(["vpc"], ["HUAWEICLOUD_SDK_SK": "wrong"], .notAllowed, ["HTTP 401", "HUAWEICLOUD_SDK_AK"]),
      Failing(
        ["vpc"], ["HUAWEICLOUD_SDK_AK": ""], .notAllowed,
        ["HUAWEICLOUD_SDK_AK is not set", "DATA/credentials"]
      ),
      Failing(
        ["vpc", "--project", noProject], [:], .notAllowed, ["HTTP 403", "HUAWEICLOUD_SDK_PROJECT_ID"]),
      Failing(["vpc", "--project", "mine"], [:], .usage, ["not a project id"]),
      Failing(
        ["vpc", "--endpoint", "http://127.0.0.1:1"], [:], .serverFailed, ["http://127.0.0.1:1", "esw serve"]
      ),
      Failing(["vpc"], ["ESW_ENDPOINT": "nonsense"], .usage, ["is not an endpoint"]),
      Failing(["vpc", "--nonsense"], [:], .usage, ["--nonsense"]),
      Failing(["vpc", "-q", "-o", "json"], [:], .usage, ["exclude each other"]),
      Failing(["vpc", "--limit", "0"], [:], .usage, ["--limit"]),
      Failing(["instance", "update", "x"], [:], .usage, ["--name or --description"]),
      Failing(["serve", "--xdp", "sometimes"], [:], .usage, ["sometimes", "auto, on or off"]),
      Failing(["serve"], ["ESW_XDP": "sometimes"], .usage, ["sometimes", "auto, on or off"]),
    ]
    for expected in cases {
      let result = try await user.run(
        [try ESWProcess.executable().path] + expected.arguments, overriding: expected.settings)
      let about = "\(expected.arguments) \(expected.settings): \(result)"
      #expect(result.status == expected.status.rawValue, "\(about)")
      #expect(result.output.isEmpty, "\(about)")
      #expect(result.errors.hasPrefix("Error: "), "\(about)")
      for words in expected.words { #expect(result.errors.contains(words), "\(words) in \(about)") }
    }
  }

  @Test func `are in the help, each with its meaning`() async throws {
    let user = try await CommandLineUser()
    let root = try await user.check("--help")
    #expect(root.contains("esw help exit-status"))
    let help = try await user.check("help", "exit-status")
    for status in CommandStatus.allCases {
      #expect(help.contains(" \(status.rawValue)  \(status.meaning)"))
    }
    #expect(Set(CommandStatus.allCases.map(\.meaning)).count == CommandStatus.allCases.count)
  }

  @Test(arguments: [
    (3_600, "3600 s ahead of"), (-1_200, "1200 s behind"), (30, nil),
  ])
  func `a clock that is wrong is named where a signature is refused`(_ skew: Int, _ words: String?) {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let now = Date(timeIntervalSince1970: 1_790_000_000)
    let served = format.string(from: now.addingTimeInterval(TimeInterval(-skew)))
    let advice = ClockFinding(message: "verify aksk signature fail", serverDate: served, now: now)?.sentence
    if let words {
      #expect(advice?.contains(words) == true)
    } else {
      #expect(advice == nil)
    }
  }
}
