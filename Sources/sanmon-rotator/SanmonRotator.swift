import ArgumentParser
import AuthTerms
import Foundation
import Isolation
import Rotator
import VaultLink

@main
struct SanmonRotator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-rotator",
    abstract: "Makes Windows passwords that nobody knows. Windows のパスワードの自動作成",
    discussion: """
      グループの人の Active Directory のパスワードを 120 文字の乱数に替え、鍵庫に封をして預けます。パスワードを替える権限を持つのは
      このプログラムだけで、鍵庫から読み出すことはできません。
      Replaces the directory's passwords of one group's members by 120 random characters, and keeps them sealed in the vault. It alone \
      holds the right to reset them, and can read none back.

      例 / Examples:
        sanmon-rotator check /etc/sanmon/lgwan-1/rotator.conf
        sanmon-rotator once /etc/sanmon/lgwan-1/rotator.conf
        sanmon-rotator run /etc/sanmon/lgwan-1/rotator.conf

      終了コード / Exit codes: 0 done · 1 somebody's password could not be made · 64 wrong arguments · 69 vault or domain controller \
      not reachable, or it said no · 75 stopped, because one after the other failed · 77 root, or a file that others can read · \
      78 settings
      """,
    subcommands: [Once.self, Run.self, Check.self])
}

struct RotatorOptions: ParsableArguments {
  @Argument(help: "設定ファイル / The settings file.", completion: .file()) var settings: String
  @Flag(help: "Run as root although nothing here needs it (test machines).") var allowRoot = false

  /// Hardens this process, then reads what it was told.
  func open() throws -> (Rotation, RotatorSettings) {
    do throws(Hardening.Fault) { try Hardening.apply(allowsRoot: allowRoot) } catch {
      throw end(77, "\(error)", "\(error)")
    }
    guard let bytes = FileManager.default.contents(atPath: settings),
      let text = String(validating: bytes.prefix(RotatorSettings.largestFile + 1), as: UTF8.self)
    else { throw end(78, "\(settings) を読めません。", "cannot read \(settings) as UTF-8") }
    let read: RotatorSettings
    do throws(RotatorSettings.Fault) { read = try RotatorSettings(parsing: text) } catch {
      throw end(78, "\(settings):\(error.line): \(error.ja)", "\(settings):\(error.line): \(error.en)")
    }
    do {
      let clock = try BootClock()
      let rotation = Rotation(
        read, key: try RotatorKey(file: read.keyFile), vault: VaultLink(socket: read.vault),
        directory: try LDAPDirectory(read), now: { clock.now() },
        random: { count in
          var generator = SystemRandomNumberGenerator()
          return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        })
      return (rotation, read)
    } catch let fault as RotatorFault { throw end(fault) }
  }
}

struct Once: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "一回だけ行う / One round.")
  @OptionGroup var options: RotatorOptions

  func run() async throws {
    let (rotation, _) = try options.open()
    let report: RotationReport
    do throws(RotatorFault) { report = try await rotation.round() } catch { throw end(error) }
    say(report.ja, report.en)
    if !report.isWell { throw ExitCode(1) }
  }
}

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "SIGTERM まで続ける / One round after the other until SIGTERM or SIGINT.",
    discussion: """
      鍵庫やドメインコントローラーに届かないときは、次の回にもう一度行います。続けて失敗したときは止まります（終了コード 75）。
      A vault or a domain controller that is away is tried again in the next round; failures in a row end it (75): somebody has to look.
      """)
  @OptionGroup var options: RotatorOptions

  func run() async throws {
    let signals = StopSignals()
    let notify = ServiceNotify.fromEnvironment()
    let (rotation, settings) = try options.open()
    // Wherever a round is: each of its steps leaves a password that opens, and the next round goes on from there.
    signals.waiting {
      notify.stopping()
      _exit(0)
    }
    notify.ready("serving")
    while true {
      do {
        let report = try await rotation.round()
        say(report.ja, report.en)
        notify.status(report.en)
      } catch {
        if case .tooManyFailures = error { throw end(error) }
        say(error.ja, error.en)
      }
      try await Task.sleep(for: .seconds(settings.everyMinutes * 60))
    }
  }
}

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "何も変えずに調べる / Looks at settings, vault and directory, and says whose turn it is; changes nothing.")
  @OptionGroup var options: RotatorOptions

  func run() async throws {
    let (rotation, _) = try options.open()
    let report: RotationReport
    do throws(RotatorFault) { report = try await rotation.look() } catch { throw end(error) }
    say(report.ja, report.en)
  }
}

private func say(_ ja: String, _ en: String) {
  FileHandle.standardError.write(Data("sanmon-rotator: \(ja == en ? en : "\(ja)\nsanmon-rotator: \(en)")\n".utf8))
}

private func end(_ code: Int32, _ ja: String, _ en: String) -> ExitCode {
  say(ja, en)
  return ExitCode(code)
}

private func end(_ fault: RotatorFault) -> ExitCode {
  let code: Int32 =
    switch fault {
    case .file: 77
    case .key, .application: 78
    case .vault, .directory: 69
    case .tooManyFailures: 75
    }
  return end(code, fault.ja, fault.en)
}
