import AuthAPI
import AuthClient
import AuthPolicy
import AuthServer
import AuthTerms
import CardCiphers
import CardsInMemory
import Crypto
import Foundation
import Isolation
import SSOVault
import Sealing
import SmartCard
import Synchronization
import VaultLink

/// A shared-key card in memory, as a reader shows it.
final class SharedTestCard: Sendable {
  let kind: SharedKeyCardKind
  let number: [UInt8]
  /// Name of the shipped file that asks it.
  var profile: String { kind.name }
  let card: Mutex<any CardInMemory & Sendable>

  /// The city's key of a kind, the same in all tests.
  static func cityKey(_ kind: SharedKeyCardKind, seed: UInt8 = 3) -> Secret<CardKey> {
    Numbers.secret(seed, count: kind == .felicaLiteS ? 24 : 16)
  }

  init(_ kind: SharedKeyCardKind, master: Secret<CardKey>? = nil) throws {
    self.kind = kind
    let master = master ?? Self.cityKey(kind)
    switch kind {
    case .felicaLiteS:
      let lite = try LiteSInMemory(master: master)
      number = lite.number
      card = Mutex(lite)
    case .desfireEV2:
      let number: [UInt8] = [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80]
      let input = number + [0xF7, 0x3A, 0x10] + Array("Sanmon".utf8)
      self.number = number
      card = Mutex(try DESFireInMemory(master: master, input: input))
    }
  }

  /// As an agent carries them: until the first answer that says no.
  func answer(_ commands: [Data]) throws -> [Data] { try commands.map { Data(try answer(Array($0))) } }

  private func answer(_ command: [UInt8]) throws -> [UInt8] { try card.withLock { try $0.answer(command) } }

  /// Its counter stands where it stood before, as that of a copy does.
  func countBack(to counter: UInt32) {
    card.withLock { card in
      guard var lite = card as? LiteSInMemory else { return }
      lite.counter = counter
      card = lite
    }
  }

  /// As rows and registers name it.
  var fingerprint: String {
    get throws {
      Hex.encode(Array(SHA256.hash(data: try SharedCardPreimage(kind: kind, number: number).canonicalBytes)))
    }
  }
}

/// Stands before a vault and does its part in exchanges, over keys in memory; everything else is asked behind it.
final class ExchangingVault: VaultAnswering {
  struct State {
    var open: [[UInt8]: (exchange: CardExchange<OpenSSLCardCipher>, number: [UInt8])] = [:]
    var counters: [[UInt8]: UInt32] = [:]
    var begun = 0
    var stepped = 0
    /// Instead of any answer.
    var refusal: VaultRefusal.Code?
  }

  let state = Mutex(State())
  private let behind: any VaultAnswering

  init(_ vault: any VaultAnswering) { behind = vault }

  func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer {
    switch request {
    case .beginCard(let script, let number):
      return answer { state throws in
        state.begun += 1
        let script = try CardScript(canonicalBytes: script)
        var exchange = try CardExchange(
          script: script, number: number, knownCounter: state.counters[number],
          masterKey: SharedTestCard.cityKey(script.kind), random: Secret(copying: City.random(16)), cipher: OpenSSLCardCipher())
        return self.outcome(try exchange.begin(), exchange, City.random(16), number, &state)
      }
    case .stepCard(let handle, let answers):
      return answer { state throws in
        state.stepped += 1
        guard let open = state.open.removeValue(forKey: handle) else {
          return .refused(VaultRefusal(.cardExchangeUnknown, "no such exchange"))
        }
        var exchange = open.exchange
        return self.outcome(try exchange.step(answers), exchange, handle, open.number, &state)
      }
    default: return behind.handle(request, from: peer, peers: peers)
    }
  }

  private func answer(_ work: (inout State) throws -> VaultAnswer) -> VaultAnswer {
    state.withLock { state in
      if let refusal = state.refusal { return .refused(VaultRefusal(refusal, "as a test wants it")) }
      do { return try work(&state) } catch { return .refused(VaultRefusal(.cardScriptMalformed, "\(error)")) }
    }
  }

  private func outcome(
    _ step: ExchangeStep, _ exchange: CardExchange<OpenSSLCardCipher>, _ handle: [UInt8], _ number: [UInt8],
    _ state: inout State
  ) -> VaultAnswer {
    switch step {
    case .send(let commands):
      state.open[handle] = (exchange, number)
      return .cardExchange(CardExchangeAnswer(exchange: handle, outcome: .commands(commands)))
    case .proven(let card):
      if let counter = card.counter { state.counters[number] = counter }
      return .cardExchange(CardExchangeAnswer(exchange: handle, outcome: .proven(counter: card.counter)))
    case .refused(let refusal):
      var status: UInt16?
      if case .cardRefused(let word) = refusal { status = word }
      return .cardExchange(CardExchangeAnswer(exchange: handle, outcome: .refused(refusal.code, statusWord: status)))
    }
  }
}

extension City {
  /// The city's key of a kind goes into this city's own vault, signed by two administrators.
  /// - Returns: the second of them.
  @discardableResult
  func keepCardKey(_ kind: SharedKeyCardKind) async throws -> Administrator {
    let source = try Data(contentsOf: URL(fileURLWithPath: folder + "/policies/cards/\(kind.name).yaml"))
    let script = try CardScriptFile.compile(PolicySource(name: "\(kind.name).yaml", bytes: Array(source))).script
    let vault = VaultLink(socket: folder + "/vault.sock")
    let keys = try await vault.publicKeys()
    guard let suite = SealingSuite(rawValue: keys.intakeSuite) else { throw HTTPFault.serverFault }
    let fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: keys.intake)))
    let instance = try InstanceID(parsing: "\(segment)-1")
    let sealed = try suite.seal(
      SharedTestCard.cityKey(kind), to: keys.intake, info: CardKeyMessage.info(suite: keys.intakeSuite, key: fingerprint),
      associatedData: CardKeyMessage.associatedData(instance: instance, script: script.canonicalBytes))
    let message = CardKeyMessage(
      key: fingerprint, script: script.canonicalBytes, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext
    ).encoded
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    _ = try await register(suzuki)
    let act = try act(
      Act.Kind.setCardKey, ["script": script.id, "sealed": Hex.encode(Array(SHA256.hash(data: message)))])
    let signed = try sign(act)
    try await vault.setCardKey(
      SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try suzuki.approval(act)]),
      sealed: message)
    return suzuki
  }

  /// The vault does its part in exchanges with shared-key cards.
  func exchangingVault() -> ExchangingVault {
    let made = Mutex<ExchangingVault?>(nil)
    door.lead { behind in
      let vault = ExchangingVault(behind)
      made.withLock { $0 = vault }
      return vault
    }
    // Set just now: `lead(through:)` calls what it is given.
    return made.withLock { $0 } ?? ExchangingVault(door)
  }

  /// LGWAN is content with what shared-key cards prove.
  func takeSharedKeyCards() async throws {
    let path = folder + "/policies/lgwan.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("  proof: pk\n", with: "  proof: sym-3des\n").write(toFile: path, atomically: true, encoding: .utf8)
    let answer = try await link.request("POST", "/v1/admin/policy/reload")
    guard try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body)).changed else { throw try Refused(answer) }
  }

  /// The whole enrolment, as the desk's program does it.
  func enrolShared(
    _ card: SharedTestCard, for person: String, segment other: Segment? = nil, over link: ServerConnection? = nil
  ) async throws -> CardSummary {
    var step = try await beginShared(card, for: person, segment: other, over: link)
    while let commands = step.commands {
      step = try await goOnShared(step.exchange, card.answer(commands), over: link)
    }
    guard let registered = step.card else { throw HTTPFault.serverFault }
    return registered
  }

  func beginShared(
    _ card: SharedTestCard, for person: String, segment other: Segment? = nil, over link: ServerConnection? = nil
  ) async throws -> SharedCardStep {
    try await desk(
      "/v1/admin/cards/shared",
      SharedCardEnrolment(
        person: person, segment: (other ?? segment).name, profile: card.profile, number: Data(card.number)), 201, link)
  }

  func goOnShared(
    _ exchange: String, _ answers: [Data], over link: ServerConnection? = nil
  ) async throws -> SharedCardStep {
    try await desk("/v1/admin/cards/shared/\(exchange)", SharedCardAnswers(answers: answers), 200, link)
  }

  private func desk(
    _ path: String, _ body: some Encodable & Sendable, _ status: Int, _ other: ServerConnection?
  ) async throws -> SharedCardStep {
    let answer = try await (other ?? link).request("POST", path, body: Array(try JSONEncoder().encode(body)))
    guard answer.status == status else { throw try Refused(answer) }
    return try JSONDecoder().decode(SharedCardStep.self, from: Data(answer.body))
  }
}

extension TestWorkstation {
  /// One round; without answers it begins.
  func round(
    _ opened: Opened, _ card: SharedTestCard, _ answers: [Data]? = nil, profile: String? = nil, number: [UInt8]? = nil,
    keys other: SessionKeys? = nil
  ) async throws -> CardRoundAnswer {
    let message = CardRoundMessage(
      profile: profile ?? card.profile, number: Data(number ?? card.number), answers: answers, sessionKeys: other ?? keys)
    let path = "/v1/ceremonies/\(opened.ceremony.ceremony)/card"
    let answer = try await connection.request("POST", path, body: Array(try JSONEncoder().encode(message)))
    guard answer.status == 200 else { throw try Refused(answer) }
    return try JSONDecoder().decode(CardRoundAnswer.self, from: Data(answer.body))
  }

  /// All rounds, to the proof.
  func carry(_ opened: Opened, _ card: SharedTestCard) async throws {
    var answer = try await round(opened, card)
    while let commands = answer.commands { answer = try await round(opened, card, card.answer(commands)) }
    guard answer.isProven else { throw HTTPFault.serverFault }
  }

  /// The whole logon or unlock.
  func enter(_ card: SharedTestCard, password: String?) async throws -> SessionOpened {
    let opened = try await open()
    try await carry(opened, card)
    let answer = try await prove(opened, proofs(opened, nil, password: password))
    guard let session = answer.session else { throw NotGranted(combinations: answer.combinations ?? []) }
    return session
  }
}
