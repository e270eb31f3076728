import ArgumentParser
import AuthAPI

struct PalmRekeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rekey", abstract: "Put all palms under a new key, while logons go on. / 手のひらを新しい鍵へ移します。",
    discussion: """
      For when a database or the vault may have been copied: what was copied is worth nothing under the new key. Nobody shows a palm
      again. Can be broken off; --continue goes on with the palms that are left.

      EXAMPLES
        sanmon palm rekey
        sanmon palm rekey --continue
      """)
  @Flag(name: .customLong("continue"), help: "Go on with what was begun, and begin no new key.") var continues = false
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    var begins = !continues
    while true {
      let step = try await operatorLink.post(
        "/v1/admin/palms/rekey", PalmRekeyStep(begins: begins), as: PalmRekeyed.self)
      let isDone = step.left == 0 || !begins && step.rekeyed == 0
      begins = false
      if !isDone {
        printError(say("残り \(step.left) 件", "\(step.left) left"))
        continue
      }
      try operatorLink.show(step) { step in
        step.left == 0
          ? say("すべての手のひらが、第 \(step.ring) の鍵で守られています。", "all palms are under key \(step.ring) of the ring")
          : say(
            "\(step.left) 件が前の鍵に残っています。しばらくして --continue を付けて実行してください。",
            "\(step.left) palms are left under a former key; go on later with --continue")
      }
      return
    }
  }
}
