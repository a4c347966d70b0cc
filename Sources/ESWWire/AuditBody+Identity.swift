import ESWModel

// Rows of identity as the audit keeps them. Keys have no secret in it, and users no hash of a password: only
// whether there is one, and of which generation.
extension AuditedRow {
  fileprivate init(_ row: Domain) {
    self.init("domain", row.id.description, nil) { writer in
      writer.object { $0.named(row.id.description, row.name.description) }
    }
  }

  fileprivate init(_ row: User) {
    self.init("user", row.id.description, nil) { writer in
      writer.object {
        $0.named(row.id.description, row.name.description)
        $0.member("description", row.description.description)
        $0.member("enabled", row.isEnabled)
        $0.member("has_password", row.password != nil)
        $0.member("generation", integer: row.generation)
      }
    }
  }

  fileprivate init(_ row: UserGroup) {
    self.init("group", row.id.description, nil) { writer in
      writer.object {
        $0.named(row.id.description, row.name.description)
        $0.member("description", row.description.description)
      }
    }
  }

  fileprivate init(_ row: Membership) {
    self.init("membership", row.user.description, nil) { writer in
      writer.object {
        $0.member("user_id", row.user.description)
        $0.member("group_id", row.group.description)
      }
    }
  }

  fileprivate init(_ row: Policy) {
    self.init("policy", row.id.description, nil) { writer in
      writer.object {
        $0.named(row.id.description, row.name.description)
        $0.member("description", row.description.description)
        $0.member("type", row.kind.rawValue)
        $0.array("statements", row.statements) { writer, statement in
          writer.object {
            $0.member("effect", statement.effect.rawValue)
            $0.member("actions", strings: statement.actions.lazy.map(\.description))
          }
        }
      }
    }
  }

  /// Of the project that it opens, so that who answers for that sees it.
  fileprivate init(_ row: Grant) {
    var (project, scope): (ProjectID?, String) = (nil, "")
    switch row.scope {
    case .domain: scope = "domain"
    case .allProjects: scope = "all projects"
    case .project(let id): (project, scope) = (id, "project")
    }
    self.init("grant", row.group.description, project) { [project, scope] writer in
      writer.object {
        $0.member("group_id", row.group.description)
        $0.member("policy_id", row.policy.description)
        $0.member("scope", scope)
        $0.optional("project_id", project?.description)
      }
    }
  }

  fileprivate init(_ row: AccessKey) {
    self.init("access_key", row.id, nil) { $0.credential(row) }
  }
}

extension IdentityEdit {
  /// As `IntentEdit.audited(in:)`.
  func audited(in identity: IdentityDirectory) -> (before: AuditedRow?, after: AuditedRow?) {
    switch self {
    case .putDomain(let row): (identity.domain.map { AuditedRow($0) }, AuditedRow(row))
    case .putUser(let row): (identity.user(row.id).map { AuditedRow($0) }, AuditedRow(row))
    case .removeUser(let id): (identity.user(id).map { AuditedRow($0) }, nil)
    case .putGroup(let row): (identity.group(row.id).map { AuditedRow($0) }, AuditedRow(row))
    case .removeGroup(let id): (identity.group(id).map { AuditedRow($0) }, nil)
    case .putMembership(let row): (nil, AuditedRow(row))
    case .removeMembership(let row): (AuditedRow(row), nil)
    case .putPolicy(let row): (identity.policy(row.id).map { AuditedRow($0) }, AuditedRow(row))
    case .removePolicy(let id): (identity.policy(id).map { AuditedRow($0) }, nil)
    case .putGrant(let row): (nil, AuditedRow(row))
    case .removeGrant(let row): (AuditedRow(row), nil)
    case .putKey(let row): (identity.key(row.id).map { AuditedRow($0) }, AuditedRow(row))
    case .removeKey(let id): (identity.key(id).map { AuditedRow($0) }, nil)
    }
  }
}
