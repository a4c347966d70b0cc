import ESWAdmission
import ESWModel
import Testing

@Suite struct `Making the first project` {
  private let empty = IntentSnapshot(store: StoreID(high: 1, low: 1))

  private func bootstrap(_ snapshot: IntentSnapshot, seed: UInt64) -> IntentChange<IssuedKey?> {
    ProjectAdmission.bootstrap(
      projectName: "default", in: snapshot, secrets: SecretMinting(randomness: SeededGenerator(seed: seed)),
      now: Timestamp(milliseconds: 5))
  }

  @Test func `an empty store gets a project and a key for it`() throws {
    let change = bootstrap(empty, seed: 1)
    let key = try #require(change.outcome)
    let after = empty.applying(change.edits)
    #expect(after.project(key.project)?.name == "default")
    #expect(after.accessKey(key.id) == key.key)
  }

  @Test func `a key has the vendor's form`() throws {
    let key = try #require(bootstrap(empty, seed: 1).outcome)
    #expect(key.id.wholeMatch(of: /[A-Z0-9]{20}/) != nil)
    #expect(key.secret.wholeMatch(of: /[A-Za-z0-9]{40}/) != nil)
  }

  @Test func `no two stores get the same secret`() {
    #expect(bootstrap(empty, seed: 1).outcome?.secret != bootstrap(empty, seed: 2).outcome?.secret)
  }

  @Test func `a store with a project stays as it is`() {
    let after = empty.applying(bootstrap(empty, seed: 1).edits)
    let again = bootstrap(after, seed: 2)
    #expect(again.outcome == nil)
    #expect(again.edits.isEmpty)
  }
}
