import ESWModel

/// Jobs are bounded: an instance that is there keeps its own (the quota bounds those), and of the
/// instances that are gone, each project keeps its newest jobs. A job goes whether or not it ended: the
/// node that should end it may never come back.
enum JobRetention {
  /// How many jobs of deleted instances a project keeps: a hundred switches made and deleted.
  static let mostKept = 200

  /// The jobs that go when the instance does, which leaves one new job for its deletion. O(jobs of the
  /// project), which this bounds.
  static func surplus(
    of project: ProjectID, in snapshot: IntentSnapshot, deleting instance: InstanceID
  ) -> ArraySlice<JobID> {
    let gone = snapshot.jobs.ids(of: project).filter { id in
      guard let subject = snapshot.jobs[id]?.instance else { return false }
      return subject == instance || snapshot.instances[subject] == nil
    }
    return gone.dropLast(mostKept - 1)
  }
}
