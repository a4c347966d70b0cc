import ESWModel
import ESWWire

/// Why the control plane itself, before or beside admission, declines a request.
enum CallError: Error, Hashable, Sendable {
  case signature(SignatureRejection)
  /// An agent, or who collects metrics, without the right token.
  case agentToken
  case noSuchPath
  /// The signature or the token is right, and its key, its user or its scope is no good any more.
  case credentialVoid
  /// `X-Auth-Token` is none of ours, or none any more.
  case token
  /// The project of the path is not the caller's, or there is none of that id.
  case foreignProject
  /// The caller's policies do not allow the action.
  case forbidden(Action)
  /// No such user, or another password: nobody is told which. The name as it came.
  case login(name: String)
  /// Too many wrong passwords of the name, as it came; or, without one, too many at a time.
  case loginThrottled(name: String?)
  /// What a path or a body of IAM names; as it came.
  case unknownIdentity(String, String)
  case bodyTooLarge
  case bodyUnreadable
  case bodyTooSlow
  /// Large bodies of others take all the memory that there is for them.
  case tooManyBodies
  case targetTooLong
  case headersTooLarge
  /// An id in the path that names nothing of the caller's; as it came.
  case unknownInstance(String)
  case unknownConnection(String, of: String?)
  case unknownVPC(String)
  case unknownSubnet(String)
  case unknownAttachment(String)
  case unknownPort(String)
  /// A report about another node than the path names.
  case otherNode
}
