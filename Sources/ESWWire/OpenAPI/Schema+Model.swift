import ESWModel

// The model's values as they stand in JSON.
extension Schema {
  /// Hyphens, and in answers lower case.
  static let uuid = string(format: "uuid")
  /// A moment in UTC, whole seconds.
  static let moment = string(
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", format: "date-time")
  static let address = string(format: "ipv4")
  static let network = string(
    pattern: #"^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$"#)
  static let mac = string(pattern: "^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")
  static let port = integer(1...65_535)
  static let vni = integer(Int64(VNI.range.lowerBound)...Int64(VNI.range.upperBound))
  static let vlanNumber = integer(Int64(VLAN.range.lowerBound)...Int64(VLAN.range.upperBound))
  static let vlanText = string(pattern: "^([0-9]{1,4}(:802\\.1ad)?/)?[0-9]{1,4}$")
  static let count = integer(from: 0)
  static let milliseconds = integer(from: 0)

  /// Chinese characters too (contract section 4.1).
  static let resourceName = string(
    ResourceName.lengthRange, pattern: "^[-A-Za-z0-9_.\u{3400}-\u{4DBF}\u{4E00}-\u{9FFF}]+$")
  static let resourceDescription = string(0...ResourceDescription.longest, pattern: "^[^<>]*$")
  static let projectID = string(pattern: "^[0-9a-f]{32}$")
  static let requestID = string(pattern: "^[0-9a-f]{32}$")
  static let nodeName = string(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
  static let interfaceName = string(1...15, pattern: #"^[^/:\s]+$"#)
  static let zone = string(1...128)
  static let flavorName = words(of: Flavor.Name.self)

  /// A remote as users write it; the default port is 4789.
  static let remoteBody = body(
    ["segmentation_id": vni, "tunnel_ip": address],
    optional: ["tunnel_port": port, "tunnel_type": words("vxlan")]
  ).named("RemoteInfosOption")
  static let remote = answer([
    "segmentation_id": vni, "tunnel_ip": address, "tunnel_port": port, "tunnel_type": words("vxlan"),
  ]).named("RemoteInfos")

  /// The members of an answer of version 3 and of our own: with `request_id`.
  static func envelope(_ members: KeyValuePairs<String, Schema>) -> Schema {
    answer(["request_id": requestID], more: members)
  }

  /// The same of a list that has pages (contract section 3.5).
  static func page(_ name: String, of row: Schema) -> Schema {
    envelope([
      "page_info": pageInfo, name: array(of: row),
    ])
  }

  static let pageInfo = answer(
    ["previous_marker": string(), "current_count": count], optional: ["next_marker": string()]
  ).named("PageInfo")

  static let errorCode = string(pattern: #"^[A-Za-z0-9]+\.[0-9]{4}$"#)

  /// Contract section 8.1.
  static let error = answer([
    "error_msg": string(1...4096), "error_code": errorCode,
    "request_id": requestID,
  ]).named("Error")
}
