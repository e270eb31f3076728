import AuthAPI
public import AuthTerms
import Foundation

extension Asking {
  /// Nobody is there who has one.
  public func code() async throws(AgentFault) -> Secret<LookUpDigits> { throw .nothingEntered }
}

extension LogonClient {
  /// The printed code, if the way needs one and it is not known yet. A slip of the hand is found here and costs no try.
  func askCode(
    _ plan: FactorPlan, _ wish: LogonWish, isUnlock: Bool, _ entered: inout Entered
  ) async throws(AgentFault) {
    guard plan.needsCode, entered.code == nil else { return }
    guard wish.account != nil || isUnlock else { throw .badInput(expected: "--account") }
    let typed = try await asking.code()
    guard let code = try? LookUpCode(parsing: typed.withBytes({ Array($0) })) else { throw .codeMistyped }
    entered.code = code
  }

  /// JSON keeps copies of the code until this process ends or reuses the memory; it is burned by then, or worth nothing alone.
  static func codeProof(_ wish: LogonWish, _ entered: Entered) -> LookUpProofMessage? {
    entered.code.map { LookUpProofMessage(account: wish.account, code: Data($0.digits)) }
  }
}
