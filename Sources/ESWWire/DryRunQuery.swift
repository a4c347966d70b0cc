/// `dry_run` of a change: nothing is done, and the answer is the plan.
package enum DryRunQuery {
  package static let name = "dry_run"

  /// Who asks for a trial must not get the deed: a value, a repetition or a spelling that could be meant as
  /// one is refused.
  package static func isAsked(_ query: QueryParameters) throws(RequestBodyError) -> Bool {
    let spellings = query.names.filter { isMeant($0) }
    guard let first = spellings.first else { return false }
    guard first == name, spellings.count == 1 else {
      throw .invalid(path: name, rule: "given once, in this spelling")
    }
    switch query[name] {
    case "true": return true
    case "false": return false
    default: throw .invalid(path: name, rule: "true or false")
    }
  }

  /// `dryRun`, `dry-run` and the like, as other APIs have it.
  private static func isMeant(_ text: String) -> Bool {
    text.lowercased().filter { $0 != "_" && $0 != "-" } == "dryrun"
  }
}
