public import AuthAPI
public import AuthTerms

/// A session, and what its logon leaves for Windows. An empty mirror: whoever prints it prints nothing.
public struct GrantedLogon: Sendable, CustomReflectable {
  public struct Card: Sendable, Equatable {
    /// DER of the certificate whose key signed.
    public let certificate: [UInt8]
    /// Of PIV: `9a` or `9e`; `cert` of a certificate card.
    public let slot: String
    public let reader: String

    package init(certificate: [UInt8], slot: String, reader: String) {
      (self.certificate, self.slot, self.reader) = (certificate, slot, reader)
    }
  }

  public let session: SessionOpened
  /// The password that was found right; a new one, where it was changed on the way. `nil`: none was shown.
  public let typed: Secret<TypedPassword>?
  /// `nil`: no card took part.
  public let card: Card?

  package init(session: SessionOpened, typed: Secret<TypedPassword>?, card: Card?) {
    (self.session, self.typed, self.card) = (session, typed, card)
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}
