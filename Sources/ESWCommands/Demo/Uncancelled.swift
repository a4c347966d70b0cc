/// Runs `work` to its end although the caller is cancelled meanwhile: for what must not stop half-way, such
/// as a call that makes something. Nothing is begun for a caller that is cancelled already.
///
/// - Throws: `CancellationError` before `work`; what `work` throws.
func uncancelled<Value: Sendable>(
  _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try Task.checkCancellation()
  return try await Task { try await work() }.value
}
