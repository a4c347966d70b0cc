import HashTreeCollections

/// One kind of intent row: by id, and by project in the order of ids.
///
/// Rows live in a persistent hash tree, so a changed copy shares all but the changed path with the
/// snapshot before it: readers of that one are not disturbed, and a change does not cost the whole.
package struct IntentTable<Row: IntentRow>: Sendable {
  private var rows: TreeDictionary<Identifier<Row>, Row> = [:]
  private var order: TreeDictionary<ProjectID, [Identifier<Row>]> = [:]

  package init() {}

  package var count: Int { rows.count }
  /// In no order. O(n).
  package var values: [Row] { Array(rows.values) }

  /// O(projects).
  package var greatestID: Identifier<Row>? { order.values.compactMap(\.last).max() }

  package subscript(id: Identifier<Row>) -> Row? { rows[id] }

  /// The row, unless it is another project's: a foreign id answers as an unknown one.
  package subscript(id: Identifier<Row>, of project: ProjectID) -> Row? {
    guard let row = rows[id], row.project == project else { return nil }
    return row
  }

  /// Ids of a project in ascending order, which is the order of creation.
  package func ids(of project: ProjectID) -> [Identifier<Row>] { order[project] ?? [] }

  mutating func put(_ row: Row) {
    if rows.updateValue(row, forKey: row.id) == nil { order[row.project, default: []].insertSorted(row.id) }
  }

  mutating func remove(_ id: Identifier<Row>) -> Row? {
    guard let row = rows.removeValue(forKey: id) else { return nil }
    order[row.project]?.removeSorted(id)
    if order[row.project]?.isEmpty == true { order[row.project] = nil }
    return row
  }
}

extension Array where Element: Comparable {
  /// The first place whose element is greater than `element`. O(log n).
  package func firstIndex(after element: Element) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle] <= element { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func insertSorted(_ element: Element) { insert(element, at: firstIndex(after: element)) }

  mutating func removeSorted(_ element: Element) {
    let index = firstIndex(after: element) - 1
    if indices.contains(index), self[index] == element { remove(at: index) }
  }
}

/// The whole intent of a region at one revision, as a value.
package struct IntentSnapshot: Sendable {
  package private(set) var revision: Revision
  /// Names this store for ever; a node that has seen another store's configuration refuses ours.
  package let store: StoreID
  /// The next connection's number.
  package private(set) var nextConnectionNumber: UInt32 = 1
  /// Whether nodes hold instances to what their flavors carry; false: flavors are labels. A setting of the
  /// server, kept here because nodes take another configuration only with another revision.
  package private(set) var enforcesFlavors = false

  private var projectsByID: TreeDictionary<ProjectID, Project> = [:]
  private var permissionsByNode: TreeDictionary<NodeName, NodePermission> = [:]
  package private(set) var identity = IdentityDirectory()
  package private(set) var vpcs = IntentTable<VPC>()
  package private(set) var subnets = IntentTable<Subnet>()
  package private(set) var attachments = IntentTable<Attachment>()
  package private(set) var instances = IntentTable<Instance>()
  package private(set) var connections = IntentTable<Connection>()
  package private(set) var jobs = IntentTable<Job>()
  package private(set) var ports = IntentTable<Port>()

  private var subnetsByVPC: TreeDictionary<VPCID, [SubnetID]> = [:]
  private var attachmentsBySubnet: TreeDictionary<SubnetID, [AttachmentID]> = [:]
  private var attachmentsByNode: TreeDictionary<NodeName, [AttachmentID]> = [:]
  private var instancesByTunnelSubnet: TreeDictionary<SubnetID, [InstanceID]> = [:]
  private var connectionsByInstance: TreeDictionary<InstanceID, [ConnectionID]> = [:]
  private var connectionsBySubnet: TreeDictionary<SubnetID, [ConnectionID]> = [:]
  private var jobsByInstance: TreeDictionary<InstanceID, [JobID]> = [:]
  private var portsBySubnet: TreeDictionary<SubnetID, [PortID]> = [:]
  private var portsByPlace: TreeDictionary<PortPlace, PortID> = [:]
  private var portsByConnection: TreeDictionary<ConnectionID, [PortID]> = [:]

  package init(
    store: StoreID, revision: Revision = Revision(0), nextConnectionNumber: UInt32 = 1,
    enforcesFlavors: Bool = false
  ) {
    self.store = store
    self.enforcesFlavors = enforcesFlavors
    self.revision = revision
    self.nextConnectionNumber = nextConnectionNumber
  }

  package func project(_ id: ProjectID) -> Project? { projectsByID[id] }

  /// By id.
  package var projects: [Project] { projectsByID.values.sorted { $0.id < $1.id } }

  /// Nil: operators have not decided about the node.
  package func permission(of node: NodeName) -> NodePermission? { permissionsByNode[node] }

  /// By node.
  package var permissions: [NodePermission] { permissionsByNode.values.sorted { $0.node < $1.node } }

  package func accessKey(_ id: String) -> AccessKey? { identity.key(id) }

  package func subnets(in vpc: VPCID) -> [Subnet] { (subnetsByVPC[vpc] ?? []).compactMap { subnets[$0] } }

  package func attachments(of subnet: SubnetID) -> [Attachment] {
    (attachmentsBySubnet[subnet] ?? []).compactMap { attachments[$0] }
  }

  package func attachments(on node: NodeName) -> [Attachment] {
    (attachmentsByNode[node] ?? []).compactMap { attachments[$0] }
  }

  package func instances(tunnelSubnet: SubnetID) -> [Instance] {
    (instancesByTunnelSubnet[tunnelSubnet] ?? []).compactMap { instances[$0] }
  }

  /// Ids in ascending order, which is the order of creation.
  package func connectionIDs(of instance: InstanceID) -> [ConnectionID] {
    connectionsByInstance[instance] ?? []
  }

  package func connections(of instance: InstanceID) -> [Connection] {
    connectionIDs(of: instance).compactMap { connections[$0] }
  }

  /// At most one, as admission has it; the schema has a unique index too.
  package func connection(on subnet: SubnetID) -> Connection? {
    connectionsBySubnet[subnet]?.first.flatMap { connections[$0] }
  }

  package func jobIDs(of instance: InstanceID) -> [JobID] { jobsByInstance[instance] ?? [] }

  /// Ids in ascending order, which is the order of creation.
  package func portIDs(of subnet: SubnetID) -> [PortID] { portsBySubnet[subnet] ?? [] }

  package func port(at address: IPv4Address, in subnet: SubnetID) -> Port? {
    portsByPlace[PortPlace(subnet: subnet, address: address)].flatMap { ports[$0] }
  }

  /// In the order of their creation.
  package func ports(boundTo connection: ConnectionID) -> [Port] {
    (portsByConnection[connection] ?? []).compactMap { ports[$0] }
  }

  /// The snapshot after the edits, one revision on.
  package func applying(_ edits: [IntentEdit]) -> IntentSnapshot {
    var result = self
    for edit in edits { result.apply(edit) }
    result.revision = revision.next
    return result
  }

  /// For a store that reads its rows back: the edits without a new revision.
  package mutating func load(_ edits: some Sequence<IntentEdit>) {
    for edit in edits { apply(edit) }
  }

  private mutating func apply(_ edit: IntentEdit) {
    switch edit {
    case .putProject(let project): projectsByID[project.id] = project
    case .identity(let edit): identity.apply(edit)
    case .enforceFlavors(let enforces): enforcesFlavors = enforces
    case .putPermission(let permission): permissionsByNode[permission.node] = permission
    case .putVPC(let vpc): vpcs.put(vpc)
    case .removeVPC(let id): _ = vpcs.remove(id)
    case .putSubnet(let subnet):
      if subnets[subnet.id] == nil { subnetsByVPC[subnet.vpc, default: []].insertSorted(subnet.id) }
      subnets.put(subnet)
    case .removeSubnet(let id):
      if let subnet = subnets.remove(id) { subnetsByVPC.drop(id, from: subnet.vpc) }
    case .putAttachment(let attachment):
      if attachments[attachment.id] == nil {
        attachmentsBySubnet[attachment.subnet, default: []].insertSorted(attachment.id)
        attachmentsByNode[attachment.node, default: []].insertSorted(attachment.id)
      }
      attachments.put(attachment)
    case .removeAttachment(let id):
      if let attachment = attachments.remove(id) {
        attachmentsBySubnet.drop(id, from: attachment.subnet)
        attachmentsByNode.drop(id, from: attachment.node)
      }
    case .putInstance(let instance):
      if instances[instance.id] == nil {
        instancesByTunnelSubnet[instance.tunnelSubnet, default: []].insertSorted(instance.id)
      }
      instances.put(instance)
    case .removeInstance(let id):
      if let instance = instances.remove(id) { instancesByTunnelSubnet.drop(id, from: instance.tunnelSubnet) }
    case .putConnection(let connection):
      if connections[connection.id] == nil {
        connectionsByInstance[connection.instance, default: []].insertSorted(connection.id)
        connectionsBySubnet[connection.subnet, default: []].insertSorted(connection.id)
      }
      connections.put(connection)
      if connection.number.value >= nextConnectionNumber, connection.number.value < .max {
        nextConnectionNumber = connection.number.value + 1
      }
    case .removeConnection(let id):
      if let connection = connections.remove(id) {
        connectionsByInstance.drop(id, from: connection.instance)
        connectionsBySubnet.drop(id, from: connection.subnet)
      }
    case .putJob(let job):
      if jobs[job.id] == nil { jobsByInstance[job.instance, default: []].insertSorted(job.id) }
      jobs.put(job)
    case .removeJob(let id):
      if let job = jobs.remove(id) { jobsByInstance.drop(id, from: job.instance) }
    case .putPort(let port): put(port)
    case .removePort(let id):
      forget(id)
      _ = ports.remove(id)
    }
  }

  private mutating func put(_ port: Port) {
    forget(port.id)
    portsBySubnet[port.subnet, default: []].insertSorted(port.id)
    portsByPlace[PortPlace(subnet: port.subnet, address: port.address)] = port.id
    if let connection = port.connection { portsByConnection[connection, default: []].insertSorted(port.id) }
    ports.put(port)
  }

  /// Takes the port out of the indexes: a port moves from connection to connection.
  private mutating func forget(_ id: PortID) {
    guard let port = ports[id] else { return }
    portsBySubnet.drop(id, from: port.subnet)
    portsByPlace[PortPlace(subnet: port.subnet, address: port.address)] = nil
    if let connection = port.connection { portsByConnection.drop(id, from: connection) }
  }
}

/// One change of one row; a request is a list of them, committed together or not at all.
package enum IntentEdit: Hashable, Sendable {
  case putProject(Project)
  case identity(IdentityEdit)
  /// By the setting that the server was started with.
  case enforceFlavors(Bool)
  case putPermission(NodePermission)
  case putVPC(VPC)
  case removeVPC(VPCID)
  case putSubnet(Subnet)
  case removeSubnet(SubnetID)
  case putAttachment(Attachment)
  case removeAttachment(AttachmentID)
  case putInstance(Instance)
  case removeInstance(InstanceID)
  case putConnection(Connection)
  case removeConnection(ConnectionID)
  case putJob(Job)
  case removeJob(JobID)
  case putPort(Port)
  case removePort(PortID)
}

/// What a request does to intent, and what its answer is made from.
package struct IntentChange<Outcome: Sendable>: Sendable {
  /// Empty: the revision stays.
  package let edits: [IntentEdit]
  package let outcome: Outcome
  /// Written in the same transaction as the edits; empty for a change that nobody has to answer for.
  package let audit: [AuditEntry]

  package init(edits: [IntentEdit], outcome: Outcome, audit: [AuditEntry] = []) {
    self.edits = edits
    self.outcome = outcome
    self.audit = audit
  }
}

/// Names a store: a UUID made with it.
package typealias StoreID = Identifier<IntentSnapshot>
