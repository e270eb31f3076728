import AuthTerms

extension APIMessages {
  static let palms: [APIMessage] = [
    APIMessage(
      "PalmSampleMessage", "One capture of a palm: a picture file, or a vendor's own bytes.",
      [
        .field("hand", .oneOf(Hand.allCases.map(\.name))), .field("sensor", .identifier),
        .optional("picture", .bytes(minimum: 1, maximum: PalmSampleMessage.mostPictureBytes)),
        .optional("wavelength", .integer(minimum: 0, maximum: 10_000)),
        .optional("resolution", .integer(minimum: 0, maximum: 10_000)),
        .optional("blob", .bytes(minimum: 1, maximum: BiometricTemplate.mostBytes)),
        .optional("format", .text(maximum: 63)), .optional("formatVersion", .integer(minimum: 0, maximum: 4_294_967_295)),
      ]),
    APIMessage(
      "PalmProofMessage", "A palm shown in a ceremony, signed by the session key.",
      [.field("sample", .message("PalmSampleMessage")), .field("signature", .bytes(minimum: 64, maximum: 64))]),
    APIMessage(
      "PalmTry", "Why a palm did not complete a ceremony.",
      [
        .field("outcome", .oneOf(["noMatch", "retake", "unavailable"])),
        .optional("advice", .integer(minimum: 0, maximum: 255)),
        .field("triesLeft", .integer(minimum: 0, maximum: Int64(PalmTry.most))),
      ]),
    APIMessage(
      "PalmEnrolment", "Captures of one palm, in the order they were taken.",
      [
        .field("noticeGiven", .boolean),
        .field("samples", .array(.message("PalmSampleMessage"), maximum: PalmEnrolment.mostSamples)),
      ]),
    APIMessage(
      "PalmEnrolled", "What came of an enrolment.",
      [
        .field("outcome", .oneOf(["enrolled", "retake"])), .optional("palm", .message("PalmSummary")),
        .field("refused", .array(.message("PalmRefused"), maximum: PalmEnrolment.mostSamples)),
      ]),
    APIMessage(
      "PalmRefused", "A capture that was no good, and why.",
      [
        .field("sample", .integer(minimum: 1, maximum: Int64(PalmEnrolment.mostSamples))),
        .field("advice", .integer(minimum: 0, maximum: 255)),
      ]),
    APIMessage(
      "PalmSummary", "One registered palm.",
      [
        .field("person", .identifier), .field("hand", .oneOf(Hand.allCases.map(\.name))), .field("format", .text(maximum: 80)),
        .field("enrolledBy", .identifier), .field("enrolledAt", .time),
      ]),
    APIMessage(
      "PalmRemoval", "Palms of a person to be taken away.",
      [.optional("hand", .oneOf(Hand.allCases.map(\.name))), .field("reason", .line(maximum: 500))]),
    APIMessage("PalmRekeyStep", "One step of moving all palms to a new key.", [.field("begins", .boolean)]),
    APIMessage(
      "PalmRekeyed", "How far the palms are on their way to the key that is in force.",
      [
        .field("ring", .integer(minimum: 1, maximum: 4_294_967_295)), .field("rekeyed", .count), .field("left", .count),
      ]),
    APIMessage(
      "PalmReport", "How closely palms matched in the last days, against the days before.",
      [
        .field("judgedSensors", .count), .field("judgedPeople", .count),
        .field("findings", .array(.message("PalmFinding"), maximum: PalmReport.mostFindings)), .field("more", .count),
      ]),
    APIMessage(
      "PalmFinding", "A sensor to be cleaned, or a person to be enrolled anew.",
      [
        .field("advice", .oneOf(["clean", "enrol", "either"])), .optional("person", .identifier),
        .optional("workstation", .identifier), .optional("sensor", .identifier), .field("former", .count),
        .field("recent", .count), .field("tries", .count), .field("retakes", .count), .field("judged", .count),
        .field("fallen", .count),
      ]),
    APIMessage("PalmsRemoved", "How many palms were taken away.", [.field("removed", .count)]),
  ]
}
