import Crypto
package import ESWSeams
import Foundation

/// The one secret that all others at rest depend on: 256 bits in a file of its own, away from the store and
/// its backups. It is used for nothing itself; each use has a key derived from it (HKDF, RFC 5869).
package struct MasterKey: Sendable {
  package static let byteCount = 32
  private let bytes: SymmetricKey

  /// - Returns: Nil for any other number of bytes.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = SymmetricKey(data: bytes)
  }

  /// AES-GCM with 256 bits; the name of the row is authenticated with its secret.
  package var sealing: Sealing {
    let key = derived("openesw secrets at rest 1")
    return Sealing(
      seal: { secret, name in
        let box = try AES.GCM.seal(secret, using: key, authenticating: Array(name.utf8))
        guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
        return [UInt8](combined)
      },
      open: { sealed, name in
        [UInt8](try AES.GCM.open(try .init(combined: sealed), using: key, authenticating: Array(name.utf8)))
      })
  }

  /// Of the tokens that the control plane gives out: they outlive a restart, as the key does.
  package var tokens: TokenKey { TokenKey(derived("openesw access tokens 1")) }

  private func derived(_ use: String) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(inputKeyMaterial: bytes, info: Array(use.utf8), outputByteCount: Self.byteCount)
  }
}
