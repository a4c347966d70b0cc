/// One change of the kernel. Planning decides; who executes has no opinion.
package enum DataplaneStep: Hashable, Sendable {
  /// Pins the maps and programs that are not there (and mounts bpffs where it is missing).
  case loadDatapath
  /// Puts this binary's programs into the links that are there, each atomically.
  case replacePrograms
  /// Removes every pin: links, programs, maps.
  case unloadDatapath
  case createSlowPath(name: InterfaceName, port: UInt16)
  case raiseSlowPath(InterfaceName)
  /// Writes the device's index into the data path's rows.
  case registerSlowPath(InterfaceName)
  case deleteSlowPath(InterfaceName)
  case addAddress(OwnedAddress)
  case removeAddress(OwnedAddress)
  /// Creates the pair, plugs it into the bridge and raises it; parts that are there stay.
  case createBridgePort(inner: InterfaceName, outer: InterfaceName, bridge: InterfaceName)
  case deleteBridgePort(inner: InterfaceName)
  case adjustInterface(InterfaceName, InterfaceAdjustment)
  /// Puts back what was adjusted.
  case restoreInterface(InterfaceName)
  case attachProgram(ProgramAttachment)
  case detachProgram(ProgramAttachment)
  /// Whether frames may cross at all.
  case putPermission(PermissionRow)
  case putTunnel(IPv4Address)
  case removeTunnel(IPv4Address)
  case putConnection(ConnectionRow)
  case removeConnection(ConnectionNumber)
  case putPort(PortReference, ConnectionNumber)
  case removePort(PortReference)
  case putSource(SourceKey, SourceRow)
  case removeSource(SourceKey)
  case putVirtualAddress(VirtualAddress)
  case removeVirtualAddress(VirtualAddress)
  /// What the instance of a tunnel address may carry.
  case putMeter(IPv4Address, TrafficLimit)
  case removeMeter(IPv4Address)
  /// XDP takes what comes in by an underlay interface to its MAC address.
  case putXDPUnderlay(InterfaceName, MACAddress)
  case removeXDPUnderlay(InterfaceReference)
  /// XDP may send by an interface.
  case putXDPExit(InterfaceName)
  case removeXDPExit(InterfaceReference)
}

/// How a step ended. Expected outcomes are values, not errors.
package enum StepOutcome: Hashable, Sendable {
  case applied
  /// Somebody was quicker, or an earlier pass had done it.
  case alreadySo
  /// May succeed when tried again; the text is the operator's.
  case retry(String)
  /// The kernel said no: errno name and its text, what was attempted on what.
  case refused(String)
}
