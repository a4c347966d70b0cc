/// How a store keeps secrets: it hands them out of its sight before they reach the disk.
///
/// A sealed value opens only under the name it was sealed with, so that nobody who can write to the
/// disk can give one row the secret of another.
package struct Sealing: Sendable {
  package let seal: @Sendable (_ secret: [UInt8], _ name: String) throws -> [UInt8]
  /// - Throws: When it was not sealed with the same key under the same name.
  package let open: @Sendable (_ sealed: [UInt8], _ name: String) throws -> [UInt8]

  package init(
    seal: @escaping @Sendable (_ secret: [UInt8], _ name: String) throws -> [UInt8],
    open: @escaping @Sendable (_ sealed: [UInt8], _ name: String) throws -> [UInt8]
  ) {
    self.seal = seal
    self.open = open
  }
}
