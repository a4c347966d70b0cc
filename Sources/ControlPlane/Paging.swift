import ESWModel
import ESWWire

/// A page of a list: its rows, and what stands beside them.
struct Page<Row: IntentRow> {
  let rows: [Row]
  let info: PageInfo<Identifier<Row>>

  /// - Parameter ids: Ascending.
  /// - Complexity: O(log n) to the marker, then O(rows looked at).
  init(
    _ query: PageQuery<Identifier<Row>>, of ids: [Identifier<Row>], in table: IntentTable<Row>,
    where matches: (Row) -> Bool
  ) {
    var rows: [Row] = []
    var hasMore = false
    let start = query.marker.map { ids.firstIndex(after: $0) } ?? 0
    for id in ids[start...] {
      guard let row = table[id], matches(row) else { continue }
      guard rows.count < query.limit else {
        hasMore = true
        break
      }
      rows.append(row)
    }
    self.rows = rows
    info = PageInfo(first: rows.first?.id, next: hasMore ? rows.last?.id : nil, count: rows.count)
  }
}
