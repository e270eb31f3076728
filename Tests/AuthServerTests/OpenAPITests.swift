import AuthAPI
import AuthServer
import Foundation
import Hummingbird
import Testing

@Suite("OpenAPI document")
struct OpenAPITests {
  private static var document: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(OpenAPIDocument.whole)) as? [String: Any]) ?? [:]
  }
  private static var schemas: [String: [String: Any]] {
    ((document["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]]) ?? [:]
  }

  /// Every message with a Swift type; a message without one here fails the test below.
  static let types: [String: any (Codable & Sendable).Type] = [
    "ErrorBody": ErrorBody.self, "HealthReport": HealthReport.self, "ReadinessReport": ReadinessReport.self,
    "CeremonyOpened": CeremonyOpened.self, "SessionKeys": SessionKeys.self, "CardProofMessage": CardProofMessage.self,
    "ProofsMessage": ProofsMessage.self, "CeremonyAnswer": CeremonyAnswer.self, "SessionOpened": SessionOpened.self,
    "SessionStatus": SessionStatus.self, "SessionEnding": SessionEnding.self, "WatchEvent": WatchEvent.self,
    "WorkstationEvent": WorkstationEvent.self, "WorkstationEnrolmentRequest": WorkstationEnrolmentRequest.self,
    "WorkstationRenewalRequest": WorkstationRenewalRequest.self,
    "WorkstationCertificateIssued": WorkstationCertificateIssued.self, "InstanceStatus": InstanceStatus.self,
    "PolicyReloaded": PolicyReloaded.self, "PolicyChangeShown": PolicyChangeShown.self, "PolicyPending": PolicyPending.self,
    "PolicyTrial": PolicyTrial.self, "PolicyTrialLine": PolicyTrialLine.self,
    "WaiverSummary": WaiverSummary.self, "WaiverAct": WaiverAct.self,
    "ClockStatus": ClockStatus.self, "ClockAct": ClockAct.self,
    "DirectoryStatus": DirectoryStatus.self, "DirectoryAct": DirectoryAct.self, "DirectoryHold": DirectoryHold.self,
    "SnapshotInForce": SnapshotInForce.self, "SnapshotWritten": SnapshotWritten.self, "SnapshotKeyShown": SnapshotKeyShown.self,
    "DirectoryLeaver": DirectoryLeaver.self, "RelinkBegin": RelinkBegin.self, "RelinkOpened": RelinkOpened.self,
    "RelinkProofMessage": RelinkProofMessage.self, "RelinkProven": RelinkProven.self, "RelinkOffer": RelinkOffer.self,
    "RelinkProofShown": RelinkProofShown.self, "RelinkDone": RelinkDone.self,
    "RehearsalQuestion": RehearsalQuestion.self, "RehearsalState": RehearsalState.self, "RehearsalStep": RehearsalStep.self,
    "RehearsedLogons": RehearsedLogons.self, "RehearsedRefusal": RehearsedRefusal.self,
    "TransferQuestion": TransferQuestion.self, "TransferAct": TransferAct.self, "TransferReport": TransferReport.self,
    "TransferLine": TransferLine.self, "AccessQuestion": AccessQuestion.self, "AccessApproval": AccessApproval.self,
    "AccessSwitch": AccessSwitch.self, "AccessReport": AccessReport.self, "AccessParameter": AccessParameter.self,
    "AccessSummary": AccessSummary.self, "AccessLine": AccessLine.self,
    "WaiverWithdrawn": WaiverWithdrawn.self, "ExplainRequest": ExplainRequest.self, "ExplainedStep": ExplainedStep.self,
    "ExplainedTry": ExplainedTry.self, "ExplainAnswer": ExplainAnswer.self, "AuditEntry": AuditEntry.self,
    "AuditPage": AuditPage.self, "CheckpointAnswer": CheckpointAnswer.self,
    "BackupState": BackupState.self, "BackupPiece": BackupPiece.self, "RestoreState": RestoreState.self,
    "RestoreAct": RestoreAct.self, "PeopleImport": PeopleImport.self,
    "PeopleImported": PeopleImported.self, "PersonSummary": PersonSummary.self, "PasswordSetting": PasswordSetting.self,
    "CardChallengeRequest": CardChallengeRequest.self, "CardChallenge": CardChallenge.self,
    "CardEnrolment": CardEnrolment.self, "SessionSummary": SessionSummary.self, "SessionEndRequest": SessionEndRequest.self,
    "CardSummary": CardSummary.self, "CardKeySummary": CardKeySummary.self,
    "CardStateChange": CardStateChange.self,
    "CardStateChanged": CardStateChanged.self, "WorkstationCodeRequest": WorkstationCodeRequest.self,
    "EnrolmentCode": EnrolmentCode.self, "WorkstationSummary": WorkstationSummary.self, "FirstOperator": FirstOperator.self,
    "OperatorAddition": OperatorAddition.self, "OperatorSummary": OperatorSummary.self,
    "OperatorRemoval": OperatorRemoval.self, "WorkstationRevocation": WorkstationRevocation.self,
    "WorkstationRevoked": WorkstationRevoked.self, "PalmSampleMessage": PalmSampleMessage.self,
    "PalmProofMessage": PalmProofMessage.self, "PalmTry": PalmTry.self, "PalmEnrolment": PalmEnrolment.self,
    "PalmEnrolled": PalmEnrolled.self, "PalmRefused": PalmRefused.self, "PalmSummary": PalmSummary.self,
    "PalmRemoval": PalmRemoval.self, "PalmsRemoved": PalmsRemoved.self,
    "PalmRekeyStep": PalmRekeyStep.self, "PalmRekeyed": PalmRekeyed.self,
    "SessionActMessage": SessionActMessage.self,
    "SessionActAnswer": SessionActAnswer.self,
    "VaultKeysMessage": VaultKeysMessage.self,
    "VaultCardMessage": VaultCardMessage.self,
    "VaultCardsPending": VaultCardsPending.self,
    "VaultCardsAct": VaultCardsAct.self,
    "VaultActMessage": VaultActMessage.self,
    "VaultKeySummary": VaultKeySummary.self,
    "VaultCredentialAct": VaultCredentialAct.self, "VaultCardKeyAct": VaultCardKeyAct.self,
    "VaultCardKeySummary": VaultCardKeySummary.self, "VaultAlarmSummary": VaultAlarmSummary.self,
    "VaultAlarmPage": VaultAlarmPage.self,
    "CredentialSummary": CredentialSummary.self,
    "DeputySummary": DeputySummary.self,
    "ApplicationsMessage": ApplicationsMessage.self,
    "OwnerOffer": OwnerOffer.self,
    "ApplicationSummary": ApplicationSummary.self,
    "CredentialGaps": CredentialGaps.self,
    "CredentialGap": CredentialGap.self,
    "PalmReport": PalmReport.self, "PalmFinding": PalmFinding.self,
    "CardRoundMessage": CardRoundMessage.self, "CardRoundAnswer": CardRoundAnswer.self,
    "SharedCardEnrolment": SharedCardEnrolment.self, "SharedCardAnswers": SharedCardAnswers.self,
    "SharedCardStep": SharedCardStep.self,
    "PINResetBegin": PINResetBegin.self, "PINResetBegun": PINResetBegun.self, "PINResetEnd": PINResetEnd.self,
    "StockCardChallenge": StockCardChallenge.self, "StockCardEnrolment": StockCardEnrolment.self,
    "CardLending": CardLending.self, "CardsForgotten": CardsForgotten.self, "CardsPaused": CardsPaused.self,
    "CardReturn": CardReturn.self, "CardFoundChallenge": CardFoundChallenge.self, "CardFoundProof": CardFoundProof.self,
    "CardFound": CardFound.self, "CardStory": CardStory.self, "CardToCollect": CardToCollect.self,
    "LookUpProofMessage": LookUpProofMessage.self, "SealedSheetMessage": SealedSheetMessage.self,
    "SheetSummary": SheetSummary.self,
    "CardNumberMessage": CardNumberMessage.self, "NumberCardEnrolment": NumberCardEnrolment.self,
    "NumberCardImport": NumberCardImport.self, "NumberCardLine": NumberCardLine.self,
    "NumberCardsImported": NumberCardsImported.self, "NumberCardLineOutcome": NumberCardLineOutcome.self,
    "CardReport": CardReport.self, "SegmentCards": SegmentCards.self, "CardClassCount": CardClassCount.self,
    "PersonCards": PersonCards.self,
    "FirstTapBegin": FirstTapBegin.self, "FirstTapOpened": FirstTapOpened.self,
    "FirstTapProofMessage": FirstTapProofMessage.self, "FirstTapDone": FirstTapDone.self,
    "FirstTapCodeIssue": FirstTapCodeIssue.self, "FirstTapCodesIssued": FirstTapCodesIssued.self,
    "FirstTapCodeIssued": FirstTapCodeIssued.self, "FirstTapCandidates": FirstTapCandidates.self,
    "FirstTapCodesShown": FirstTapCodesShown.self, "FirstTapCodeSummary": FirstTapCodeSummary.self,
    "FirstTapCodeWithdrawal": FirstTapCodeWithdrawal.self, "ExpectedCardImport": ExpectedCardImport.self,
    "ExpectedCardLine": ExpectedCardLine.self, "ExpectedCardsTaken": ExpectedCardsTaken.self,
    "ExpectedCardLineOutcome": ExpectedCardLineOutcome.self, "ExpectedCardsShown": ExpectedCardsShown.self,
    "ExpectedCardSummary": ExpectedCardSummary.self, "ExpectedCardWithdrawal": ExpectedCardWithdrawal.self,
    "WorkstationPlacing": WorkstationPlacing.self, "WorkstationOwning": WorkstationOwning.self,
    "AuditPackRequest": AuditPackRequest.self, "AuditPackOpened": AuditPackOpened.self, "AuditPackRows": AuditPackRows.self,
    "ExternalAct": ExternalAct.self, "ExternalSummary": ExternalSummary.self,
  ]

  @Test("every message has a Swift type, and every reference a message")
  func catalogue() {
    #expect(Set(Self.schemas.keys).subtracting(Self.types.keys) == ["Nothing"])
    #expect(Set(Self.types.keys).subtracting(Self.schemas.keys) == [])
    let text = String(decoding: OpenAPIDocument.whole, as: UTF8.self)
    for match in text.matches(of: /#\/components\/schemas\/([A-Za-z]+)/) {
      #expect(Self.schemas[String(match.1)] != nil, "\(match.1)")
    }
    #expect(Self.document["openapi"] as? String == "3.1.0")
  }

  @Test("schema and Swift type are one: same fields, same types, same obligations", arguments: types.keys.sorted())
  func agree(name: String) throws {
    let type = try #require(Self.types[name])
    let schema = try #require(Self.schemas[name])
    let fields = try #require(schema["properties"] as? [String: Any])
    let required = Set(try #require(schema["required"] as? [String]))
    #expect(schema["additionalProperties"] as? Bool == false)
    let whole = try #require(Self.example(schema) as? [String: Any])
    let decoded = try Self.decode(type, whole)
    // All stored properties, optional ones too; of what shows none, those that are written below.
    if !(decoded is any CustomReflectable) {
      #expect(Set(Mirror(reflecting: decoded).children.compactMap(\.label)) == Set(fields.keys))
    }
    let again = try #require(JSONSerialization.jsonObject(with: Data(JSONBody.encode(decoded))) as? NSDictionary)
    #expect(again == whole as NSDictionary)
    for field in fields.keys {
      var part = whole
      part[field] = nil
      if required.contains(field) {
        #expect(throws: HTTPFault.malformed(.missingField), "\(field)") { try Self.decode(type, part) }
      } else {
        #expect(throws: Never.self, "\(field)") { try Self.decode(type, part) }
      }
    }
  }

  private static func decode(_ type: any (Codable & Sendable).Type, _ object: [String: Any]) throws -> any Codable {
    try JSONBody.decode(type, from: Array(JSONSerialization.data(withJSONObject: object)))
  }

  /// A whole message with every field.
  static func example(named name: String) -> Any { example(schemas[name] ?? [:]) }

  /// The smallest value that a schema allows and that is not its type's nothing.
  private static func example(_ schema: [String: Any]) -> Any {
    if let reference = schema["$ref"] as? String {
      return example(schemas[reference.split(separator: "/").last.map(String.init) ?? ""] ?? [:])
    }
    switch schema["type"] as? String {
    case "object": return (schema["properties"] as? [String: [String: Any]] ?? [:]).mapValues { example($0) }
    case "array": return [example(schema["items"] as? [String: Any] ?? [:])]
    case "integer": return schema["minimum"] as? Int ?? 0
    case "boolean": return true
    default:
      if let words = schema["enum"] as? [String] { return words[0] }
      if schema["contentEncoding"] != nil {
        return Data(repeating: 7, count: (schema["minLength"] as? Int ?? 0) / 4 * 3).base64EncodedString()
      }
      switch schema["pattern"] as? String {
      case "^[0-9]{6}$": return "123456"
      case "^[0-9a-f]{64}$": return String(repeating: "a", count: 64)
      default: return "a"
      }
    }
  }

  @Test("a router is held to the document of its door: nothing more, nothing less")
  func coverage() {
    for door in APIRoute.Door.allCases {
      let router = Router(context: SanmonRequestContext.self)
      #expect(RouteCoverage(router, door: door).unserved.count == APIRoutes.behind(door).count)
      for route in APIRoutes.behind(door) {
        router.on(RouterPath(route.path), method: route.method == .get ? .get : .post) { _, _ in "" }
      }
      #expect(RouteCoverage(router, door: door).isComplete)
      router.post("/v1/forgotten/:id") { _, _ in "" }
      #expect(RouteCoverage(router, door: door).undocumented == ["POST /v1/forgotten/{id}"])
    }
    let operations = Router(context: SanmonRequestContext.self)
    OperationsRoutes(metrics: MetricsRegistry(), checks: []).add(to: operations)
    #expect(RouteCoverage(operations, door: .metrics).isComplete)
  }

  @Test("operation ids are unique, path parameters are declared, statuses are those of the mapping")
  func routes() throws {
    let paths = try #require(Self.document["paths"] as? [String: [String: [String: Any]]])
    #expect(paths.values.reduce(0) { $0 + $1.count } == APIRoutes.all.count)
    var ids: Set<String> = []
    for (path, operations) in paths {
      for operation in operations.values {
        #expect(ids.insert(try #require(operation["operationId"] as? String)).inserted)
        let declared = (operation["parameters"] as? [[String: Any]] ?? []).filter { $0["in"] as? String == "path" }
        let named = path.matches(of: /\{([a-z]+)\}/).map { String($0.1) }
        #expect(declared.compactMap { $0["name"] as? String } == named)
        let responses = try #require(operation["responses"] as? [String: Any])
        #expect(Set(responses.keys).isSuperset(of: ["400", "405", "413", "503"]))
        #expect(responses.keys.filter { $0.hasPrefix("2") }.count == 1)
      }
    }
  }

  @Test("a door's document shows only its own routes and their messages")
  func doors() throws {
    let text = String(decoding: OpenAPIDocument.json, as: UTF8.self)
    #expect(text.contains("/v1/ceremonies/{ceremony}/proofs"))
    #expect(!text.contains("/v1/admin") && !text.contains("InstanceStatus") && !text.contains("/v1/enrolment"))
    for door in APIRoute.Door.allCases {
      #expect(throws: Never.self) {
        try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json(behind: [door])))
      }
    }
  }
}

/// The routes as the source registers them, so that one that is not documented fails before any server is started.
@Suite("registered routes")
struct OpenAPIRegisteredRoutesTests {
  @Test("every route that the source registers is documented, and every documented one is registered")
  func registered() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/AuthServer/Routes").standardized
    var registered: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      let calls = text.matches(of: /router\.(get|post|put|patch|delete|head|on)\(/).count
      let found = text.matches(of: /router\.(get|post)\("([^"]+)"\)/)
      #expect(found.count == calls, "\(file): a route is registered in a way this test cannot read")
      for match in found {
        let path = match.2.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
        registered.insert("\(match.1.uppercased()) /\(path.joined(separator: "/"))")
      }
    }
    let router = Router(context: SanmonRequestContext.self)
    OperationsRoutes(metrics: MetricsRegistry(), checks: []).add(to: router)
    for route in router.routes {
      registered.insert("\(route.method.rawValue) /\(route.path.components.map(\.description).joined(separator: "/"))")
    }
    let documented = Set(APIRoutes.all.map { "\($0.method.rawValue) \($0.path)" })
    #expect(registered.subtracting(documented).sorted() == [])
    #expect(documented.subtracting(registered).sorted() == [])
  }
}
