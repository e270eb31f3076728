import AuthAPI
import AuthClient
import AuthTerms

extension LogonClient {
  func capture(after advice: CaptureAdvice?) async throws(AgentFault) -> PalmSampleMessage {
    guard let sensor else { throw .sensor(.noMorePictures) }
    await asking.tell(.showPalm)
    return try await sensor.capture(after: advice)
  }

  /// The next sample after one that did not count; nil when the person goes another way, which is open.
  func another(
    after palm: PalmTry, _ missing: [[String]], palms: Int
  ) async throws(AgentFault) -> PalmSampleMessage? {
    let advice: CaptureAdvice
    switch palm.outcome {
    case "noMatch":
      advice = .again
      await asking.tell(.palmNotRecognised)
    case "retake":
      // A number of a later version.
      advice = palm.advice.flatMap(CaptureAdvice.init(rawValue:)) ?? .again
      await asking.tell(.palmAdvice(advice))
    case "unavailable":
      throw .palmUnavailable
    default: throw .server(.malformedAnswer(expected: "what became of a palm"))
    }
    // Counted here too: a server cannot have more samples of somebody than a ceremony takes.
    guard palm.triesLeft > 0, palms < PalmTry.most, Self.offersPalm(missing) else { throw .palmTriesUsed }
    if palms >= 2, Self.otherWay(missing) != nil, await asking.leavePalm(.twoDidNotCount) { return nil }
    return try await capture(after: advice)
  }

  /// Ends the palm in favour of another way, if one is open and the person goes it.
  ///
  /// - Parameter fault: why no palm can be shown; nil when the person has chosen the other way.
  func switches(
    to offered: [[String]], _ entered: inout Entered, because fault: AgentFault?
  ) async -> Bool {
    guard let way = Self.otherWay(offered) else { return false }
    switch fault {
    case nil: break
    case .palmUnavailable: await asking.tell(.palmUnavailable)
    case .sensor: await asking.tell(.sensorFailed)
    case .palmTriesUsed: break
    default: return false
    }
    if fault != nil, await !asking.leavePalm(.nothingElse) { return false }
    entered.isPalmOver = true
    await asking.tell(way.contains(.password) ? .switchingToPassword : .switchingToPIN)
    return true
  }

  static func offersPalm(_ missing: [[String]]) -> Bool {
    missing.contains { names in
      let way = Set(names.compactMap(Factor.init(rawValue:)))
      return way.count == names.count && way.contains(.palm) && way.isSubset(of: [.palm, .password])
    }
  }

  /// The first that needs no palm and can be gone here, with a card on the reader.
  private static func otherWay(_ missing: [[String]]) -> Set<Factor>? {
    missing.lazy.map { names in (names.count, Set(names.compactMap(Factor.init(rawValue:)))) }
      .first { count, way in count > 0 && way.count == count && way.isSubset(of: [.card, .pin, .password]) }?.1
  }
}
