package import AuthAPI
package import FoundationEssentials

/// One question to the running `watch`, over its socket. It is answered only to the same user.
package struct WatchCommand: Codable, Sendable {
  package enum Kind: String, Codable, Sendable {
    case prepare, held, sign, signPalm, adopt, lock, logoff, status, reload
    case applications, release, report, capture, change
  }

  package var command: Kind
  package var session: String?
  package var ceremony: String?
  package var nonce: Data?
  package var sensor: String?
  package var hand: String?
  /// SHA-256 of a palm's sample; the sample itself never comes here.
  package var sample: Data?
  package var opened: SessionOpened?
  package var keys: SessionKeys?
  package var reader: String?
  /// `SessionEvidence.encoded`
  package var evidence: Data?
  package var application: String?
  package var account: String?
  /// Whose credential, if not the session's own person's.
  package var owner: String?
  /// `SignInOutcome`
  package var outcome: String?
  /// Of the credential that a report is about.
  package var version: UInt64?
  /// A report is about a change, not about a sign-in.
  package var isChange: Bool?
  /// A credential to be kept.
  package var user: String?
  package var secret: Data?

  package init(_ command: Kind) { self.command = command }
}

package struct WatchReply: Codable, Sendable {
  /// Set if the command was not carried out: `noSession`, `unknownKeys`, `notConfirmed`, `malformed`; for
  /// releases also `refused`, `vaultUntrusted`, `badInput`, `passwordChanging`, `serverAway`.
  package var fault: String?
  package var keys: SessionKeys?
  package var signature: Data?
  package var session: String?
  package var person: String?
  package var state: String?
  package var connected: Bool?
  /// `ApplicationDefinition.canonicalBytes`
  package var definitions: [Data]?
  /// With the definitions: whose accounts may be used besides one's own, and which definitions are not as published.
  package var owners: [OwnerOffer]?
  package var unpublished: [String]?
  /// A credential that was released.
  package var user: String?
  package var secret: Data?
  package var version: UInt64?
  package var isChangeDue: Bool?
  /// For a change: what takes the place of `secret`.
  package var newSecret: Data?
  /// With the fault `refused`: the server's words.
  package var refusal: ErrorBody?
  package var detail: String?

  package init(fault: String? = nil) { self.fault = fault }
}
