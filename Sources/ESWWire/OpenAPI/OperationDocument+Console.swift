extension OperationDocument {
  static let console = [
    OperationDocument(
      .showConsole, "The console: a page for people", .text(["text/html"]),
      Answer(status: 304, summary: "As the caller has it already", schema: nil)),
    OperationDocument(
      .showConsoleFile, "A file of the console; another version has other paths",
      .text(["text/javascript", "text/css", "image/svg+xml"]),
      Answer(status: 304, summary: "As the caller has it already", schema: nil)),
  ]
}
