internal import CDatapath
internal import ESWModel

extension EvidenceCollection {
  /// What came back of a connection's probes.
  ///
  /// - Parameter row: An `esw_probe_row`. There are thousands a second: read where it is.
  mutating func add(probes row: UnsafeRawBufferPointer, of number: ConnectionNumber) {
    let size = MemoryLayout<esw_remote_probes>.size
    for index in 0..<Int(ESW_REMOTES_MAX) where row.count >= (index + 1) * size {
      let answers = answers(UnsafeRawBufferPointer(rebasing: row[index * size..<(index + 1) * size]))
      if answers != ProbeAnswers() { addAnswers(answers, of: number, index) }
    }
  }

  private func answers(_ bytes: UnsafeRawBufferPointer) -> ProbeAnswers {
    var result = ProbeAnswers()
    for place in 0..<Int(ESW_PROBE_ANSWERS) {
      let answer = bytes.loadUnaligned(
        fromByteOffset: place * MemoryLayout<esw_probe_answer>.stride, as: esw_probe_answer.self)
      guard answer.arrived_ns != 0 else { continue }
      result.answers[answer.transaction] = ProbeAnswers.Answer(
        bytes: UInt32(answer.bytes), askedBytes: answer.asked_bytes == 0 ? nil : UInt32(answer.asked_bytes),
        arrived: DataplaneMoment(nanoseconds: answer.arrived_ns))
    }
    let hosts = Int(ESW_PROBE_ANSWERS) * MemoryLayout<esw_probe_answer>.stride
    for place in 0..<Int(ESW_PROBE_HOSTS) {
      let host = bytes.loadUnaligned(
        fromByteOffset: hosts + place * MemoryLayout<esw_probe_host>.stride, as: esw_probe_host.self)
      guard host.arrived_ns != 0 else { continue }
      result.hosts[IPv4Address(networkOrder: host.address_be)] = DataplaneMoment(nanoseconds: host.arrived_ns)
    }
    let heard = hosts + Int(ESW_PROBE_HOSTS) * MemoryLayout<esw_probe_host>.stride
    let moment = bytes.loadUnaligned(fromByteOffset: heard, as: UInt64.self)
    if moment != 0, now < moment + ESW_PROBE_HEARD_NS {
      result.heardBytes = bytes.loadUnaligned(fromByteOffset: heard + 8, as: UInt32.self)
    }
    return result
  }
}
