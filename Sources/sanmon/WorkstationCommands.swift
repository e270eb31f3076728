import ArgumentParser
import AuthAPI
import Foundation

struct WorkstationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workstation", abstract: "Workstations: enrol, renew, revoke, list. / 端末の登録・更新・失効・一覧。",
    subcommands: [
      WorkstationEnrol.self, WorkstationRenew.self, WorkstationRevoke.self, WorkstationList.self, WorkstationSetSite.self,
      WorkstationAssign.self, WorkstationUnassign.self,
    ])

  static func line(_ workstation: WorkstationSummary) -> String {
    [
      workstation.workstation, workstation.segment, workstation.access,
      workstation.isRevoked ? say("失効", "revoked") : say("有効", "active"),
      workstation.isWatching ? say("接続中", "connected") : "", workstation.site ?? "",
      workstation.owners.isEmpty ? "" : say("本人の端末: ", "own of ") + workstation.owners.joined(separator: ", "),
    ].filter { !$0.isEmpty }.joined(separator: "  ")
  }
}

struct WorkstationEnrol: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol", abstract: "Make a one-time code for one workstation. / 端末の登録コードを発行します。",
    discussion: """
      The code fixes name and segment; the workstation redeems it with 'sanmon-agent enrol'.

      EXAMPLE
        sanmon workstation enrol LGWAN-PC-0042 --segment lgwan
      """)
  @Argument(help: "The name the workstation gets.") var workstation: String
  @Option(help: "Its segment.") var segment: String
  @Option(help: "console, or remote for a PC that telework PCs reach.") var access = "console"
  @Option(help: "Hours the code is good for (1 to 168).") var hours = 24
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    try await EnrolmentCodeRequest(workstation: workstation, segment: segment, access: access, hours: hours).make(acting)
  }
}

struct WorkstationRenew: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew", abstract: "Make a new code for a workstation that is enrolled. / 登録済みの端末に新しい登録コードを発行します。",
    discussion: """
      For a workstation whose certificate has ended or was lost; it keeps its name, segment and access. One whose certificate
      is still good renews by itself: sanmon-agent renew.

      EXAMPLE
        sanmon workstation renew LGWAN-PC-0042
      """)
  @Argument(help: "The workstation.") var workstation: String
  @Option(help: "Hours the code is good for (1 to 168).") var hours = 24
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let all = try await operatorLink.get("/v1/admin/workstations", as: [WorkstationSummary].self)
    guard let known = all.first(where: { $0.workstation == workstation }) else {
      throw fail(
        1, "端末 \(workstation) は登録されていません。初めてなら sanmon workstation enrol を使ってください。",
        "no workstation \(workstation) is enrolled; for a new one use: sanmon workstation enrol")
    }
    guard !known.isRevoked else {
      throw fail(
        1, "端末 \(workstation) は失効しています。戻すときは sanmon workstation enrol \(workstation) --segment \(known.segment) です。",
        "workstation \(workstation) was revoked; to take it back: sanmon workstation enrol \(workstation) --segment \(known.segment)"
      )
    }
    try await EnrolmentCodeRequest(
      workstation: known.workstation, segment: known.segment, access: known.access, hours: hours
    ).make(acting)
  }
}

/// One code for one workstation, signed by the operator and printed once.
struct EnrolmentCodeRequest {
  let workstation: String
  let segment: String
  let access: String
  let hours: Int

  func make(_ acting: ActingOptions) async throws {
    guard (1...168).contains(hours), ["console", "remote"].contains(access) else {
      throw fail(64, "--hours は 1〜168、--access は console か remote です。", "--hours: 1 to 168; --access: console or remote")
    }
    let signed = try await acting.act(
      "workstation.enrol",
      ["workstation": workstation, "segment": segment, "access": access, "validSeconds": String(hours * 3600)])
    let operatorLink = OperatorLink(options: acting.link)
    let code = try await operatorLink.post(
      "/v1/admin/workstations/codes", WorkstationCodeRequest(act: Data(signed.encoded)), as: EnrolmentCode.self)
    try operatorLink.show(code) { code in
      say("登録コード: ", "code: ") + code.code + "\n"
        + say(
          "端末 \(code.workstation)（\(code.segment)）、期限 \(Times.show(code.expiresAt))、一回限り。",
          "for \(code.workstation) (\(code.segment)), until \(Times.show(code.expiresAt)), once.")
    }
  }
}

struct WorkstationRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Withdraw a workstation at once. / 端末を直ちに失効します。",
    discussion: """
      Its session is locked and it is refused from now on. Signed with your key, because the vault's register changes too.
      To take it back later: sanmon workstation enrol, and enrol it with the new code.

      EXAMPLE
        sanmon workstation revoke LGWAN-PC-0042
      """)
  @Argument(help: "The workstation.") var workstation: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let signed = try await acting.act(Act.Kind.revokeWorkstation, ["workstation": workstation])
    let operatorLink = OperatorLink(options: acting.link)
    let answer = try await operatorLink.post(
      "/v1/admin/workstations/\(workstation)/revoke", WorkstationRevocation(act: Data(signed.encoded)),
      as: WorkstationRevoked.self,
      notFound: ("端末 \(workstation) は登録されていません。", "no workstation \(workstation) is enrolled"))
    try operatorLink.show(answer) { answer in
      WorkstationCommand.line(answer.workstation)
        + (answer.isKnownToVault
          ? ""
          : "\n"
            + say(
              "この端末はもう使えません。ただし鍵庫の台帳には書けていません（応答がないか、署名が受け付けられませんでした）。\n"
                + "sanmon status で鍵庫を確かめてから、もう一度実行してください。",
              "The workstation is shut out, but not in the vault's register: the vault did not answer, or did not accept the act.\n"
                + "Look at the vault with 'sanmon status', then run this again."
            ))
    }
  }
}

struct WorkstationList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List workstations. / 端末を一覧します。")
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let all = try await operatorLink.get("/v1/admin/workstations", as: [WorkstationSummary].self)
    try operatorLink.show(all) { all in
      all.isEmpty ? say("登録された端末はありません。", "no workstations") : all.map(WorkstationCommand.line).joined(separator: "\n")
    }
  }
}
