import Foundation

/// The repository that this file stands in, as text.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static let sources = swiftFiles(under: "Sources")
  static let tests = swiftFiles(under: "Tests")

  /// Everything that a person reads: sources in all languages, documents, scripts.
  static let texts: [SourceFile] =
    sources + tests
    + paths(under: "Sources") { path in
      [".c", ".h", ".sh", ".js", ".css", ".html"].contains { path.hasSuffix($0) }
    }
    .map(SourceFile.init)
    + ["docs", "scripts", "benchmarks", ".ci"].flatMap { paths(under: $0) { _ in true } }
    .map(SourceFile.init)
    + ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "Makefile", "Package.swift"].map(SourceFile.init)

  static func folders(of parent: String) -> [String] {
    let url = root.appending(path: parent)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let path = url.appending(path: name).path
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        && !name.hasPrefix(".")
    }.sorted()
  }

  private static func swiftFiles(under folder: String) -> [SourceFile] {
    paths(under: folder) { $0.hasSuffix(".swift") }.map(SourceFile.init)
  }

  private static func paths(under folder: String, where isWanted: (String) -> Bool) -> [String] {
    // The path with symbolic links resolved: an enumerator does not enter a folder that is a link.
    let url = root.appending(path: folder).resolvingSymlinksInPath()
    let found = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
    return found.filter { path in
      var isFolder: ObjCBool = false
      let full = url.appending(path: path).path
      return isWanted(path) && FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted().map { folder + "/" + $0 }
  }
}

struct SourceFile {
  /// From the root of the repository.
  let path: String
  let lines: [Substring]
  /// Of Swift: the same lines with comments and the insides of strings blanked.
  let code: [Substring]

  init(path: String) {
    let bytes = (try? Data(contentsOf: Repository.root.appending(path: path))) ?? Data()
    self.init(path: path, text: String(decoding: bytes, as: UTF8.self))
  }

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    code =
      path.hasSuffix(".swift")
      ? blankingStringsAndComments(text).split(separator: "\n", omittingEmptySubsequences: false) : []
  }

  /// `Sources/<Room>/…` and `Tests/<Room>Tests/…`; nil elsewhere.
  var room: String? {
    let parts = path.split(separator: "/")
    guard parts.count > 2 else { return nil }
    let folder = String(parts[1])
    return parts[0] == "Tests" && folder.hasSuffix("Tests") ? String(folder.dropLast(5)) : folder
  }
}

/// Something to change, where, and what to do instead.
struct Finding: CustomStringConvertible {
  let path: String
  /// From 1.
  let line: Int
  let advice: String

  var description: String { "\(path):\(line): \(advice)" }
}
