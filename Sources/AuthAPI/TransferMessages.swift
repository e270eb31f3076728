public import Foundation

/// A transfer list, as the personnel section's spreadsheet writes it (`TransferList`).
public struct TransferQuestion: Codable, Sendable {
  /// CSV, UTF-8.
  public var list: String

  public init(list: String) { self.list = list }
}

/// The signed act `directory.foresee`, with the list it is about.
public struct TransferAct: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data
  public var list: String

  public init(act: Data, list: String) { (self.act, self.list) = (act, list) }
}

/// What a transfer list would do, or how far an approved transfer has come.
public struct TransferReport: Codable, Sendable {
  /// What faults call the list: the server knows no name of it.
  public static let listName = "list.csv"

  /// Why the list as a whole cannot be read; all else is empty then.
  public var faultJa: String?
  public var faultEn: String?
  /// SHA-256 of what two administrators can approve, or did, in hexadecimal.
  public var plan: String?
  /// Whether it is an approved transfer, and until when it holds, in milliseconds since 1970-01-01 UTC.
  public var isApproved: Bool
  public var until: Int64?
  public var lines: [TransferLine]
  /// In one glance: numbers of people, and what the limits say.
  public var totalsJa: [String]
  public var totalsEn: [String]
  /// What somebody has to look at.
  public var warningsJa: [String]
  public var warningsEn: [String]

  public init(
    faultJa: String? = nil, faultEn: String? = nil, plan: String? = nil, isApproved: Bool = false, until: Int64? = nil,
    lines: [TransferLine] = [], totalsJa: [String] = [], totalsEn: [String] = [], warningsJa: [String] = [],
    warningsEn: [String] = []
  ) {
    self.faultJa = faultJa
    self.faultEn = faultEn
    self.plan = plan
    self.isApproved = isApproved
    self.until = until
    self.lines = lines
    self.totalsJa = totalsJa
    self.totalsEn = totalsEn
    self.warningsJa = warningsJa
    self.warningsEn = warningsEn
  }
}

/// One person of a transfer.
public struct TransferLine: Codable, Sendable, Equatable {
  /// In the list; 0 where there is none.
  public var line: Int
  /// `move`, `leave` or `join`
  public var kind: String
  public var number: String
  public var person: String?
  public var account: String
  public var name: String
  /// Departments, the main post first.
  public var from: [String]
  public var to: [String]
  /// Segments let into before and afterwards.
  public var segmentsFrom: [String]
  public var segmentsTo: [String]
  /// Groups of the directory to be put into, and to be taken out of.
  public var joins: [String]
  public var leaves: [String]
  /// What a logon asks for afterwards, a line a segment: `lgwan: card+pin | card+password`.
  public var factors: [String]
  /// The only workstations that the account may use; empty: any.
  public var workstations: [String]
  /// What has to be issued or set before the day.
  public var missingJa: [String]
  public var missingEn: [String]
  /// Why the line is not part of what can be approved.
  public var faultsJa: [String]
  public var faultsEn: [String]
  /// Worth knowing; of an approved transfer: what the directory does not say yet.
  public var notesJa: [String]
  public var notesEn: [String]
  /// `right` or `wrong`; of an approved transfer `arrived`, `waiting`, or `unlisted` for somebody it does not name.
  public var state: String

  public init(
    line: Int, kind: String, number: String, person: String?, account: String, name: String, from: [String] = [],
    to: [String] = [], segmentsFrom: [String] = [], segmentsTo: [String] = [], joins: [String] = [], leaves: [String] = [],
    factors: [String] = [], workstations: [String] = [], missingJa: [String] = [], missingEn: [String] = [],
    faultsJa: [String] = [], faultsEn: [String] = [], notesJa: [String] = [], notesEn: [String] = [], state: String
  ) {
    self.line = line
    self.kind = kind
    self.number = number
    self.person = person
    self.account = account
    self.name = name
    self.from = from
    self.to = to
    self.segmentsFrom = segmentsFrom
    self.segmentsTo = segmentsTo
    self.joins = joins
    self.leaves = leaves
    self.factors = factors
    self.workstations = workstations
    self.missingJa = missingJa
    self.missingEn = missingEn
    self.faultsJa = faultsJa
    self.faultsEn = faultsEn
    self.notesJa = notesJa
    self.notesEn = notesEn
    self.state = state
  }
}
