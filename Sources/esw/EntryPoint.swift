import ESWCommands

@main
struct EntryPoint {
  static func main() async { await ESWCommand.start() }
}
