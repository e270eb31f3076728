/// The catalogue of messages: backups and restores.
extension APIMessages {
  static let backups: [APIMessage] = [
    APIMessage(
      "BackupState", "A backup: when it is ready it can be read, until the next one is made or the server is restarted.",
      [
        .field("backup", .identifier), .field("isReady", .boolean), .optional("length", .count),
        .optional("hash", .hex(digits: 64)), .optional("rows", .count), .optional("madeAt", .time),
        .optional("recoveryKey", .text(maximum: 128)),
      ]),
    APIMessage(
      "BackupPiece", "What follows the asked offset; empty at the end.", [.field("bytes", .bytes(minimum: 0, maximum: 524_288))]
    ),
    APIMessage(
      "RestoreState", "Whether this instance is a restored copy that waits for its approval; then what has to be signed.",
      [
        .field("isPending", .boolean), .field("epoch", .count), .optional("madeAt", .time),
        .field("isServerRestored", .boolean),
        .field("isVaultRestored", .boolean), .field("signatures", .count), .optional("nextEpoch", .count),
        .optional("size", .count), .optional("root", .hex(digits: 64)), .optional("head", .count),
        .optional("headRoot", .hex(digits: 64)), .optional("lost", .count),
      ]),
    APIMessage("RestoreAct", "A signed act restore.approve.", [.field("act", .bytes(minimum: 1, maximum: 16_384))]),
  ]
}
