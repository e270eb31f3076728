import AuthAPI
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Isolation
import Rotator
import SSOVault
import Synchronization
import Testing
import VaultLink

/// A vault that has the logon to Windows published and knows a rotator's key.
struct RotatorOffice: Sendable {
  static let peer = PeerCredentials(uid: 7004, gid: 7004, pid: 1)
  static let windows = "windows"

  let city: SSOCity
  let clerk: Clerk
  let key: RotatorKey
  var office: Office { city.office }

  private let signer = Curve25519.Signing.PrivateKey()

  /// - Parameter start: milliseconds since 1970; a program beside us has the machine's clock.
  init(startingAt start: Int64 = Office.start) throws {
    city = try SSOCity(Office(start: start))
    clerk = try Clerk("rotator", key: .ed25519(signer))
    key = RotatorKey(signer)
    guard case .operatorRegistered = city.office.ask(try city.office.register(clerk, by: city.sato, role: "rotator")) else {
      throw Office.Unexpected()
    }
    try city.expectNoted(publication())
  }

  /// As `sanmon operator key` writes it.
  func writeKey(to path: String) throws {
    try Data((signer.rawRepresentation.base64EncodedString() + "\n").utf8).write(to: URL(filePath: path))
    chmod(path, 0o600)
  }

  func publication(kind: String = "windows", segments: String = "lgwan", application: String = windows) throws -> VaultRequest {
    .publishApplication(
      try city.act(
        Act.Kind.publishApplication,
        [
          "application": application, "segments": segments, "definition": Hex.encode(SSOCity.definition),
          "freshness": "36000", "kind": kind,
        ]))
  }

  // MARK: Acts

  func pending(
    _ password: String, for person: String, _ application: String = windows, by other: Clerk? = nil
  ) throws -> VaultRequest {
    let sealed = try city.sealed(password, for: person, application)
    let act = try city.act(
      Act.Kind.keepPending,
      ["person": person, "application": application, "sealed": Hex.encode(Array(SHA256.hash(data: sealed)))], by: other ?? clerk
    )
    return .keepPending(act, sealed: sealed)
  }

  func confirmation(
    _ version: String, for person: String, _ outcome: String = "accepted", _ application: String = windows,
    by other: Clerk? = nil
  ) throws -> VaultRequest {
    .confirmPending(
      try city.act(
        Act.Kind.confirmPending,
        ["person": person, "application": application, "version": version, "outcome": outcome], by: other ?? clerk))
  }

  func ask(_ request: VaultRequest) -> VaultAnswer { office.ask(request, from: Self.peer) }
  func refusal(_ request: VaultRequest) -> String { office.refusal(request, from: Self.peer) }

  /// `state` of each version, the oldest first.
  func states() throws -> String {
    try city.tamper(
      "SELECT coalesce(group_concat(version || ' ' || state), '') FROM (SELECT version, state FROM credentials "
        + "WHERE application = 'windows' ORDER BY version)"
    ).trimmingCharacters(in: .newlines)
  }

  /// What a person's session is handed, one after the other, each refused as Windows would: to the end of what there is.
  func handedOut(_ session: TestSession) throws -> [String] {
    var found: [String] = []
    while found.count < 10 {
      let password = try city.password(session, Self.windows)
      guard password != "V161", password != "V160" else { return found }
      found.append(password)
      guard case .noted = office.ask(try city.report(.refused, session, Self.windows)) else { throw Office.Unexpected() }
    }
    return found
  }
}

/// The vault of this process, as its rotator reaches it.
struct OfficeVault: RotatorVault {
  let office: Office
  /// Requests from this one on get no answer, though they are carried out.
  var isDeaf: @Sendable (VaultRequest.Kind) -> Bool = { _ in false }

  private func ask(_ request: VaultRequest) throws(VaultFault) -> VaultAnswer {
    let answer = office.ask(request, from: RotatorOffice.peer)
    if isDeaf(request.kind) { throw .unreachable("no answer") }
    if case .refused(let refusal) = answer { throw .refused(refusal) }
    return answer
  }

  func publicKeys() async throws(VaultFault) -> VaultPublicKeys {
    guard case .publicKeys(let keys) = try ask(.publicKeys) else { throw .malformed("keys") }
    return keys
  }

  func listApplications() async throws(VaultFault) -> [VaultApplication] {
    guard case .applications(let all) = try ask(.listApplications) else { throw .malformed("applications") }
    return all
  }

  func listCredentials(after place: String) async throws(VaultFault) -> [CredentialEntry] {
    guard case .credentials(let entries) = try ask(.listCredentials(after: place)) else { throw .malformed("entries") }
    return entries
  }

  func keepPending(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault) -> UInt64 {
    guard case .kept(let version) = try ask(.keepPending(act, sealed: sealed)) else { throw .malformed("version") }
    return version
  }

  func confirmPending(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try ask(.confirmPending(act)) else { throw .malformed("nothing") }
  }
}

/// A directory in memory.
final class SmallDirectory: RotatorDirectory {
  enum Mood: Sendable { case well, refuses, isSilentBefore, isSilentAfter, unacceptable, doesNotOpen, outsideHours }

  private struct State {
    var accounts: [ManagedAccount] = []
    var passwords: [ObjectGUID: [UInt8]] = [:]
    var mood: [ObjectGUID: Mood] = [:]
    var resets = 0
  }

  private let state = Mutex(State())
  var resets: Int { state.withLock { $0.resets } }

  static func guid(_ number: Int) throws -> ObjectGUID {
    try #require(ObjectGUID(bytes: [UInt8](repeating: 0, count: 14) + [UInt8(number >> 8), UInt8(number & 255)]))
  }

  func add(_ number: Int, _ person: String?, _ obstacle: ManagedAccount.Obstacle? = nil, password: String = "former") throws {
    let guid = try Self.guid(number)
    let account = ManagedAccount(
      guid: guid, person: try person.map { try PersonID(parsing: $0) }, logonName: "u\(number)@ad.example", obstacle: obstacle)
    state.withLock { state in
      state.accounts.append(account)
      state.passwords[guid] = Array(password.utf8)
    }
  }

  func become(_ mood: Mood, for number: Int) throws {
    let guid = try Self.guid(number)
    state.withLock { $0.mood[guid] = mood }
  }

  func opens(_ number: Int, _ password: String) throws -> Bool {
    let guid = try Self.guid(number)
    return state.withLock { $0.passwords[guid] == Array(password.utf8) }
  }

  func accounts() async throws(LDAPFault) -> [ManagedAccount] { state.withLock { $0.accounts } }

  func reset(_ guid: ObjectGUID, to new: Secret<TypedPassword>) async throws(LDAPFault) -> PasswordReset {
    let mood = state.withLock { state in
      state.resets += 1
      let mood = state.mood[guid] ?? .well
      if mood != .refuses && mood != .isSilentBefore && mood != .unacceptable {
        state.passwords[guid] = new.withBytes { Array($0) }
      }
      return mood
    }
    switch mood {
    case .refuses: throw LDAPFault(.rights, "50")
    case .isSilentBefore, .isSilentAfter: throw LDAPFault(.timedOut)
    case .unacceptable: return .unacceptable
    default: return .done
    }
  }

  func check(_ guid: ObjectGUID, _ password: Secret<TypedPassword>) async throws(LDAPFault) -> BindResult {
    let (kept, mood) = state.withLock { ($0.passwords[guid], $0.mood[guid] ?? .well) }
    guard mood != .doesNotOpen, kept == password.withBytes({ Array($0) }) else { return .refused(.wrongPassword) }
    return mood == .outsideHours ? .refused(.notAtThisTime) : .right
  }
}
