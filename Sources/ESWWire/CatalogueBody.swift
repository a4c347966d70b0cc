package import ESWModel

/// What a page is, beside its rows (contract section 3.5).
package struct PageInfo<Marker: LosslessStringConvertible & Hashable & Sendable>: Hashable, Sendable {
  /// The first row's marker; nil on an empty page.
  package let first: Marker?
  /// The last row's marker, where more rows follow; nil on the last page.
  package let next: Marker?
  package let count: Int

  package init(first: Marker?, next: Marker?, count: Int) {
    self.first = first
    self.next = next
    self.count = count
  }
}

extension JSONWriter {
  /// The member `page_info`.
  package mutating func pageInfo<Marker>(_ page: PageInfo<Marker>) {
    object("page_info") {
      if let next = page.next { $0.member("next_marker", next.description) }
      $0.member("previous_marker", page.first?.description ?? "")
      $0.member("current_count", integer: page.count)
    }
  }

  /// A flavor (contract section 6).
  package mutating func flavor(_ flavor: Flavor, zones: [String]) {
    beginObject()
    member("id", flavor.id)
    member("name", flavor.name.rawValue)
    member("connections", integer: flavor.connections)
    member("bandwidth", integer: flavor.bandwidth)
    member("pps", integer: flavor.packetRate)
    member("available_zones", strings: zones)
    endObject()
  }

  /// The member `quotas` with the one resource that has a quota (contract section 6).
  package mutating func quotas(instances quota: Int, used: Int) {
    object("quotas") {
      $0.array("resources", CollectionOfOne(())) { writer, _ in
        writer.object {
          $0.member("type", "instance")
          $0.member("quota", integer: quota)
          $0.member("used", integer: used)
          $0.member("min", integer: 0)
          $0.member("max", integer: quota)
        }
      }
    }
  }
}
