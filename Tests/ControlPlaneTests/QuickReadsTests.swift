import ESWAdmission
import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import ControlPlane

/// A core with one page on its shelf.
private struct Shelved {
  static let target = "\(Lab.v3)/connections?limit=20"
  static let page = ByteBuffer(string: #""page":1}"#)

  let lab = Lab()
  let core: ControlPlaneCore
  let reads: QuickReads

  init(logLevel: Logger.Level = .info, page: ByteBuffer = page) async throws {
    try await lab.seed()
    var logger = Logger(label: "test")
    logger.logLevel = logLevel
    let lab = self.lab
    core = ControlPlaneCore(
      store: lab.store, region: Region(),
      minting: Minting(above: lab.snapshot, randomness: SystemRandomNumberGenerator()),
      secrets: SecretMinting(randomness: SystemRandomNumberGenerator()), now: { lab.now }, scheme: "http",
      logger: logger)
    reads = QuickReads(core: core, logger: logger)
    try await shelve(page)
  }

  /// Puts the page on the shelf, as made of what there is now.
  func shelve(_ page: ByteBuffer = page) async throws {
    _ = try await core.pages.page(
      PageShelf.Request(project: Lab.project, target: Self.target), to: .listConnectionsAllInstances,
      of: PageShelf.Basis(of: core.view), at: lab.now
    ) { span in
      span.narrow(to: lab.now)
      return page
    }
  }

  func change(_ edits: [IdentityEdit]) async throws {
    _ = try await lab.store.commit { _ in
      IntentChange(edits: edits.map { .identity($0) }, outcome: ())
    }
    try await shelve()
  }

  /// Signed by the key.
  func request(
    _ method: HTTPRequest.Method = .get, _ path: String = "\(Lab.v3)/connections", query: String = "limit=20",
    key: AccessKey = Lab.key, more: HTTPFields = [:]
  ) -> HTTPRequest {
    let signable = SignableRequest(
      method: method.rawValue, path: path, query: query, headers: [HeaderField("host", "localhost")])
    var fields = more
    for header in RequestSignature.sign(
      signable, body: "".utf8, keyID: key.id, secret: key.secret, at: lab.now)
    { fields[HTTPField.Name(header.name)!] = header.value }
    return HTTPRequest(
      method: method, scheme: "http", authority: "localhost", path: "\(path)?\(query)", headerFields: fields)
  }

  func answers(_ request: HTTPRequest) -> Bool { reads.answer(request) != nil }
}

@Suite struct `A kept page` {
  @Test func `is given to who may read it, under a request id of its own`() async throws {
    let shelved = try await Shelved()
    let answer = try #require(shelved.reads.answer(shelved.request()))
    let requestID = try #require(answer.head.headerFields[.requestID])
    let body = answer.body.map { String(buffer: $0) }.joined()
    #expect(body == #"{"request_id":"\#(requestID)","page":1}"#)
    #expect(answer.head.status == .ok)
    #expect(answer.head.headerFields[.contentLength] == "\(body.utf8.count)")
    #expect(answer.head.headerFields[.contentType] == "application/json")
    #expect(answer.head.headerFields[.date] == "Mon, 05 Jan 2026 09:00:00 GMT")
  }

  @Test func `is not given to another project's key, to an unknown one, or for another's signature`()
    async throws
  {
    let shelved = try await Shelved()
    #expect(!shelved.answers(shelved.request(key: Lab.foreignKey)))
    let unknown = AccessKey(id: "nobody", secret: "SK", user: Lab.key.user, createdAt: Lab.start)
    #expect(!shelved.answers(shelved.request(key: unknown)))
    let forger = AccessKey(id: Lab.key.id, secret: "guess", user: Lab.key.user, createdAt: Lab.start)
    #expect(!shelved.answers(shelved.request(key: forger)))
    var unsigned = shelved.request()
    unsigned.headerFields[.authorization] = nil
    #expect(!shelved.answers(unsigned))
  }

  @Test func `is not given for another request than it was made for`() async throws {
    let shelved = try await Shelved()
    #expect(!shelved.answers(shelved.request(.post)))
    #expect(!shelved.answers(shelved.request(.head)))
    #expect(!shelved.answers(shelved.request(query: "limit=21")))
    #expect(!shelved.answers(shelved.request(.get, "\(Lab.v3)/instances")))
    #expect(!shelved.answers(shelved.request(.get, "/\(Lab.v3)/connections")))
  }

  @Test(arguments: [
    (HTTPField.Name.contentLength, "1"), (.transferEncoding, "chunked"), (.connection, "close"),
    (.expect, "100-continue"), (.upgrade, "h2c"), (.userAgent, String(repeating: "a", count: 40_000)),
  ])
  func `is not given where more is asked`(_ name: HTTPField.Name, _ value: String) async throws {
    let shelved = try await Shelved()
    #expect(!shelved.answers(shelved.request(more: [name: value])))
  }

  @Test(arguments: [(HTTPField.Name.contentLength, "0"), (.connection, "Keep-Alive"), (.accept, "*/*")])
  func `is given to what clients usually send`(_ name: HTTPField.Name, _ value: String) async throws {
    let shelved = try await Shelved()
    #expect(shelved.answers(shelved.request(more: [name: value])))
  }

  @Test func `is not given after a change, a report or its time`() async throws {
    let changed = try await Shelved()
    try await changed.lab.seed()
    #expect(!changed.answers(changed.request()))
    let late = try await Shelved()
    late.lab.pass(1)
    #expect(!late.answers(late.request()))
  }

  @Test func `is not given where reads are logged`() async throws {
    let shelved = try await Shelved(logLevel: .debug)
    #expect(!shelved.answers(shelved.request()))
  }
}

/// Ways in which somebody loses what he may.
private struct Loss: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let edits: [IdentityEdit]

  static let user = Lab.user(3, "reader")
  static let key = AccessKey(id: "AK3", secret: "SK3", user: user.id, createdAt: Lab.start)
  /// May read in the project, until something of this is taken away.
  static let right = Lab.edits(3, user, Policy.switchReader.id, in: .project(Lab.project), key: key)

  private static let denial = Policy(
    id: PolicyID(high: 8, low: 1), name: IdentityName("no connections")!, description: .empty, kind: .project,
    statements: [PolicyStatement(effect: .deny, actions: [ActionPattern("esw:connection:list")!])],
    createdAt: Lab.start, updatedAt: Lab.start)

  private static var disabledKey: AccessKey {
    AccessKey(id: key.id, secret: key.secret, user: user.id, isActive: false, createdAt: Lab.start)
  }

  private static var disabledUser: User {
    User(id: user.id, name: user.name, description: .empty, isEnabled: false, createdAt: Lab.start)
  }

  static let all = [
    Loss(testDescription: "the key is disabled", edits: [.putKey(disabledKey)]),
    Loss(testDescription: "the key is deleted", edits: [.removeKey(key.id)]),
    Loss(testDescription: "the user is disabled", edits: [.putUser(disabledUser)]),
    Loss(
      testDescription: "the grant is removed",
      edits: [
        .removeGrant(
          Grant(
            group: Lab.group(3, "reader").id, policy: Policy.switchReader.id, scope: .project(Lab.project)))
      ]),
    Loss(
      testDescription: "the user leaves the group",
      edits: [.removeMembership(Membership(user: user.id, group: Lab.group(3, "reader").id))]),
    Loss(
      testDescription: "a policy denies it",
      edits: [
        .putPolicy(denial),
        .putGrant(
          Grant(group: Lab.group(3, "reader").id, policy: denial.id, scope: .project(Lab.project))),
      ]),
  ]
}

@Suite struct `A kept page and the rights to it` {
  /// The page is of the newest intent each time, so that nothing but the loss can be why.
  @Test(arguments: Loss.all) fileprivate func `go together`(_ loss: Loss) async throws {
    let shelved = try await Shelved()
    try await shelved.change(Loss.right)
    #expect(shelved.answers(shelved.request(key: Loss.key)))
    try await shelved.change(loss.edits)
    #expect(!shelved.answers(shelved.request(key: Loss.key)))
    #expect(shelved.answers(shelved.request()), "the page is there, for who may")
  }
}

@Suite struct `Quick answers on a connection` {
  private func write(_ request: HTTPRequest, to channel: EmbeddedChannel) throws {
    try channel.writeInbound(HTTPRequestPart.head(request))
    try channel.writeInbound(HTTPRequestPart.end(nil))
  }

  private func answers(on channel: EmbeddedChannel) throws -> Int {
    var count = 0
    while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
      if case .head = part { count += 1 }
    }
    return count
  }

  private func passed(on channel: EmbeddedChannel) throws -> Int {
    var count = 0
    while let part = try channel.readInbound(as: HTTPRequestPart.self) {
      if case .head = part { count += 1 }
    }
    return count
  }

  @Test func `keep their order with the others`() async throws {
    let shelved = try await Shelved()
    let channel = EmbeddedChannel(handler: QuickReadsHandler(reads: shelved.reads))
    let other = shelved.request(query: "limit=21")
    try write(shelved.request(), to: channel)
    #expect(try answers(on: channel) == 1)
    try write(other, to: channel)
    try write(shelved.request(), to: channel)
    // The second is under way, so the third waits behind it.
    #expect(try answers(on: channel) == 0)
    #expect(try passed(on: channel) == 2)
    for _ in 0..<2 {
      try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
      try channel.writeOutbound(HTTPResponsePart.end(nil))
    }
    #expect(try answers(on: channel) == 2)
    try write(shelved.request(), to: channel)
    #expect(try answers(on: channel) == 1)
    #expect(try passed(on: channel) == 0)
  }

  @Test func `wait for a client that does not take what it asked for`() async throws {
    let shelved = try await Shelved()
    let channel = EmbeddedChannel(handler: QuickReadsHandler(reads: shelved.reads))
    channel.isWritable = false
    try write(shelved.request(), to: channel)
    #expect(try answers(on: channel) == 0)
    #expect(try passed(on: channel) == 1)
  }
}

@Suite struct `The date of an answer` {
  @Test(arguments: [
    (Timestamp(milliseconds: 0), "Thu, 01 Jan 1970 00:00:00 GMT"),
    (Timestamp(milliseconds: 784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT"),
    (Timestamp(milliseconds: 951_782_400_000), "Tue, 29 Feb 2000 00:00:00 GMT"),
  ])
  func `is as HTTP wants it`(_ moment: Timestamp, _ text: String) { #expect(moment.httpDate == text) }
}
