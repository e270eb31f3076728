import ArgumentParser
import AuthTerms
import DirectorySync
import Foundation
import Isolation
import Sealing

struct DirectoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "directory", abstract: "Look at the Active Directory people come from. / Active Directory を確かめます。",
    subcommands: [
      DirectoryCheck.self, DirectoryShow.self, DirectorySyncNow.self, DirectoryPlan.self, DirectoryApprove.self,
      DirectoryHistory.self, DirectoryAccess.self, DirectoryConfirm.self, DirectoryRelink.self, DirectoryRehearse.self,
      DirectorySnapshotWrite.self,
      DirectorySnapshotKey.self,
    ])
}

struct DirectoryCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say on one screen whether a domain can be read, and what is missing. / 接続と権限を確かめます。",
    discussion: """
      Connects as the synchronisation account would: LDAPS or StartTLS with the one authority given, the whole directory read once.
      Changes nothing, there or here, and needs no instance. With --snapshot, a file of 'sanmon directory snapshot' is read instead, as
      the instance with that --snapshot-key would.

      EXAMPLES
        sanmon directory check --snapshot directory-1776124800000.txt --snapshot-key snapshot-1-…
        sanmon directory check --host dc1.ad.city.example --authorities ad-ca.pem --account svc-sanmon@ad.city.example
        sanmon directory check --host dc1.ad.city.example --authorities ad-ca.pem --account svc-sanmon@ad.city.example \\
          --group seg-lgwan --group seg-mynumber

      EXIT CODES
        0 all is well   1 a warning   2 a fault: it cannot be connected like this   64 wrong usage
      """)

  @Option(help: "A domain controller, as its certificate names it. / ドメインコントローラーの名前")
  var host: String?
  @Option(help: "Default: 636, with --start-tls 389.")
  var port: UInt16?
  @Flag(help: "StartTLS instead of LDAPS.")
  var startTLS = false
  @Option(help: "PEM file of the authority that signed its certificate. / 認証局の証明書", completion: .file(extensions: ["pem"]))
  var authorities: String?
  @Option(help: "The synchronisation account, as name@domain. / 同期用アカウント")
  var account: String?
  @Option(help: "A snapshot instead of a domain controller. / 写しのファイル", completion: .file(extensions: ["txt"]))
  var snapshot: String?
  @Option(help: "The key of the start-up file that the snapshot has to be signed by. / 写しの鍵")
  var snapshotKey: String?
  @Option(help: "A group that has to be there (sAMAccountName); may be repeated. / あるはずのグループ")
  var group: [String] = []
  @Option(help: "Read its password from this file descriptor instead of the terminal.")
  var passwordFd: Int32?

  func run() async throws {
    if let snapshot { return try checkSnapshot(snapshot) }
    guard let host, let authorities, let account else {
      throw fail(
        64, "--host、--authorities、--account（または --snapshot と --snapshot-key）を指定してください。",
        "say --host, --authorities and --account (or --snapshot and --snapshot-key)")
    }
    let server: LDAPServer
    do {
      server = try LDAPServer(host: host, port: port, protection: startTLS ? .startTLS : .ldaps, authorities: authorities)
    } catch { throw fail(64, error.ja, error.en) }
    let password = try TerminalSecret.read(
      prompt: say("\(account) のパスワード: ", "Password of \(account): "), descriptor: passwordFd)
    let connection = LDAPConnection(server, account: account, password: password)
    let lines = await DirectoryCheckup.lines(connection, groups: group)
    print(say("ディレクトリの確認  \(server)", "Directory check  \(server)"))
    try Self.finish(lines)
  }

  private func checkSnapshot(_ path: String) throws {
    guard let snapshotKey, host == nil, authorities == nil, account == nil else {
      throw fail(
        64, "--snapshot は --snapshot-key と組で、--host などとは別に使います。", "--snapshot goes with --snapshot-key, and not with --host")
    }
    guard let key = try? SnapshotKey(parsing: snapshotKey) else {
      throw fail(
        64, "--snapshot-key は、sanmon directory snapshot-key が表示したもの（snapshot-1-…）です。",
        "--snapshot-key: snapshot-1-…, as 'sanmon directory snapshot-key' printed it")
    }
    print(say("ディレクトリの写しの確認  \(path)", "Snapshot check  \(path)"))
    try Self.finish(DirectoryCheckup.lines(ofSnapshot: path, key, groups: group))
  }

  private static func finish(_ lines: [DirectoryCheckup.Line]) throws {
    for line in lines { print(line.text) }
    let states = Set(lines.map(\.state))
    let code: Int32 = states.contains(.fault) ? 2 : states.isSubset(of: [.ok]) ? 0 : 1
    if code == 0 { print(say("異常はありません。", "All is well.")) } else { throw ExitCode(code) }
  }
}

/// What is found out about a domain before it is connected.
enum DirectoryCheckup {
  struct Line {
    let title: Words
    let state: Finding.State
    let said: Words
    var next: Words?

    var text: String {
      "\(state.mark) \(Screen.column(title.spoken))\(said.spoken)" + (next.map { "\n    → \($0.spoken)" } ?? "")
    }
  }

  private static let shown = 5

  static func lines(_ connection: LDAPConnection, groups: [String]) async -> [Line] {
    let connecting = Words("接続", "connection")
    let reading = Words("読み取り", "reading")
    let root: RootDSE
    do { root = try await connection.root() } catch {
      return [
        fault(connecting, error), Line(title: reading, state: .unknown, said: Words("接続できないため", "there is no connection")),
      ]
    }
    var lines = [
      Line(
        title: connecting, state: .ok,
        said: Words("\(root.hostName)、\(root.namingContext)", "\(root.hostName), \(root.namingContext)"))
    ]
    let reader = DirSyncReader(connection)
    let begin = ContinuousClock.now
    let replica: DirectoryReplica
    do { replica = try await reader.everything().replica } catch {
      return lines + [fault(reading, error)]
    }
    let milliseconds = Int(begin.duration(to: .now) / .milliseconds(1))
    lines += contents(replica, milliseconds, groups)
    lines.append(await deletions(reader, root.namingContext))
    return lines
  }

  /// What an instance with that key would make of a file.
  static func lines(ofSnapshot path: String, _ key: SnapshotKey, groups: [String]) -> [Line] {
    let title = Words("署名", "signature")
    let begin = ContinuousClock.now
    let snapshot: SignedSnapshot
    do throws(SnapshotFault) {
      snapshot = try SignedSnapshot(parsing: contents(of: path), signedBy: key)
    } catch {
      return [
        Line(
          title: title, state: .fault, said: Words("\(error.code.rawValue) \(error.ja)", "\(error.code.rawValue) \(error.en)"))
      ]
    }
    let header = snapshot.header
    let milliseconds = Int(begin.duration(to: .now) / .milliseconds(1))
    return [
      Line(
        title: title, state: .ok,
        said: Words(
          "装置 \(header.instance)、ドメイン \(header.domain)", "instance \(header.instance), domain \(header.domain)")),
      Line(
        title: Words("番号と日時", "number and time"), state: .ok,
        said: Words(
          "\(header.sequence)、\(Times.show(header.writtenAt)) に書き出し",
          "\(header.sequence), written \(Times.show(header.writtenAt))")),
      Line(
        title: Words("読み取り元", "read from"), state: .ok,
        said: Words(
          "\(VisibleText.marking(header.serviceName))（\(header.invocationID)）、\(Times.show(header.readAt)) の応答",
          "\(VisibleText.marking(header.serviceName)) (\(header.invocationID)), which answered \(Times.show(header.readAt))")),
      Line(
        title: Words("ハッシュ値", "hash"), state: .ok,
        said: Words(
          "SHA-256 \(Hex.encode(snapshot.hash))（最後の行を除く）", "SHA-256 \(Hex.encode(snapshot.hash)) (without the last line)")),
    ] + contents(snapshot.replica, milliseconds, groups)
  }

  private static func contents(of path: String) throws(SnapshotFault) -> [UInt8] {
    do {
      if let found = try FileMark.contents(of: path, limit: SnapshotFile.byteLimit) { return found.bytes }
    } catch { throw SnapshotFault(.unreadable, path) }
    throw .tooLarge
  }

  private static func contents(_ replica: DirectoryReplica, _ milliseconds: Int, _ groups: [String]) -> [Line] {
    let (people, all, units) = (items(replica, .person), items(replica, .group), items(replica, .unit))
    let reading = Line(
      title: Words("読み取り", "reading"), state: people.isEmpty ? .fault : .ok,
      said: Words(
        "利用者 \(people.count)、グループ \(all.count)、OU \(units.count)（\(milliseconds) ミリ秒）",
        "\(people.count) users, \(all.count) groups, \(units.count) OUs (\(milliseconds) ms)"),
      next: people.isEmpty
        ? Words("同期用アカウントに、職員のいる OU の読み取りを許可してください", "let the synchronisation account read the OUs of the staff") : nil)
    return [reading] + numbers(people) + [named(groups, all), nesting(replica, all)]
  }

  private static func items(_ replica: DirectoryReplica, _ kind: DirectoryItem.Kind) -> [DirectoryItem] {
    replica.objects.values.filter { $0.kind == kind }.sorted { account($0) < account($1) }
  }

  private static func account(_ item: DirectoryItem) -> String { item.text("samaccountname") ?? item.guid.description }

  private static func some(_ names: [String]) -> String {
    let visible = names.prefix(shown).map { VisibleText.marking($0) }.joined(separator: ", ")
    return names.count > shown ? visible + " …" : visible
  }

  private static func fault(_ title: Words, _ fault: LDAPFault) -> Line {
    Line(title: title, state: .fault, said: Words("\(fault.code.rawValue) \(fault.ja)", "\(fault.code.rawValue) \(fault.en)"))
  }

  /// 職員番号: whom a person is, whatever the account is called.
  private static func numbers(_ people: [DirectoryItem]) -> [Line] {
    let title = Words("職員番号", "staff numbers")
    let enabled = people.filter(\.isEnabled)
    let numbered = enabled.filter { $0.text("employeenumber") != nil }
    guard !numbered.isEmpty else {
      return [
        Line(
          title: title, state: .fault, said: Words("employeeNumber を持つ利用者がいません", "no user has an employeeNumber"),
          next: Words("職員番号を employeeNumber に入れてください", "put the staff number into employeeNumber"))
      ]
    }
    var lines: [Line] = []
    let without = enabled.filter { $0.text("employeenumber") == nil }.map(account)
    lines.append(
      Line(
        title: title, state: .ok,
        said: Words(
          "\(numbered.count) 人。番号のない有効な利用者 \(without.count)（取り込まれません）: \(some(without))",
          "\(numbered.count) people; \(without.count) enabled users without one are left out: \(some(without))")))
    let byNumber = Dictionary(grouping: people.filter { $0.text("employeenumber") != nil }) { $0.text("employeenumber") ?? "" }
    let doubled = byNumber.values.filter { $0.count > 1 }.map { $0.map(account).joined(separator: " = ") }.sorted()
    if !doubled.isEmpty {
      lines.append(
        Line(
          title: title, state: .fault,
          said: Words("同じ番号の利用者があります: \(some(doubled))", "users with the same number: \(some(doubled))"),
          next: Words("一人に一つの番号にしてください", "give each person a number of their own")))
    }
    return lines
  }

  private static func named(_ wanted: [String], _ groups: [DirectoryItem]) -> Line {
    let title = Words("グループ", "groups")
    let there = Set(groups.map { account($0).lowercased() })
    let missing = wanted.filter { !there.contains($0.lowercased()) }
    guard missing.isEmpty else {
      return Line(
        title: title, state: .fault, said: Words("ありません: \(some(missing))", "not there: \(some(missing))"),
        next: Words("名前を確かめるか、グループを作ってください", "check the names, or make the groups"))
    }
    return Line(
      title: title, state: .ok,
      said: wanted.isEmpty ? Words("--group で確かめられます", "--group looks for them") : Words("\(some(wanted))", "\(some(wanted))"))
  }

  private static func nesting(_ replica: DirectoryReplica, _ groups: [DirectoryItem]) -> Line {
    let title = Words("入れ子", "nesting")
    var parents: [ObjectGUID: Set<ObjectGUID>] = [:]
    for (group, members) in replica.members { for member in members { parents[member, default: []].insert(group) } }
    let circles = Set(Closure.cycles(in: parents).flatMap(\.self))
    let inCycle = groups.filter { circles.contains($0.guid) }.map(account)
    guard inCycle.isEmpty else {
      return Line(
        title: title, state: .warning,
        said: Words("互いを含むグループがあります: \(some(inCycle))", "groups that contain each other: \(some(inCycle))"),
        next: Words("どれかの所属を外してください（一つのグループとして扱われます）", "take one out of another (they count as one)"))
    }
    return Line(title: title, state: .ok, said: Words("循環はありません", "no circles"))
  }

  private static func deletions(_ reader: DirSyncReader, _ context: String) async -> Line {
    let title = Words("削除の通知", "deletions")
    do {
      if try await reader.seesDeletions() {
        return Line(title: title, state: .ok, said: Words("見えています", "are seen"))
      }
    } catch { return fault(title, error) }
    return Line(
      title: title, state: .warning,
      said: Words("見えません（毎回、全件の一覧と比べて補います）", "are not seen (made up for by comparing everything each time)"),
      next: Words(
        "管理者が: dsacls \"CN=Deleted Objects,\(context)\" /takeownership のあと /G アカウント:LCRP",
        "as an administrator: dsacls \"CN=Deleted Objects,\(context)\" /takeownership, then /G ACCOUNT:LCRP"))
  }
}

/// Lines that stand below each other.
enum Screen {
  /// Kanji and kana are two columns wide.
  static func column(_ text: String) -> String {
    let width = text.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2E7F ? 2 : 1) }
    return text + String(repeating: " ", count: max(1, 18 - width))
  }
}
