package import ESWModel

package enum AttachmentAdmission {
  package static func create(
    _ request: NewAttachment, of project: ProjectID, in snapshot: IntentSnapshot, reports: ReportSnapshot,
    minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<Attachment> {
    preconditionFailure("to come")
  }

  package static func delete(
    _ id: AttachmentID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    preconditionFailure("to come")
  }
}
