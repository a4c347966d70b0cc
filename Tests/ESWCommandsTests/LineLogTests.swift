import ESWModel
import Foundation
import Logging
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(1))) struct `The log of lines` {
  private let pipe = Pipe()

  private func logger(_ writer: LogWriter) -> Logger {
    Logger(label: "test") { label in
      LineLog(
        label: label, level: .info, writer: writer,
        now: { Timestamp(year: 2026, month: 1, day: 5, hour: 9, minute: 0, second: 0) })
    }
  }

  private var writer: LogWriter { LogWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor) }

  @Test func `has a line with everything for each event`() {
    let writer = writer
    logger(writer).info("request", metadata: ["status": "200", "method": "GET"], source: "Here")
    writer.flush()
    let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    #expect(text == "2026-01-05T09:00:00Z info test: method=GET status=200 [Here] request\n")
  }

  @Test func `stays one line whatever a client put into it`() {
    let writer = writer
    logger(writer).info("a\nb", metadata: ["detail": "x\r\ny\u{7F}"])
    writer.flush()
    let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    #expect(text.filter(\.isNewline) == "\n" && text.hasSuffix("a b\n") && text.contains("detail=x  y "))
  }

  @Test func `leaves out what nobody takes, and says how much`() {
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    var filled = 0
    while write(descriptor, "0123456789", 10) == 10 { filled += 10 }
    _ = fcntl(descriptor, F_SETFL, flags)
    let writer = LogWriter(descriptor: descriptor, mostBytes: 200)
    // Nobody reads, and yet nobody waits.
    for number in 0..<100 { writer.add("line \(number)") }
    var text = ""
    while !text.contains("left out") {
      text += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    }
    writer.flush()
    #expect(text.contains("line 0\n") && !text.contains("line 99\n"))
    #expect(text.contains("log lines were left out"))
  }
}
