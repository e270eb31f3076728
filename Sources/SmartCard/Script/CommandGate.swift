public import AuthTerms

/// What may be sent to a card of one kind, whoever made it: an agent's defence against a server that wants more of a card than
/// an exchange.
public struct CommandGate: Sendable {
  private let kind: SharedKeyCardKind
  private let commands: Set<CardCommandCode>

  /// - Parameter commands: of the script; what lies beyond the ceiling of the kind is left out, whatever a script says.
  public init(kind: SharedKeyCardKind, commands: [CardCommandCode]) {
    self.kind = kind
    self.commands = Set(commands).intersection(kind.ceiling)
  }

  public init(_ script: CardScript) { self.init(kind: script.kind, commands: script.commands) }

  /// Whether these bytes are one of the commands, in the one form an exchange has for it.
  public func admits(_ bytes: [UInt8]) -> Bool {
    switch kind {
    case .felicaLiteS:
      switch FelicaFrame.request(bytes) {
      case .polling?: return commands.contains(.polling)
      case .read(let blocks)?: return commands.contains(.read) && blocks.allSatisfy(LiteSBlock.isReadable)
      case .write([LiteSBlock.nonce], _)?: return commands.contains(.write)
      case .write([LiteSBlock.state, LiteSBlock.mac], let contents)?:
        return commands.contains(.write) && contents[0] == LiteSBlock.authenticated
      case .write?, nil: return false
      }
    case .desfireEV2:
      // CLA INS 00 00, then Le alone, or Lc, data and Le; no longer than what two random numbers need.
      guard bytes.count >= 5, bytes.count <= 6 + 32, bytes[2] == 0, bytes[3] == 0, bytes.last == 0 else { return false }
      guard bytes.count == 5 || (bytes[4] > 0 && bytes.count == 6 + Int(bytes[4])) else { return false }
      return commands.contains { $0.bytes == [bytes[0], bytes[1]] }
    }
  }
}
