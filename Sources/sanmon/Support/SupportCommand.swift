import ArgumentParser
import Foundation
import Workstation

struct SupportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "support",
    abstract: "Put together what an integrator may see, show it, and write it after a yes. / 保守担当に渡す資料を作ります。",
    discussion: """
      No secrets, names, ids, machines or addresses: each thing that goes in is chosen one by one, and ids are replaced by names
      that count in this one bundle. It is shown first, and written only after a yes. Run it as root to have everything in it;
      nothing is sent anywhere.

      EXAMPLES
        sanmon support
        sanmon support --config /etc/sanmon/lgwan/instance.yaml --out lgwan.tar
        sanmon support --rows 2000 --lines 2000 --yes

      EXIT CODES
        0 written   1 not written: nobody said yes   64 wrong usage   65 the start-up file is wrong   74 the file cannot be written
      """)
  @OptionGroup var instance: ConfigOption
  @Option(
    help: "The file to write; it must not exist. Default: sanmon-support-DATE.tar here.", completion: .file(extensions: ["tar"])
  )
  var out: String?
  @Option(help: "Newest audit rows that go in (0 to 10000).") var rows = 500
  @Option(help: "Newest lines of the service log that go in (0 to 10000).") var lines = 500
  @Option(help: "Read the service log from this file instead of journald.", completion: .file()) var log: String?
  @Flag(help: "Write without asking.") var yes = false

  func run() async throws {
    guard (0...10_000).contains(rows), (0...10_000).contains(lines) else {
      throw fail(64, "--rows と --lines は 0 から 10000 です。", "--rows and --lines: 0 to 10000")
    }
    let path = try instance.path()
    let bundle = try await SupportBundle(config: path, rows: rows, log: try serviceLog())
    let target = out ?? "sanmon-support-\(Times.show(bundle.made).prefix(10)).tar"
    print(say("渡す資料（\(target)）:", "What would leave (\(target)):"))
    for file in bundle.files { print("  \(file.name)  \(file.content.utf8.count) B  \(file.said.spoken)") }
    print(say("秘密・氏名・番号・端末名・アドレスは入りません。", "No secrets, names, ids, machine names or addresses are in it."))
    guard try isWanted(bundle) else {
      throw fail(1, "書き出しませんでした。", "nothing was written")
    }
    try write(bundle.tar, to: target)
    print(say("書き出しました: \(target)", "written: \(target)"))
  }

  /// Shows all of it, and asks. Behind a script nobody can say yes, so it is shown and not written.
  private func isWanted(_ bundle: SupportBundle) throws -> Bool {
    if yes { return true }
    guard let terminal = Terminal() else {
      print(bundle.text)
      printError(say("書き出すには、端末で実行して確かめるか、--yes を付けてください。", "run it at a terminal to look at it and say yes, or say --yes"))
      return false
    }
    if terminal.confirm(say("内容を見ますか（はい＝y、いいえ＝n）：", "Look at all of it (y = yes, n = no)? ")) { Pager.show(bundle.text) }
    return terminal.confirm(say("書き出しますか（はい＝y、いいえ＝n）：", "Write it (y = yes, n = no)? "))
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw fail(74, "\(path) を作れません（すでにあるか、書く権限がありません）。", "\(path) cannot be made: it exists, or you may not write there")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do { try handle.write(contentsOf: Data(bytes)) } catch {
      unlink(path)
      throw fail(74, "\(path) に書けません。", "\(path) cannot be written")
    }
  }

  // MARK: The service log

  /// Bytes of a log file's end that are looked at.
  private static let logBytes: UInt64 = 8 << 20

  private func serviceLog() throws -> (lines: [String], source: Words) {
    guard lines > 0 else { return ([], Words("サービスのログ", "service log")) }
    if let log {
      guard let handle = FileHandle(forReadingAtPath: log), let end = try? handle.seekToEnd() else {
        throw fail(74, "\(log) を読めません。", "\(log) cannot be read")
      }
      try handle.seek(toOffset: end > Self.logBytes ? end - Self.logBytes : 0)
      let text = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
      return (newest(text), Words("ログのファイル", "log file"))
    }
    let program = "/usr/bin/journalctl"
    let config = try instance.path()
    let name = URL(fileURLWithPath: config).deletingLastPathComponent().lastPathComponent
    guard FileManager.default.isExecutableFile(atPath: program), name.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil else {
      return ([], Words("journald のログ（読めません）", "journald's log (cannot be read)"))
    }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [
      "-u", "sanmond@\(name)", "-u", "sanmon-vault@\(name)", "-n", String(lines), "-o", "cat", "--no-pager", "-q",
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    let end = try process.runToEnd()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    end.wait()
    return (newest(text), Words("journald のログ", "journald's log"))
  }

  private func newest(_ text: String) -> [String] { text.split(separator: "\n").suffix(lines).map(String.init) }
}

/// The person's pager, fed through a pipe: nothing of it is on a disk.
enum Pager {
  static func show(_ text: String) {
    guard isatty(STDOUT_FILENO) == 1,
      let program = ["/usr/bin/less", "/usr/bin/more"].first(where: FileManager.default.isExecutableFile)
    else { return print(text) }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    // As root no shell out of the pager.
    process.environment = ProcessInfo.processInfo.environment.merging(["LESSSECURE": "1", "LESSCHARSET": "utf-8"]) { _, new in
      new
    }
    process.standardInput = pipe
    signal(SIGPIPE, SIG_IGN)
    guard let end = try? process.runToEnd() else { return print(text) }
    try? pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try? pipe.fileHandleForWriting.close()
    end.wait()
  }
}

extension Process {
  /// Starts it.
  /// - Returns: what is signalled at its end. Foundation's own way to wait turns a run loop, and under load was seen to turn it for good.
  fileprivate func runToEnd() throws -> DispatchSemaphore {
    let end = DispatchSemaphore(value: 0)
    terminationHandler = { _ in end.signal() }
    try run()
    return end
  }
}
