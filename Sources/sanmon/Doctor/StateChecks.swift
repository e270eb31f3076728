import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage
import VaultLink

/// The clock, the log and the people in it.
extension Examination {
  func clock() -> Finding {
    let mend = Words(
      "timedatectl で時刻同期を確かめる。合えば再起動は要りません。時計が正しいなら sanmon clock accept",
      "check NTP (timedatectl); once it is right no restart is needed. If it is right: sanmon clock accept")
    let newest = log.value?.newestTime
    let floor = max(newest ?? .min, Release.noEarlierThan)
    let behind = max(floor - now, (server.value?.metric("sanmon_clock_behind_seconds") ?? 0) * 1000)
    if behind > 60_000 {
      return .fault(
        .clock, Words("監査記録またはこの版より \(behind / 1000) 秒遅れています", "\(behind / 1000) s before the newest rows or this release"),
        mend)
    }
    guard newest != nil || server.value != nil else {
      return .unknown(.clock, "比べる監査記録を読めません", "there is no log to compare it with")
    }
    return .ok(.clock, "\(Times.show(now))（JST）、監査記録より後", "\(Times.show(now)) JST, after the newest row")
  }

  /// A witness may be started anew, or its network be mended, before anybody is told.
  private static let witnessSeconds: Int64 = 600

  /// Rows beyond the newest checkpoint from which it is said.
  private static let unsignedRows: UInt64 = 1000

  func auditLog() async -> Finding {
    guard case .value(let archive) = archive, case .value(let facts) = log else {
      guard case .refused(let why) = log else {
        return .unknown(.log, "監査記録がまだありません", "there is no log yet")
      }
      return .unknown(.log, why.ja, why.en)
    }
    let restore = Words(
      "サーバーを止めたまま、監査担当者と operations.md の「控え」を読む", "keep the server stopped; read \"Backup\" in operations.md with the auditor")
    var own: Checkpoint?
    if let note = facts.newestCheckpoint {
      own = (try? SignedNote(parsing: note)).flatMap { try? Checkpoint(parsing: $0.text) }
      guard own != nil else { return .fault(.log, Words("保存されたチェックポイントを読めません", "the kept checkpoint cannot be read"), restore) }
    }
    // Asked after the database was read: what was signed meanwhile is in neither.
    let signed = vault.value.map { (size: $0.checkpointSize, root: $0.checkpointRoot) }
    for (size, root) in [own.map { ($0.size, $0.root.bytes) }, signed].compactMap(\.self) where size > 0 {
      let found: TreeHash?
      do { found = try archive.root(of: size) } catch {
        return .fault(.log, Words("記録の木を読めません", "the log's tree cannot be read"), restore)
      }
      guard let found else {
        return .fault(
          .log,
          Words("署名された \(size) 件より短い：古い控えか、末尾が切られています", "shorter than the \(size) rows that were signed: an old copy, or cut"),
          restore)
      }
      guard found.bytes == root else {
        return .fault(.log, Words("署名された \(size) 件と内容が違います", "not the \(size) rows that were signed"), restore)
      }
    }
    if let own, let signed, own.size > signed.size, await isStillBehind(own.size) {
      return .fault(
        .log,
        Words(
          "鍵庫のほうが古い（署名 \(own.size) 件、鍵庫 \(signed.size) 件）", "the vault is older (\(own.size) signed, it knows \(signed.size))"),
        restore)
    }
    let covered = max(own?.size ?? 0, signed?.size ?? 0)
    if facts.size > covered + Self.unsignedRows {
      return .warning(
        .log,
        Words(
          "\(facts.size) 件のうち \(facts.size - covered) 件が未署名", "\(facts.size - covered) of \(facts.size) rows are not signed"),
        Words("鍵庫が応答しているか、警報がないかを確かめる", "does the vault answer, and has it alarms?"))
    }
    if let faults = server.value?.metric("sanmon_witness_faults_total"), faults > 0 {
      return .fault(
        .log, Words("証人の記憶と監査記録が一致しません（\(faults) 回）", "a witness remembers another log (told \(faults) times)"), restore)
    }
    if let silent = server.value?.metric("sanmon_witness_away_seconds"), silent >= Self.witnessSeconds {
      return .warning(
        .log, Words("証人が \(silent / 60) 分間連署していません", "a witness has cosigned nothing for \(silent / 60) minutes"),
        Words("証人の装置と経路を確かめる（sanmon status）", "check the witness's machine and the way there (sanmon status)"))
    }
    let compared = signed == nil ? Words("（鍵庫とは比べていません）", " (not compared with the vault)") : Words("", "")
    return .ok(
      .log, "\(facts.size) 件、\(covered) 件まで署名と一致\(compared.ja)", "\(facts.size) rows, as signed up to \(covered)\(compared.en)")
  }

  /// Collectors that do not get the log; nothing where all do, or nobody answers who knows.
  func forwarding() -> [Finding] {
    instance.forward.compactMap { destination in
      guard let facts = server.value,
        let seconds = facts.metric("sanmon_forward_away_seconds{destination=\"\(destination.name)\"}"), seconds > 0
      else { return nil }
      let waiting = facts.metric("sanmon_forward_waiting{destination=\"\(destination.name)\"}") ?? 0
      return Finding.warning(
        .log,
        Words(
          "監査記録が \(destination.name) に \(seconds / 60) 分前から届いていません（未送 \(waiting) 件）",
          "not taken by \(destination.name) for \(seconds / 60) min (\(waiting) rows wait)"),
        Words("sanmon status に出る理由のとおりにする", "sanmon status says why and what to do"))
    }
  }

  /// A checkpoint may have been signed between our two looks.
  private func isStillBehind(_ size: UInt64) async -> Bool {
    guard let status = try? await VaultLink(socket: instance.vaultSocket, deadlineMilliseconds: 3000).status() else {
      return true
    }
    return status.checkpointSize < size
  }

  /// A transfer must not wait longer for its import.
  private static let importDays: Int64 = 40

  /// A look that is older than this many seconds is one too many that was not answered.
  private static let directoryAge: Int64 = 60

  /// What is not well with the source of people, and with who answers for those from outside: neither hides the other.
  func directory() -> [Finding] {
    let found = source()
    guard let people = server.value?.status?.externalPeopleToAnswer else { return [found] }
    let outside = Finding.warning(
      .directory,
      Words(
        "責任者が不在、または 7 日以内に離職する外部の方が \(people) 人います",
        "\(people) people from outside for whom nobody answers, or will not within 7 days"),
      Words(
        "sanmon status の行のとおり、別の責任者で延長する", "do as the lines of sanmon status say: extend them with another responsible person"))
    return found.state == .ok ? [outside] : [found, outside]
  }

  private func source() -> Finding {
    if let snapshot = instance.snapshot { return carried(snapshot) }
    return instance.directory == nil ? imported() : followed()
  }

  /// What looks like one until somebody explains it: a wrong signature, and one number for two contents.
  private static let forgeries: Set<Int64> = [225, 229]

  private func carried(_ snapshot: SnapshotConnection) -> Finding {
    guard let age = server.value?.metric("sanmon_directory_age_seconds") else {
      return .unknown(.directory, "サーバーが動いていません", "the server does not run")
    }
    let carry = Words(
      "sanmon directory status で確かめ、新しい写しを運ぶ", "see 'sanmon directory status', and carry a new snapshot")
    if age < 0 || age > Int64(snapshot.maximumAgeHours) * 3600 {
      return .fault(
        .directory,
        age < 0
          ? Words("ディレクトリの写しをまだ一度も読み取れていません", "no snapshot of the directory was read yet")
          : Words("ディレクトリの写しは \(age / 3600) 時間前のものです", "the snapshot of the directory is \(age / 3600) hours old"), carry)
    }
    if let code = server.value?.metric("sanmon_directory_fault"), code > 0 {
      let look = Words(
        "sanmon directory status に出る理由のとおりにする（docs/ja/directory.md「読み取れないとき」）",
        "do as 'sanmon directory status' says (operations.md, DS221 to DS232)")
      let said = Words("今ある写しを読み取れません（DS\(code)）", "the snapshot that is there cannot be taken (DS\(code))")
      return Self.forgeries.contains(code) ? .fault(.directory, said, look) : .warning(.directory, said, look)
    }
    if server.value?.metric("sanmon_directory_held") ?? 0 > 0 {
      return .warning(.directory, Words("変更を保留しています", "a change is held"), carry)
    }
    return .ok(.directory, "ディレクトリの写しを読んでいます", "reads snapshots of the directory")
  }

  private func followed() -> Finding {
    guard let age = server.value?.metric("sanmon_directory_age_seconds") else {
      return .unknown(.directory, "サーバーが動いていません", "the server does not run")
    }
    let look = Words(
      "sanmon directory status と sanmon directory check で確かめる", "see: sanmon directory status, sanmon directory check")
    if age < 0 || age > Self.directoryAge {
      return .fault(
        .directory,
        age < 0
          ? Words("ドメインコントローラーがまだ一度も答えていません", "no domain controller has answered yet")
          : Words("ドメインコントローラーが \(age) 秒間答えていません", "no domain controller has answered for \(age) s"), look)
    }
    if server.value?.metric("sanmon_directory_held") ?? 0 > 0 {
      return .warning(.directory, Words("変更を保留しています", "a change is held"), look)
    }
    return .ok(.directory, "Active Directory に追随しています", "follows the Active Directory")
  }

  private func imported() -> Finding {
    guard case .value(let facts) = log else {
      return .unknown(.directory, "監査記録を読めません", "the log cannot be read")
    }
    let update = Words("人事の最新の一覧を sanmon person import で取り込む", "import the newest list with sanmon person import")
    guard let last = facts.lastImport else {
      return .warning(.directory, Words("まだ一度も取り込まれていません", "nobody was ever imported"), update)
    }
    let days = (now - last) / 86_400_000
    if days > Self.importDays {
      return .warning(.directory, Words("最後の取り込みは \(days) 日前です", "the last import was \(days) days ago"), update)
    }
    return .ok(
      .directory, "最後は \(Times.show(last).prefix(16))（\(days) 日前）", "last \(Times.show(last).prefix(16)) (\(days) days ago)")
  }
}
