import ArgumentParser
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation

struct PolicySign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a policy folder for one instance. / 規則フォルダーに、系統の装置ごとの署名をします。",
    discussion: """
      Needs no server. The signature goes beside the rules, as INSTANCE.signed; any change of a rule, of a file of an application in
      the folder "applications" below, or of a card's in "cards", makes it void. A second
      administrator runs the same command and is added. An instance whose start-up file says policy-signatures takes no other
      rules than those signed for it.

      EXAMPLE (written in one place, carried to two instances)
        sanmon policy sign policies --instance lgwan --as yamada
        sanmon policy sign policies --instance mynumber --as yamada
        sanmon policy sign policies --instance mynumber --as suzuki

      Read what changes first: sanmon policy diff. A set that lets anybody do more than before waits for two administrators.
      """)
  @Argument(help: "The folder with organisation.yaml and one file per segment. / organisation.yaml と系統名.yaml のフォルダー")
  var folder: String
  @Option(help: "The instance the rules go to. / 装置の名前") var instance: String
  @Option(name: .customLong("as"), help: "Your operator id there. / そこでの操作者名") var operatorID: String
  @OptionGroup var keyOptions: KeyOptions

  func run() async throws {
    let set = try PolicyReport.compile(folder)
    let path = folder + "/" + instance + ".signed"
    var parameters = ["version": set.version.hex]
    let applications = try PolicyReport.applications(below: folder, segments: set.segments)
    if let applications { parameters["applications"] = Hex.encode(applications.hash) }
    let cards = try PolicyReport.cards(below: folder)
    if let cards { parameters["cards"] = Hex.encode(cards.hash) }
    let signed: SignedAct
    if let present = FileManager.default.contents(atPath: path).flatMap({ try? SignedAct(decoding: Array($0)) }),
      present.act.parameters == parameters, present.act.instance.text == instance, present.act.operatorID.text != operatorID
    {
      let key = try await keyOptions.source.key()
      let mine = Approval(
        operatorID: try OperatorID(parsing: operatorID), scheme: key.scheme,
        signature: try await key.approve(present.act, as: OperatorID(parsing: operatorID)))
      signed = SignedAct(
        act: present.act, scheme: present.scheme, signature: present.signature,
        approvals: present.approvals.filter { $0.operatorID != mine.operatorID } + [mine])
    } else {
      let act = try Acts.make(Act.Kind.signPolicy, by: operatorID, instance: instance, parameters)
      signed = try await keyOptions.source.key().sign(act)
    }
    try Data(signed.encoded).write(to: URL(fileURLWithPath: path), options: .atomic)
    // Nothing in it is secret, and the server runs under another user.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let names = signed.signers.map(\.text).joined(separator: ", ")
    print(
      say(
        "\(path): 規則 \(set.version.hex.prefix(16))、業務システム \(applications?.count ?? 0) 件、カード \(cards?.count ?? 0) 種に \(names) が署名しました。",
        "\(path): \(set.version.hex.prefix(16)), \(applications?.count ?? 0) application(s) and \(cards?.count ?? 0) kind(s) of card signed by \(names)"
      ))
  }
}
