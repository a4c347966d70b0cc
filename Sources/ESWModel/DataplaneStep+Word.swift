extension DataplaneStep {
  /// What is done, without to what.
  package enum Word: String, Hashable, Sendable, CaseIterable {
    case loadDatapath = "load_datapath"
    case replacePrograms = "replace_programs"
    case unloadDatapath = "unload_datapath"
    case createSlowPath = "create_slow_path"
    case raiseSlowPath = "raise_slow_path"
    case registerSlowPath = "register_slow_path"
    case deleteSlowPath = "delete_slow_path"
    case addAddress = "add_address"
    case removeAddress = "remove_address"
    case createBridgePort = "create_bridge_port"
    case deleteBridgePort = "delete_bridge_port"
    case adjustInterface = "adjust_interface"
    case restoreInterface = "restore_interface"
    case attachProgram = "attach_program"
    case detachProgram = "detach_program"
    case putPermission = "put_permission"
    case putTunnel = "put_tunnel"
    case removeTunnel = "remove_tunnel"
    case putConnection = "put_connection"
    case removeConnection = "remove_connection"
    case putPort = "put_port"
    case removePort = "remove_port"
    case putSource = "put_source"
    case removeSource = "remove_source"
    case putVirtualAddress = "put_virtual_address"
    case removeVirtualAddress = "remove_virtual_address"
    case putMeter = "put_meter"
    case removeMeter = "remove_meter"
    case putXDPUnderlay = "put_xdp_underlay"
    case removeXDPUnderlay = "remove_xdp_underlay"
    case putXDPExit = "put_xdp_exit"
    case removeXDPExit = "remove_xdp_exit"
  }

  package var word: Word {
    switch self {
    case .loadDatapath: .loadDatapath
    case .replacePrograms: .replacePrograms
    case .unloadDatapath: .unloadDatapath
    case .createSlowPath: .createSlowPath
    case .raiseSlowPath: .raiseSlowPath
    case .registerSlowPath: .registerSlowPath
    case .deleteSlowPath: .deleteSlowPath
    case .addAddress: .addAddress
    case .removeAddress: .removeAddress
    case .createBridgePort: .createBridgePort
    case .deleteBridgePort: .deleteBridgePort
    case .adjustInterface: .adjustInterface
    case .restoreInterface: .restoreInterface
    case .attachProgram: .attachProgram
    case .detachProgram: .detachProgram
    case .putPermission: .putPermission
    case .putTunnel: .putTunnel
    case .removeTunnel: .removeTunnel
    case .putConnection: .putConnection
    case .removeConnection: .removeConnection
    case .putPort: .putPort
    case .removePort: .removePort
    case .putSource: .putSource
    case .removeSource: .removeSource
    case .putVirtualAddress: .putVirtualAddress
    case .removeVirtualAddress: .removeVirtualAddress
    case .putMeter: .putMeter
    case .removeMeter: .removeMeter
    case .putXDPUnderlay: .putXDPUnderlay
    case .removeXDPUnderlay: .removeXDPUnderlay
    case .putXDPExit: .putXDPExit
    case .removeXDPExit: .removeXDPExit
    }
  }
}
