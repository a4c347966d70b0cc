import CDatapath
import ESWModel
import Testing

@testable import LinuxDataplane

@Suite struct `Forwarding settings in a row` {
  @Test func `have the data path's classes, in its order`() {
    let names = (0..<ESW_CLASS_COUNT.rawValue).map { esw_class_name($0).map { String(cString: $0) } }
    #expect(names == FrameClass.allCases.map(\.rawValue))
    #expect(ForwardingRule.rateRange.upperBound + 1 == ESW_RULE_FORWARD)
  }

  static let settings = [
    ForwardingSettings.usual, ForwardingSettings(profile: .esw, timeToLive: 1, differentiation: .copied),
    ForwardingSettings(
      profile: .custom, overrides: [.vrrp: .init(toRemote: .drop, toLocal: .limit(framesPerSecond: 77))],
      timeToLive: 255, differentiation: .codePoint(63), hasUDPChecksum: true, clampsMSS: false,
      answersKnown: true),
  ]

  @Test(arguments: settings, [nil, InterfaceReference.name(InterfaceName("eth0")!), .gone(index: .max)])
  func `read back as they were written`(settings: ForwardingSettings, underlay: InterfaceReference?) {
    var row = `Rows of the maps`.row
    row.forwarding = ForwardingConfiguration(settings)
    row.underlay = underlay
    row.isMetered = true
    let index: UInt32 = underlay == nil ? 0 : underlay == .gone(index: .max) ? .max : 9
    let kernel = esw_connection_row(row, port: 5, underlay: index)
    let read = kernel.model(row.number) { index in
      index == 5 ? row.port.interface : index == 9 ? .name(InterfaceName("eth0")!) : .gone(index: index)
    }
    #expect(read == row)
    #expect(kernel.meter == row.tunnelAddress.value)
  }

  @Test func `put each rule where the path looks for it`() {
    var rules = ForwardingRules(all: .forward)
    rules[.vrrp, .toRemote] = .drop
    rules[.broadcast, .toLocal] = .limit(framesPerSecond: 7)
    var row = `Rows of the maps`.row
    row.forwarding = ForwardingConfiguration(
      rules: rules, timeToLive: 64, differentiation: .codePoint(0), hasUDPChecksum: false, clampsMSS: false,
      answersKnown: false)
    let kernel = esw_connection_row(row, port: 5)
    #expect(
      kernel.rules.0.2 == ESW_RULE_DROP && kernel.rules.1.5 == 7 && kernel.rules.0.5 == ESW_RULE_FORWARD)
    #expect(kernel.rules.0.7 == ESW_RULE_FORWARD)
  }
}
