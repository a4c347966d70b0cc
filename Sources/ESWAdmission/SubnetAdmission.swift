package import ESWModel

package enum SubnetAdmission {
  package static func create(
    _ request: NewSubnet, of project: ProjectID, in snapshot: IntentSnapshot, region: Region,
    minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<Subnet> {
    preconditionFailure("to come")
  }

  package static func update(
    _ id: SubnetID, vpc: VPCID, name: ResourceName? = nil, description: ResourceDescription? = nil,
    isDHCPEnabled: Bool? = nil, nameServers: [IPv4Address]? = nil, of project: ProjectID,
    in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<Subnet> {
    preconditionFailure("to come")
  }

  package static func delete(
    _ id: SubnetID, vpc: VPCID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    preconditionFailure("to come")
  }
}
