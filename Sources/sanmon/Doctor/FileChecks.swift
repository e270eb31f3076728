import AuthPolicy
import Foundation
import Isolation

/// Space, permissions and owners, as the kernel tells them.
extension Examination {
  func disk() -> Finding {
    var facts = statvfs()
    guard statvfs(instance.state, &facts) == 0 else {
      return .unknown(.disk, "\(instance.state) を調べられません", "\(instance.state) cannot be looked at")
    }
    let free = (UInt64(facts.f_bavail) * UInt64(facts.f_frsize)) >> 20
    let clear = Words("同じディスクの不要なものを消す。監査記録は消さない", "make room on that disk; never delete the audit log")
    if free < 200 {
      return .fault(.disk, Words("空き \(free) MB：まもなくだれも入れなくなります（AP190）", "\(free) MB free: soon nobody gets in (AP190)"), clear)
    }
    if free < 1024 { return .warning(.disk, Words("空き \(free) MB", "\(free) MB free"), clear) }
    return .ok(.disk, "空き \(free >> 10) GB", "\(free >> 10) GB free")
  }

  private enum Rule { case notForOthers, notWritableByOthers }

  private var watched: [(path: String, rule: Rule)] {
    func parent(_ path: String) -> String { (path as NSString).deletingLastPathComponent }
    var trusted = [configPath, parent(configPath), instance.policies]
    trusted += [parent(instance.operatorSocket), parent(instance.vaultSocket)]
    let policies = (try? FileManager.default.contentsOfDirectory(atPath: instance.policies)) ?? []
    for name in policies where name.hasSuffix(".yaml") || name.hasSuffix(".signed") {
      trusted.append("\(instance.policies)/\(name)")
    }
    for segment in instance.segments {
      trusted += instance.cardRoots[segment, default: []]
      trusted += instance.cardCRLs[segment, default: []]
    }
    if let door = instance.operatorListen { trusted += door.roots + door.crls }
    var keys: [String] = []
    for destination in instance.forward {
      trusted.append(destination.trust)
      guard let identity = destination.identity else { continue }
      trusted.append(identity.certificate)
      keys.append(identity.key)
    }
    let own = ["", "/sanmon.sqlite", "/sanmon.sqlite-wal", "/sanmon.sqlite-shm", "/tls.key", "/tls.pem", "/column.key"]
    return trusted.map { (path: $0, rule: Rule.notWritableByOthers) }
      + own.map { (path: instance.state + $0, rule: Rule.notForOthers) }
      + keys.map { (path: $0, rule: Rule.notForOthers) }
  }

  func files() -> Finding {
    var unseen = 0
    var wrong: [Words] = []
    let owner = try? FileFacts(path: instance.state).uid
    for (path, rule) in watched {
      let facts: FileFacts
      do throws(FileFacts.Fault) { facts = try FileFacts(path: path) } catch {
        if error == .hidden { unseen += 1 }
        continue
      }
      let mode = String(facts.mode, radix: 8)
      switch rule {
      case .notForOthers:
        if facts.isOpenToOthers {
          wrong.append(Words("\(path) をほかの利用者が使えます（\(mode)）", "\(path) is open to other users (\(mode))"))
        } else if let owner, facts.uid != owner {
          wrong.append(Words("\(path) の持ち主がフォルダーと違います", "\(path) belongs to another user than its folder"))
        }
      case .notWritableByOthers:
        if facts.isWritableByOthers {
          wrong.append(Words("\(path) をほかの利用者が書き換えられます（\(mode)）", "\(path) can be written by other users (\(mode))"))
        }
      }
    }
    if let first = wrong.first {
      let more = wrong.count > 1 ? Words("、ほか \(wrong.count - 1) 件", ", and \(wrong.count - 1) more") : Words("", "")
      return .fault(
        .files, Words("\(first.ja)\(more.ja)", "\(first.en)\(more.en)"),
        Words(
          "だれがいつ変えたかを確かめてから、chmod / chown で operations.md の表のとおりに戻す",
          "find out who changed it; then chmod or chown as the table in operations.md says"))
    }
    let count = watched.count
    if unseen > 0 {
      return .unknown(.files, "\(count) 件のうち \(unseen) 件は、この利用者には見えません", "\(unseen) of \(count) cannot be seen by this user")
    }
    return .ok(.files, "\(count) 件、表のとおり", "\(count), as they should be")
  }

  func users() -> Finding {
    let mend = Words(
      "operations.md の「Install」のとおりに利用者を作り、起動の設定を直す",
      "make the users as operations.md, \"Install\", says, and mend the start-up file")
    let named = [
      ("operator-users", instance.operatorUsers), ("snapshot-user", [instance.directory?.snapshotUser].compactMap(\.self)),
    ]
    for (key, users) in named {
      let missing = users.filter { UnixUser.uid(of: $0) == nil }.joined(separator: ", ")
      if !missing.isEmpty {
        return .warning(
          .users, Words("\(key) の \(missing) は、この装置にいません", "\(key) names \(missing), unknown on this machine"), mend)
      }
    }
    guard let server = try? FileFacts(path: instance.state).uid else {
      return .unknown(.users, "\(instance.state) がまだありません", "\(instance.state) is not there yet")
    }
    guard server != 0 else {
      return .fault(
        .users,
        Words(
          "サーバーのフォルダーが root のものです。サーバーは専用の利用者で動かします", "the server's folder is root's; the server runs as a user of its own"),
        mend)
    }
    guard let name = UnixUser.name(of: server) else {
      return .warning(
        .users, Words("サーバーの利用者（\(server)）が、この装置にいません", "the server's user (\(server)) has no account here"), mend)
    }
    guard let vault = try? FileFacts(path: instance.vaultSocket).uid else {
      return .ok(.users, "サーバー \(name)（鍵庫は動いていません）", "server \(name) (the vault does not run)")
    }
    guard vault != server else {
      return .fault(.users, Words("サーバーと鍵庫が同じ利用者（\(name)）です", "server and vault run as one user (\(name))"), mend)
    }
    return .ok(
      .users, "サーバー \(name)、鍵庫 \(UnixUser.name(of: vault) ?? "\(vault)")",
      "server \(name), vault \(UnixUser.name(of: vault) ?? "\(vault)")")
  }
}
