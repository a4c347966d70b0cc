import ESWAdmission
import ESWModel
import HTTPTypes

extension ErrorAnswer {
  /// The vendor's IAM has codes of its own that are not known in full: these are ours, `iam.8xxx`, in the
  /// body of contract section 8.1.
  init(_ refusal: IdentityRefusal) {
    switch refusal {
    case .unknown(let kind, let name): self.init(CallError.unknownIdentity(kind.rawValue, name))
    case .nameTaken(let kind, let name):
      self.init(.conflict, "iam.8003", "There is a \(kind.rawValue) of the name \(name) already.")
    case .limitReached(let kind, let limit):
      self.init(.conflict, "iam.8004", "The limit is reached: \(limit) of \(kind.rawValue).")
    case .policyIsBuiltIn(let id):
      self.init(.forbidden, "iam.8005", "The policy \(id) is built in and cannot be changed.")
    case .policyIsGranted(let id):
      self.init(.conflict, "iam.8006", "The policy \(id) is granted to a group: revoke it first.")
    case .notInGroup(let user, let group):
      self.init(.notFound, "iam.8007", "The user \(user) is not in the group \(group).")
    case .notGranted(let policy, let group):
      self.init(.notFound, "iam.8008", "The group \(group) does not have the policy \(policy) there.")
    case .lastAdministrator:
      self.init(
        .conflict, "iam.8009",
        "Nobody would be left who can administer the domain: make somebody else able to.")
    case .passwordChangedMeanwhile(let user):
      self.init(.conflict, "iam.8010", "The password of user \(user) was changed meanwhile.")
    }
  }
}
