import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import SmartCard
import TokenHost
import Workstation

/// Which PKCS#11 library, and which of its keys.
struct ModuleOptions: ParsableArguments {
  @Option(
    name: .customLong("pkcs11"), help: "A certificate card: its maker's PKCS#11 library, by its absolute path.",
    completion: .file(extensions: ["so"]))
  var library: String?
  @Option(help: "With --pkcs11: the token's label.") var token: String?
  @Option(help: "With --pkcs11: the key's id, hexadecimal; default: by the certificates' usage.") var keyId: String?
  @Option(
    name: .customLong("pkcs11-config"),
    help: "With --pkcs11: the library's own settings file, given to it as SOFTHSM2_CONF and OPENSC_CONF.", completion: .file())
  var configuration: String?

  /// `nil` where no library is named.
  var module: TokenModule? {
    get throws {
      guard let library else {
        guard token == nil, keyId == nil, configuration == nil else {
          throw fail(64, "--pkcs11 も指定してください。", "name the library with --pkcs11")
        }
        return nil
      }
      do throws(MalformedInput) {
        return try TokenModule(library: library, label: token, key: keyId, configuration: configuration)
      } catch {
        throw fail(64, "\(error.subject): 使えない値です。", "\(error.subject): \(error.expected)")
      }
    }
  }
}

extension CardEnrol {
  /// A certificate card: looked at, asked for its PIN, and asked to sign. It tells no number of its own.
  func enrol(through module: TokenModule) async throws {
    let cards = ModuleCards(module, reader: reader, command: TokenHost.command)
    let view: CardView
    do throws(CardFailure) { view = try await cards.view() } catch { throw Self.failed(error) }
    guard view.triesLeft > 0 else { throw Self.blocked }
    // Before anybody types it: this card would not be given it.
    guard view.triesLeft > 1 else { throw Self.lastTry }
    guard let certificate = view.certificates[.authentication], let key = try? CertificateKey(certificate: certificate) else {
      throw Self.failed(.unsupportedCard)
    }
    let operatorLink = OperatorLink(server, pinDescriptor: operatorPinFd)
    let challenge = try await operatorLink.post(
      "/v1/admin/cards/challenge", CardChallengeRequest(person: person), as: CardChallenge.self)
    printError(say("登録する職員: ", "registering for: ") + "\(challenge.person) \(Rows.visible(challenge.displayName))")
    let preimage = EnrolmentPreimage(
      nonce: Array(challenge.nonce), person: challenge.person, slot: CertificateCard.slot, guid: [], card: card ?? "")
    let errand = CardErrand(
      reader: view.reader, slot: .authentication, certificate: certificate,
      digest: key.algorithm.digest(of: preimage.canonicalBytes), pin: try readPIN(), leastTries: 2)
    let outcome: CardErrandOutcome
    do throws(CardFailure) { outcome = try await cards.run(errand) } catch { throw Self.failed(error) }
    switch outcome {
    case .signed(let signature, let algorithm):
      let answer = try await operatorLink.post(
        "/v1/admin/cards",
        CardEnrolment(
          person: challenge.person, segment: segment, profile: CertificateCard.profile, slot: CertificateCard.slot,
          nonce: challenge.nonce, certificate: Data(certificate), algorithm: algorithm.scheme.rawValue,
          signature: Data(signature), refusedWithoutPIN: false, guid: nil, card: card),
        as: CardSummary.self)
      try operatorLink.show(answer, CardCommand.line)
    case .wrongPIN(PINStanding.untoldTries):
      throw fail(65, "暗証番号（PIN）が違います。残りの回数は、カードが伝えていません。", "wrong PIN; the card does not tell how many tries are left")
    case .wrongPIN(let tries): throw fail(65, "暗証番号（PIN）が違います。残り \(tries) 回。", "wrong PIN; \(tries) tries left")
    case .pinBlocked: throw Self.blocked
    case .tooFewTries: throw Self.lastTry
    case .otherCard: throw fail(65, "途中でカードが入れ替わりました。", "the card was exchanged halfway")
    }
  }

  private static var blocked: ExitCode {
    fail(65, "カードの暗証番号（PIN）が止まっています。解除してください。", "the card's PIN is blocked; unblock it")
  }

  private static var lastTry: ExitCode {
    fail(
      65, "暗証番号（PIN）の残りが1回です。使っていません。カードの製造元の道具で正しい番号を確かめるか、発行元で再設定を受けてから、もう一度登録してください。",
      "one try is left for the PIN; it was not used. Prove the PIN with its maker's tool, or have its issuer reset it, then"
        + " enrol again")
  }

  private static func failed(_ failure: CardFailure) -> ExitCode {
    guard case .module(let fault) = failure else {
      return fail(74, "カードを使えませんでした: \(failure)", "the card could not be used: \(failure)")
    }
    let sentence = AgentFault.card(failure).sentence
    let code = fault.code.map { " (\($0))" } ?? ""
    return fail(74, "\(sentence.ja)\(code)", "\(sentence.en)\(code)")
  }
}

/// The process of a PKCS#11 library: this program starts itself with it, and nobody else does.
struct ModuleHostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: TokenHost.command, abstract: "The process of a PKCS#11 library. Started by this program alone.",
    shouldDisplay: false)

  func run() throws {
    do { try TokenHost.serve() } catch { throw ExitCode(69) }
  }
}
