import AuditLog
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation

/// Takes up revocation lists that were brought, without a reload, and says when one is due, late or refused.
///
/// Lists are evidence of somebody else: each is signed by its authority, so whoever can write into the folder can withdraw cards
/// or hide a list, and forge none. What was taken up, or refused, has a row.
struct RevocationWatch: Sendable {
  let services: Services
  let log: SafeLog

  /// Paths, sizes and dates of what the start-up file names; `nil` where no lists are asked for.
  func fingerprint() -> String? {
    let paths = Self.paths(services.instance)
    guard !paths.isEmpty else { return nil }
    let files = FileManager.default
    var parts: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard files.fileExists(atPath: path, isDirectory: &isFolder) else {
        parts.append("\(path) -")
        continue
      }
      let names = isFolder.boolValue ? ((try? files.contentsOfDirectory(atPath: path)) ?? []).sorted() : []
      for file in isFolder.boolValue ? names.map({ "\(path)/\($0)" }) : [path] {
        var facts = stat()
        guard stat(file, &facts) == 0 else { continue }
        parts.append("\(file) \(facts.st_ino) \(facts.st_size) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)")
      }
    }
    return parts.joined(separator: "\n")
  }

  static func paths(_ instance: InstanceFile) -> [String] {
    instance.segments.flatMap { instance.cardCRLs[$0, default: []] + instance.jpkiCRLs[$0, default: []] }
      + (instance.operatorListen?.crls ?? [])
  }

  /// Reads everything again. A file that cannot be used keeps all the old ones in force.
  /// - Returns: whether it was recorded; without its row nothing changes, and it is tried again.
  func takeUp() async -> Bool {
    let now = services.surroundings.now()
    let trust: Trust
    do { trust = try CardRoots.load(services.instance) } catch {
      guard await record("revocation.refused", "the old lists stay in force: \(Self.words(error))", now) else { return false }
      log.event("cardRootsRefused")
      return true
    }
    let said = trust.outlooks.map { "\($0.key) \($0.value.lists)" }.sorted().joined(separator: ", ")
    guard await record("revocation.taken", "revocation lists: \(said)", now) else { return false }
    services.trust.replace(trust)
    log.event("revocationListsTaken")
    return true
  }

  /// Has a row for each standing that changed since `last`, and the figures of now.
  func look(_ last: inout [String: RevocationOutlook.Standing]) async {
    let now = services.surroundings.now()
    let judged = services.clockFloor.later(of: now)
    for (place, outlook) in services.trust.outlooks {
      services.metrics.set(Double(outlook.ageSeconds(at: judged) ?? -1), "sanmon_revocation_age_seconds", [place])
      if let due = outlook.dueSeconds(at: judged) {
        services.metrics.set(Double(due), "sanmon_revocation_due_seconds", [place])
      }
      let standing = outlook.standing(at: judged)
      guard standing != last[place, default: .current] else { continue }
      if let action = Self.action(standing) {
        let note = "\(place): \(Self.words(outlook, at: judged).en)"
        guard await record(action, note, now) else { continue }
        log.event("revocationListsDue")
      }
      last[place] = standing
    }
  }

  private static func action(_ standing: RevocationOutlook.Standing) -> String? {
    switch standing {
    case .current: nil
    case .soon: "revocation.soon"
    case .late: "revocation.late"
    case .ended: "revocation.ended"
    }
  }

  /// For the status: age and what comes next of every place that asks for lists; those that worry first.
  func lines() -> (ja: [String], en: [String]) {
    let judged = services.clockFloor.later(of: services.surroundings.now())
    let found = services.trust.outlooks.sorted { $0.key < $1.key }.map { place, outlook in
      let words = Self.words(outlook, at: judged)
      let isWorrying = outlook.standing(at: judged) != .current
      return (
        ja: (isWorrying ? "警告: " : "") + "失効リスト（\(place)）: \(words.ja)",
        en: (isWorrying ? "WARNING: " : "") + "revocation lists (\(place)): \(words.en)"
      )
    }
    return (found.map(\.ja), found.map(\.en))
  }

  static func words(_ outlook: RevocationOutlook, at wallMilliseconds: Int64) -> (ja: String, en: String) {
    guard outlook.lists > 0 else {
      return ("1 件もありません。カードはすべて AP147 で断られます。リストを置いてください。", "there is not one: every card is refused (AP147); bring one")
    }
    let age = outlook.ageSeconds(at: wallMilliseconds) ?? 0
    let made = (ja: "\(outlook.lists) 件、\(span(age).ja)前のもの", en: "\(outlook.lists), made \(span(age).en) ago")
    let due = outlook.dueSeconds(at: wallMilliseconds)
    let end = outlook.endSeconds(at: wallMilliseconds) ?? 0
    switch outlook.standing(at: wallMilliseconds) {
    case .ended:
      return (
        made.ja + "。古すぎて、カードが AP147 で断られます。新しいリストを置いてください。", made.en + ": too old, cards are refused (AP147); bring a new one"
      )
    case .late:
      return (
        made.ja + "。更新の期日を過ぎました。あと \(span(end).ja)で AP147 になります。新しいリストを置いてください。",
        made.en + ": past its next update; cards are refused (AP147) in \(span(end).en); bring a new one"
      )
    case .soon:
      return (
        made.ja + "。あと \(span(due ?? 0).ja)で更新の期日です。新しいリストを置いてください。", made.en + ": due in \(span(due ?? 0).en); bring a new one"
      )
    case .current:
      guard let due else { return made }
      return (made.ja + "、次の更新まで \(span(due).ja)", made.en + ", next update in \(span(due).en)")
    }
  }

  private static func span(_ seconds: Int64) -> (ja: String, en: String) {
    if seconds >= 172_800 { return ("\(seconds / 86_400) 日", "\(seconds / 86_400) days") }
    if seconds >= 7_200 { return ("\(seconds / 3600) 時間", "\(seconds / 3600) h") }
    return ("\(max(0, seconds) / 60) 分", "\(max(0, seconds) / 60) min")
  }

  private static func words(_ error: any Error) -> String {
    if let fault = error as? StartFault, case .cardRootsUnreadable(let path) = fault { return path }
    if let malformed = error as? MalformedInput { return "\(malformed.subject): expected \(malformed.expected)" }
    return "a file cannot be read"
  }

  private func record(_ action: String, _ note: String, _ now: Moment) async -> Bool {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .done)
    record.note = note
    return (try? await services.recorder.commit(RecordOnly(record: record), now: now)) != nil
  }
}
