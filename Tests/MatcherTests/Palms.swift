import AuthAPI
import AuthTerms
import Biometric
import Foundation
import MatcherLink
import PalmSynthesis
import Synchronization

/// Invented palms as a sensor's files.
enum Palms {
  static let resolution = UInt32(PalmRenderer.resolution)

  static func hand(_ seed: UInt64) -> Hand { PalmIdentity(seed: seed).hand }

  /// A binary PGM of 16 bits.
  static func file(_ seed: UInt64, _ number: Int, _ fault: Presentation.Fault? = nil) -> [UInt8] {
    var renderer = PalmRenderer()
    let presentation = Presentation(of: seed, number: number, hardness: .guided, fault: fault)
    let picture = renderer.picture(PalmIdentity(seed: seed), presentation)
    return Array("P5\n\(picture.width) \(picture.height)\n65535\n".utf8)
      + picture.withSamples { $0.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
  }

  static func sample(
    _ seed: UInt64, _ number: Int, _ fault: Presentation.Fault? = nil, hand: Hand? = nil
  ) throws -> BiometricSample {
    try BiometricSample(
      hand: hand ?? self.hand(seed),
      content: .picture(file: file(seed, number, fault), wavelength: 850, resolution: resolution))
  }

  /// A template of nobody: every cell is as likely to be anything.
  static func noise(_ seed: UInt64, like template: VeinTemplate) throws -> VeinTemplate {
    var chance = PalmChance(seed: seed, stream: 77)
    let mask = (0..<64).map { _ in chance.next() | chance.next() }
    let code = (0..<192).map { chance.next() & mask[$0 % 64] }
    guard
      let made = VeinTemplate(
        hand: template.hand, quality: 50, filterBank: template.filterBank, protectionKey: template.protectionKey,
        alignmentWindow: template.alignmentWindow, code: code, mask: mask)
    else { throw CocoaError(.featureUnsupported) }
    return made
  }
}

extension MatcherLink {
  private struct Capture: Hashable {
    let seed: UInt64
    let number: Int
  }
  /// The same capture gives the same probe; a debug build takes seconds for one.
  private static let probes = Mutex<[Capture: BiometricTemplate]>([:])

  func probe(_ seed: UInt64, _ number: Int) async throws -> BiometricTemplate {
    let capture = Capture(seed: seed, number: number)
    if let known = Self.probes.withLock({ $0[capture] }) { return known }
    let made = try await extract(Palms.sample(seed, number)).get().template
    Self.probes.withLock { $0[capture] = made }
    return made
  }
}

extension MatchResult {
  /// `nil` for a failure.
  var scored: (score: Int32, falseMatch: Int)? {
    if case .score(let score, let falseMatch) = self { (score, falseMatch) } else { nil }
  }
}
