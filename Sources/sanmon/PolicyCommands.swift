import ArgumentParser
import AuthPolicy
import AuthTerms
import Crypto
import Foundation

/// `sanmon policy …`: what the policy files say, before and after they are in force.
struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Check policy files. / 規則ファイルを調べます。",
    subcommands: [
      Check.self, PolicyDiff.self, PolicyExplain.self, PolicyReload.self, PolicySign.self, PolicyStatus.self,
      PolicyTrialCommand.self, WaiverCommand.self,
    ])

  /// `sanmon policy check DIR`
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Compile a policy folder, with its cards, and name every fault. / 規則フォルダーとカードのファイルを読み、誤りをすべて示します。",
      discussion: "Exits with 0 if the set could be put in force, with 65 if not. / 使える組なら 0、誤りがあれば 65 で終わります。")

    @Argument(help: "The folder with organisation.yaml and one file per segment. / organisation.yaml と系統名.yaml のフォルダー")
    var folder: String

    func run() throws {
      let set = try PolicyReport.compile(folder)
      let language = PolicyReport.language
      _ = try PolicyReport.cards(below: folder)
      for warning in set.warnings { PolicyReport.complain(warning.render(language)) }
      print(PolicyReport.table(set, language), terminator: "")
    }
  }
}

/// Reads a policy folder and shows what a compiled set asks for.
enum PolicyReport {
  static var language: PolicyFault.Language {
    let environment = ProcessInfo.processInfo.environment
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty }
    return locale?.hasPrefix("ja") == true ? .ja : .en
  }

  static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// The folder as a set that could be put in force; otherwise every fault is said and the command ends.
  static func compile(_ folder: String) throws -> PolicySet {
    let sources: [PolicySource]
    do {
      sources = try read(folder)
    } catch {
      complain(language == .ja ? "フォルダーを読めません: \(folder)" : "The folder cannot be read: \(folder)")
      throw ExitCode(66)
    }
    let now = Moment(wallMilliseconds: Int64(Date().timeIntervalSince1970 * 1000), boot: "", monotonicMilliseconds: 0)
    do throws(PolicyFaults) {
      let today = LocalTime(now, offsetSeconds: 32_400).day
      return try PolicySet.compile(sources, digest: { Array(SHA256.hash(data: $0)) }, today: today)
    } catch {
      complain(error.render(language))
      let count = error.faults.count
      complain(language == .ja ? "誤り \(count) 件。この組は使えません。" : "\(count) fault(s). The set cannot be used.")
      throw ExitCode(65)
    }
  }

  /// Every `*.yaml` directly in the folder; of a file above the limit only so much that the compiler refuses it.
  static func read(_ folder: String) throws -> [PolicySource] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return try names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted().map { name in
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder).appendingPathComponent(name))
      defer { try? file.close() }
      return PolicySource(name: name, bytes: Array(try file.read(upToCount: 512 * 1024) ?? Data()))
    }
  }

  /// SHA-256 of the files in the folder `applications` of a policy folder, and how many there are; `nil`: none. A wrong one ends the
  /// command, as a wrong rule does.
  static func applications(below folder: String, segments: [Segment]) throws -> (hash: [UInt8], count: Int)? {
    let path = folder + "/applications"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let sources: [PolicySource]
    do { sources = try read(path) } catch {
      complain(language == .ja ? "フォルダーを読めません: \(path)" : "The folder cannot be read: \(path)")
      throw ExitCode(66)
    }
    do throws(PolicyFaults) { _ = try ApplicationSet.compile(sources, segments: Set(segments)) } catch {
      complain(error.render(language))
      throw ExitCode(65)
    }
    return sources.isEmpty ? nil : (Array(SHA256.hash(data: ApplicationSet.canonicalBytes(sources))), sources.count)
  }

  /// The same of the folder `cards`.
  static func cards(below folder: String) throws -> (hash: [UInt8], count: Int)? {
    let path = folder + "/cards"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let sources: [PolicySource]
    do { sources = try read(path) } catch {
      complain(language == .ja ? "フォルダーを読めません: \(path)" : "The folder cannot be read: \(path)")
      throw ExitCode(66)
    }
    do throws(PolicyFaults) { _ = try CardScriptSet.compile(sources) } catch {
      complain(error.render(language))
      throw ExitCode(65)
    }
    return sources.isEmpty ? nil : (Array(SHA256.hash(data: CardScriptSet.canonicalBytes(sources))), sources.count)
  }

  static func table(_ set: PolicySet, _ language: PolicyFault.Language) -> String {
    let ja = language == .ja
    var lines = [
      ja ? "正しい組です: \(set.organisation.city.ja)" : "The set is right: \(set.organisation.city.en)",
      (ja ? "版(SHA-256): " : "version (SHA-256): ") + set.version.hex,
      (ja ? "系統: " : "segments: ") + set.segments.map(\.name).joined(separator: ", ")
        + (ja ? "、規則 " : ", rules: ") + "\(set.segments.reduce(0) { $0 + (set.rules[$1]?.countOfRules ?? 0) })",
    ]
    for segment in set.segments {
      guard let rules = set.rules[segment] else { continue }
      let model = set.organisation.models[segment]?.name ?? "?"
      lines.append("")
      lines.append("\(ja ? segment.title.ja : segment.title.en) (\(segment), \(model))")
      lines.append("  " + (ja ? "入れるグループ: " : "groups: ") + rules.people.sorted().joined(separator: ", "))
      lines.append(
        "  " + (ja ? "カードの最低基準: " : "card floor: ") + rules.proofFloor.name + (ja ? "、カードを抜くと: " : "; on removal: ")
          + rules.terms.onCardRemoval.rawValue)
      lines.append("  " + session(rules, ja))
      lines.append("  " + palm(rules.palmRates, ja))
      for scenario in [Scenario.logon, .unlock, .remote] {
        for entry in rules.accepted[scenario] ?? [] {
          let waiver = entry.needs.map { ja ? "  [期限付き特例 \($0.rawValue)]" : "  [waiver \($0.rawValue)]" } ?? ""
          let names = entry.groups.sorted().joined(separator: ", ")
          let groups = names.isEmpty ? "" : ja ? "  [グループ \(names) だけ]" : "  [only groups: \(names)]"
          lines.append(
            "  \(pad(name(scenario, ja), 12)) \(pad(entry.combination.names.joined(separator: " + "), 24)) "
              + "\(entry.combination.rule)\(groups)\(waiver)")
        }
      }
      for rule in rules.denials { lines.append("  \(pad(ja ? "拒否" : "deny", 12)) \(pad(rule.reason, 24)) \(rule.rule)") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func session(_ rules: SegmentRules, _ ja: Bool) -> String {
    let terms = rules.terms
    let (lease, idle, overall) = (terms.leaseSeconds / 60, terms.idleSeconds / 60, terms.overallSeconds / 3600)
    return ja
      ? "セッション: 通信なし \(lease) 分、無操作 \(idle) 分、全体 \(overall) 時間、同時に \(rules.sessionsAtOnce) 台"
      : "session: lease \(lease) min, idle \(idle) min, overall \(overall) h, at once \(rules.sessionsAtOnce)"
  }

  private static func palm(_ rates: PalmRates, _ ja: Bool) -> String {
    ja
      ? "手のひらの他人受入率: ほかの要素と 1e-\(rates.besideAnother) 以下、単独 1e-\(rates.alone) 以下"
      : "palm: FMR 1e-\(rates.besideAnother) or better beside another factor, alone 1e-\(rates.alone)"
  }

  private static func name(_ scenario: Scenario, _ ja: Bool) -> String {
    switch scenario {
    case .logon: ja ? "ログオン" : "logon"
    case .unlock: ja ? "ロック解除" : "unlock"
    case .remote: ja ? "リモート" : "remote"
    default: scenario.rawValue
    }
  }

  /// Spaces up to a width in columns; Japanese letters take two.
  private static func pad(_ text: String, _ width: Int) -> String {
    let columns = text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x1100 ? 2 : 1) }
    return text + String(repeating: " ", count: max(0, width - columns))
  }
}
