import ESWAdmission
import ESWModel
import HTTPTypes

extension ErrorAnswer {
  /// Contract section 8.2; where the vendor's code is not known, our own `l2cg.8xxx`. A table: longer
  /// than a screen, and nothing to understand between its lines.
  ///
  /// - Parameter method: What a POST does not know stands in its body (400), else in the path (404).
  init(_ refusal: Refusal, method: HTTPRequest.Method) {
    let unknown: HTTPResponse.Status = method == .post ? .badRequest : .notFound
    switch refusal {
    case .unknownVPC(let id): self.init(unknown, "l2cg.8006", "vpc \(id) could not be found.")
    case .unknownSubnet(let id): self.init(unknown, "l2cg.8006", "subnet \(id) could not be found.")
    case .unknownAttachment(let id): self.init(.unknownAttachment(id.description))
    case .unknownInstance(let id): self.init(.unknownInstance(id.description))
    case .unknownConnection(let id, let instance):
      self.init(.unknownConnection(id.description, of: instance?.description))
    case .unknownPort(let id): self.init(.unknownPort(id.description))
    case .unknownFlavor(let name): self.init(.badRequest, "l2cg.9941", "flavor could not be found: \(name)")
    case .unknownZone(let zone):
      self.init(.badRequest, "l2cg.8001", "availability zone \(zone) could not be found.")
    case .unknownNode(let node):
      self.init(.badRequest, "l2cg.8011", "node \(node) has not reported to this control plane.")
    case .unknownInterface(let name, let node):
      self.init(.badRequest, "l2cg.8011", "interface \(name) could not be found on node \(node).")

    case .vpcNetworkUnusable(let network):
      self.init(.badRequest, "l2cg.8001", "vpc.cidr \(network) is not a network that a vpc can have.")
    case .vpcNetworkExcludes(let subnet):
      self.init(.conflict, "l2cg.8012", "vpc.cidr does not hold the subnet \(subnet) of the vpc.")
    case .vpcHasSubnets(let id):
      self.init(.conflict, "l2cg.8012", "The vpc \(id) contains some subnets, can not be deleted.")
    case .subnetTooSmall(let network):
      self.init(.badRequest, "l2cg.8001", "subnet.cidr \(network) is too small.")
    case .subnetOutsideVPC(let network, let vpc):
      self.init(.badRequest, "l2cg.8013", "subnet.cidr \(network) is not inside the vpc's \(vpc).")
    case .subnetOverlaps(let network, let other):
      self.init(.conflict, "l2cg.8013", "subnet.cidr \(network) overlaps with subnet \(other).")
    case .gatewayOutsideSubnet(let gateway, let network):
      self.init(.badRequest, "l2cg.8013", "subnet.gateway_ip \(gateway) is not a host of \(network).")
    case .subnetInUse(let id, let use):
      self.init(.conflict, "l2cg.8004", "The subnet \(id) is used by \(Self.text(use)).")

    case .alreadyAttached(let subnet, let node):
      self.init(.conflict, "l2cg.8014", "The subnet \(subnet) is attached on node \(node) already.")
    case .interfaceUnfit(let name, let node, let why):
      self.init(.conflict, "l2cg.8014", "The interface \(name) on node \(node) \(Self.text(why)).")
    case .attachmentInUse(let id, let use):
      self.init(.conflict, "l2cg.8014", "The attachment \(id) is used by \(Self.text(use)).")

    case .instanceQuotaReached(let quota):
      self.init(.conflict, "l2cg.8002", "The quota of \(quota) instances is used up.")
    case .tunnelAddressUnavailable(let address):
      self.init(.badRequest, "l2cg.9901", "The instance tunnel ip: \(address) is not available.")
    case .noTunnelAddressLeft(let subnet):
      self.init(.conflict, "l2cg.8015", "No address is left in the tunnel subnet \(subnet).")
    case .tunnelSubnetIsLayer2(let subnet, let connections):
      let list = connections.map(\.description).joined(separator: ", ")
      self.init(
        .conflict, "l2cg.9922",
        "This tunnel subnet: \(subnet) is already used by Layer 2 connection objects: \(list)")
    case .instanceNotActive(let id):
      self.init(.conflict, "l2cg.9920", "The status of the instance \(id) is not active.")
    case .instanceBeingBuilt(let id):
      self.init(.conflict, "l2cg.9921", "The instance \(id) is being built or is being deleted.")
    case .instanceHasConnections:
      self.init(
        .conflict, "l2cg.9907", "The instance contains some layer 2 connections, can not be deleted.")

    case .vpcNotOfInstance(let vpc, let instance):
      self.init(.badRequest, "l2cg.8006", "vpc \(vpc) is not the vpc of instance \(instance).")
    case .connectionLimitReached(let id, let limit):
      self.init(
        .conflict, "l2cg.8003", "The instance \(id) has as many connections as its flavor allows: \(limit).")
    case .remoteCount(let count):
      self.init(.badRequest, "l2cg.8001", "connection.remote_infos must be 1 to 2, not \(count).")
    case .remoteAddressUnusable(let address):
      self.init(.badRequest, "l2cg.8001", "connection.remote_infos: \(address) is not the address of a host.")
    case .remoteTaken:
      self.init(
        .conflict, "l2cg.9935",
        "The tunnel number and the remote tunnel IP between the instance's Layer 2 connection are the same")
    case .fixedAddressesNotTwo:
      self.init(.badRequest, "l2cg.8005", "connection.fixed_ips must be two different addresses.")
    case .fixedAddressUnavailable(let address):
      self.init(.badRequest, "l2cg.8005", "The fixed ip: \(address) is not available.")
    case .noFixedAddressesLeft(let subnet):
      self.init(.conflict, "l2cg.8005", "No two addresses are left in the subnet \(subnet).")
    case .connectionBeingBuilt(let id):
      self.init(
        .conflict, "l2cg.9930", "The connection \(id) is being built and is not allowed to delete.")
    case .forwardingRulesIncomplete(let classes):
      let list = classes.map(\.rawValue).joined(separator: ", ")
      self.init(
        .badRequest, "l2cg.8001",
        "forwarding.rules: the profile custom needs to_remote and to_local of all classes; missing: \(list).")
    case .checksumNeedsUsualPort(let address, let port):
      self.init(
        .conflict, "l2cg.8024",
        "forwarding.udp_checksum needs remotes at port 4789; \(address) is at port \(port).")
    case .connectionNumbersUsedUp:
      self.init(.conflict, "l2cg.8016", "No more connections can be made in this region.")

    case .portQuotaReached(let quota):
      self.init(.conflict, "l2cg.8020", "The quota of \(quota) ports is used up.")
    case .portAddressUnavailable(let address):
      self.init(.badRequest, "l2cg.8021", "The ip address: \(address) is not available.")
    case .noPortAddressLeft(let subnet):
      self.init(.conflict, "l2cg.8021", "No address is left in the subnet \(subnet).")
    case .portBound(let port, let connection):
      self.init(.conflict, "l2cg.8008", "The port \(port) is bound to connection \(connection).")
    case .portNotVirtual(let port):
      self.init(
        .badRequest, "l2cg.8022",
        "The port \(port) is not a virtual ip: its device_owner is not \(Port.Owner.virtualAddress.rawValue)."
      )
    case .portOfOtherSubnet(let port, let subnet):
      self.init(
        .badRequest, "l2cg.8022", "The port \(port) is not in the connection's layer 2 subnet \(subnet).")
    case .boundPortLimitReached(let id, let limit):
      self.init(.conflict, "l2cg.8023", "The connection \(id) has as many ports as it may: \(limit).")
    }
  }

  private static func text(_ use: SubnetUse) -> String {
    switch use {
    case .attachment(let id): "attachment \(id)"
    case .instance(let id): "instance \(id)"
    case .connection(let id): "connection \(id)"
    case .port(let id): "port \(id)"
    }
  }

  /// Goes on behind "The interface … on node …".
  private static func text(_ unfitness: Unfitness) -> String {
    switch unfitness {
    case .loopback: "is the loopback"
    case .defaultRoute: "carries a default route: as a segment of its own it would cut the node off"
    case .port(let master): "is a port of \(master)"
    case .madeByUs: "is made by this product"
    case .layer2Segment: "is a layer-2 attachment already"
    case .vlanTaken(let vlan): "has a layer-2 attachment with VLAN \(vlan) already"
    case .underlay: "is an underlay already"
    case .notBridge: "is not a bridge"
    case .isBridge: "is a bridge: attach it as one, without a VLAN"
    case .bridgeAsUnderlay: "is a bridge: a tunnel subnet is attached to an interface"
    case .vlanAsUnderlay: "is to be an underlay: a tunnel subnet has no VLAN, attach it to the interface"
    case .tunnelAddressTaken(let address): "would get \(address), which another switch has there"
    }
  }
}
