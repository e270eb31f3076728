import AuthAPI
import AuthClient
import Foundation
import SmartCard
import Workstation

/// What a command leaves on the terminal.
enum Report {
  private struct Refused: Encodable {
    let outcome = "refused"
    let exit: Int32
    let code: String?
    let message: String
    let nextStep: String
    let reference: String?
    let triesLeft: Int?
    let missing: [[String]]?
  }

  /// The sentence, the next step and, last, the six-digit reference that a help desk asks for.
  static func refusal(_ fault: AgentFault, language: Language, json: Bool) {
    let sentence = fault.sentence
    let (message, next) = language == .ja ? (sentence.ja, sentence.nextStepJa) : (sentence.en, sentence.nextStepEn)
    var (code, reference, tries, missing): (String?, String?, Int?, [[String]]?) = (nil, nil, nil, nil)
    switch fault {
    case .server(.refused(let body)):
      code = TerminalText.clean(body.code, limit: 8)
      reference = body.reference.map { TerminalText.clean($0, limit: 6) }
    case .pinWrong(let left): tries = left == PINStanding.untoldTries ? nil : left
    case .card(.module(let fault)): code = fault.code
    case .pinChange(let refusal):
      code = refusal.code
      switch refusal {
      case .wrongPIN(let left), .wrongPUK(let left): tries = left
      default: break
      }
    case .myNumberCard(let refusal): code = refusal.code
    case .moreNeeded(let sets), .noUsableCombination(let sets): missing = sets
    default: break
    }
    if json {
      print(
        Refused(
          exit: AgentExit(fault).rawValue, code: code, message: message, nextStep: next, reference: reference,
          triesLeft: tries, missing: missing))
      return
    }
    var text = message + (code.map { language == .ja ? "（\($0)）" : " (\($0))" } ?? "") + "\n"
    text += (language == .ja ? "次の手順：" : "Next: ") + next + "\n"
    if let reference { text += (language == .ja ? "照会番号：" : "Reference: ") + reference + "\n" }
    FileHandle.standardError.write(Data(text.utf8))
  }

  static func print(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(value) else { return }
    FileHandle.standardOutput.write(bytes + Data("\n".utf8))
  }
}
