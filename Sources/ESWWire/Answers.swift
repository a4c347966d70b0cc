package import ESWModel

/// Answers of the API as a client reads them. Words that a server may add to (`status`) stay strings.
package enum Answer {
  package struct Instance: Hashable, Sendable, Decodable {
    package struct Tunnel: Hashable, Sendable, Decodable {
      package let vpc: VPCID
      package let subnet: SubnetID
      package let address: IPv4Address
      package let port: UInt16

      private enum CodingKeys: String, CodingKey {
        case vpc = "vpc_id"
        case subnet = "virsubnet_id"
        case address = "tunnel_ip"
        case port = "tunnel_port"
      }
    }

    package struct Zones: Hashable, Sendable, Decodable {
      package let primary: String
      package let standby: String
    }

    package let id: InstanceID
    package let name: String
    package let project: String
    package let region: String
    package let flavor: String
    package let status: String
    package let description: String
    package let createdAt: String
    package let updatedAt: String
    package let tunnel: Tunnel
    package let zones: Zones

    private enum CodingKeys: String, CodingKey {
      case id, name, region, status, description
      case project = "project_id"
      case flavor = "flavor_ref"
      case createdAt = "created_at"
      case updatedAt = "updated_at"
      case tunnel = "tunnel_info"
      case zones = "availability_zones"
    }
  }

  package struct Remote: Hashable, Sendable, Decodable {
    package let vni: VNI
    package let address: IPv4Address
    package let port: UInt16

    private enum CodingKeys: String, CodingKey {
      case vni = "segmentation_id"
      case address = "tunnel_ip"
      case port = "tunnel_port"
    }
  }

  package struct Connection: Hashable, Sendable, Decodable {
    package let id: ConnectionID
    package let name: String
    package let instance: InstanceID
    package let project: String
    package let vpc: VPCID
    package let subnet: SubnetID
    package let status: String
    package let remotes: [Remote]
    package let fixedAddresses: [IPv4Address]
    package let createdAt: String
    package let updatedAt: String

    private enum CodingKeys: String, CodingKey {
      case id, name, status
      case instance = "instance_id"
      case project = "project_id"
      case vpc = "vpc_id"
      case subnet = "virsubnet_id"
      case remotes = "remote_infos"
      case fixedAddresses = "fixed_ips"
      case createdAt = "created_at"
      case updatedAt = "updated_at"
    }
  }

  package struct Job: Hashable, Sendable, Decodable {
    package let id: JobID
    package let name: String
    /// `RUNNING`, `COMPLETED` or `FAILED`.
    package let status: String
    package let beginTime: String
    package let endTime: String?
    package let process: String?
    package let failReason: String?
    package let resource: String
    package let resourceName: String

    private enum CodingKeys: String, CodingKey {
      case id, name, status, process
      case beginTime = "begin_time"
      case endTime = "end_time"
      case failReason = "fail_reason"
      case resource = "resource_id"
      case resourceName = "resource_name"
    }
  }

  package struct Flavor: Hashable, Sendable, Decodable {
    package let id: String
    package let name: String
    package let connections: Int
    package let bandwidth: Int
    package let packetRate: Int
    package let zones: [String]

    private enum CodingKeys: String, CodingKey {
      case id, name, connections, bandwidth
      case packetRate = "pps"
      case zones = "available_zones"
    }
  }

  package struct Quota: Hashable, Sendable, Decodable {
    package let type: String
    package let quota: Int
    package let used: Int
    package let min: Int
    package let max: Int
  }

  package struct VPC: Hashable, Sendable, Decodable {
    package let id: VPCID
    package let name: String
    package let description: String
    package let network: IPv4Network
    package let status: String
    package let createdAt: String

    private enum CodingKeys: String, CodingKey {
      case id, name, description, status
      case network = "cidr"
      case createdAt = "created_at"
    }
  }

  package struct Subnet: Hashable, Sendable, Decodable {
    package let id: SubnetID
    package let name: String
    package let description: String
    package let network: IPv4Network
    package let gateway: IPv4Address
    package let vpc: VPCID
    package let zone: String
    package let isDHCPEnabled: Bool
    package let nameServers: [IPv4Address]
    package let status: String
    package let createdAt: String

    private enum CodingKeys: String, CodingKey {
      case id, name, description, status
      case network = "cidr"
      case gateway = "gateway_ip"
      case vpc = "vpc_id"
      case zone = "availability_zone"
      case isDHCPEnabled = "dhcp_enable"
      case nameServers = "dnsList"
      case createdAt = "created_at"
    }
  }

  package struct Attachment: Hashable, Sendable, Decodable {
    package let id: AttachmentID
    package let subnet: SubnetID
    package let node: NodeName
    package let role: ESWModel.Attachment.Role
    /// One of `interface` and `bridge` is there.
    package let interface: InterfaceName?
    package let bridge: InterfaceName?
    /// With an interface only; nil: without tags.
    package let vlan: VLAN?
    package let createdAt: String

    package struct VLAN: Hashable, Sendable, Decodable {
      package struct Outer: Hashable, Sendable, Decodable {
        package let id: Int
        package let `protocol`: String
      }

      package let id: Int
      package let outer: Outer?
    }

    private enum CodingKeys: String, CodingKey {
      case id, node, role, interface, bridge, vlan
      case subnet = "subnet_id"
      case createdAt = "created_at"
    }
  }

  package struct PageInfo: Hashable, Sendable, Decodable {
    package let nextMarker: String?
    package let previousMarker: String
    package let currentCount: Int

    private enum CodingKeys: String, CodingKey {
      case nextMarker = "next_marker"
      case previousMarker = "previous_marker"
      case currentCount = "current_count"
    }
  }
}
