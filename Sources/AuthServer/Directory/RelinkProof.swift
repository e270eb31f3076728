import AuthAPI
import AuthTerms
import Storage

/// Somebody had a card of the former person in hand, and its PIN, at a workstation, for exactly this new person. It opens nothing: it is
/// what two administrators need to be able to sign.
struct RelinkProof: Sendable, Equatable {
  let former: PersonID
  let person: PersonID
  let card: CardID
  let key: KeyFingerprint
  let workstation: WorkstationID
  /// SHA-256 of what the card signed.
  let hash: [UInt8]
  let at: Moment

  var told: RelinkProofShown {
    RelinkProofShown(card: card.text, workstation: workstation.text, until: until.wallMilliseconds, hash: Hex.encode(hash))
  }

  var until: Moment { at.advanced(bySeconds: Int64(RelinkProven.minutes) * 60) }

  /// A clock that was set back over a restart makes nothing young again.
  func counts(at now: Moment) -> Bool {
    !now.hasReached(until) && (now.boot == at.boot || now.wallMilliseconds >= at.wallMilliseconds)
  }
}

/// The proofs that are kept: the last one of each pair, until it is used.
struct RelinkProofs: Sendable {
  private static let setting = "directory.relink.proofs"
  /// More people do not stand at workstations with two administrators beside them; the oldest goes first.
  private static let most = 500
  /// An old one is still there for a while, so that the answer is that it is old.
  private static let shownSeconds: Int64 = 24 * 3600

  private(set) var all: [RelinkProof] = []

  init(in state: some StateReader) throws(StorageFault) {
    guard let bytes = try state.setting(Self.setting) else { return }
    do {
      var reader = LengthPrefixedReader(bytes, subject: "relink proofs", limit: 256)
      while !reader.isAtEnd {
        all.append(
          RelinkProof(
            former: try PersonID(parsing: reader.text()), person: try PersonID(parsing: reader.text()),
            card: try CardID(parsing: reader.text()), key: try KeyFingerprint(parsing: reader.field()),
            workstation: try WorkstationID(parsing: reader.text()), hash: try reader.field(),
            at: Moment(
              wallMilliseconds: try reader.signed(), boot: try reader.text(), monotonicMilliseconds: try reader.signed())))
      }
    } catch { throw .corrupt("setting \(Self.setting)") }
  }

  func proof(former: PersonID, person: PersonID) -> RelinkProof? {
    all.first { $0.former == former && $0.person == person }
  }

  mutating func put(_ proof: RelinkProof, at now: Moment) {
    all.removeAll {
      $0.former == proof.former && $0.person == proof.person || now.hasReached($0.at.advanced(bySeconds: Self.shownSeconds))
    }
    all = (all + [proof]).suffix(Self.most)
  }

  /// Used: of nobody among the two a proof is left.
  mutating func remove(former: PersonID, person: PersonID) { all.removeAll { $0.former == former || $0.person == person } }

  func keep(in state: inout some StateTransaction) throws(StorageFault) {
    var writer = LengthPrefixedWriter()
    for proof in all {
      for text in [proof.former.text, proof.person.text, proof.card.text] { writer.field(text) }
      writer.field(proof.key.bytes)
      writer.field(proof.workstation.text)
      writer.field(proof.hash)
      writer.field(proof.at.wallMilliseconds)
      writer.field(proof.at.boot)
      writer.field(proof.at.monotonicMilliseconds)
    }
    try state.set(writer.bytes, forSetting: Self.setting)
  }
}
