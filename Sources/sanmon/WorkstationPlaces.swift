import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

struct WorkstationSetSite: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-site", abstract: "Say where a workstation stands. / 端末のある庁舎・支所を決めます。",
    discussion: """
      The site is one of those in policies/organisation.yaml. Together with 'sanmon workstation assign' it keeps a clerk with two
      PCs from waiting a minute between them, where numbers of cards stand for cards.

      EXAMPLES
        sanmon workstation set-site LGWAN-PC-0042 --site honcho
        sanmon workstation set-site LGWAN-PC-0042 --none
      """)
  @Argument(help: "The workstation.") var workstation: String
  @Option(help: "Its site, as policies/organisation.yaml names it. / 庁舎・支所の ID") var site: String?
  @Flag(help: "No site is known any more.") var none = false
  @Option(help: "Why; stands in the log.") var reason = ""
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard (site == nil) == none else {
      throw fail(64, "--site 庁舎 か --none のどちらか一つを指定してください。", "give either --site SITE or --none")
    }
    let id = try WorkstationPlaces.id(workstation)
    let operatorLink = OperatorLink(options: link)
    let missing =
      if let site {
        (
          ja: "端末 \(id) が登録されていないか、organisation.yaml に庁舎 \(site) がありません。",
          en: "no workstation \(id) is enrolled, or organisation.yaml has no site \(site)"
        )
      } else {
        (ja: "端末 \(id) が登録されていません。", en: "no workstation \(id) is enrolled")
      }
    let answer = try await operatorLink.post(
      "/v1/admin/workstations/\(id)/site", WorkstationPlacing(site: site, reason: try Reasons.checked(reason)),
      as: WorkstationSummary.self,
      notFound: missing)
    try operatorLink.show(answer, WorkstationCommand.line)
  }
}

struct WorkstationAssign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assign", abstract: "Name a workstation as somebody's own. / 端末を、その職員が使う端末として登録します。",
    discussion: """
      It opens nothing. A card's number that is shown at two workstations within a minute raises an alarm, unless both are its
      person's own at the same site. At most four workstations a person, and four people a workstation.

      EXAMPLES
        sanmon workstation assign LGWAN-PC-0042 --person p-000042
        sanmon workstation assign LGWAN-PC-0043 --person p-000042 --reason "second desk at the counter"
      """)
  @Argument(help: "The workstation.") var workstation: String
  @Option(help: "Person id. / 職員番号") var person: String
  @Option(help: "Why; stands in the log.") var reason = ""
  @OptionGroup var link: LinkOptions

  func run() async throws { try await WorkstationPlaces.own(workstation, person, true, reason, link) }
}

struct WorkstationUnassign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unassign", abstract: "A workstation is not somebody's own any more. / 端末の登録（使う職員）を外します。",
    discussion: """
      EXAMPLE
        sanmon workstation unassign LGWAN-PC-0043 --person p-000042
      """)
  @Argument(help: "The workstation.") var workstation: String
  @Option(help: "Person id. / 職員番号") var person: String
  @Option(help: "Why; stands in the log.") var reason = ""
  @OptionGroup var link: LinkOptions

  func run() async throws { try await WorkstationPlaces.own(workstation, person, false, reason, link) }
}

enum WorkstationPlaces {
  /// What cannot be a workstation's name never becomes part of a path.
  static func id(_ text: String) throws -> String {
    guard let id = try? WorkstationID(parsing: text) else {
      throw fail(64, "端末名の形が正しくありません（sanmon workstation list で確認）。", "not a workstation; see: sanmon workstation list")
    }
    return id.text
  }

  static func own(_ workstation: String, _ person: String, _ isOwner: Bool, _ reason: String, _ link: LinkOptions) async throws
  {
    let id = try id(workstation)
    let (most, people) = (WorkstationOwning.mostWorkstations, WorkstationOwning.mostOwners)
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      "/v1/admin/workstations/\(id)/owners",
      WorkstationOwning(person: person, isOwner: isOwner, reason: try Reasons.checked(reason)), as: WorkstationSummary.self,
      notFound: (
        "端末 \(id) か職員 \(person) が登録されていないか、無効です。", "no workstation \(id) or no person \(person), or one that is not in force"
      ),
      conflict: (
        "一人 \(most) 台、1 台 \(people) 人までです。使っていない端末を外してください: sanmon workstation unassign",
        "at most \(most) workstations a person and \(people) people a workstation; take one back: sanmon workstation unassign"
      ))
    try operatorLink.show(answer, WorkstationCommand.line)
  }
}
