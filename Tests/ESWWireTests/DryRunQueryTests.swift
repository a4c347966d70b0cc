import ESWModel
import Testing

@testable import ESWWire

@Suite struct `Whether a dry run is asked for` {
  @Test(arguments: [
    ("", false), ("limit=3", false), ("dry_run=true", true), ("dry_run=false", false),
    ("a=1&dry_run=true", true), ("dry=true", false),
  ])
  func `is said by one parameter`(query: String, asked: Bool) throws {
    #expect(try DryRunQuery.isAsked(QueryParameters(query)) == asked)
  }

  /// Each could be meant as one: to do the deed instead would be the worst answer.
  @Test(arguments: [
    "dry_run", "dry_run=", "dry_run=1", "dry_run=True", "dry_run=yes", "dry_run=true&dry_run=true",
    "dry_run=false&dry_run=true", "dryRun=true", "dryrun=true", "dry-run=true", "DRY_RUN=true",
    "dry_run=true&dryRun=false", "dry%5Frun=tru",
  ])
  func `is not guessed`(query: String) {
    #expect(throws: RequestBodyError.self) { try DryRunQuery.isAsked(QueryParameters(query)) }
  }

  @Test func `is a question for changes, and for all of them`() {
    for operation in Operation.all {
      let isSeen = operation.method == .get || operation.method == .head
      let isOther = [.createToken, .sendReport, .sendCapture, .refuseCapture].contains(operation)
      #expect(operation.isChange == !(isSeen || isOther), "\(operation)")
    }
  }
}
