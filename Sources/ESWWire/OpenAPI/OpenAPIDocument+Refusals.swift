extension OpenAPIDocument {
  /// What operations answer that do not do what was asked, all with the one body of errors (contract
  /// section 8).
  enum Refusals {
    private static let all: KeyValuePairs<String, String> = [
      "400": "The request is malformed, or something in it cannot be",
      "401": "Neither a signature nor a token that is right",
      "403": "Not the caller's project, or no policy allows it",
      "404": "No such path, or nothing of the caller's has this id",
      "408": "The body took too long to arrive",
      "409": "What exists already stands against it",
      "413": "The body is too large",
      "414": "The URI is too long",
      "429": "Too many changes wait to be written",
      "431": "The headers are too large",
      "500": "The server could not do it",
      "503": "The server is stopping, or has too many large requests at a time",
    ]

    static let components = JSONDocument(
      all.map { status, summary in
        (
          "\(status)",
          [
            "description": .text(summary), "headers": JSONDocument([requestID]),
            "content": content(.error),
          ]
        )
      })

    static let headers: JSONDocument = [
      "X-Request-Id": [
        "description": "Fresh for every request; the log has it", "required": true,
        "schema": Schema.requestID.json,
      ]
    ]

    static let requestID: (String, JSONDocument) = (
      "X-Request-Id", ["$ref": "#/components/headers/X-Request-Id"]
    )

    static func of(_ entry: OperationDocument) -> [(String, JSONDocument)] {
      all.filter { isPossible($0.key, of: entry) }.map { status, summary in
        // What answers HEAD has no body.
        entry.operation.method == .head
          ? (status, ["description": .text(summary), "headers": JSONDocument([requestID])])
          : (status, ["$ref": .text("#/components/responses/\(status)")])
      }
    }

    private static func isPossible(_ status: String, of entry: OperationDocument) -> Bool {
      switch status {
      case "401": entry.operation.door != .open || entry.checksPassword
      case "403": ![.open, .user, .agent, .scraper].contains(entry.operation.door) || entry.checksPassword
      case "409": entry.mayConflict
      case "429": ![.get, .head].contains(entry.operation.method)
      default: true
      }
    }
  }

  enum Doors {
    static let components: JSONDocument = [
      "signature": [
        "type": "apiKey", "in": "header", "name": "Authorization",
        "description": """
        SDK-HMAC-SHA256 Access=KEY, SignedHeaders=NAMES, Signature=HEX: the vendor's signature over method, \
        path, query, the signed headers and the body. X-Sdk-Date has to be among the signed headers.
        """,
      ],
      "token": [
        "type": "apiKey", "in": "header", "name": "X-Auth-Token",
        "description": "A token of POST /v3/auth/tokens",
      ],
      "agent": ["type": "http", "scheme": "bearer", "description": "The credential of agents"],
      "scraper": ["type": "http", "scheme": "bearer", "description": "The credential for metrics"],
    ]

    static func security(of door: Operation.Door) -> JSONDocument {
      switch door {
      case .open: []
      case .project, .domain, .own, .user: [["signature": []], ["token": []]]
      case .agent: [["agent": []]]
      case .scraper: [["scraper": []]]
      }
    }
  }
}
