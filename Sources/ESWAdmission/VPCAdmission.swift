package import ESWModel

package enum VPCAdmission {
  package static func create(
    _ request: NewVPC, of project: ProjectID, in snapshot: IntentSnapshot, minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<VPC> {
    preconditionFailure("to come")
  }

  package static func update(
    _ id: VPCID, name: ResourceName? = nil, description: ResourceDescription? = nil,
    network: IPv4Network? = nil, of project: ProjectID, in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<VPC> {
    preconditionFailure("to come")
  }

  package static func delete(
    _ id: VPCID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    preconditionFailure("to come")
  }
}
