import AuthPolicy
import AuthTerms
import Crypto

/// A town of eight people, five workstations and nine cards: small, so that everybody meets everybody.
enum Town {
  struct Clerk: Sendable {
    let id: String
    let groups: [String]
    let hasPassword: Bool
    /// Days from the day of the morning.
    var first: Int?
    var last: Int?
  }

  struct Plastic: Sendable {
    let id: String
    let person: String
    let slots: [String]
    /// The desk saw the card refuse to sign without its PIN.
    var isGuarded = true

    func key(_ slot: String) -> String { "\(id)/\(slot)" }
  }

  /// The morning: 2026-04-01, a Wednesday.
  static let day = 20_544
  /// 07:30 in Japan.
  static let start = Int64(day) * 86_400_000 - 9 * 3_600_000 + 27_000_000

  static let segment = "lgwan"
  static let clerks: [Clerk] = [
    Clerk(id: "p-1", groups: ["seg-lgwan"], hasPassword: true),
    Clerk(id: "p-2", groups: ["seg-lgwan", "telework"], hasPassword: true),
    Clerk(id: "p-3", groups: ["seg-lgwan"], hasPassword: false),
    Clerk(id: "p-4", groups: ["seg-lgwan", "telework"], hasPassword: true),
    Clerk(id: "p-5", groups: ["seg-lgwan"], hasPassword: true),
    Clerk(id: "p-6", groups: ["seg-other"], hasPassword: true),
    Clerk(id: "p-7", groups: ["seg-lgwan"], hasPassword: true, last: 0),
    Clerk(id: "p-8", groups: ["seg-lgwan"], hasPassword: true, first: 1),
  ]
  static let cards: [Plastic] = [
    Plastic(id: "card-1", person: "p-1", slots: ["9a", "9e"]),
    Plastic(id: "card-2", person: "p-2", slots: ["9a", "9e"]),
    Plastic(id: "card-3", person: "p-3", slots: ["9a"]),
    Plastic(id: "card-4", person: "p-4", slots: ["9a"], isGuarded: false),
    Plastic(id: "card-5", person: "p-5", slots: ["9a"]),
    Plastic(id: "card-5b", person: "p-5", slots: ["9a", "9e"]),
    Plastic(id: "card-6", person: "p-6", slots: ["9a"]),
    Plastic(id: "card-7", person: "p-7", slots: ["9a"]),
    Plastic(id: "card-8", person: "p-8", slots: ["9a"]),
  ]
  /// Whose workstation it mostly is.
  /// - Parameter isClockSet: then dates are of interest, and somebody whose last day it is sits at PC-4.
  static func card(at workstation: String, isClockSet: Bool) -> Plastic {
    switch workstation {
    case "PC-1": cards[0]
    case "PC-2", "RM-1": cards[1]
    case "PC-3": cards[4]
    default: isClockSet ? cards[7] : cards[3]
    }
  }

  static let workstations = ["PC-1", "PC-2", "PC-3", "PC-4", "RM-1"]
  static func isRemote(_ workstation: String) -> Bool { workstation.hasPrefix("RM") }

  static func certificate(of workstation: String) -> [UInt8] {
    Array(SHA256.hash(data: Array("certificate \(workstation)".utf8)))
  }
  static let serverCertificate = Array(SHA256.hash(data: Array("certificate of the server".utf8)))
  static func password(of person: String) -> String { "password of \(person)" }

  static func startUpFile(policies: String) -> String {
    """
    instance: lgwan-1
    segments: [lgwan]
    listen: {address: 127.0.0.1, port: 0}
    enrolment-listen: {address: 127.0.0.1, port: 0}
    operator-socket: /nowhere/operator.sock
    operator-users: [nobody]
    vault-socket: /nowhere/vault.sock
    state: /nowhere/state
    policies: \(policies)
    card-roots: {lgwan: [/nowhere/cards.pem]}
    hosts: [127.0.0.1]
    """
  }
}

/// The rules as plain numbers: the policy files are written from them, and the model judges by them.
struct Rules: Hashable, Sendable {
  struct Limits: Hashable, Sendable {
    var free: Int
    var firstDelay: Int64
    var longestDelay: Int64
    var most: Int?
    var forgive: Int64?
  }

  /// Stands in the file, so that two sets never have one version.
  var edition: Int
  var atOnce: Int
  var leaseMinutes: Int64
  var idleMinutes: Int64
  var overallHours: Int64
  var floor: String
  var remoteGroups: [String]?
  var person: Limits
  var workstation: Limits

  init(edition: Int, _ chance: inout Chance) {
    self.edition = edition
    atOnce = chance.number(1...2)
    leaseMinutes = Int64(chance.pick([1, 5, 15]))
    idleMinutes = Int64(chance.pick([5, 30, 60]))
    overallHours = Int64(chance.pick([1, 4, 14]))
    floor = chance.once(in: 6) ? "pk-pin" : "pk"
    remoteGroups = chance.once(in: 8) ? nil : chance.once(in: 3) ? [] : ["telework"]
    // Often with the first delay as the longest: then two failures at once meet in one delay.
    person = Limits(
      free: chance.number(0...2), firstDelay: Int64(chance.pick([5, 30])), longestDelay: Int64(chance.pick([30, 60, 3600])),
      most: chance.number(5...8), forgive: nil)
    workstation = Limits(
      free: chance.pick([1, 4, 10]), firstDelay: 5, longestDelay: Int64(chance.pick([5, 5, 300])), most: nil,
      forgive: Int64(chance.pick([10, 60])))
  }

  var files: [(name: String, text: String)] {
    let remote: String
    switch remoteGroups {
    case nil: remote = ""
    case []?: remote = "remote:\n  - card + password\n"
    case let groups?: remote = "remote:\n  - {factors: card + password, groups: [\(groups.joined(separator: ", "))]}\n"
    }
    let organisation = """
      # edition \(edition)
      city: {ja: 三門市, en: Sanmon City}
      time-zone: "+09:00"
      sites:
        - {id: honcho, ja: 本庁舎, en: Main Office}
      help-desk: {telephone: "2200", ja: 内線 2200, en: extension 2200}
      segments:
        - {segment: lgwan, model: alpha-prime}
      throttle:
        person:
          free-failures: \(person.free)
          first-delay-seconds: \(person.firstDelay)
          longest-delay-seconds: \(person.longestDelay)
          most-failures: \(person.most ?? 50)
        workstation:
          free-failures: \(workstation.free)
          first-delay-seconds: \(workstation.firstDelay)
          longest-delay-seconds: \(workstation.longestDelay)
          forgive-one-every-seconds: \(workstation.forgive ?? 60)

      """
    let segment = """
      segment: lgwan
      people: [seg-lgwan]
      card:
        proof: \(floor)
        on-removal: nothing
      session:
        lease-minutes: \(leaseMinutes)
        idle-minutes: \(idleMinutes)
        overall-hours: \(overallHours)
        at-once: \(atOnce)
      logon:
        - card + pin
        - card + password
      unlock:
        - card + pin
        - card + password
      \(remote)
      """
    return [("organisation.yaml", organisation), ("lgwan.yaml", segment)]
  }
}
