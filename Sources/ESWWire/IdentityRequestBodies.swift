package import ESWModel

// The bodies of identity and access, as version 3 of the vendor's IAM has them.

extension TokenRequest {
  /// KeystoneCreateUserTokenByPassword. Only `password` is a method here.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let auth = try BodyField(body: body).member("auth")
    let identity = try auth.member("identity")
    for method in try identity.member("methods").elements(1...1, of: "methods") {
      try method.word("password")
    }
    let user = try identity.member("password").member("user")
    var scope: Scope?
    if let wanted = try auth.optional("scope") {
      switch (try wanted.optional("project"), try wanted.optional("domain")) {
      case (let project?, nil):
        let (id, name) = try project.idAndName()
        scope = .project(id: id, name: name)
      case (nil, let domain?):
        let (id, name) = try domain.idAndName()
        scope = .domain(id: id, name: name)
      case (_?, _?), (nil, nil): throw wanted.must("with either project or domain")
      }
    }
    self.init(
      userName: try user.member("name").text("a string"),
      domainName: try user.member("domain").member("name").text("a string"),
      password: try user.member("password").text("a string"), scope: scope)
  }
}

extension NewUser {
  /// KeystoneCreateUser.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let user = try BodyField(body: body).member("user")
    self.init(
      name: try user.member("name").identityName(), description: try user.rowDescription() ?? .empty,
      isEnabled: try user.optional("enabled")?.boolean() ?? true,
      password: try user.optional("password")?.password())
  }
}

extension UserUpdate {
  /// KeystoneUpdateUserByAdmin.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let user = try BodyField(body: body).member("user")
    self.init(
      name: try user.optional("name")?.identityName(), description: try user.rowDescription(),
      isEnabled: try user.optional("enabled")?.boolean(),
      password: try user.optional("password")?.password())
  }
}

extension PasswordChange {
  /// KeystoneUpdateUserPassword.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let user = try BodyField(body: body).member("user")
    self.init(
      original: try user.member("original_password").text("a string"),
      new: try user.member("password").password())
  }
}

extension NewGroup {
  /// KeystoneCreateGroup.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let group = try BodyField(body: body).member("group")
    self.init(
      name: try group.member("name").identityName(), description: try group.rowDescription() ?? .empty)
  }
}

extension GroupUpdate {
  /// KeystoneUpdateGroup.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let group = try BodyField(body: body).member("group")
    self.init(
      name: try group.optional("name")?.identityName(), description: try group.rowDescription())
  }
}

extension NewProject {
  /// KeystoneCreateProject. There is one domain, so whatever parent is named can only be that.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let project = try BodyField(body: body).member("project")
    self.init(
      name: try project.member("name").identityName(), description: try project.rowDescription() ?? .empty)
  }
}

extension NewAccessKey {
  /// CreatePermanentAccessKey.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let credential = try BodyField(body: body).member("credential")
    self.init(
      user: try credential.member("user_id").parsed("the id of a user"),
      description: try credential.rowDescription() ?? .empty)
  }
}

extension AccessKeyUpdate {
  /// UpdatePermanentAccessKey.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let credential = try BodyField(body: body).member("credential")
    var isActive: Bool?
    if let status = try credential.optional("status") {
      let rule = "\"active\" or \"inactive\""
      switch try status.text(rule) {
      case "active": isActive = true
      case "inactive": isActive = false
      default: throw status.must(rule)
      }
    }
    self.init(isActive: isActive, description: try credential.rowDescription())
  }
}

extension PolicyContent {
  /// CreateCloudServiceCustomPolicy and UpdateCloudServiceCustomPolicy.
  ///
  /// What a statement says of resources and conditions, beyond that they are all meant, cannot be kept:
  /// it is refused, for to leave it out would allow more than was asked.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let role = try BodyField(body: body).member("role")
    let kind = try role.member("type")
    let kindRule = "\"AX\" or \"XA\""
    let kinds: [String: Policy.Kind] = ["AX": .global, "XA": .project]
    guard let type = kinds[try kind.text(kindRule)] else { throw kind.must(kindRule) }
    let policy = try role.member("policy")
    try policy.member("Version").word("1.1")
    var statements: [PolicyStatement] = []
    for field in try policy.member("Statement").elements(1...Self.mostStatements, of: "statements") {
      statements.append(try field.statement())
    }
    self.init(
      name: try role.member("display_name").identityName(), description: try role.rowDescription() ?? .empty,
      kind: type, statements: statements)
  }
}

extension BodyField {
  fileprivate func statement() throws(RequestBodyError) -> PolicyStatement {
    let effectField = try member("Effect")
    let effectRule = "\"Allow\" or \"Deny\""
    guard let effect = PolicyStatement.Effect(rawValue: try effectField.text(effectRule)) else {
      throw effectField.must(effectRule)
    }
    if let condition = try optional("Condition"), try !condition.isEmptyObject() {
      throw condition.must("left out: conditions are not supported")
    }
    if let resource = try optional("Resource") { try resource.mustMeanAll() }
    var actions: [ActionPattern] = []
    for field in try member("Action").elements(1...PolicyStatement.mostActions, of: "actions") {
      actions.append(try field.parsed("service:resource:verb, in which * stands for any characters"))
    }
    return PolicyStatement(effect: effect, actions: actions)
  }

  /// `*`, alone or as every element of an array.
  private func mustMeanAll() throws(RequestBodyError) {
    let rule = "\"*\": policies for single resources are not supported"
    var fields = [self]
    if (try? text("")) == nil { fields = try elements(1...10, of: "resources") }
    for field in fields where try field.text(rule) != "*" { throw field.must(rule) }
  }

  fileprivate func identityName() throws(RequestBodyError) -> IdentityName {
    let range = IdentityName.lengthRange
    return try parsed(
      "\(range.lowerBound) to \(range.upperBound) visible characters, without '<' and '>', no space at either end"
    )
  }

  fileprivate func password() throws(RequestBodyError) -> Password {
    let range = Password.lengthRange
    return try parsed(
      "\(range.lowerBound) to \(range.upperBound) characters, none of them a control character")
  }

  fileprivate func rowDescription() throws(RequestBodyError) -> ResourceDescription? {
    guard let field = try optional("description") else { return nil }
    return try field.parsed("a string of at most 255 characters without '<' and '>'")
  }

  fileprivate func idAndName() throws(RequestBodyError) -> (id: String?, name: String?) {
    let id = try optional("id")?.text("a string")
    let name = try optional("name")?.text("a string")
    guard id != nil || name != nil else { throw must("with id or name") }
    return (id, name)
  }
}
