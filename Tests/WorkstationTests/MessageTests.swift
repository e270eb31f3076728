import AuthAPI
import AuthClient
import AuthTerms
import SmartCard
import Testing
import Workstation

@Suite("what the agent says")
struct MessageTests {
  static let cardFailures: [CardFailure] = [
    .serviceUnavailable, .serviceLost, .accessDenied, .noReader, .noCard, .ambiguousCard, .unsupportedCard, .readerBusy,
    .cardRemoved, .cardReset, .timedOut, .readerFault(0x8010_0001), .malformedCard(MalformedInput("x", expected: "y")),
    .refused(.notFound), .pinRequired, .pinBlocked, .missingObject, .compressedCertificate, .unusablePIN, .malformedCommand,
    .module(.unusable), .module(.ended), .module(.overdue), .module(.malformed), .module(.failed), .module(.noKey),
    .module(.severalKeys), .module(.keyMissing), .module(.mechanismMissing), .module(.pinForm),
  ]
  static let clientFaults: [ClientFault] = [
    .unreachable, .interrupted, .timedOut, .malformedAnswer(expected: "x"), .invalidRequest(expected: "x"),
    .tlsRefused(.serverUntrusted), .tlsRefused(.nameMismatch), .tlsRefused(.version), .tlsRefused(.clientCertificate),
    .tlsRefused(.ownMaterial), .tlsRefused(.handshake), .refused(ErrorBody(.cardLost, reference: nil)),
  ]
  static let sensorFaults: [SensorFault] = [
    .unreadable(errno: 2), .empty, .tooLarge(most: 65_536), .notAPicture, .noMorePictures, .notStarted(errno: 8), .deadline,
    .failed,
  ]
  static let faults: [AgentFault] =
    [
      .notEnrolled, .alreadyEnrolled, .unsafeState(file: "f"), .stateIO(file: "f", errno: 5), .damagedState(file: "f"),
      .disagreement(.segment), .nothingEntered, .passwordsDiffer, .codeMistyped, .cancelled, .lastTryNotConfirmed,
      .pinWrong(triesLeft: 2), .pinWrong(triesLeft: PINStanding.untoldTries), .pinBlocked,
      .noUsableCombination(offered: [["card", "palm"]]), .moreNeeded([["palm"]]), .otherCard, .sessionKeyGone,
      .nothingToUnlock, .noSession, .watchRunning, .watchNotRunning, .watchAnswer, .badInput(expected: "x"),
      .palmTriesUsed, .palmUnavailable, .passwordChanging, .cardNotTakenHere, .commandNotAllowed,
    ] + WindowsDoubt.allCases.map(AgentFault.windows) + sensorFaults.map(AgentFault.sensor) + cardFailures.map(AgentFault.card)
    + clientFaults.map(AgentFault.server) + PINChangeRefusal.samples.map(AgentFault.pinChange)

  private func isJapanese(_ text: String) -> Bool {
    text.unicodeScalars.contains { (0x3040...0x30FF).contains($0.value) || (0x4E00...0x9FFF).contains($0.value) }
  }

  @Test("every fault has its sentence and next step in both languages", arguments: faults)
  func sentences(fault: AgentFault) {
    let sentence = fault.sentence
    for text in [sentence.ja, sentence.nextStepJa] { #expect(isJapanese(text)) }
    for text in [sentence.en, sentence.nextStepEn] { #expect(!text.isEmpty && !isJapanese(text)) }
    #expect(sentence.ja != sentence.nextStepJa && sentence.en != sentence.nextStepEn)
    #expect(sentence != Sentences.of(.serverFault), "no fault of the agent is called a fault of the server")
  }

  @Test("every message exists in both languages", arguments: AgentMessage.samples)
  func messages(message: AgentMessage) {
    #expect(isJapanese(message.text(.ja)))
    #expect(!isJapanese(message.text(.en)))
  }

  @Test("no sample is missing and no two messages are the same")
  func samples() {
    #expect(Set(AgentMessage.samples.map { $0.text(.ja) }).count == AgentMessage.samples.count)
    #expect(Set(AgentMessage.samples.map { $0.text(.en) }).count == AgentMessage.samples.count)
  }

  @Test("the number of tries is said")
  func tries() {
    let sentence = AgentFault.pinWrong(triesLeft: 2).sentence
    #expect(sentence.ja.contains("2") && sentence.en.contains("2"))
    #expect(AgentMessage.askPIN(triesLeft: 2).text(.ja).contains("残り2回"))
  }

  @Test("factors have their names in the sentence, and names nobody knows are not repeated")
  func factors() {
    let sentence = AgentFault.moreNeeded([["palm"], ["password", "\u{1B}[2J"]]).sentence
    #expect(sentence.ja.contains("手のひら静脈、またはパスワード"))
    #expect(!sentence.ja.contains("\u{1B}"))
  }

  @Test("a server's text cannot steer the terminal")
  func terminal() {
    let body = ErrorBody(
      code: "AP112", ja: "拒否\u{1B}]0;x\u{07}\r\n\u{202E}文", en: "no\u{9B}2J", nextStepJa: String(repeating: "あ", count: 9000),
      nextStepEn: "a\u{200B}b", reference: nil)
    let sentence = AgentFault.server(.refused(body)).sentence
    #expect(sentence.ja == "拒否]0;x文")
    #expect(sentence.en == "no2J")
    #expect(sentence.nextStepJa.count == 400)
    #expect(sentence.nextStepEn == "ab")
  }

  @Test(
    "the language follows the terminal's",
    arguments: [
      (["LANG": "ja_JP.UTF-8"], Language.ja), (["LANG": "ja"], .ja), (["LANG": "en_US.UTF-8"], .en), ([:], .en),
      (["LANG": "ja_JP.UTF-8", "LC_ALL": "C"], .en), (["LANG": "C", "LC_ALL": "ja_JP.UTF-8"], .ja),
      (["LC_MESSAGES": "ja_JP.UTF-8", "LANG": "C"], .ja), (["LC_ALL": "", "LANG": "ja_JP.UTF-8"], .ja), (["LANG": "java"], .en),
    ])
  func language(environment: [String: String], expected: Language) {
    #expect(Language(environment: environment) == expected)
  }

  @Test("exit codes")
  func exits() throws {
    func exit(_ fault: AgentFault) -> Int32 { AgentExit(fault).rawValue }
    #expect(exit(.server(.refused(ErrorBody(.cardLost, reference: nil)))) == 10)
    #expect(exit(.sessionKeyGone) == 10)
    #expect(exit(.moreNeeded([["palm"]])) == 11)
    #expect(exit(.noUsableCombination(offered: [])) == 11)
    #expect(exit(.pinWrong(triesLeft: 1)) == 12)
    #expect(exit(.lastTryNotConfirmed) == 12)
    #expect(exit(.pinBlocked) == 13)
    #expect(exit(.card(.pinBlocked)) == 13)
    for failure in [CardFailure.noCard, .noReader, .ambiguousCard, .unsupportedCard, .cardRemoved, .cardReset, .timedOut] {
      #expect(exit(.card(failure)) == 14)
    }
    for failure in [CardFailure.serviceUnavailable, .serviceLost, .accessDenied] { #expect(exit(.card(failure)) == 15) }
    for failure in [ModuleFault.unusable, .ended, .overdue, .malformed, .failed] {
      #expect(exit(.card(.module(failure))) == 15)
    }
    for failure in [ModuleFault.noKey, .severalKeys, .keyMissing, .mechanismMissing] {
      #expect(exit(.card(.module(failure))) == 14)
    }
    #expect(exit(.card(.module(.pinForm))) == 65)
    for fault in Self.sensorFaults { #expect(exit(.sensor(fault)) == 16) }
    for doubt in WindowsDoubt.allCases { #expect(exit(.windows(doubt)) == 17) }
    #expect(exit(.pinChange(.wrongPIN(triesLeft: 1))) == 12 && exit(.pinChange(.wrongPUK(triesLeft: 1))) == 12)
    #expect(exit(.pinChange(.pukBlocked)) == 13 && exit(.pinChange(.otherCard)) == 14 && exit(.pinChange(.notSupported)) == 14)
    #expect(exit(.pinChange(.unfit(.form))) == 65 && exit(.pinChange(.notTheSame)) == 65)
    #expect(exit(.palmTriesUsed) == 10 && exit(.palmUnavailable) == 11)
    #expect(exit(.badInput(expected: "x")) == 65)
    #expect(exit(.card(.unusablePIN)) == 65)
    for fault in [ClientFault.unreachable, .timedOut, .interrupted, .refused(ErrorBody(.unavailable))] {
      #expect(exit(.server(fault)) == 69)
    }
    #expect(exit(.unsafeState(file: "f")) == 74)
    #expect(exit(.disagreement(.workstation)) == 76)
    #expect(exit(.server(.tlsRefused(.serverUntrusted))) == 76)
    #expect(exit(.notEnrolled) == 77)
    #expect(Set(AgentExit.allCases.map(\.rawValue)).count == AgentExit.allCases.count)
  }

  @Test("of a library that broke off nobody knows how far it came: a try may be gone, and the key may have signed")
  func brokenOff() {
    for failure in [ModuleFault.ended, .overdue, .malformed, .failed] {
      let sentence = AgentFault.card(.module(failure)).sentence
      #expect(sentence.ja.contains("完了していません。") && sentence.ja.contains("数えられているかもしれません。"))
      #expect(sentence.en.contains("not completed") && sentence.en.contains("may have counted as a try"))
      #expect(sentence.nextStepJa.contains("何度も繰り返さず") && sentence.nextStepEn.contains("Do not go on trying"))
      #expect(!sentence.ja.contains("鍵は使われていません") && !sentence.en.contains("No signature"))
    }
  }
}
