package import ESWModel

extension JSONWriter {
  /// A record of the audit, of our own additions.
  package mutating func auditRecord(_ record: AuditRecord) {
    let entry = record.entry
    beginObject()
    member("id", "\(record.number)")
    member("time", entry.at)
    member("operation", entry.author.operation)
    optional("project_id", entry.project?.description)
    optional("user_id", entry.author.user)
    optional("user_name", entry.author.userName)
    optional("access_key", entry.author.accessKey)
    member("source", entry.author.source)
    member("request_id", entry.author.request)
    switch entry.outcome {
    case .changed(let kind, let id, let before, let after):
      member("outcome", "changed")
      member("resource_type", kind)
      member("resource_id", id)
      json("before", before)
      json("after", after)
    case .denied(let code, let path):
      member("outcome", "denied")
      member("error_code", code)
      member("path", path)
    }
    endObject()
  }

  mutating func optional(_ name: StaticString, _ text: String?) {
    if let text { member(name, text) }
  }

  /// A member whose value is JSON text already.
  mutating func json(_ name: StaticString, _ text: String?) {
    self.name(name)
    if let text { raw(text) } else { null() }
  }
}

/// A row as the audit keeps it: what was asked for, without what is derived and without secrets.
package struct AuditedRow: Hashable, Sendable {
  package let kind: String
  package let id: String
  package let project: ProjectID?
  /// A JSON object.
  package let text: String

  init(
    _ kind: String, _ id: String, _ project: ProjectID?, _ write: (inout JSONWriter) -> Void
  ) {
    var writer = JSONWriter()
    write(&writer)
    self.kind = kind
    self.id = id
    self.project = project
    text = String(decoding: writer.finish(), as: UTF8.self)
  }

  init(_ row: Project) {
    self.init("project", row.id.description, row.id) { writer in
      writer.object {
        $0.member("id", row.id.description)
        $0.member("name", row.name)
        $0.member("description", row.description.description)
      }
    }
  }

  init(_ row: VPC) { self.init("vpc", row.id.description, row.project) { $0.vpc(row) } }

  init(_ row: Subnet) { self.init("subnet", row.id.description, row.project) { $0.subnet(row) } }

  init(_ row: Attachment) {
    self.init("attachment", row.id.description, row.project) { $0.attachment(row) }
  }

  init(_ row: NodePermission) {
    self.init("node", row.node.description, nil) { $0.permission(row) }
  }

  init(_ row: Port) {
    self.init("port", row.id.description, row.project) { writer in
      writer.object {
        $0.member("id", row.id)
        $0.member("name", row.name.description)
        $0.member("network_id", row.subnet)
        $0.member("device_owner", row.owner.rawValue)
        $0.member("ip_address", row.address.description)
        $0.optional("connection_id", row.connection?.description)
      }
    }
  }

  init(_ row: Instance) {
    self.init("instance", row.id.description, row.project) { writer in
      writer.object {
        $0.member("id", row.id)
        $0.member("name", row.name.description)
        $0.member("description", row.description.description)
        $0.member("flavor_ref", row.flavor.rawValue)
        $0.member("vpc_id", row.vpc)
        $0.member("virsubnet_id", row.tunnelSubnet)
        $0.member("tunnel_ip", row.tunnelAddress.description)
        $0.member("primary", row.primaryZone)
        $0.member("standby", row.standbyZone)
      }
    }
  }

  init(_ row: Connection) {
    self.init("connection", row.id.description, row.project) { writer in
      writer.object {
        $0.member("id", row.id)
        $0.member("name", row.name.description)
        $0.member("instance_id", row.instance)
        $0.member("vpc_id", row.vpc)
        $0.member("virsubnet_id", row.subnet)
        $0.array("remote_infos", row.remotes) { $0.remote($1) }
        $0.member("fixed_ips", strings: row.fixedAddresses.lazy.map(\.description))
        if row.forwarding != .usual { $0.asked(row.forwarding) }
      }
    }
  }
}

extension IntentEdit {
  /// The row before and after the edit, in a snapshot that does not have it yet. Jobs are our own
  /// bookkeeping, and a setting of the server is in its file: both nil, they are not audited.
  package func audited(in snapshot: IntentSnapshot) -> (before: AuditedRow?, after: AuditedRow?) {
    switch self {
    case .putProject(let row): (snapshot.project(row.id).map { AuditedRow($0) }, AuditedRow(row))
    case .identity(let edit): edit.audited(in: snapshot.identity)
    case .putVPC(let row): (snapshot.vpcs[row.id].map { AuditedRow($0) }, AuditedRow(row))
    case .removeVPC(let id): (snapshot.vpcs[id].map { AuditedRow($0) }, nil)
    case .putSubnet(let row): (snapshot.subnets[row.id].map { AuditedRow($0) }, AuditedRow(row))
    case .removeSubnet(let id): (snapshot.subnets[id].map { AuditedRow($0) }, nil)
    case .putAttachment(let row): (snapshot.attachments[row.id].map { AuditedRow($0) }, AuditedRow(row))
    case .removeAttachment(let id): (snapshot.attachments[id].map { AuditedRow($0) }, nil)
    case .putInstance(let row): (snapshot.instances[row.id].map { AuditedRow($0) }, AuditedRow(row))
    case .removeInstance(let id): (snapshot.instances[id].map { AuditedRow($0) }, nil)
    case .putConnection(let row): (snapshot.connections[row.id].map { AuditedRow($0) }, AuditedRow(row))
    case .removeConnection(let id): (snapshot.connections[id].map { AuditedRow($0) }, nil)
    case .putPort(let row): (snapshot.ports[row.id].map { AuditedRow($0) }, AuditedRow(row))
    case .removePort(let id): (snapshot.ports[id].map { AuditedRow($0) }, nil)
    case .putPermission(let row): (snapshot.permission(of: row.node).map { AuditedRow($0) }, AuditedRow(row))
    case .putJob, .removeJob, .enforceFlavors: (nil, nil)
    }
  }
}

extension AuditEntry {
  /// What the edits do to the rows, one entry a row.
  ///
  /// - Parameter snapshot: Without the edits. Edits of one change touch different rows.
  package static func entries(
    of edits: [IntentEdit], in snapshot: IntentSnapshot, by author: Author, at now: Timestamp
  ) -> [AuditEntry] {
    edits.compactMap { edit in
      let (before, after) = edit.audited(in: snapshot)
      guard let row = after ?? before else { return nil }
      return AuditEntry(
        at: now, author: author, project: row.project,
        outcome: .changed(kind: row.kind, id: row.id, before: before?.text, after: after?.text))
    }
  }
}
