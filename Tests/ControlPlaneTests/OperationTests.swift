import ControlPlane
import ESWWire
import HTTPTypes
import Testing

struct OperationTests {
  @Test func everyOperationIsServedAndNothingElse() {
    let tabled = Operation.all.map { "\($0.method.rawValue) \($0.path)" }
    #expect(Lab().service().servedRoutes == tabled.sorted())
  }

  @Test func noTwoOperationsShareANameOrAPlace() {
    #expect(Set(Operation.all.map(\.name)).count == Operation.all.count)
    #expect(Set(Operation.all.map { "\($0.method) \($0.path)" }).count == Operation.all.count)
  }

  /// The console's files are what they are for everybody.
  @Test func anOpenOperationHasNoParametersInItsPathThatNameARow() {
    for operation in Operation.all where operation.door == .open && operation != .showConsoleFile {
      #expect(!operation.path.contains("{"))
    }
  }
}
