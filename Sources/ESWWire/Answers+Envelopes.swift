package import ESWModel

// What stands around the objects: one type an answer, named after its operation's result.
extension Answer {
  package struct InstanceCreated: Hashable, Sendable, Decodable {
    package let instance: Instance
    package let job: JobID

    private enum CodingKeys: String, CodingKey {
      case instance
      case job = "job_id"
    }
  }

  package struct OneInstance: Hashable, Sendable, Decodable {
    package let instance: Instance
  }

  package struct Instances: Hashable, Sendable, Decodable {
    package let instances: [Instance]
    package let page: PageInfo

    private enum CodingKeys: String, CodingKey {
      case instances
      case page = "page_info"
    }
  }

  package struct OneConnection: Hashable, Sendable, Decodable {
    package let connection: Connection
  }

  package struct Connections: Hashable, Sendable, Decodable {
    package let connections: [Connection]
    package let page: PageInfo

    private enum CodingKeys: String, CodingKey {
      case connections
      case page = "page_info"
    }
  }

  package struct Jobs: Hashable, Sendable, Decodable {
    package let jobs: [Job]
    package let page: PageInfo

    private enum CodingKeys: String, CodingKey {
      case jobs
      case page = "page_info"
    }
  }

  package struct Flavors: Hashable, Sendable, Decodable {
    package let flavors: [Flavor]
  }

  package struct Zones: Hashable, Sendable, Decodable {
    package let zones: [String]

    private enum CodingKeys: String, CodingKey {
      case zones = "availability_zones"
    }
  }

  package struct Quotas: Hashable, Sendable, Decodable {
    package let resources: [Quota]

    private enum CodingKeys: String, CodingKey {
      case quotas
    }

    private struct Resources: Decodable {
      let resources: [Quota]
    }

    package init(from decoder: any Decoder) throws {
      resources = try decoder.container(keyedBy: CodingKeys.self).decode(Resources.self, forKey: .quotas)
        .resources
    }
  }

  package struct OneVPC: Hashable, Sendable, Decodable {
    package let vpc: VPC
  }

  package struct VPCs: Hashable, Sendable, Decodable {
    package let vpcs: [VPC]
  }

  package struct OneSubnet: Hashable, Sendable, Decodable {
    package let subnet: Subnet
  }

  package struct Subnets: Hashable, Sendable, Decodable {
    package let subnets: [Subnet]
  }

  package struct OneAttachment: Hashable, Sendable, Decodable {
    package let attachment: Attachment
  }

  package struct Attachments: Hashable, Sendable, Decodable {
    package let attachments: [Attachment]
    package let page: PageInfo

    private enum CodingKeys: String, CodingKey {
      case attachments
      case page = "page_info"
    }
  }
}

// Our own additions.
extension Answer {
  package struct InstanceDiagnosis: Hashable, Sendable, Decodable {
    package let id: InstanceID
    package let name: String
    package let status: String
    package let reason: String?
    package let node: NodeName?
    package let generation: UInt64?
    package let reportAgeMilliseconds: Int64?

    private enum CodingKeys: String, CodingKey {
      case id, name, status, reason, node, generation
      case reportAgeMilliseconds = "report_age_ms"
    }
  }

  package struct ConnectionDiagnosis: Hashable, Sendable, Decodable {
    package struct Remote: Hashable, Sendable, Decodable {
      package let vni: VNI
      package let address: IPv4Address
      package let port: UInt16
      package let receivedAgeMilliseconds: Int64?
      package let sentAgeMilliseconds: Int64?

      private enum CodingKeys: String, CodingKey {
        case vni = "segmentation_id"
        case address = "tunnel_ip"
        case port = "tunnel_port"
        case receivedAgeMilliseconds = "received_age_ms"
        case sentAgeMilliseconds = "sent_age_ms"
      }
    }

    package struct Counters: Hashable, Sendable, Decodable {
      /// `TrafficCount`, by the names of the API.
      package struct Traffic: Hashable, Sendable, Decodable {
        package let frames: UInt64
        package let bytes: UInt64
        package let flooded: UInt64
        package let slow: UInt64
        package let answered: UInt64
        package let forNode: UInt64
        package let notLearned: UInt64
        package let clamped: UInt64
        package let toldTooBig: UInt64

        private enum CodingKeys: String, CodingKey {
          case frames, bytes, flooded, slow, answered, clamped
          case forNode = "for_node"
          case notLearned = "not_learned"
          case toldTooBig = "told_too_big"
        }
      }

      package let toRemote: Traffic
      package let toLocal: Traffic

      private enum CodingKeys: String, CodingKey {
        case toRemote = "to_remote"
        case toLocal = "to_local"
      }
    }

    package struct Drop: Hashable, Sendable, Decodable {
      /// `to_remote` or `to_local`.
      package let direction: String
      package let reason: String
      package let frames: UInt64
    }

    package struct Host: Hashable, Sendable, Decodable {
      package let mac: MACAddress
      package let address: IPv4Address?
      /// `local` or `remote`.
      package let side: String
      package let tunnelAddress: IPv4Address?
      package let seenAgeMilliseconds: Int64?
      /// Since when it is on this side; nil with `moves` when the node does not tell.
      package let sinceAgeMilliseconds: Int64?
      /// Times that it changed sides.
      package let moves: UInt32?
      /// For how long still it is held on this side as a duplicate, in milliseconds; nil: it is not.
      package let heldMilliseconds: Int64?

      private enum CodingKeys: String, CodingKey {
        case mac, address, side, moves
        case tunnelAddress = "tunnel_ip"
        case seenAgeMilliseconds = "seen_age_ms"
        case sinceAgeMilliseconds = "since_age_ms"
        case heldMilliseconds = "held_ms"
      }
    }

    package let id: ConnectionID
    package let name: String
    package let instance: InstanceID
    package let status: String
    package let reason: String?
    package let node: NodeName?
    package let generation: UInt64?
    package let reportAgeMilliseconds: Int64?
    package let remotes: [Remote]
    package let counters: Counters?
    package let drops: [Drop]
    package let hosts: [Host]

    private enum CodingKeys: String, CodingKey {
      case id, name, status, reason, node, generation, remotes, counters, drops, hosts
      case instance = "instance_id"
      case reportAgeMilliseconds = "report_age_ms"
    }
  }

  package struct Node: Hashable, Sendable, Decodable {
    package struct Interface: Hashable, Sendable, Decodable {
      package let name: InterfaceName
      package let index: UInt32
      package let kind: String?
      package let up: Bool
      package let promiscuous: Bool
      package let loopback: Bool
      package let mtu: UInt32
      package let master: InterfaceName?
      package let hasDefaultRoute: Bool
      package let addresses: [String]
      package let ours: Bool

      private enum CodingKeys: String, CodingKey {
        case name, index, kind, up, promiscuous, loopback, mtu, master, addresses, ours
        case hasDefaultRoute = "default_route"
      }
    }

    package struct Problem: Hashable, Sendable, Decodable {
      /// `node`, `instance` or `connection`.
      package let subject: String
      package let id: String?
      package let text: String
    }

    package struct Stranger: Hashable, Sendable, Decodable {
      package let reason: String
      package let frames: UInt64
      package let source: IPv4Address?
      package let vni: UInt32?
      package let ageMilliseconds: Int64?

      private enum CodingKeys: String, CodingKey {
        case reason, frames, source
        case vni = "segmentation_id"
        case ageMilliseconds = "age_ms"
      }
    }

    /// `UnclaimedCount`, by the names of the API.
    package struct Unclaimed: Hashable, Sendable, Decodable {
      package let passedToSlow: UInt64
      package let drops: [UnclaimedCount.Drop]

      private enum CodingKeys: String, CodingKey {
        case drops
        case passedToSlow = "passed_to_slow"
      }
    }

    package let name: NodeName
    package let generation: UInt64?
    /// `kernel` or `simulated`.
    package let dataplane: String
    package let kernel: String
    package let reportAgeMilliseconds: Int64
    package let interfaces: [Interface]
    package let problems: [Problem]
    package let strangers: [Stranger]
    package let unclaimed: Unclaimed

    private enum CodingKeys: String, CodingKey {
      case name, generation, dataplane, kernel, interfaces, problems, strangers, unclaimed
      case reportAgeMilliseconds = "report_age_ms"
    }
  }

  package struct OneInstanceDiagnosis: Hashable, Sendable, Decodable {
    package let instance: InstanceDiagnosis
  }

  package struct OneConnectionDiagnosis: Hashable, Sendable, Decodable {
    package let connection: ConnectionDiagnosis
  }

  package struct Nodes: Hashable, Sendable, Decodable {
    package let nodes: [Node]
    package let page: PageInfo

    private enum CodingKeys: String, CodingKey {
      case nodes
      case page = "page_info"
    }
  }
}
