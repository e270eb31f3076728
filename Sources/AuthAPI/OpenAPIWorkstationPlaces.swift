/// The catalogue of messages and routes: where workstations stand, and whose own they are.
extension APIMessages {
  static let workstationPlaces: [APIMessage] = [
    APIMessage(
      "WorkstationPlacing", "At which site of the organisation file a workstation stands; without one, at none that is known.",
      [.optional("site", .identifier), .field("reason", .line(maximum: 500))]),
    APIMessage(
      "WorkstationOwning", "Whether a workstation is this person's own.",
      [.field("person", .identifier), .field("isOwner", .boolean), .field("reason", .line(maximum: 500))]),
  ]
}

extension APIRoutes {
  static let workstationPlaces: [APIRoute] = [
    .post(
      "/v1/admin/workstations/{workstation}/site", .operators, "Say where a workstation stands", body: "WorkstationPlacing",
      answer: "WorkstationSummary"),
    .post(
      "/v1/admin/workstations/{workstation}/owners", .operators, "Say whose own a workstation is, or is not any more",
      body: "WorkstationOwning", answer: "WorkstationSummary", problems: [.conflict]),
  ]
}
