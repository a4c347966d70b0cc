import ESWWire

/// Why the control plane itself, before or beside admission, declines a request.
enum CallError: Error, Hashable, Sendable {
  case signature(SignatureRejection)
  /// An agent without the right token.
  case agentToken
  case noSuchPath
  /// The project of the path is not the caller's.
  case foreignProject
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
