package import ESWModel

extension DataplaneStep: CustomStringConvertible {
  /// The step as a person would type it with iproute2 and bpftool, for logs, plans and the demo.
  package var description: String {
    switch self {
    case .loadDatapath: "bpftool prog loadall datapath.bpf.o PINS pinmaps PINS"
    case .replacePrograms: "bpftool link update PINS/links/* (new programs, same maps)"
    case .unloadDatapath: "rm -r PINS (programs, links and maps)"
    case .createSlowPath(let name, let port):
      "ip link add \(name) type vxlan external dstport \(port) nolearning"
    case .raiseSlowPath(let name): "ip link set \(name) up"
    case .registerSlowPath(let name): "map meta: slow path = \(name)"
    case .deleteSlowPath(let name): "ip link delete \(name)"
    case .addAddress(let owned):
      "ip address add \(owned.address)/\(owned.prefixLength) dev \(owned.interface) proto 0xe5"
    case .removeAddress(let owned):
      "ip address delete \(owned.address)/\(owned.prefixLength) dev \(owned.interface)"
    case .createBridgePort(let inner, let outer, let bridge):
      "ip link add \(inner) type veth peer name \(outer); ip link set \(outer) master \(bridge) up"
    case .deleteBridgePort(let inner): "ip link delete \(inner)"
    case .adjustInterface(let name, let adjustment):
      "ip link set \(name)" + (adjustment.promiscuous ? " promisc on" : "") + (adjustment.raised ? " up" : "")
        + (adjustment.aggregates ? "; ethtool -K \(name) gro on" : "")
    case .restoreInterface(let name): "ip link set \(name) as it was before (promisc, up, gro)"
    case .attachProgram(let attachment):
      "bpftool net attach \(attachment.words)"
    case .detachProgram(let attachment):
      "bpftool net detach \(attachment.words)"
    case .putPermission(let row): "map permission: \(row.words)"
    case .putTunnel(let address): "map tunnels: + \(address)"
    case .removeTunnel(let address): "map tunnels: - \(address)"
    case .putConnection(let row):
      "map connections: \(row.number) = port \(row.port), local \(row.tunnelAddress), remotes "
        + row.remotes.map { "\($0.address):\($0.port) vni \($0.vni)" }.joined(separator: ", ")
        + ", answers for \(row.fixedAddress)"
    case .removeConnection(let number): "map connections: - \(number)"
    case .putPort(let port, let number): "map ports: \(port) = connection \(number)"
    case .removePort(let port): "map ports: - \(port)"
    case .putSource(let key, let row):
      "map sources: from \(key.remote) vni \(key.vni) to \(key.local) = connection \(row.connection)"
    case .removeSource(let key): "map sources: - from \(key.remote) vni \(key.vni) to \(key.local)"
    case .putVirtualAddress(let virtual):
      "map virtuals: + \(virtual.address) of connection \(virtual.connection), answers for its holder"
    case .removeVirtualAddress(let virtual):
      "map virtuals: - \(virtual.address) of connection \(virtual.connection)"
    case .putMeter(let address, let limit):
      "map meters: \(address) = \(limit.bitsPerSecond) bits, \(limit.packetsPerSecond) packets a second"
    case .removeMeter(let address): "map meters: - \(address)"
    case .putXDPUnderlay(let name, let mac): "map underlays: \(name) takes frames to \(mac) by XDP"
    case .removeXDPUnderlay(let interface): "map underlays: - \(interface)"
    case .putXDPExit(let name): "map exits: + \(name)"
    case .removeXDPExit(let interface): "map exits: - \(interface)"
    }
  }
}

extension PermissionRow {
  fileprivate var words: String {
    switch end {
    case .never: "epoch \(epoch), may forward"
    case .past: "epoch \(epoch), no frame crosses"
    case .at(let moment): "epoch \(epoch), may forward until \(moment.nanoseconds) ns after boot"
    }
  }
}

extension ProgramAttachment {
  fileprivate var words: String {
    "\(program.isXDP ? "xdpdrv" : "tcx_ingress") name esw_\(program.rawValue) dev \(interface)"
  }
}
