import AuthTerms
import DirectorySync
import Foundation
import LoadClient
import RealDirectory

extension DirectoryBench {
  private static let users = "(&(objectClass=user)(!(objectClass=computer)))"
  private static let attributes = [
    "objectGUID", "sAMAccountName", "userPrincipalName", "displayName", "sn", "givenName", "employeeNumber",
    "departmentNumber", "userAccountControl", "accountExpires",
  ]

  /// All users in pages through our client, and the same query by `ldapsearch`; both connect, bind and read. The start of a
  /// process is taken from its side.
  func paged(_ domain: Domain) async throws -> [WrongAnswer] {
    let command = [
      "env", "LDAPTLS_CACERT=\(domain.authorities)", "LDAPTLS_REQCERT=demand", "ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no",
      "-H", domain.url, "-D", domain.account, "-y", domain.passwordFile, "-b", domain.base, "-E",
      "pr=\(LDAPConnection.pageSize)/noprompt", Self.users,
    ]
    let expected = try told(command + ["objectGUID"])
    var wrong: [WrongAnswer] = []
    var (ours, theirs): ([Double], [Double]) = ([], [])
    // The first of each pair is the other one each time; the first pair warms up.
    for run in 0...common.runs * 3 {
      func our() async throws -> Double {
        let (seconds, entries) = try await timed {
          try await domain.controller.connection().paged(domain.base, Self.users, attributes: Self.attributes)
        }
        if entries.count != expected { wrong.append(WrongAnswer("a paged read of another number of users")) }
        return seconds
      }
      func their() throws -> Double {
        let start = try timed { try self.run(["env", "ldapsearch", "-VV"], into: "/dev/null") }.seconds
        return try timed { try self.run(command + Self.attributes, into: "/dev/null") }.seconds - start
      }
      let (a, b): (Double, Double)
      if run.isMultiple(of: 2) {
        a = try await our()
        b = try their()
      } else {
        b = try their()
        a = try await our()
      }
      guard run > 0 else { continue }
      ours.append(a)
      theirs.append(b)
    }
    common.figures.show(
      Figure(
        "directory.paged_ratio", zip(ours, theirs).map { $0 / $1 },
        limit: (
          1,
          say(
            "ldapsearch で同じ問い合わせ（接続とバインドは両方に含み、プロセスの起動は除く）",
            "ldapsearch, the same query (connection and bind in both, start of the process in neither)")
        ),
        note: "\(expected): \(Self.milliseconds(ours)) / \(Self.milliseconds(theirs)) ms"))
    return wrong
  }

  private func told(_ command: [String]) throws -> Int {
    let path = NSTemporaryDirectory() + "sanmon-load-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try run(command, into: path)
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count { $0.hasPrefix("dn:") }
  }

  private func run(_ command: [String], into path: String) throws {
    let code = try ChildProcess(command, log: path).wait()
    guard code == 0 else { throw RunFault("\(command[3]) の終了コード \(code)", "\(command[3]): exit \(code)") }
  }

  static func milliseconds(_ seconds: [Double]) -> String { Figures.short(Distribution(seconds).median * 1000) }

  /// Everybody's groups as we find them, against one query for each person by the rule that searches on the server.
  func closure(_ domain: Domain) async throws -> [WrongAnswer] {
    let (replica, _) = try await DirSyncReader(domain.controller.connection()).everything()
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    func view() -> DirectoryView {
      DirectoryView(of: replica, rules: DirectoryRules(base: ["職員"]), known: [], current: [], adopts: false, now: now)
    }
    let people = view().people
    let names = Dictionary(
      try await domain.controller.connection().paged(domain.base, Self.users, attributes: ["employeeNumber"]).compactMap {
        entry in
        entry.attributes["employeenumber"]?.first.map { (String(decoding: $0, as: UTF8.self), entry.name) }
      }, uniquingKeysWith: { first, _ in first })
    let raw = try domain.raw()
    var wrong: [WrongAnswer] = []
    var ratios: [Double] = []
    var (all, each): ([Double], [Double]) = ([], [])
    for run in 0..<common.runs {
      all.append(try timed { view() }.seconds)
      let asked = max(1, chains / common.runs)
      var sum = 0.0
      for number in 0..<asked {
        let person = people[(run * asked + number) * 211 % people.count]
        let (seconds, found) = try timed { try raw.groupsInChain(of: names[person.id.text] ?? "", below: domain.base) }
        let chain = Set(found.compactMap { try? GroupName(parsing: $0).text })
        // The primary group, domain users, is a member of users; no group names him in its place.
        if !chain.isSubset(of: person.groups) || !person.groups.subtracting(chain).isSubset(of: ["users"]) {
          wrong.append(WrongAnswer("other groups than the server finds"))
        }
        sum += seconds
      }
      each.append(sum / Double(asked))
      ratios.append(each[run] * Double(people.count) / all[run])
    }
    common.figures.show(
      Figure(
        "directory.closure_times", ratios, unit: "× faster",
        note: say(
          "全員 \(people.count) 人のグループを手元で求める時間（名簿の組み立てを含む）と、1 人 1 回の LDAP_MATCHING_RULE_IN_CHAIN",
          "groups of all \(people.count) people found here (with all else of the view) and one LDAP_MATCHING_RULE_IN_CHAIN a person"
        )
          + ": \(Self.milliseconds(all)) / \(people.count) × \(Self.milliseconds(each)) ms"))
    return wrong
  }
}
