import ESWModel
import ESWWire

/// Why frames of a connection cannot be captured now.
enum CaptureObstacle: Hashable, Sendable {
  case noNode
  /// It has not reported to this store.
  case unheard(NodeName)
  case silent(NodeName, seconds: Int64)
  case nodeFull(NodeName)
  case allTaken
  /// Its agent has not asked what to capture.
  case notAsked(NodeName)
  /// Its agent was told, and has not begun.
  case notBegun(NodeName)
  /// In the agent's words.
  case refused(NodeName, String)
}

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
  /// What stands against a capture.
  case capture(CaptureObstacle)
  /// Of an agent: nobody waits for it, or not any more; as it came.
  case unknownCapture(String)
}
