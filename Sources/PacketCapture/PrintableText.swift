/// Text for a terminal or a file: of what comes from elsewhere only ASCII that can be printed, `?` for the
/// rest.
func printable(_ text: some StringProtocol) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { (" "..."~").contains($0) ? $0 : "?" }))
}
