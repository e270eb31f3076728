package import AuthAPI
package import FoundationEssentials

/// One question to the running `watch`, over its socket. It is answered only to the same user.
package struct WatchCommand: Codable, Sendable {
  package enum Kind: String, Codable, Sendable { case prepare, held, sign, signPalm, adopt, lock, logoff, status, reload }

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

  package init(_ command: Kind) { self.command = command }
}

package struct WatchReply: Codable, Sendable {
  /// Set if the command was not carried out: `noSession`, `unknownKeys`, `notConfirmed`, `malformed`.
  package var fault: String?
  package var keys: SessionKeys?
  package var signature: Data?
  package var session: String?
  package var person: String?
  package var state: String?
  package var connected: Bool?

  package init(fault: String? = nil) { self.fault = fault }
}
