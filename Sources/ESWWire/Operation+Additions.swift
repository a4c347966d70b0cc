// Our own additions, and the link of agents.
extension Operation {
  static let additions =
    [
      createAttachment, listAttachments, showAttachment, deleteAttachment, diagnoseInstance,
      diagnoseConnection, listDiagnoses, listNodes, listTraffic, listEvents, listHosts, listAudit,
      listDomainAudit, showDocument,
    ] + forwarding + captures + nodes + console
  static let agents = [showConfiguration, sendReport] + agentCaptures
  static let metrics = [showMetrics]

  private static let root = "/openesw/v1/{project_id}"
  private static let attachments = root + "/attachments"
  private static let agent = "/openesw/v1/agent/{node}"

  package static let createAttachment = Operation(
    "CreateAttachment", .post, attachments, .project, "openesw:attachment:create")
  package static let listAttachments = Operation(
    "ListAttachments", .get, attachments, .project, "openesw:attachment:list")
  package static let showAttachment = Operation(
    "ShowAttachment", .get, attachments + "/{attachment_id}", .project, "openesw:attachment:get")
  package static let deleteAttachment = Operation(
    "DeleteAttachment", .delete, attachments + "/{attachment_id}", .project, "openesw:attachment:delete")
  package static let diagnoseInstance = Operation(
    "DiagnoseInstance", .get, root + "/instances/{instance_id}", .project, "openesw:instance:diagnose")
  package static let diagnoseConnection = Operation(
    "DiagnoseConnection", .get, root + "/connections/{connection_id}", .project,
    "openesw:connection:diagnose")
  /// Of all, those in trouble.
  package static let listDiagnoses = Operation(
    "ListDiagnoses", .get, root + "/diagnoses", .project, "openesw:connection:diagnose")
  package static let listNodes = Operation(
    "ListNodes", .get, root + "/nodes", .project, "openesw:node:list")
  /// Counters of all connections in one call, for who shows how fast they grow.
  package static let listTraffic = Operation(
    "ListTraffic", .get, root + "/traffic", .project, "openesw:traffic:list")

  package static let listEvents = Operation(
    "ListEvents", .get, root + "/events", .project, "openesw:event:list")
  package static let listHosts = Operation(
    "ListHosts", .get, root + "/hosts", .project, "openesw:host:list")

  package static let listAudit = Operation(
    "ListAudit", .get, root + "/audit", .project, "openesw:audit:list")
  /// It tells nothing that is not in the source.
  package static let showDocument = Operation(
    "ShowDocument", .get, "/openesw/v1/openapi.json", .open, nil)

  /// Of all projects, and of users, groups, policies and keys, which are of none.
  package static let listDomainAudit = Operation(
    "ListDomainAudit", .get, "/openesw/v1/audit", .domain, "openesw:audit:list")

  /// Where Prometheus looks for it by itself.
  package static let showMetrics = Operation("ShowMetrics", .get, "/metrics", .scraper, nil)

  package static let showConfiguration = Operation(
    "ShowConfiguration", .get, agent + "/configuration", .agent, nil)
  package static let sendReport = Operation("SendReport", .put, agent + "/report", .agent, nil)
}
