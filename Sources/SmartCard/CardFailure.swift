public import AuthTerms

/// Why a card gave no result. None of these is a "no" to a person's PIN: that is a `PINOutcome`.
public enum CardFailure: Error, Equatable, Sendable {
  // The reader service (pcscd, the Windows smart card service)
  /// Not running when we called.
  case serviceUnavailable
  /// Went away while we used it; the next call makes a new connection.
  case serviceLost
  /// Running, but it does not let this account in.
  case accessDenied

  // Readers and cards
  /// No reader, or not the one that was named.
  case noReader
  /// No reader has a card in it.
  case noCard
  /// More than one card would do: a person has to take one away.
  case ambiguousCard
  /// A card without the application or key type we use, or one that gives no answer to reset.
  case unsupportedCard
  /// Another program holds the card or the reader.
  case readerBusy
  /// The card left, or gave no status word.
  case cardRemoved
  /// Somebody reset the card: its PIN state is gone. The PIN is not sent again on our own account.
  case cardReset
  /// Our deadline passed.
  case timedOut
  /// Anything else the reader service said; its number, safe in logs.
  case readerFault(UInt32)

  // What the card said
  /// Bytes that are not what the profile says.
  case malformedCard(MalformedInput)
  /// A status word that the profile does not foresee here.
  case refused(StatusWord)
  /// The object or key asks for the PIN first (`6982`).
  case pinRequired
  /// The card does not take PINs any more (`6983`, `63C0`): to the desk.
  case pinBlocked
  /// The card has no such object or key (`6A82`, `6A88`).
  case missingObject
  /// A certificate compressed with gzip (SP 800-73-5 part 1 table 42): not read, because it would have to be unpacked unverified.
  case compressedCertificate

  // What we were handed
  /// A PIN that is not 4 to 8 digits, or that is not fit to be a new one. Nothing was sent to the card.
  case unusablePIN
  /// A digest of another length than the key signs, or a command beyond its limits: a programming error, but a refusal and no trap.
  case malformedCommand

  // Cards behind a PKCS#11 library
  /// The library, or the choice of its key; the card itself says one of those above.
  case module(ModuleFault)
}
