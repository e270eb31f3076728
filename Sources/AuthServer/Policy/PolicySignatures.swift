import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage

/// Whether the rules in the folder, and the files of applications and cards below it, were signed for this instance by as many administrators as
/// its start-up file asks for (`policy-signatures`). Rules are written in one place and carried to each instance: the signature is what says that they
/// arrived as they were approved.
///
/// The file `INSTANCE.signed` beside the rules is not trusted: at worst the set is refused.
struct PolicySignatures: Sendable {
  let services: Services

  enum Standing: Sendable, Equatable {
    case notAsked
    case signed([OperatorID])
    /// This very set was in force before, rightly: an administrator who leaves must not keep the server from starting.
    case inForceBefore
    /// Nobody could sign yet: the set that was installed with the instance.
    case installed
    /// At a start: the rules were accepted by a server that asked for no signature over what lies below them.
    case found(String)
    case refused(String)
  }

  /// Bytes of a signed act with its approvals; more is not read.
  private static let limit = 65_536
  /// The setting that names what was accepted last (`mark`).
  private static let accepted = "policy.accepted"

  /// How many administrators have to sign. Where any has to, a set that widens access needs two: nobody lets people in alone.
  func required(widens: Bool) -> Int {
    let asked = services.instance.policySignatures
    return asked > 0 && widens ? max(asked, 2) : asked
  }

  /// - Parameter widens: whether it lets anybody do more than what is in force; `nil` at a start, where that is not known, and
  ///   anything else than what was accepted last counts as if it did.
  func standing(of files: PolicyFiles, widens: Bool?) async throws -> Standing {
    guard services.instance.policySignatures > 0 else { return .notAsked }
    let (ifWidening, otherwise) = (required(widens: true), required(widens: false))
    let signed = file()
    let (services, parameters, mark) = (services, Self.parameters(of: files), Self.mark(of: files))
    return try await services.store.read { (state) throws(StorageFault) -> Standing in
      guard try state.operators().contains(where: { $0.isActive && $0.role == .administrator }) else { return .installed }
      let known = try state.setting(Self.accepted)
      let required = widens ?? (known != nil && known != mark) ? ifWidening : otherwise
      var reason = "no signed act for this instance"
      if let signed {
        if signed.act.kind != Act.Kind.signPolicy || signed.act.instance.text != services.instance.instance
          || signed.act.parameters != parameters
        {
          reason = "the signed act is for another set or another instance"
        } else {
          switch try services.waivers.authorise(signed, required: required, state: state) {
          case .accepted(let signers): return .signed(signers)
          case .refused(.tooFew): reason = "signed by \(signed.signers.count), and needs \(required)"
          case .refused(let refusal): reason = refusal.rawValue
          }
        }
      }
      if known == mark { return .inForceBefore }
      return .refused(reason)
    }
  }

  /// Whose signatures over exactly these files lie beside them and hold; none if any of them does not.
  func signers(of files: PolicyFiles) async throws -> [OperatorID] {
    guard let signed = file(), signed.act.kind == Act.Kind.signPolicy, signed.act.instance.text == services.instance.instance,
      signed.act.parameters == Self.parameters(of: files)
    else { return [] }
    let services = services
    return try await services.store.read { (state) throws(StorageFault) -> [OperatorID] in
      guard case .accepted(let signers) = try services.waivers.authorise(signed, required: 1, state: state) else { return [] }
      return signers
    }
  }

  /// What a signature is over: the rules, and beside them the files of applications and of cards where there are any.
  private static func parameters(of files: PolicyFiles) -> [String: String] {
    var parameters = ["version": files.policy.version.hex]
    if let hash = files.applicationsHash { parameters["applications"] = Hex.encode(hash) }
    if let hash = files.cardsHash { parameters["cards"] = Hex.encode(hash) }
    return parameters
  }

  /// The rules and the files below them that were accepted.
  private static func mark(of files: PolicyFiles) -> [UInt8] {
    Array("\(markWithoutCards(files)) \(files.cardsHash.map { Hex.encode($0) } ?? "-")".utf8)
  }

  /// As a server wrote it that knew no files of cards.
  private static func markWithoutCards(_ files: PolicyFiles) -> String {
    "\(files.policy.version.hex) \(files.applicationsHash.map { Hex.encode($0) } ?? "-")"
  }

  /// At start: a set that may not be in force keeps the server from serving.
  /// - Throws: `StartFault.policyUnsigned`.
  func requireAtStart(now: Moment) async throws {
    let files = services.policy.files
    var standing = try await standing(of: files, widens: nil)
    if case .refused(let reason) = standing {
      guard let missing = try await acceptedWithout(files) else {
        throw StartFault.policyUnsigned(
          version: files.policy.version.hex, file: services.instance.instance + ".signed", reason: reason)
      }
      standing = .found(missing)
    }
    try await remember(files, standing, now: now)
  }

  /// What a server of before had no signature over, if it accepted the rest: it must start after it was replaced.
  private func acceptedWithout(_ files: PolicyFiles) async throws -> String? {
    let known = try await services.store.read { (state) throws(StorageFault) -> [UInt8]? in
      try state.setting(Self.accepted)
    }
    if known == Array(files.policy.version.hex.utf8) { return "applications and cards" }
    return known == Array(Self.markWithoutCards(files).utf8) ? "cards" : nil
  }

  /// The set is accepted: its version is kept, and who signed it stands in a row.
  func remember(_ files: PolicyFiles, _ standing: Standing, now: Moment) async throws {
    var note: String
    switch standing {
    case .signed(let signers): note = "signed by \(signers.map(\.text).joined(separator: ", "))"
    case .installed: note = "installed before there was an administrator"
    case .found(let missing):
      note = "the rules were signed; their \(missing) were found beside them at the first start that asks for that"
    case .notAsked, .inForceBefore, .refused: return
    }
    let known = try await services.store.read { (state) throws(StorageFault) -> [UInt8]? in
      try state.setting(Self.accepted)
    }
    let mark = Self.mark(of: files)
    guard known != mark else { return }
    if let hash = files.applicationsHash { note += "; applications \(Hex.encode(hash))" }
    if let hash = files.cardsHash { note += "; cards \(Hex.encode(hash))" }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "policy.accepted", outcome: .done)
    record.policyVersion = files.policy.version
    record.note = note
    let change = AcceptPolicy(setting: Self.accepted, mark: mark, record: record)
    try await services.recorder.commit(change, now: now)
  }

  static func refusal(_ reason: String, file: String, widens: Bool) -> (ja: String, en: String) {
    guard !widens else {
      return (
        "\(file): この組は、前より多くの人か方法を許します。管理者二人の署名がそろうまで待ちます（\(reason)）。"
          + "それまでの規則が働き続けます。\n"
          + "  → sanmon policy status で変わることを読み、二人がそれぞれ sanmon policy sign で署名してから置いてください。",
        "\(file): this set lets people do more than before and waits until two administrators have signed it (\(reason)); the old rules "
          + "stay in force.\n  -> Read what changes with sanmon policy status; then both sign with: sanmon policy sign"
      )
    }
    return (
      "\(file): この規則（業務システムとカードのファイルを含む）には、必要な数の管理者の署名がありません（\(reason)）。それまでの規則が働き続けます。\n  → sanmon policy sign で署名してから置いてください。",
      "\(file): these rules, or the files of applications and cards with them, are not signed by as many administrators as this instance asks for (\(reason)); the old ones stay in "
        + "force.\n  -> Sign them with: sanmon policy sign"
    )
  }

  private func file() -> SignedAct? {
    let path = services.instance.policies + "/" + services.instance.instance + ".signed"
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: Self.limit) else {
      return nil
    }
    return try? SignedAct(decoding: Array(data))
  }
}

private struct AcceptPolicy: Change {
  let setting: String
  let mark: [UInt8]
  let record: AuditRecord

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    try state.set(mark, forSetting: setting)
    return ((), record)
  }
}
