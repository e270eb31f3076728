import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

/// An act that passes as files from one administrator to the next: signed into a file, accepted by another, brought with both.
struct DraftOptions: ParsableArguments {
  @Option(help: "Only sign, into this file, for the second administrator.") var out: String?
  @Option(help: "The file that --out wrote.") var act: String?
  @Option(help: "ID=FILE of a second administrator's 'sanmon operator accept --as ID'.") var approval: [String] = []

  /// - Parameters:
  ///   - subject: what such an act is about, for who brings another.
  ///   - fits: whether the parameters of the act that is brought are about it.
  ///   - new: makes and signs one where none is brought.
  /// - Returns: the act with its signatures; `nil`: it was written for the second administrator, and there is nothing to send yet.
  func signed(
    _ kind: String, about subject: Words, where fits: ([String: String]) -> Bool = { _ in true },
    else new: () async throws -> SignedAct
  ) async throws -> SignedAct? {
    let signed: SignedAct
    if let act {
      signed = try SignedActFile.read(act)
      guard signed.act.kind == kind, fits(signed.act.parameters) else {
        throw fail(65, "\(act) は\(subject.ja.text)についての起案ではありません。", "\(act) is not about \(subject.en.text)")
      }
    } else {
      signed = try await new()
    }
    if let out {
      try SignedActFile.write(signed, to: out)
      return nil
    }
    return try SignedActFile.approved(signed, by: approval)
  }
}
