import ArgumentParser
import ESWClient

/// What every command takes that changes something.
@dynamicMemberLookup
struct ChangeOptions: ParsableArguments {
  @Flag(help: "Change nothing: show what would be done, to what, and what stands against it.")
  var dryRun = false

  @OptionGroup var common: ClientOptions

  subscript<Value>(dynamicMember member: KeyPath<ClientOptions, Value>) -> Value { common[keyPath: member] }

  /// With --dry-run, one whose changes end with their plan shown.
  func client() throws -> ESWClient {
    var client = try common.client()
    guard dryRun else { return client }
    client.planned = { [common] plan in
      do {
        try PlanPage(plan).show(common)
      } catch {
        return error
      }
      return CommandFailure(plan["result"].text == "fail" ? .planFails : .done, "")
    }
    return client
  }

  func show(_ row: JSON, _ columns: [Table.Column]) throws { try common.show(row, columns) }

  func show(_ rows: [JSON], _ columns: [Table.Column]) throws { try common.show(rows, columns) }

  func note(_ text: String) { common.note(text) }
}
