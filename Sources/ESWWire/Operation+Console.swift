// The console: a page and its files, which tell nothing that is not in the source.
extension Operation {
  static let console = [showConsole, showConsoleFile]

  package static let showConsole = Operation("ShowConsole", .get, "/console", .open, nil)
  package static let showConsoleFile = Operation(
    "ShowConsoleFile", .get, "/console/{console_version}/{console_file}", .open, nil)
}
