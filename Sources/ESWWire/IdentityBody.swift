package import ESWModel

/// Where our addresses in answers begin, such as `http://127.0.0.1:8470`.
package struct BaseURL: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }
}

// Objects as version 3 of the vendor's IAM shows them.
extension JSONWriter {
  package mutating func project(_ project: Project, domain: DomainID, at base: BaseURL) {
    beginObject()
    member("id", project.id.description)
    member("name", project.name)
    member("description", project.description.description)
    member("domain_id", domain.description)
    member("parent_id", domain.description)
    member("is_domain", false)
    member("enabled", true)
    links(to: base.text + "/v3/projects/\(project.id)")
    endObject()
  }

  package mutating func domain(_ domain: Domain, at base: BaseURL) {
    beginObject()
    member("id", domain.id.description)
    member("name", domain.name.description)
    member("description", "")
    member("enabled", true)
    links(to: base.text + "/v3/auth/domains")
    endObject()
  }

  package mutating func user(_ user: User, domain: DomainID, at base: BaseURL) {
    beginObject()
    member("id", user.id.description)
    member("name", user.name.description)
    member("description", user.description.description)
    member("domain_id", domain.description)
    member("enabled", user.isEnabled)
    // Ours, beside the vendor's: whether a password opens anything.
    member("pwd_status", user.password != nil)
    // Passwords do not expire.
    name("password_expires_at")
    null()
    links(to: base.text + "/v3/users/\(user.id)")
    endObject()
  }

  package mutating func group(_ group: UserGroup, domain: DomainID, at base: BaseURL) {
    beginObject()
    member("id", group.id.description)
    member("name", group.name.description)
    member("description", group.description.description)
    member("domain_id", domain.description)
    member("create_time", integer: group.createdAt.milliseconds)
    links(to: base.text + "/v3/groups/\(group.id)")
    endObject()
  }

  /// - Parameter showsSecret: Only in the answer that makes the key.
  package mutating func credential(_ key: AccessKey, showsSecret: Bool = false) {
    beginObject()
    member("access", key.id)
    if showsSecret { member("secret", key.secret) }
    member("user_id", key.user.description)
    member("status", key.isActive ? "active" : "inactive")
    member("description", key.description.description)
    member("create_time", key.createdAt)
    endObject()
  }

  package mutating func policy(_ policy: Policy, domain: DomainID, at base: BaseURL) {
    beginObject()
    member("id", policy.id.description)
    member("name", policy.roleName)
    member("display_name", policy.name.description)
    member("description", policy.description.description)
    member("type", policy.kind.rawValue)
    member("catalog", policy.isBuiltIn ? "BASE" : "CUSTOMED")
    if policy.isBuiltIn {
      name("domain_id")
      null()
    } else {
      member("domain_id", domain.description)
      member("created_time", "\(policy.createdAt.milliseconds)")
      member("updated_time", "\(policy.updatedAt.milliseconds)")
    }
    object("policy") {
      $0.member("Version", "1.1")
      $0.array("Statement", policy.statements) { writer, statement in
        writer.object {
          $0.member("Effect", statement.effect.rawValue)
          $0.member("Action", strings: statement.actions.lazy.map(\.description))
        }
      }
    }
    links(to: base.text + "/v3/roles/\(policy.id)")
    endObject()
  }

  /// An entry of the catalog. Our endpoints have no ids of their own: the service's type is one.
  package mutating func service(_ type: String, region: String, url: String) {
    beginObject()
    member("id", type)
    member("name", type)
    member("type", type)
    array("endpoints", CollectionOfOne(url)) { writer, url in
      writer.object {
        $0.member("id", type)
        $0.member("interface", "public")
        $0.member("region", region)
        $0.member("region_id", region)
        $0.member("url", url)
      }
    }
    endObject()
  }

  /// Of an object, or of a list, all of which is on one page.
  package mutating func links(to url: String) {
    object("links") {
      $0.member("self", url)
      $0.name("previous")
      $0.null()
      $0.name("next")
      $0.null()
    }
  }

  package mutating func named(_ id: String, _ name: String) {
    member("id", id)
    member("name", name)
  }
}

extension Policy {
  /// What the vendor calls a role's name, beside the name that is shown.
  package var roleName: String { isBuiltIn ? name.description : "custom_\(id)" }
}
