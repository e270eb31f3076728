import ArgumentParser
import AuditLog
import AuthTerms
import Foundation

struct WitnessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "witness", abstract: "Witness the log of a server from another machine. / 別の装置から監査記録の証人になります。",
    discussion: """
      A witness cosigns a server's checkpoints when they extend the one it cosigned last (C2SP tlog-witness). Its folder and key
      lie where nobody who can change the server's disk can reach them: the auditor's PC, a host of another segment.
      """,
    subcommands: [WitnessInit.self, WitnessRun.self])
}

struct WitnessInit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a witness's key and show its public half. / 証人の鍵を作り、公開部分を表示します。",
    discussion: """
      The public half goes into the server's start-up file (witnesses) and to whoever verifies. A witness whose folder was lost
      or put back from a copy has forgotten what it signed: make another one, with another name.

      EXAMPLE
        sanmon witness init --state /var/lib/sanmon-witness --name witness.city.example/auditor-1
      """)
  @Option(help: "The witness's folder; made if it is not there.") var state: String
  @Option(help: "The witness's name, as cosignatures show it: no white space, no plus sign.") var name: String

  func run() throws {
    do throws(WitnessFolder.Fault) { print(try WitnessFolder.create(state, name: name).vkey) } catch { throw error.exit }
  }
}

struct WitnessRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Answer servers until stopped. / 停止するまで、サーバーに連署を返します。",
    discussion: """
      Answers POST /add-checkpoint (C2SP tlog-witness) and GET /checkpoint/HASH (the note that was cosigned last for the origin
      with this SHA-256) over plain HTTP: checkpoints are public and signed. What it remembers is on the disk before a cosignature
      leaves. The log's key is what 'sanmon audit checkpoint --key-file' writes on the server.

      EXAMPLE
        sanmon witness run --state /var/lib/sanmon-witness --listen 10.1.2.3:8447 --log-key sanmon.city.example/lgwan+…

      EXIT CODES
        64 wrong usage   65 the folder is in use or not private   66 it cannot be read, or is not as it was left
        69 the address is not here, or in use
      """)
  @Option(help: "The witness's folder, as 'sanmon witness init' made it.") var state: String
  @Option(help: "Address and port, for example 10.1.2.3:8447 or [fd00::3]:8447; port 0 takes a free one.") var listen: String
  @Option(help: "The key of a log to be witnessed (vkey), or a file that holds such keys, one a line; repeat for several.")
  var logKey: [String]

  func run() throws {
    guard let place = Self.place(listen) else {
      throw fail(64, "--listen は 10.1.2.3:8447 のように書きます。", "--listen: write it like 10.1.2.3:8447")
    }
    let logs = try logKey.flatMap(keys)
    guard (1...64).contains(logs.count) else { throw fail(64, "--log-key は 1 から 64 個です。", "--log-key: 1 to 64 keys") }
    let folder: WitnessFolder
    do throws(WitnessFolder.Fault) { folder = try WitnessFolder(state, logs: logs) } catch { throw error.exit }
    guard let door = WitnessDoor(address: place.address, port: place.port) else {
      throw fail(69, "\(listen) で待ち受けできません。", "cannot listen on \(listen)")
    }
    // The port may have been chosen by the system.
    print("\(folder.verifier.name) \(place.address) \(door.port)")
    fflush(nil)
    door.serve { folder.answer(to: $0, body: $1) }
  }

  private func keys(_ text: String) throws -> [NoteVerifier] {
    if let key = try? NoteVerifier(vkey: text) { return [key] }
    do {
      guard let data = FileManager.default.contents(atPath: text), let lines = String(validating: data, as: UTF8.self) else {
        throw MalformedInput("log key", expected: "a vkey, or a file that holds such keys")
      }
      return try lines.split(separator: "\n").map { try NoteVerifier(vkey: String($0)) }
    } catch {
      throw fail(
        66, "--log-key \(text) は、ログの検証鍵でも、そのファイルでもありません。", "--log-key \(text): neither a log's verifier key nor a file of them")
    }
  }

  /// A numeric address: a name could lead elsewhere tomorrow.
  private static func place(_ text: String) -> (address: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    var address = String(text[..<colon])
    if address.hasPrefix("["), address.hasSuffix("]") {
      address = String(address.dropFirst().dropLast())
    } else if address.contains(":") {
      return nil
    }
    return address.isEmpty ? nil : (address: address, port: port)
  }
}
