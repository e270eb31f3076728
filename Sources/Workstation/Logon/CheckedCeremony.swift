public import AuthAPI
public import AuthTerms
import Crypto
import Foundation

/// A challenge that agrees with what this workstation knows by itself.
///
/// A server that was taken over, or a middle-man, could otherwise have a card sign for another workstation, segment or
/// purpose: the preimage is built from our certificate and from the handshake, and the answer only has to agree.
public struct CheckedCeremony: Sendable {
  public let ceremony: CeremonyID
  public let scenario: Scenario
  /// For an unlock: the session that waits.
  public let session: SessionID?
  public let combinations: [[String]]
  /// Of shared-key cards that may be shown here; each is right by itself, and no name stands twice.
  public let cardScripts: [CardScript]
  /// Whether a card that tells a number alone is taken for one here and now.
  public let takesCardNumbers: Bool
  /// Whether a My Number Card may be read here at all.
  public let takesMyNumberCards: Bool
  let nonce: [UInt8]
  private let expiresAt: Int64
  private let workstation: EnrolledWorkstation
  private let serverCertificate: [UInt8]

  /// - Parameter serverCertificate: SHA-256 of the leaf seen in the handshake of the connection that carried the answer.
  public init(
    _ opened: CeremonyOpened, of workstation: EnrolledWorkstation, serverCertificate: [UInt8]?
  ) throws(AgentFault) {
    guard opened.workstation == workstation.workstation.text else { throw .disagreement(.workstation) }
    guard opened.segment == workstation.segment.name else { throw .disagreement(.segment) }
    guard opened.nonce.count == 32 else { throw .disagreement(.nonce) }
    guard let ceremony = try? CeremonyID(parsing: opened.ceremony) else { throw .disagreement(.ceremony) }
    guard let scenario = Scenario(rawValue: opened.scenario), [.logon, .unlock, .remote].contains(scenario) else {
      throw .disagreement(.scenario)
    }
    guard opened.expiresAt > 0 else { throw .disagreement(.expiry) }
    guard let serverCertificate, serverCertificate.count == 32 else { throw .disagreement(.serverCertificate) }
    session = opened.session.flatMap { try? SessionID(parsing: $0) }
    guard (scenario == .unlock) == (session != nil), (opened.session == nil) == (session == nil) else {
      throw .disagreement(.session)
    }
    guard opened.combinations.count <= 64, opened.combinations.allSatisfy({ $0.count <= 8 }) else {
      throw .disagreement(.ceremony)
    }
    let scripts = (opened.cardScripts ?? []).compactMap { try? CardScript(canonicalBytes: Array($0)) }
    guard scripts.count == opened.cardScripts?.count ?? 0, scripts.count <= 8,
      Set(scripts.map(\.id)).count == scripts.count
    else { throw .disagreement(.cardScripts) }
    cardScripts = scripts
    takesCardNumbers = opened.takesCardNumbers ?? false
    takesMyNumberCards = opened.takesMyNumberCards ?? false
    self.ceremony = ceremony
    self.scenario = scenario
    self.workstation = workstation
    self.serverCertificate = serverCertificate
    nonce = Array(opened.nonce)
    expiresAt = opened.expiresAt
    combinations = opened.combinations
  }

  /// What the card signs (its SHA-256), for this slot and these session keys.
  public func preimage(slot: String, keys: SessionKeys) -> CardPreimage {
    CardPreimage(
      nonce: nonce, ceremony: ceremony.text, workstation: workstation.workstation.text, scenario: scenario.rawValue,
      segment: workstation.segment.name, expiresAt: expiresAt, serverCertificate: serverCertificate,
      workstationCertificate: workstation.fingerprint, slot: slot, sealingSuite: keys.suite,
      sessionKeys: Array(SHA256.hash(data: keys.canonicalBytes)))
  }

  /// What the session key signs for a palm: its picture, or what its vendor's sensor made of it.
  public func palmPreimage(_ sample: PalmSampleMessage) -> PalmPreimage {
    PalmPreimage(
      nonce: nonce, ceremony: ceremony.text, sensor: sample.sensor, hand: sample.hand,
      sample: Array(SHA256.hash(data: sample.picture ?? sample.blob ?? Data())))
  }

  /// What the session key signs at unlock; nil if no session waits.
  public var sessionPreimage: SessionPreimage? {
    session.map { SessionPreimage(session: $0.text, ceremony: ceremony.text, nonce: nonce) }
  }
}
