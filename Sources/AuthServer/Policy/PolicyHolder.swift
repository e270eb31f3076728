import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Synchronization

/// What the files of one policy folder say.
struct PolicyFiles: Sendable {
  let policy: PolicySet
  /// Those of its folder `applications`; none without one.
  let applications: ApplicationSet
  /// SHA-256 of their files (`ApplicationSet.canonicalBytes`); nil: there are none.
  let applicationsHash: [UInt8]?
  /// Those of its folder `cards`; none without one.
  let cards: CardScriptSet
  /// SHA-256 of their files (`CardScriptSet.canonicalBytes`); nil: there are none.
  let cardsHash: [UInt8]?

  /// The standing remarks about the files below the rules.
  var warningsBelow: [PolicyFault] { applications.warnings + cards.warnings }

  /// Whether the rules may be the same and what lies below them is not.
  func differsBelow(from other: PolicyFiles) -> Bool {
    applicationsHash != other.applicationsHash || cardsHash != other.cardsHash
  }
}

/// A set that is tried beside the one in force, or what is wrong with the files in the folder `trial`. It decides nothing.
struct TrialFiles: Sendable {
  var policy: PolicySet?
  var faults: [PolicyFault] = []
}

/// The policy set in force. A set is replaced whole or not at all.
final class PolicyHolder: Sendable {
  private let current: Mutex<PolicyFiles>
  private let tried: Mutex<TrialFiles>
  private let folder: String
  private let compiled: CompiledPolicies?
  /// Reading, checking and adopting is one piece of work: of two reloads at the same time, the one that read last counts.
  let reloads = Turnstile()

  /// - Parameter compiled: of other servers of this process; what they compiled is not compiled again.
  /// - Throws: `PolicyFaults`: a server without a right policy does not start.
  init(folder: String, today: Int, compiled: CompiledPolicies? = nil) throws {
    self.folder = folder
    self.compiled = compiled
    current = Mutex(try Self.compile(folder: folder, today: today, compiled))
    tried = Mutex(Self.compileTrial(folder: folder, today: today))
  }

  var trial: TrialFiles { tried.withLock { $0 } }

  /// Reads the folder `trial` again, whatever is in force.
  func readTrial(today: Int) -> TrialFiles {
    let files = Self.compileTrial(folder: folder, today: today)
    tried.withLock { $0 = files }
    return files
  }

  private static func compileTrial(folder: String, today: Int) -> TrialFiles {
    guard let sources = try? PolicyFolder.read(folder + "/trial"), !sources.isEmpty else { return TrialFiles() }
    do throws(PolicyFaults) {
      return TrialFiles(
        policy: try CompiledPolicies().compile(sources, today: today))
    } catch {
      return TrialFiles(faults: error.faults)
    }
  }

  var policy: PolicySet { current.withLock { $0.policy } }
  var applications: ApplicationSet { current.withLock { $0.applications } }
  var cards: CardScriptSet { current.withLock { $0.cards } }
  var files: PolicyFiles { current.withLock { $0 } }

  /// What is in the folder now; it is in force only once it was adopted.
  /// - Throws: `PolicyFaults`.
  func read(today: Int) throws -> PolicyFiles { try Self.compile(folder: folder, today: today, compiled) }

  func adopt(_ set: PolicyFiles) { current.withLock { $0 = set } }

  /// Changes whenever a file of the folder changes: names, sizes and times, cheap enough to ask every second.
  func fingerprintOfFolder() -> String {
    [folder, Self.applications(in: folder), Self.cards(in: folder), folder + "/trial"].map(Self.fingerprint)
      .joined(separator: "\n/\n")
  }

  static func applications(in folder: String) -> String { folder + "/applications" }
  static func cards(in folder: String) -> String { folder + "/cards" }

  private static func fingerprint(of folder: String) -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { isPolicyFile($0) || $0.hasSuffix(".signed") }.sorted().map { name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
      let size = (attributes?[.size] as? NSNumber)?.int64Value ?? -1
      let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      return "\(name)|\(size)|\(time)"
    }.joined(separator: "\n")
  }

  private static func isPolicyFile(_ name: String) -> Bool { name.hasSuffix(".yaml") && !name.hasPrefix(".") }

  private static func compile(folder: String, today: Int, _ compiled: CompiledPolicies?) throws -> PolicyFiles {
    let policy = try (compiled ?? CompiledPolicies()).compile(PolicyFolder.read(folder), today: today)
    // Read once: what is signed is what counts.
    let (applications, cards) = (try below(Self.applications(in: folder)), try below(Self.cards(in: folder)))
    return PolicyFiles(
      policy: policy, applications: try ApplicationSet.compile(applications, segments: Set(policy.segments)),
      applicationsHash: applications.isEmpty ? nil : Array(SHA256.hash(data: ApplicationSet.canonicalBytes(applications))),
      cards: try CardScriptSet.compile(cards),
      cardsHash: cards.isEmpty ? nil : Array(SHA256.hash(data: CardScriptSet.canonicalBytes(cards))))
  }

  private static func below(_ folder: String) throws -> [PolicySource] {
    FileManager.default.fileExists(atPath: folder) ? try PolicyFolder.read(folder) : []
  }
}

/// Reads the files of a policy folder; no links are followed out of it and no file above the limit is taken in.
enum PolicyFolder {
  static func read(_ folder: String) throws -> [PolicySource] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasSuffix(".yaml") && !$0.hasPrefix(".")
    }
    return try names.sorted().map { name in
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
      return PolicySource(name: name, bytes: Array(data.prefix(1 << 20)))
    }
  }
}
