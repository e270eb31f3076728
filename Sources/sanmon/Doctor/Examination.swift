import AuthAPI
import AuthClient
import AuthPolicy
import AuthTerms
import Foundation
import Isolation
import Storage
import VaultLink

/// What could be read about one instance at one moment, by whoever asks. Each check takes from here; nothing is written.
struct Examination {
  enum Reading<Value> {
    case value(Value)
    /// It is there, but this user may not read it, or it cannot be read.
    case refused(Words)
    /// It is not there, or nobody answers.
    case absent(Words)

    var value: Value? { if case .value(let value) = self { value } else { nil } }
  }

  struct ServerFacts {
    /// Parts that do not answer the server.
    let missing: [String]
    let metrics: String
    /// Only told to users of `operator-users`.
    let status: InstanceStatus?

    func metric(_ name: String) -> Int64? {
      for line in metrics.split(separator: "\n") where line.hasPrefix(name + " ") {
        return Double(line.dropFirst(name.count + 1)).map { Int64($0) }
      }
      return nil
    }
  }

  let configPath: String
  let instance: InstanceFile
  /// Milliseconds since 1970-01-01 UTC.
  let now: Int64
  let server: Reading<ServerFacts>
  let vault: Reading<VaultStatus>
  /// What a vault says that waits for people's shares.
  let sealed: Words?
  let archive: Reading<AuditArchive>
  let log: Reading<LogFacts>

  var day: Int { LocalTime(Moment(wallMilliseconds: now, boot: "", monotonicMilliseconds: 0), offsetSeconds: 32_400).day }

  var database: String { instance.state + "/sanmon.sqlite" }

  init(config path: String, instance: InstanceFile, now: Int64) async {
    configPath = path
    self.instance = instance
    self.now = now
    server = await Self.ask(instance)
    (vault, sealed) = await Self.askVault(instance)
    archive = Self.open(instance.state + "/sanmon.sqlite")
    switch archive {
    case .value(let archive):
      do { log = .value(try archive.facts()) } catch {
        log = .refused(Words("データベースを読めません（\(error)）", "the database cannot be read (\(error))"))
      }
    case .refused(let why): log = .refused(why)
    case .absent(let why): log = .absent(why)
    }
  }

  private static func ask(_ instance: InstanceFile) async -> Reading<ServerFacts> {
    let path = instance.operatorSocket
    if FileManager.default.fileExists(atPath: path), access(path, W_OK) != 0 {
      return .refused(Words("\(path) を使う権限がありません", "you may not use \(path)"))
    }
    var settings = ClientSettings()
    settings.deadlineMilliseconds = 5000
    let connection = ServerConnection(unixSocket: path, settings: settings)
    defer { connection.close() }
    struct Readiness: Decodable { let missing: [String] }
    do {
      let readiness = try await connection.request("GET", "/readiness")
      let missing = (try? JSONDecoder().decode(Readiness.self, from: Data(readiness.body)))?.missing
      let metrics = String(decoding: try await connection.request("GET", "/metrics").body, as: UTF8.self)
      let status = try? await connection.fetch("/v1/admin/status", returning: InstanceStatus.self)
      guard readiness.status == 200 || missing != nil else {
        return .absent(Words("\(path) の応答が三門のものではありません", "what answers at \(path) is not Sanmon's server"))
      }
      return .value(ServerFacts(missing: missing ?? [], metrics: metrics, status: status))
    } catch {
      return .absent(Words("\(path) で応答がありません", "nobody answers at \(path)"))
    }
  }

  private static func askVault(_ instance: InstanceFile) async -> (Reading<VaultStatus>, sealed: Words?) {
    let path = instance.vaultSocket
    guard FileManager.default.fileExists(atPath: path) else {
      return (.absent(Words("\(path) がありません", "\(path) is not there")), nil)
    }
    do {
      return (.value(try await VaultLink(socket: path, deadlineMilliseconds: 3000).status()), nil)
    } catch VaultFault.refused(let refusal) where refusal.code == .sealed {
      let words = Words("封がされ、人を待っています（\(refusal.note)）", "waits for people (\(refusal.note))")
      return (.absent(words), words)
    } catch {
      // Whom the vault does not hear it leaves without a word, as one that is no longer there would.
      return (.refused(Words("\(path) で、この利用者には応じません", "\(path) does not answer this user")), nil)
    }
  }

  private static func open(_ path: String) -> Reading<AuditArchive> {
    let hidden = Words("\(path) はサーバーの利用者と root だけが読めます", "\(path) can be read by the server's user and root only")
    do throws(FileFacts.Fault) { _ = try FileFacts(path: path) } catch {
      return error == .hidden ? .refused(hidden) : .absent(Words("\(path) がまだありません", "\(path) is not there yet"))
    }
    guard access(path, R_OK) == 0 else { return .refused(hidden) }
    do { return .value(try AuditArchive(path: path)) } catch {
      return .refused(Words("\(path) を開けません（\(error)）", "\(path) cannot be opened (\(error))"))
    }
  }
}
