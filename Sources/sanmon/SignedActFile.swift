import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

/// Acts and consents as files that pass from one operator to the next.
enum SignedActFile {
  static func read(_ path: String) throws -> SignedAct {
    guard let data = FileManager.default.contents(atPath: path), let signed = try? SignedAct(decoding: Array(data)) else {
      throw fail(65, "\(path) は署名された起案ではありません。", "\(path) is not a signed act")
    }
    return signed
  }

  static func write(_ signed: SignedAct, to path: String) throws {
    try Data(signed.encoded).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
  }

  /// All that is signed, nothing cut: of a hash that is compared in part, another can be made with the same part.
  static func text(_ signed: SignedAct) -> String {
    let act = signed.act
    let head =
      say("起案: ", "act: ") + act.kind + say("（装置 \(act.instance)、", " (instance \(act.instance), ")
      + say("署名 ", "signed by ") + signed.signers.map(\.text).joined(separator: ", ") + " " + Times.show(act.issuedAt)
      + say("）", ")")
    let parameters = act.parameters.sorted { $0.key < $1.key }.map { "  \($0.key)=\($0.value)\(time($0.key, act))" }
    return ([head] + parameters).map(Rows.visible).joined(separator: "\n")
  }

  /// A number of milliseconds as a day and hour that somebody can compare with what was agreed.
  private static func time(_ key: String, _ act: Act) -> String {
    guard act.kind == Act.Kind.registerDeputies, ["from", "until"].contains(key), let time = Int64(act.parameters[key] ?? "")
    else { return "" }
    return " (\(Times.show(time)))"
  }

  /// Signs somebody else's act. The scheme stands before the signature: who adds up the approvals hands both on.
  static func consent(to act: Act, as id: OperatorID, with key: OperatorKey, to path: String) async throws {
    let signature = try await key.approve(act, as: id)
    try Data((key.scheme.rawValue + " " + Hex.encode(signature) + "\n").utf8).write(
      to: URL(fileURLWithPath: path), options: .withoutOverwriting)
  }

  /// What 'operator accept' wrote: the scheme and the signature in hexadecimal.
  static func signature(in path: String) throws -> (scheme: SignatureScheme, signature: [UInt8]) {
    let text = FileManager.default.contents(atPath: path).map { String(decoding: $0.prefix(4096), as: UTF8.self) } ?? ""
    let parts = text.split(whereSeparator: \.isWhitespace)
    guard parts.count == 2, let scheme = SignatureScheme(rawValue: String(parts[0])), let signature = try? Hex.decode(parts[1])
    else {
      throw fail(65, "\(path) は sanmon operator accept の署名ではありません。", "\(path) is not a signature of 'sanmon operator accept'")
    }
    return (scheme, signature)
  }

  /// - Parameter approvals: each `ID=FILE`.
  static func approved(_ signed: SignedAct, by approvals: [String]) throws -> SignedAct {
    let read = try approvals.map { text -> Approval in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let id = try? OperatorID(parsing: parts[0]) else {
        throw fail(64, "--approval は 操作者=ファイル です。", "--approval: write ID=FILE")
      }
      let (scheme, signature) = try signature(in: parts[1])
      return Approval(operatorID: id, scheme: scheme, signature: signature)
    }
    return SignedAct(
      act: signed.act, scheme: signed.scheme, signature: signed.signature, approvals: signed.approvals + read)
  }
}
