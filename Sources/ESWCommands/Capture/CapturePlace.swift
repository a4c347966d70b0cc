import ESWModel
import Foundation
import LinuxDataplane

/// A node of this machine, by what is pinned.
struct CapturePlace {
  let pins: String
  /// Where its interfaces have their names; nil: not known, or not here.
  let namespace: String?

  init(pins: String) {
    self.pins = pins
    namespace = NodePins.namespace(ofFolder: pins)
  }

  static func of(namespace: String?) -> CapturePlace {
    CapturePlace(pins: NodePins.folder(ofNamespace: namespace))
  }

  /// All that there are, in order; none where nobody but root may look and this is not root.
  static func all() -> [CapturePlace] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: NodePins.root)) ?? []
    return names.sorted().map { CapturePlace(pins: "\(NodePins.root)/\($0)") }
  }

  /// Those that have a connection: two, where both ends of a stretch are on this machine.
  static func all(with connection: ConnectionID) -> [CapturePlace] {
    all().filter { place in (try? LinuxDataplane.connections(pins: place.pins))?.contains(connection) ?? false
    }
  }
}

extension NodePins {
  /// The reverse of `folder(ofNamespace:)`, and of `demo(prefix:)`, where a name tells it.
  static func namespace(ofFolder path: String) -> String? {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    let file: String
    if name == "host" {
      file = "/proc/self/ns/net"
    } else if path == demo {
      file = "/run/netns/" + DemoTopology().node
    } else if name.hasPrefix("demo-") {
      file = "/run/netns/" + DemoTopology(prefix: String(name.dropFirst(5))).node
    } else if name.hasPrefix("ns-"), !name.contains(where: { "%@".contains($0) }) {
      file = "/run/netns/" + name.dropFirst(3)
    } else {
      return nil
    }
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }
}
