/// Which node carries what, by the attachments.
extension IntentSnapshot {
  /// The node that holds the switch's tunnel address: where its tunnel subnet was attached first.
  package func tunnelNode(of instance: Instance) -> NodeName? { tunnelAttachment(of: instance)?.node }

  package func tunnelAttachment(of instance: Instance) -> Attachment? {
    tunnelAttachment(of: instance.tunnelSubnet)
  }

  /// The oldest attachment of the subnet as a tunnel subnet: the one that its switches use.
  package func tunnelAttachment(of subnet: SubnetID) -> Attachment? {
    attachments(of: subnet).first { $0.role == .tunnel }
  }

  package func layer2Attachment(of connection: Connection, on node: NodeName) -> Attachment? {
    attachments(of: connection.subnet).first { $0.role == .layer2 && $0.node == node }
  }
}
