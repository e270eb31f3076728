import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation

/// Certificates and revocation lists: until when they count.
extension Examination {
  private static let dayMilliseconds: Int64 = 86_400_000

  private func days(until end: Int64) -> Int64 { (end - now).flooredDivision(by: Self.dayMilliseconds) }

  /// The server's own chain. It renews its certificate 30 days before the end.
  func certificate() -> Finding {
    let path = instance.state + "/tls.pem"
    guard access(path, R_OK) == 0 else {
      return errno == ENOENT
        ? .unknown(.certificate, "\(path) がまだありません", "\(path) is not there yet")
        : .unknown(.certificate, "\(path) はサーバーの利用者と root だけが読めます", "\(path) can be read by the server's user and root only")
    }
    let renew = Words(
      "時計と鍵庫を確かめ、systemctl restart sanmond@\(instance.instance)。端末は新しい証明書を自動で受け取ります",
      "check clock and vault, then systemctl restart sanmond@\(instance.instance); workstations need nothing")
    guard let periods = try? periods(of: [path], PEMFile.certificates, { try ValidityPeriod(certificate: $0) }),
      !periods.isEmpty
    else { return .fault(.certificate, Words("\(path) に証明書がありません", "\(path) holds no certificate"), renew) }
    if periods.contains(where: { $0.notBefore > now }) {
      return .fault(
        .certificate,
        Words(
          "証明書の期間がまだ始まっていません（時計が違っていた間に作られたか、今の時計が遅れています）",
          "the certificate begins in the future: it was made by a wrong clock, or the clock is behind"), renew)
    }
    let left = periods.compactMap(\.notAfter).map(days).min() ?? 0
    if left < 7 {
      let said = left < 0 ? Words("期限が切れています", "has ended") : Words("あと \(left) 日", "\(left) days left")
      return .fault(.certificate, said, renew)
    }
    if left < 30 {
      return .warning(
        .certificate, Words("あと \(left) 日（30 日前に更新されるはずです）", "\(left) days left (renewed at 30 as a rule)"), renew)
    }
    return .ok(.certificate, "あと \(left) 日", "\(left) days left")
  }

  func cardRoots() -> Finding {
    let paths = instance.segments.flatMap { instance.cardRoots[$0, default: []] } + (instance.operatorListen?.roots ?? [])
    let bring = Words(
      "カードの発行元から新しい認証局の証明書を受け取り、置いて systemctl reload sanmond@\(instance.instance)",
      "get the authority's new certificate from the issuer, put it there, systemctl reload sanmond@\(instance.instance)")
    let periods: [ValidityPeriod]
    switch read(paths, PEMFile.certificates, { try ValidityPeriod(certificate: $0) }) {
    case .value(let found): periods = found
    case .refused(let why), .absent(let why): return .fault(.cardRoots, why, bring)
    }
    let left = periods.compactMap(\.notAfter).map(days).min() ?? 0
    if left < 0 {
      return .fault(
        .cardRoots, Words("期限の切れた認証局があります（AP144・AP145）", "an authority's certificate has ended (AP144, AP145)"), bring)
    }
    if left < 90 { return .warning(.cardRoots, Words("いちばん早いものは、あと \(left) 日", "the first ends in \(left) days"), bring) }
    return .ok(.cardRoots, "\(periods.count) 枚、あと \(left) 日以上", "\(periods.count), at least \(left) days left")
  }

  func revocation() -> Finding {
    let paths = instance.segments.flatMap { instance.cardCRLs[$0, default: []] } + (instance.operatorListen?.crls ?? [])
    guard !paths.isEmpty else { return .ok(.revocation, "使わない設定です", "none configured") }
    let bring = Words(
      "発行元から新しいリストを受け取り、同じ場所に置く（2 秒以内に使われます）",
      "get the new list from the issuer and put it there (in use within 2 s)")
    let lists: [[UInt8]]
    switch revocationLists(paths) {
    case .value(let found): lists = found
    case .refused(let why), .absent(let why): return .fault(.revocation, why, bring)
    }
    guard
      let outlook = try? RevocationOutlook(
        lists: lists, graceSeconds: Int64(instance.staleGraceHours) * 3600,
        maximumAgeSeconds: instance.maximumListAgeHours.map { Int64($0) * 3600 })
    else { return .fault(.revocation, Words("読めないリストがあります", "a list cannot be read"), bring) }
    let days = (outlook.ageSeconds(at: now) ?? 0) / 86_400
    switch outlook.standing(at: now) {
    case .ended where outlook.lists == 0:
      return .fault(
        .revocation,
        Words("リストが 1 件もありません（すべて AP147 で断られます）", "there is not one list: every card is refused (AP147)"), bring)
    case .ended:
      return .fault(
        .revocation, Words("古すぎて使えません（AP147 で断られます）：\(days) 日前のもの", "too old to be used (AP147): \(days) days"), bring)
    case .late:
      let hours = (outlook.endSeconds(at: now) ?? 0) / 3600
      return .warning(
        .revocation, Words("更新の期日を過ぎました。あと \(hours) 時間で使えなくなります", "past its next update; refused in \(hours) h"), bring)
    case .soon:
      return .warning(.revocation, Words("24 時間以内に更新の期日です", "its next update is due within 24 h"), bring)
    case .current:
      guard let due = outlook.dueSeconds(at: now) else {
        return .ok(.revocation, "\(lists.count) 件、\(days) 日前から", "\(lists.count), the oldest \(days) days old")
      }
      return .ok(
        .revocation, "\(lists.count) 件、次の更新まで \(due / 86_400) 日", "\(lists.count), next update in \(due / 86_400) days")
    }
  }

  // MARK: Reading

  private func revocationLists(_ paths: [String]) -> Reading<[[UInt8]]> {
    var found: [[UInt8]] = []
    for path in paths {
      guard FileManager.default.fileExists(atPath: path) else {
        return .absent(Words("\(path) がありません", "\(path) is not there"))
      }
      do { found += try RevocationFiles.read(path) } catch {
        return .refused(Words("\(path) を読めません（書式か、権限か）", "\(path) cannot be read (its format, or your rights)"))
      }
    }
    return .value(found)
  }

  private func read(
    _ paths: [String], _ parse: (String) throws -> [[UInt8]], _ period: ([UInt8]) throws -> ValidityPeriod
  ) -> Reading<[ValidityPeriod]> {
    for path in paths {
      guard FileManager.default.fileExists(atPath: path) else {
        return .absent(Words("\(path) がありません", "\(path) is not there"))
      }
      guard (try? periods(of: [path], parse, period)) != nil else {
        return .refused(Words("\(path) を読めません（PEM か、権限か）", "\(path) cannot be read (its PEM, or your rights)"))
      }
    }
    return .value((try? periods(of: paths, parse, period)) ?? [])
  }

  private func periods(
    of paths: [String], _ parse: (String) throws -> [[UInt8]], _ period: ([UInt8]) throws -> ValidityPeriod
  ) throws -> [ValidityPeriod] {
    try paths.flatMap { path in try parse(String(contentsOfFile: path, encoding: .utf8)).map(period) }
  }
}
