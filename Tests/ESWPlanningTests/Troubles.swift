import ESWModel

@testable import ESWPlanning

extension Trouble {
  /// In the order of docs/decisions/0027: of two at once, the first is the cause.
  static let ordered: [Trouble] = intent + node + ends + ways + frames + hosts

  static let all = ordered + whileHeard

  private static let connection = Problem.Subject.connection(Sample.id(21))
  private static let instance = Problem.Subject.instance(Sample.id(10))

  private static let intent = [
    Trouble(.tunnelNotAttached, "no tunnel attachment") {
      $0.sample.snapshot = $0.sample.snapshot.applying([.removeAttachment(Sample.id(1))])
    },
    Trouble(.subnetNotAttached, "no layer-2 attachment") {
      $0.sample.snapshot = $0.sample.snapshot.applying([.removeAttachment(Sample.id(2))])
    },
    Trouble(.agentUnknown, "no report") { $0.hasReported = false },
    Trouble(.agentSilent, "an old report") { $0.secondsLater = 11 },
  ]

  private static let node = [
    Trouble(.nodeUnfit, "a node that cannot") {
      $0.problems.append(Problem(.node, "bpf(): operation not permitted", topic: .nodeUnfit))
    },
    Trouble(.stepFailed, "a step of the node that failed") {
      $0.problems.append(Problem(.node, "loadDatapath: no memory", topic: .stepFailed))
    },
    Trouble(.configurationRefused, "a configuration that was refused") {
      $0.problems.append(Problem(.configuration, "it is older than the last"))
    },
    Trouble(.configurationPending, "an older generation") { $0.generation = Revision(1) },
    Trouble(.forwardingNotAllowed, "a node whose permission has ended") {
      $0.permission = PermissionFact(epoch: 3, isGranted: false, leftMilliseconds: nil)
    },
  ]

  private static let ends = [
    Trouble(.underlayMissing, "an underlay that is missing") {
      $0.problems.append(Problem(instance, "eth0 does not exist", topic: .underlayMissing))
    },
    Trouble(.underlayDown, "an underlay that is down") {
      $0.problems.append(Problem(instance, "eth0 is down", topic: .underlayDown))
    },
    Trouble(.tunnelAddressElsewhere, "a tunnel address elsewhere") {
      $0.problems.append(Problem(instance, "10.9.0.12 is on eth7", topic: .tunnelAddressElsewhere))
    },
    Trouble(.attachmentMissing, "an attachment that is missing, by a problem") {
      $0.problems.append(Problem(connection, "eth1 does not exist", topic: .attachmentMissing))
    },
    Trouble(.attachmentUnfit, "an attachment that is unfit") {
      $0.problems.append(Problem(connection, "eth1 is a port of br7", topic: .attachmentUnfit))
    },
    Trouble(.attachmentMissing, "an attachment that is missing, by its port") {
      $0.port = Situation.port(.missing)
    },
    Trouble(.attachmentDown, "an attachment that is down") { $0.port = Situation.port(.down) },
    Trouble(.attachmentDown, "an attachment without carrier") { $0.port = Situation.port(.noCarrier) },
  ]

  private static func interference(
    _ kind: InterferenceFact.Kind, _ interface: InterfaceName?, drops: UInt64? = nil
  ) -> InterferenceFact {
    InterferenceFact(kind: kind, interface: interface, name: "drop_all", recentDrops: drops)
  }

  private static func error(_ kind: UnderlayError.Kind, age: Int64 = 500) -> UnderlayError {
    UnderlayError(kind: kind, reporter: IPv4Address("192.168.1.7")!, ageMilliseconds: age)
  }

  private static let ways = [
    Trouble(.noRoute, "no route") {
      $0.silence()
      $0.route = .unreachable("Network is unreachable")
      $0.nextHop = nil
    },
    Trouble(.remoteIsOwn, "a remote that is the node itself") {
      $0.silence()
      $0.route = .own
    },
    Trouble(.foreignProgram, "an XDP program of others that drops all at the underlay") {
      $0.silence()
      $0.interferences.append(interference(.xdp, Sample.underlay))
    },
    Trouble(.nextHopSilent, "a next hop that is silent") {
      $0.silence()
      $0.nextHop = .silent
    },
    Trouble(.portRefused, "a port that is refused") {
      $0.silenceTunnel()
      $0.error = error(.portUnreachable)
    },
    Trouble(.filteredOnTheWay, "a firewall that says so") {
      $0.silenceTunnel()
      $0.error = error(.prohibited)
    },
    Trouble(.remoteUnreachable, "a router that knows no way") {
      $0.silence()
      $0.error = error(.unreachable)
    },
    Trouble(.filteredOnTheWay, "a firewall that said so before it fell silent") {
      $0.silence()
      $0.error = error(.prohibited, age: 20_000)
    },
    Trouble(.otherVNI, "another VNI since a moment without any") {
      $0.silenceTunnel()
      $0.error = error(.portUnreachable, age: 5_000)
      $0.strangers.append(Situation.stranger("192.168.1.7", vni: 101))
    },
    Trouble(.otherVNI, "another VNI") {
      $0.silenceTunnel()
      $0.strangers.append(Situation.stranger("192.168.1.7", vni: 101))
    },
    Trouble(.otherSource, "another source") {
      $0.silenceTunnel()
      $0.strangers.append(Situation.stranger("192.168.1.99", vni: 100))
    },
    Trouble(.otherInterface, "another interface") {
      $0.silenceTunnel()
      $0.drop("wrong_interface", .toLocal)
    },
    Trouble(.foreignProgram, "a program at the way out that drops VXLAN") {
      $0.silenceTunnel()
      $0.interferences.append(interference(.egressProgram, Sample.underlay))
    },
    Trouble(.remoteSilent, "a remote that is silent") { $0.silence() },
    Trouble(.remoteSilent, "a remote that answered pings until it fell silent") {
      $0.silence()
      $0.received = 15_100
      $0.echo = Situation.figures(17, of: 20, age: 14_900)
    },
    Trouble(.nothingSent, "nothing that is sent") {
      $0.silenceTunnel()
      $0.sent = nil
    },
    Trouble(.nothingComesBack, "nothing that comes back") { $0.silenceTunnel() },
    Trouble(.nothingComesBack, "nothing that has ever come") {
      $0.silenceTunnel()
      $0.received = nil
    },
  ]

  /// Frames come, and ours do not arrive: of two such, what each has of facts decides.
  private static let whileHeard = [
    Trouble(.foreignProgram, "a program at the way out, and a remote that is heard and does not answer") {
      $0.probing = RemoteProbing(
        reflector: .host, figures: Situation.figures(10, of: 20, age: 30_000), largestTried: 1514)
      $0.interferences.append(interference(.egressProgram, Sample.underlay))
      $0.nextHop = .silent
    },
    Trouble(.nothingArrives, "frames that come, and ours that do not arrive") {
      $0.probing = RemoteProbing(
        reflector: .host, figures: Situation.figures(10, of: 20, age: 30_000), largestTried: 1514)
    },
    Trouble(.portRefused, "a port that is refused by a remote that sends") {
      $0.probing = RemoteProbing(reflector: nil, figures: Situation.figures(0, of: 20), largestTried: 1514)
      $0.error = error(.portUnreachable)
    },
  ]

  static let frames = [
    Trouble(.foreignProgram, "a program at the port, and no local host") {
      $0.interferences.append(interference(.xdp, Sample.segment))
      $0.hosts.removeAll { $0.side == .local }
    },
    Trouble(.foreignProgram, "a program at the port that counts what it drops") {
      $0.interferences.append(interference(.egressProgram, Sample.segment, drops: 4))
    },
    Trouble(.underlayTooNarrow, "an underlay that is too narrow, and large frames") {
      $0.route = .by(Sample.underlay, gateway: nil, mtu: 1500)
      $0.drop("too_big")
    },
    Trouble(.underlayTooNarrow, "a router that says too big") { $0.error = error(.tooBig(mtu: 1400)) },
    Trouble(.largeFramesLost, "large frames that vanish on the way out") {
      $0.probing = Situation.probing(toRemote: 1450)
    },
    Trouble(.largeFramesLost, "large frames that vanish on the way back") {
      $0.probing = Situation.probing(toLocal: 1450)
    },
    Trouble(.framesLost, "probes that are lost") { $0.probing = Situation.probing(answered: 17) },
    Trouble(.bridgeNetfilter, "a firewall at the bridge") {
      $0.port = Situation.port(.up, filteredBy: ["net.bridge.bridge-nf-call-iptables"])
      $0.interferences.append(interference(.bridgeFirewall, nil, drops: 3))
    },
    Trouble(.classRule, "a rule that drops") {
      $0.setForwarding { $0.overrides[.knownUnicast] = .init(toRemote: .drop) }
      $0.classDrops = [ClassDropCount(direction: .toRemote, frameClass: .knownUnicast, frames: 900)]
      $0.drop("class")
    },
    Trouble(.classRate, "a rule that limits") {
      $0.setForwarding { $0.overrides[.neighbour] = .init(toLocal: .limit(framesPerSecond: 5)) }
      $0.classDrops.append(ClassDropCount(direction: .toLocal, frameClass: .neighbour, frames: 900))
      $0.drop("class_rate", .toLocal)
    },
    Trouble(.flavorRate, "more than the flavor carries") {
      $0.sample.snapshot = $0.sample.snapshot.applying([.enforceFlavors(true)])
      $0.drop("flavor_rate")
    },
    Trouble(.learningLimit, "more hosts than may be learned") { $0.notLearned = 5 },
  ]

  static let hosts = [
    Trouble(.fixedAddressTaken, "the switch's own address at somebody") { $0.drop("address_conflict") },
    Trouble(.gatewayDiffers, "a gateway on each side") {
      $0.hosts.append(Situation.host(MACAddress("02:00:00:00:00:0a")!, "192.168.0.1", .local))
      $0.hosts.append(Situation.host(MACAddress("02:00:00:00:00:0b")!, "192.168.0.1", .remote(0)))
    },
    Trouble(.duplicateAddress, "one address on two sides") {
      $0.hosts.append(Situation.host(MACAddress("02:00:00:00:00:0c")!, "192.168.0.11", .remote(0)))
      $0.hosts.append(Situation.host(Situation.localMAC, "192.168.0.11", .local))
    },
    Trouble(.duplicateHost, "one MAC address on two sides") {
      $0.hosts.append(
        Situation.host(MACAddress("02:00:00:00:00:0d")!, "192.168.0.77", .local, held: 100_000))
    },
  ]

  /// What is not wrong, although it looks a little like it.
  static let nearMisses: [(String, @Sendable (inout Situation) -> Void)] = [
    ("all is well", { _ in }),
    ("a report that is nine seconds old", { $0.secondsLater = 9 }),
    ("a remote that was refused long ago", { $0.error = error(.portUnreachable, age: 20_000) }),
    (
      "a remote that has just been refused for the last time",
      {
        $0.error = error(.portUnreachable, age: 8_000)
      }
    ),
    (
      "a foreign remote of which no host is known, that sends",
      {
        $0.hosts.removeAll { $0.side != .local }
        $0.probing = RemoteProbing(reflector: nil, figures: Situation.figures(0, of: 20), largestTried: 1514)
      }
    ),
    (
      "two probes that were lost in a row",
      {
        $0.probing = RemoteProbing(
          reflector: .host, figures: Situation.figures(18, of: 20, age: 14_000), largestToRemote: 1514,
          largestToLocal: 1514, largestTried: 1514)
      }
    ),
    ("a remote that was refused, and sends", { $0.error = error(.portUnreachable) }),
    ("a remote that does not answer pings, and sends", { $0.echo = Situation.figures(0, of: 20) }),
    ("a next hop that is silent, and frames that come", { $0.nextHop = .silent }),
    (
      "the remote's other VNI beside the right one",
      {
        $0.strangers = [Situation.stranger("192.168.1.7", vni: 101)]
      }
    ),
    (
      "a stranger with our VNI beside the remote",
      {
        $0.strangers = [Situation.stranger("192.168.1.99", vni: 100)]
      }
    ),
    (
      "a narrow underlay on which nothing was lost",
      {
        $0.route = .by(Sample.underlay, gateway: nil, mtu: 1500)
        $0.probing = Situation.probing(toRemote: 1464)
      }
    ),
    (
      "programs of others that let frames pass",
      {
        $0.interferences = [
          interference(.xdp, Sample.underlay), interference(.ingressProgram, Sample.segment),
          interference(.egressProgram, Sample.underlay),
          interference(.egressProgram, Sample.segment, drops: 0),
        ]
      }
    ),
    (
      "a program at an interface that is not ours",
      {
        $0.interferences = [interference(.xdp, InterfaceName("eth9")!, drops: 100)]
      }
    ),
    (
      "a firewall at the bridge that drops nothing",
      {
        $0.port = Situation.port(.up, filteredBy: ["nf_call_iptables"])
        $0.interferences = [interference(.bridgeFirewall, nil, drops: 0)]
      }
    ),
    (
      "a firewall that does not see the bridge",
      {
        $0.interferences = [interference(.bridgeFirewall, nil, drops: 7)]
      }
    ),
    (
      "DHCP that the profile drops",
      {
        $0.classDrops = [ClassDropCount(direction: .toRemote, frameClass: .configuration, frames: 12)]
        $0.drop("class")
      }
    ),
    (
      "drops of a rule that is no more",
      {
        $0.classDrops = [ClassDropCount(direction: .toRemote, frameClass: .knownUnicast, frames: 12)]
        $0.drop("class")
      }
    ),
    (
      "a storm that is held",
      {
        $0.classDrops = [ClassDropCount(direction: .toLocal, frameClass: .broadcast, frames: 12)]
        $0.drop("class_rate", .toLocal)
      }
    ),
    (
      "a host that was replaced by one on the other side",
      {
        $0.hosts.append(
          Situation.host(MACAddress("02:00:00:00:00:0e")!, "192.168.0.11", .remote(0), seen: 90_000))
      }
    ),
    (
      "two hosts of one side with one address",
      {
        $0.hosts.append(Situation.host(MACAddress("02:00:00:00:00:0e")!, "192.168.0.11", .local))
      }
    ),
    (
      "addresses of other subnets behind two routers",
      {
        $0.hosts = [
          Situation.host(Situation.localMAC, "8.8.8.8", .local),
          Situation.host(Situation.farMAC, "8.8.8.8", .remote(0)),
        ]
      }
    ),
    (
      "a virtual address that went over",
      {
        let address = IPv4Address("192.168.0.11")!
        $0.virtualAddresses = [VirtualAddressFact(address: address, holder: nil, answered: 0)]
        $0.hosts.append(Situation.host(MACAddress("02:00:00:00:00:0e")!, "192.168.0.11", .remote(0)))
      }
    ),
    (
      "a duplicate that is held no more",
      {
        $0.secondsLater = 3
        $0.hosts.append(Situation.host(MACAddress("02:00:00:00:00:0d")!, "192.168.0.77", .local, held: 2_000))
      }
    ),
    ("a probe of the largest frame that was lost", { $0.probing = Situation.probing(toRemote: 1513) }),
    (
      "ten lost probes of twenty, of a host",
      {
        $0.probing = Situation.probing(answered: 10, by: .host)
      }
    ),
    (
      "a leftover that could not be taken away",
      {
        $0.problems = [Problem(.leftovers, "esw-old is still there", topic: .stepFailed)]
      }
    ),
    (
      "a problem of another connection",
      {
        $0.problems = [Problem(.connection(Sample.id(77)), "eth9 does not exist", topic: .attachmentMissing)]
      }
    ),
  ]
}

extension Trouble {
  /// Pairs of which the first does not show, or is no more, when the second happens too.
  static func excluding(_ first: Int, _ second: Int) -> Bool {
    let (first, second) = (ordered[first], ordered[second])
    // Strangers that come after what a router said contradict it; who was refused is told by the last word.
    if [.filteredOnTheWay, .remoteUnreachable, .portRefused].contains(first.topic),
      [.otherVNI, .otherSource, .portRefused, .filteredOnTheWay, .remoteUnreachable].contains(second.topic)
    {
      return true
    }
    // VXLAN that comes in, or that somebody refuses, has passed the program that might have been the cause.
    let excusing: Set<Finding.Topic> = [.portRefused, .filteredOnTheWay, .remoteUnreachable, .otherVNI]
    if first.topic == .foreignProgram {
      return excusing.contains(second.topic) || second.name == "a router that says too big"
    }
    // A program at the way out takes questions for the next hop as well.
    return first.topic == .nextHopSilent && second.topic == .foreignProgram
  }
}
