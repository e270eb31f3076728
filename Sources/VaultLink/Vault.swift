public import AuthAPI
public import AuthTerms

/// What a server asks of the process that holds the keys. `VaultLink` asks over the socket; a simulation answers in memory.
public protocol Vault: Sendable {
  func status() async throws(VaultFault) -> VaultStatus
  /// DER: the root of this instance's authority.
  func trustRoots() async throws(VaultFault) -> [[UInt8]]
  func publicKeys() async throws(VaultFault) -> VaultPublicKeys
  /// - Returns: DER.
  func signServer(certificateRequest: [UInt8]) async throws(VaultFault) -> [UInt8]
  /// - Returns: the one-time code for one workstation.
  func createEnrolmentCode(_ act: SignedAct) async throws(VaultFault) -> String
  func signWorkstation(certificateRequest: [UInt8], code: String) async throws(VaultFault) -> IssuedWorkstation
  func renewWorkstation(
    certificateRequest: [UInt8], current: [UInt8], proof: [UInt8]
  ) async throws(VaultFault) -> IssuedWorkstation
  func registerOperator(_ registration: OperatorRegistration) async throws(VaultFault) -> OperatorID
  func listOperators() async throws(VaultFault) -> [KnownOperator]
  /// - Returns: the signed note.
  func signCheckpoint(_ request: CheckpointRequest) async throws(VaultFault) -> String
  /// Carries out `operator.revoke` or `workstation.revoke`.
  func revoke(_ act: SignedAct) async throws(VaultFault)
  /// Has the vault make its sealed part of a backup.
  func openBackup() async throws(VaultFault) -> VaultBackup
  /// - Returns: at most 48 KiB; empty at the end.
  func readBackup(offset: UInt64) async throws(VaultFault) -> [UInt8]
  /// - Returns: the signed note of `BackupSignature`.
  func signBackup(hash: [UInt8]) async throws(VaultFault) -> String
  /// - Returns: 64 bytes (`SnapshotKey`).
  func signSnapshot(hash: [UInt8]) async throws(VaultFault) -> [UInt8]
  /// - Returns: the number of the epoch that begins.
  func approveRestore(_ act: SignedAct) async throws(VaultFault) -> UInt64
  /// - Parameter ring: 1 and above.
  func templateKey(of person: PersonID, ring: UInt32) async throws(VaultFault) -> RingHalf
  /// Carries out `vault.cards`.
  func registerCards(_ act: SignedAct, cards: [VaultCard]) async throws(VaultFault)
  /// - Parameter key: a fingerprint of 32 bytes, or none.
  /// - Returns: at most `VaultCard.mostAtOnce`, in the order of their keys, from the one behind `key` on.
  func listCards(after key: [UInt8]) async throws(VaultFault) -> [VaultCard]
  /// Carries out `vault.application`.
  func publishApplication(_ act: SignedAct) async throws(VaultFault)
  func listApplications() async throws(VaultFault) -> [VaultApplication]
  /// Carries out `vault.credential`.
  /// - Parameter sealed: an encoded `IntakeMessage`.
  func setCredential(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault)
  /// - Parameter place: of the last entry of the page before, or empty.
  /// - Returns: at most `CredentialEntry.mostAtOnce`; never what is in them.
  func listCredentials(after place: String) async throws(VaultFault) -> [CredentialEntry]
  /// Carries out `vault.deputies` or `vault.deputies.withdraw`.
  func setDeputies(_ act: SignedAct) async throws(VaultFault)
  /// - Parameter place: of the last entry of the page before, or empty.
  /// - Returns: at most `VaultDeputy.mostAtOnce`.
  func listDeputies(after place: String) async throws(VaultFault) -> [VaultDeputy]
  /// - Returns: what a release hands over; nothing for a capture or report that was noted.
  func sessionAct(_ request: SessionActRequest) async throws(VaultFault) -> SealedRelease?
  /// - Parameter from: rows of the vault's log that were seen before.
  func witness(from: UInt64) async throws(VaultFault) -> VaultWitness
  /// Carries out `vault.rotate`.
  func rotateKeys(_ act: SignedAct) async throws(VaultFault)
  /// - Returns: one for each layer.
  func listKeys() async throws(VaultFault) -> [VaultKeyTerm]
  /// Begins an exchange with a shared-key card: the first commands, or a refusal.
  /// - Parameters:
  ///   - script: `CardScript.canonicalBytes`.
  ///   - number: what the reader says the card's number is.
  func beginCard(script: [UInt8], number: [UInt8]) async throws(VaultFault) -> CardExchangeAnswer
  /// - Parameters:
  ///   - exchange: `CardExchangeAnswer.exchange`, 16 bytes.
  ///   - answers: of the card, at most `CardScript.mostSteps`, as they came.
  func stepCard(exchange: [UInt8], answers: [[UInt8]]) async throws(VaultFault) -> CardExchangeAnswer
  /// Carries out `vault.cardkey`.
  /// - Parameter sealed: an encoded `CardKeyMessage`.
  func setCardKey(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault)
  /// - Returns: at most `VaultCardKey.most`; never a key.
  func listCardKeys() async throws(VaultFault) -> [VaultCardKey]
  /// Issues, withdraws or lists sheets of look-up codes, or has a code judged.
  /// - Returns: `nil` for a sheet that was withdrawn.
  func lookUp(_ request: LookUpRequest) async throws(VaultFault) -> LookUpAnswer?
  /// - Parameter number: of the last one of the page before, or 0.
  /// - Returns: at most `VaultAlarm.mostAtOnce`.
  func listAlarms(after number: UInt64) async throws(VaultFault) -> [VaultAlarm]
  /// Carries out `vault.alarm.seen`.
  func seeAlarm(_ act: SignedAct) async throws(VaultFault)
  /// Carries out `vault.cardkey.remove`.
  /// - Parameter cards: how many keys of cards are registered here for that script.
  func removeCardKey(_ act: SignedAct, cards: UInt64) async throws(VaultFault)
  /// Carries out `vault.resume`.
  func resumeReleases(_ act: SignedAct) async throws(VaultFault)
}

extension VaultLink: Vault {}
