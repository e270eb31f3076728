import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Testing

/// The shipped files, and small files to break.
enum Samples {
  static let today = 20_680  // 2026-08-15

  /// `policies/` of this repository, found from this file.
  static func shipped() throws -> [PolicySource] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try ["organisation", "mynumber", "lgwan", "internet"].map { name in
      let url = root.appendingPathComponent("policies/\(name).yaml")
      return PolicySource(name: name + ".yaml", bytes: Array(try Data(contentsOf: url)))
    }
  }

  static func compile(_ sources: [PolicySource], today: Int = today) throws(PolicyFaults) -> PolicySet {
    try PolicySet.compile(sources, digest: { Array(SHA256.hash(data: $0)) }, today: today)
  }

  static func source(_ name: String, _ text: String) -> PolicySource { PolicySource(name: name, bytes: Array(text.utf8)) }

  /// An organisation of exactly these segments.
  static func organisation(_ segments: [String]) -> String {
    """
    city: {ja: 三門市, en: Sanmon City}
    time-zone: "+09:00"
    sites:
      - {id: honcho, ja: 本庁舎, en: Main Office}
    help-desk: {telephone: "2200", ja: お電話ください, en: Please call}
    segments:

    """ + segments.map { "  - {segment: \($0), model: alpha}\n" }.joined()
  }

  static let lgwan = """
    segment: lgwan
    people: [seg-lgwan]
    card: {proof: pk, on-removal: nothing}
    session: {lease-minutes: 15, idle-minutes: 60, overall-hours: 14, at-once: 2}
    logon:
      - card + pin
      - card + password
    unlock:
      - (card + password) or palm
    remote:
      - card + password

    """

  static let instance = """
    instance: lgwan-1
    segments: [lgwan, mynumber]
    combined-segments: lgwan+mynumber
    listen: {address: 192.0.2.10, port: 8443}
    enrolment-listen: {address: 192.0.2.10, port: 8444, tls-minimum: "1.2"}
    metrics-listen: {address: 127.0.0.1, port: 9443}
    operator-socket: /run/sanmon/operator.sock
    operator-users: [it-a, it-b]
    vault-socket: /run/sanmon/vault.sock
    state: /var/lib/sanmon/lgwan-1
    card-roots:
      lgwan: [/etc/sanmon/roots/lgwan.pem, /etc/sanmon/roots/lgwan-next.pem]
      mynumber: [/etc/sanmon/roots/mynumber.pem]
    card-crls: {lgwan: [/var/lib/sanmon/crl/lgwan.crl]}
    revocation: {stale-grace-hours: 12, maximum-age-hours: 48, coverage: path}
    hosts: [lgwan-1.sanmon.example, "2001:db8::10"]
    policies: /etc/sanmon/policies
    checkpoint-seconds: 30
    connections-per-source: 200
    operator-listen: {address: 192.0.2.10, port: 8445}
    operator-roots: [/etc/sanmon/operators/staff-ca.pem]
    operator-crls: [/var/lib/sanmon/crl/operators.crl]
    policy-signatures: 2
    witness: /srv/sanmon/witness
    recovery-key: recovery-1-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000
    directory:
      servers: [{host: dc1.ad.city.example}, {host: dc2.ad.city.example, port: 389, protection: starttls}]
      authorities: /etc/sanmon/ad-ca.pem
      account: svc-sanmon@ad.city.example
      password-file: /etc/sanmon/svc-sanmon.password
      base: 職員/本庁
      number-attribute: employeeID
      tick-seconds: 5
      passwords: directory
      effective-attribute: msDS-cloudExtensionAttribute1
    card-policies: {mynumber: ["1.2.392.200.1", "2.5.29.32.0"]}
    minimum-rsa-bits: 3072

    """

  /// The faults of `text` as the file of that segment in a set that is otherwise right.
  static func faults(segment: String = "lgwan", _ text: String, today: Int = today) -> [PolicyFault] {
    let sources = [source("organisation.yaml", organisation([segment])), source(segment + ".yaml", text)]
    do throws(PolicyFaults) {
      _ = try compile(sources, today: today)
      return []
    } catch {
      return error.faults
    }
  }

  static func set(segment: String = "lgwan", _ text: String, today: Int = today) throws -> PolicySet {
    try compile([source("organisation.yaml", organisation([segment])), source(segment + ".yaml", text)], today: today)
  }
}

extension PolicySet {
  /// What is accepted on a day on which nothing is signed.
  func combinations(segment: Segment, scenario: Scenario, person: PersonFacts?) -> [Combination] {
    combinations(segment: segment, scenario: scenario, groups: person?.groups, on: Samples.today, approved: [])
  }
}

extension String {
  /// The same text with the one occurrence of `old` replaced; a test that breaks nothing fails.
  func breaking(_ old: String, _ new: String) -> String {
    #expect(components(separatedBy: old).count == 2, "'\(old)' stands once")
    return replacingOccurrences(of: old, with: new)
  }
}

extension PolicyFault {
  /// `PF201 file:line:column`
  var place: String { "\(code) \(file):\(line):\(column)" }
}
