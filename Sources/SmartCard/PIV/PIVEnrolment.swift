public import AuthTerms

/// What was shown about a slot's key when its card was registered at the desk.
public struct PIVSlotEvidence: Sendable, Equatable {
  public let slot: PIVSlot
  public let algorithm: PIVAlgorithm
  /// DER as on the card, not judged.
  public let certificate: [UInt8]
  /// Over the digest handed in; form checked only.
  public let signature: [UInt8]
  /// `pk-pin` only if the key refused without PIN and signed with it; else `pk`.
  public let proofClass: ProofClass
}

/// How proving a slot ended.
public enum PIVEnrolmentOutcome: Sendable, Equatable {
  case proven(PIVSlotEvidence)
  case wrongPIN(triesLeft: Int)
  case pinBlocked
}

extension PIVCard {
  /// The GUID by which the desk tells the keys of one card, or `nil` for a card that tells none: no CHUID, one that cannot be
  /// read or has no GUID of 16 bytes, or sixteen zero bytes. Errors: those of the channel (a pulled card, a lost reader).
  public mutating func ownNumber() throws(CardFailure) -> CardGUID? {
    try select()
    let read: [UInt8]
    do throws(CardFailure) { read = try guid() } catch {
      switch error {
      case .missingObject, .pinRequired, .malformedCard, .refused: return nil
      default: throw error
      }
    }
    return try? CardGUID(parsing: read)
  }

  /// Shows at the desk what a slot's key is worth, by trying it: without the PIN, then with it.
  ///
  /// Slot 9A by its number alone proves nothing: a card can be issued with a PIN policy of "never". So the key must refuse
  /// with `6982` while no PIN is known, and sign after the PIN. A key that signs without PIN is `pk`, whatever its slot, and
  /// the PIN is not sent at all.
  ///
  /// This convinces whoever runs the desk tool; the server learns it only as the desk's statement. Errors as for `sign`.
  ///
  /// - Parameter digest: of the text that this side built, as long as a key of that kind signs (`PIVAlgorithm.digestCount`).
  public mutating func proveSlot(
    _ slot: PIVSlot, pin: Secret<PIN>?, digest: (PIVAlgorithm) -> [UInt8]
  ) throws(CardFailure) -> PIVEnrolmentOutcome {
    try select()
    let certificate = try certificate(slot: slot)
    let algorithm = try CertificateKey(certificate: certificate).algorithm
    let digest = digest(algorithm)
    func evidence(_ signature: [UInt8], _ proven: ProofClass) -> PIVEnrolmentOutcome {
      .proven(
        PIVSlotEvidence(
          slot: slot, algorithm: algorithm, certificate: certificate, signature: signature,
          proofClass: min(proven, slot.bestProofClass)))
    }
    if try pinTriesLeft() == 0, slot == .authentication { return .pinBlocked }
    do throws(CardFailure) {
      return evidence(try sign(slot: slot, algorithm: algorithm, digest: digest), .publicKey)
    } catch .pinRequired {
      guard let pin else { throw .pinRequired }
      switch try verifyPIN(pin) {
      case .verified: break
      case .wrong(let tries): return .wrongPIN(triesLeft: tries)
      case .blocked: return .pinBlocked
      }
      return evidence(try sign(slot: slot, algorithm: algorithm, digest: digest), .publicKeyWithPIN)
    }
  }
  /// As above, for a digest that was made beforehand: a key that signs another length is `malformedCommand`.
  public mutating func proveSlot(
    _ slot: PIVSlot, digest: [UInt8], pin: Secret<PIN>?
  ) throws(CardFailure) -> PIVEnrolmentOutcome {
    try proveSlot(slot, pin: pin) { _ in digest }
  }
}
