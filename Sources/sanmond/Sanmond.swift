import ArgumentParser
import AuthPolicy
import AuthServer
import AuthTerms
import Foundation
import Isolation

@main
struct Sanmond: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmond",
    abstract: "The Sanmon 三門 server of one instance. / 三門の認証サーバー。",
    discussion: """
      Where sanmon-vault does not answer yet, the server waits for it and says so. SIGHUP reads policies, card roots and
      certificates again; SIGTERM ends gracefully.

      EXAMPLE
        sanmond --config /etc/sanmon/lgwan/instance.yaml

      EXIT CODES
        0 ended as asked   64 wrong usage   65 the start-up file or the policies are wrong
        69 cannot start or go on: the reason is said
        76 database or vault is an older copy, or another log than the one that was signed last
      """, version: Release.version)

  @Option(help: "The start-up file of the instance.")
  var config: String

  @Flag(help: "Only check the start-up file, keys that were copied by hand among it, and end.")
  var check = false

  func run() async throws {
    let instance = try read()
    if check {
      do throws(StartFault) { try Server.check(instance) } catch { throw Self.ended(error, code: 65) }
      return print("ok: \(instance.instance)")
    }
    let surroundings: Surroundings
    do {
      FreeMemory.useFewHeaps()
      try Hardening.apply(allowsRoot: false)
      let clock = try BootClock()
      surroundings = Surroundings(now: { clock.now() }, microseconds: { clock.microseconds() }, random: Self.random)
    } catch {
      FileHandle.standardError.write(Data("sanmond: \(error)\n".utf8))
      throw ExitCode(77)
    }
    let notify = ServiceNotify(path: ProcessInfo.processInfo.environment["NOTIFY_SOCKET"])
    // While it waits there is nothing to read again.
    signal(SIGHUP, SIG_IGN)
    let server: Server
    do {
      server = try await Server.whenVaultAnswers(
        instance, surroundings: surroundings, credentials: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"]
      ) { wait in
        notify.starting(wait.en, patienceSeconds: 180)
        FileHandle.standardError.write(Data("sanmond: \(wait.ja) / \(wait.en)\n".utf8))
      }
    } catch let faults as PolicyFaults {
      FileHandle.standardError.write(Data((faults.render(Self.language) + "\n").utf8))
      throw ExitCode(65)
    } catch let fault as StartFault {
      throw Self.ended(fault, code: fault.isOfAnOlderCopy ? 76 : 69)
    } catch {
      FileHandle.standardError.write(Data("sanmond: \(error)\n".utf8))
      throw ExitCode(69)
    }
    do {
      try await serve(server, notify)
    } catch {
      FileHandle.standardError.write(Data("sanmond: ended by a fault: \(error)\n".utf8))
      throw ExitCode(69)
    }
  }

  private func serve(_ server: Server, _ notify: ServiceNotify) async throws {
    signal(SIGPIPE, SIG_IGN)
    let hangup = DispatchSource.makeSignalSource(signal: SIGHUP)
    hangup.setEventHandler { Task { await server.reload() } }
    hangup.activate()
    defer { hangup.cancel() }
    try await server.runUntilSignalled {
      notify.ready("serving")
    }
    notify.stopping()
  }

  private static func ended(_ fault: StartFault, code: Int32) -> ExitCode {
    let sentence = language == .ja ? fault.japanese : fault.english
    FileHandle.standardError.write(Data("sanmond: \(sentence)\n".utf8))
    return ExitCode(code)
  }

  /// The system's own source. Eight bytes a call: each is a getrandom(2) of its own.
  @Sendable private static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 7)
    while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
    return Array(bytes.prefix(count))
  }

  private static var language: PolicyFault.Language {
    let environment = ProcessInfo.processInfo.environment
    let asked = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    return asked.hasPrefix("ja") ? .ja : .en
  }

  private func read() throws -> InstanceFile {
    guard let data = FileManager.default.contents(atPath: config) else {
      FileHandle.standardError.write(Data("sanmond: cannot read \(config)\n".utf8))
      throw ExitCode(65)
    }
    do { return try InstanceFile.parse(PolicySource(name: config, bytes: Array(data))) } catch {
      FileHandle.standardError.write(Data((error.render(Self.language) + "\n").utf8))
      throw ExitCode(65)
    }
  }
}
