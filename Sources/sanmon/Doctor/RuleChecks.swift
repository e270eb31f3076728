import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Storage

extension Examination {
  /// The folder's rules as they would be taken now, compared with those in force; and what has an end.
  func rules() -> [Finding] {
    let set: PolicySet
    do {
      set = try PolicySet.compile(
        PolicyReport.read(instance.policies), digest: { Array(SHA256.hash(data: $0)) }, today: day)
    } catch let faults as PolicyFaults {
      let first = faults.faults[0]
      let place = "\(first.file):\(first.line):\(first.column) \(first.code)"
      let wrong = Finding.fault(
        .rules,
        Words("規則に誤りがあります（\(faults.faults.count) 件）：\(place)", "\(faults.faults.count) fault(s) in the rules: \(place)"),
        Words(
          "sanmon policy check \(instance.policies) で読み、直す。前の規則は働き続けます",
          "sanmon policy check \(instance.policies), then mend it; a running server keeps the old rules"))
      return [wrong, .unknown(.waivers, "規則を読めないため", "the rules cannot be read")]
    } catch {
      let unread = Words("\(instance.policies) を読めません", "\(instance.policies) cannot be read")
      return [
        .fault(.rules, unread, Words("フォルダーの場所と権限を確かめる", "check where the folder is and who may read it")),
        .unknown(.waivers, "規則を読めないため", "the rules cannot be read"),
      ]
    }
    return [standing(set), waivers(set)]
  }

  private func standing(_ set: PolicySet) -> Finding {
    let version = set.version.hex.prefix(16)
    let inForce = server.value?.status?.policyVersion ?? log.value?.policyVersion?.hex
    if let inForce, inForce != set.version.hex {
      return .warning(
        .rules,
        Words(
          "置かれた規則（\(version)）と、働いている規則（\(inForce.prefix(16))）が違います",
          "the rules in the folder (\(version)) are not those in force (\(inForce.prefix(16)))"),
        Words(
          "sanmon policy status で、変わることと、だれの署名を待つかを読む。そろっていれば sanmon policy reload",
          "sanmon policy status says what changes and whose signatures it waits for; with all of them: sanmon policy reload"))
    }
    return .ok(.rules, "版 \(version)、系統 \(set.segments.count)", "version \(version), \(set.segments.count) segments")
  }

  /// Days before the end of a waiver from which it is said.
  private static let waiverDays = 14

  private func waivers(_ set: PolicySet) -> Finding {
    let waivers = set.waivers.filter { instance.segments.contains($0.segment) }
    let ended = waivers.filter { $0.until < day }
    let ending = waivers.filter { $0.until >= day && $0.until - day <= Self.waiverDays }
    if let first = ended.first ?? ending.first {
      return .warning(
        .waivers,
        Words(
          "終わったもの \(ended.count) 件、\(Self.waiverDays) 日以内に終わるもの \(ending.count) 件（\(first.rule)）",
          "\(ended.count) ended, \(ending.count) end within \(Self.waiverDays) days (\(first.rule))"),
        Words("要るなら書き直して署名し、要らないなら規則から消す", "write and sign it anew if it is needed, else delete it from the rules"))
    }
    let lastDay = instance.segments.compactMap { set.lastDayOfNumberCards($0)?.day }.min()
    if let people = server.value?.status?.numberCardPeople, let lastDay {
      let days = lastDay - day + 1
      return .ok(
        .waivers, "\(waivers.count) 件、期限の近いものなし。番号だけのカードの職員 \(people) 人、残り \(days) 日",
        "\(waivers.count), none near its end; \(people) people on cards with a number alone, \(days) days left")
    }
    return .ok(.waivers, "\(waivers.count) 件、期限の近いものなし", "\(waivers.count), none near its end")
  }
}
