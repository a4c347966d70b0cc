extension OperationDocument {
  static let console = [
    OperationDocument(
      .showConsole, "The console: a page for people", .text(["text/html; charset=utf-8"]),
      Answer(status: 304, summary: "As the caller has it already", schema: nil)),
    OperationDocument(
      .showConsoleFile, "A file of the console; another version has other paths",
      .text(["text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"]),
      Answer(status: 304, summary: "As the caller has it already", schema: nil)),
  ]
}
