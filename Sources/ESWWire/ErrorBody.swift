/// The body of every refusal and failure (contract section 8.1).
package struct ErrorBody: Hashable, Sendable, Codable {
  package let message: String
  package let code: String
  package let requestID: String

  package init(message: String, code: String, requestID: String) {
    self.message = message
    self.code = code
    self.requestID = requestID
  }

  private enum CodingKeys: String, CodingKey {
    case message = "error_msg"
    case code = "error_code"
    case requestID = "request_id"
  }
}

extension JSONWriter {
  package mutating func error(_ body: ErrorBody) {
    beginObject()
    member("error_msg", body.message)
    member("error_code", body.code)
    member("request_id", body.requestID)
    endObject()
  }
}
