import AuthPolicy
import AuthTerms
import Testing

@Suite("the start-up file of an instance")
struct InstanceFileTests {
  private func parse(_ text: String) throws -> InstanceFile { try InstanceFile.parse(Samples.source("sanmon.yaml", text)) }

  @Test func everyKey() throws {
    let file = try parse(Samples.instance)
    #expect(
      file
        == InstanceFile(
          instance: "lgwan-1", segments: [.lgwan, .mynumber],
          listen: TLSListener(listener: Listener(address: "192.0.2.10", port: 8443)),
          enrolmentListen: TLSListener(listener: Listener(address: "192.0.2.10", port: 8444), minimum: .v12),
          metricsListen: Listener(address: "127.0.0.1", port: 9443), operatorSocket: "/run/sanmon/operator.sock",
          operatorUsers: ["it-a", "it-b"],
          operatorListen: OperatorListener(
            listen: TLSListener(listener: Listener(address: "192.0.2.10", port: 8445)),
            roots: ["/etc/sanmon/operators/staff-ca.pem"], crls: ["/var/lib/sanmon/crl/operators.crl"]),
          vaultSocket: "/run/sanmon/vault.sock", state: "/var/lib/sanmon/lgwan-1",
          policies: "/etc/sanmon/policies",
          cardRoots: [
            .lgwan: ["/etc/sanmon/roots/lgwan.pem", "/etc/sanmon/roots/lgwan-next.pem"],
            .mynumber: ["/etc/sanmon/roots/mynumber.pem"],
          ],
          cardCRLs: [.lgwan: ["/var/lib/sanmon/crl/lgwan.crl"]], staleGraceHours: 12,
          maximumListAgeHours: 48, listsForWholePath: true,
          cardPolicies: [.mynumber: [try CertificatePolicy(parsing: "1.2.392.200.1"), .any]], minimumRSABits: 3072,
          hosts: ["lgwan-1.sanmon.example", "2001:db8::10"], checkpointSeconds: 30,
          connectionsPerSource: 200, policySignatures: 2, witness: "/srv/sanmon/witness",
          recoveryKey: "recovery-1-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000",
          directory: DirectoryConnection(
            servers: [
              .init(host: "dc1.ad.city.example"), .init(host: "dc2.ad.city.example", port: 389, protection: .starttls),
            ], authorities: "/etc/sanmon/ad-ca.pem", account: "svc-sanmon@ad.city.example",
            passwordFile: "/etc/sanmon/svc-sanmon.password", passwords: .directory,
            manner: DirectoryManner(
              base: ["職員", "本庁"], numberAttribute: "employeeid", effectiveAttribute: "msds-cloudextensionattribute1",
              tickSeconds: 5))))
  }

  @Test func defaults() throws {
    let text = Samples.instance
      .breaking("segments: [lgwan, mynumber]\ncombined-segments: lgwan+mynumber", "segments: [lgwan]")
      .breaking("  mynumber: [/etc/sanmon/roots/mynumber.pem]\n", "")
      .breaking("metrics-listen: {address: 127.0.0.1, port: 9443}\n", "")
      .breaking(
        "card-crls: {lgwan: [/var/lib/sanmon/crl/lgwan.crl]}\nrevocation: {stale-grace-hours: 12, maximum-age-hours: 48, coverage: path}\n",
        ""
      )
      .breaking("card-policies: {mynumber: [\"1.2.392.200.1\", \"2.5.29.32.0\"]}\nminimum-rsa-bits: 3072\n", "")
      .breaking("checkpoint-seconds: 30\n", "").breaking("connections-per-source: 200\n", "")
      .breaking("policy-signatures: 2\n", "").breaking("witness: /srv/sanmon/witness\n", "")
      .breaking("recovery-key: recovery-1-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000\n", "")
      .breaking("operator-listen: {address: 192.0.2.10, port: 8445}\n", "")
      .breaking("operator-roots: [/etc/sanmon/operators/staff-ca.pem]\n", "")
      .breaking("operator-crls: [/var/lib/sanmon/crl/operators.crl]\n", "")
    let file = try parse(text)
    #expect(file.segments == [.lgwan])
    #expect(file.metricsListen == nil)
    #expect(file.operatorListen == nil)
    #expect(file.cardCRLs.isEmpty)
    #expect(file.staleGraceHours == 0 && file.maximumListAgeHours == nil && !file.listsForWholePath)
    #expect(file.cardPolicies.isEmpty && file.minimumRSABits == 2048)
    #expect(file.checkpointSeconds == 60)
    #expect(file.connectionsPerSource == 32)
    #expect(file.policySignatures == 0)
    #expect(file.witness == nil && file.recoveryKey == nil)
    #expect(file.listen.minimum == .v13)
  }

  private static let witness = "witness.example/w1+c876832b+BGd+3Zx6b7ql1gnccAXOgBHVTgMUrPicoXIFe8FA7eYq"

  @Test("up to four witnesses, each with its address and its key")
  func witnesses() throws {
    let other = "w2+00000000+" + String(repeating: "A", count: 44)
    let file = try parse(
      Samples.instance
        + "witnesses: [{url: \"http://10.1.2.3:8447/\", key: \"\(Self.witness)\"}, {url: \"http://w/log/\", key: \(other)}]\n")
    #expect(
      try file.witnesses == [
        CheckpointWitness(address: ListAddress(parsing: "http://10.1.2.3:8447/"), key: Self.witness),
        CheckpointWitness(address: ListAddress(parsing: "http://w/log/"), key: other),
      ])
    #expect(try parse(Samples.instance).witnesses.isEmpty)
  }

  @Test(
    "a witness that cannot be meant is refused",
    arguments: [
      "[]", "{url: \"http://w/\", key: KEY}", "[{url: \"http://w/\"}]", "[{key: KEY}]", "[{url: \"https://w/\", key: KEY}]",
      "[{url: \"http://w\", key: KEY}]", "[{url: \"http://w/log\", key: KEY}]", "[{url: \"http://w/\", key: KEYS}]",
      "[{url: \"http://w/\", key: w2}]", "[{url: \"http://w/\", key: KEY, name: w}]",
      "[{url: \"http://w/\", key: KEY}, {url: \"http://w/\", key: KEY}]",
      "[{url: \"http://a/\", key: KEY}, {url: \"http://b/\", key: KEY}, {url: \"http://c/\", key: KEY}, "
        + "{url: \"http://d/\", key: KEY}, {url: \"http://e/\", key: KEY}]",
    ])
  func witnessRefused(value: String) throws {
    let text = value.replacing("KEYS", with: "\"w 2+00000000+" + String(repeating: "A", count: 44) + "\"")
      .replacing("KEY", with: "\"\(Self.witness)\"")
    #expect(throws: PolicyFaults.self) { try parse(Samples.instance + "witnesses: \(text)\n") }
  }

  @Test("what is not said of the directory: LDAPS, anywhere in the domain, employeeNumber, every two seconds")
  func directoryDefaults() throws {
    let file = try parse(
      Samples.instance
        .breaking(", port: 389, protection: starttls", "").breaking("  base: 職員/本庁\n", "")
        .breaking("  number-attribute: employeeID\n", "").breaking("  tick-seconds: 5\n", "").breaking(
          "  passwords: directory\n", ""
        ).breaking("  effective-attribute: msDS-cloudExtensionAttribute1\n", ""))
    let directory = try #require(file.directory)
    #expect(directory.servers.allSatisfy { $0.port == nil && $0.protection == .ldaps })
    #expect(directory.manner == DirectoryManner() && directory.manner.base.isEmpty && directory.manner.tickSeconds == 2)
    #expect(directory.manner.numberAttribute == "employeenumber" && directory.manner.effectiveAttribute == nil)
    #expect(directory.passwords == .sanmon && directory.snapshotUser == nil)
    let named = try parse(Samples.instance.breaking("passwords: directory", "snapshot-user: sanmon-snapshot-lgwan"))
    #expect(named.directory?.snapshotUser == "sanmon-snapshot-lgwan")
  }

  @Test(
    "a directory that cannot be meant is refused",
    arguments: [
      ("{host: dc1.ad.city.example}", "{host: \"ldap://dc1\"}"), ("{host: dc1.ad.city.example}", "{port: 636}"),
      ("port: 389", "port: 0"), ("protection: starttls", "protection: plain"),
      ("{host: dc2.ad.city.example, port: 389, protection: starttls}", "{host: dc1.ad.city.example}"),
      ("  authorities: /etc/sanmon/ad-ca.pem\n", ""), ("/etc/sanmon/ad-ca.pem", "ad-ca.pem"),
      ("svc-sanmon@ad.city.example", "svc-sanmon"), ("svc-sanmon@ad.city.example", "\"@ad.city.example\""),
      ("svc-sanmon@ad.city.example", "\"svc sanmon@ad.city.example\""), ("svc-sanmon@ad.city.example", "a@b@c"),
      ("  password-file: /etc/sanmon/svc-sanmon.password\n", "  password: hunter2\n"), ("職員/本庁", "職員//本庁"),
      ("職員/本庁", "\"職員/\\u202e\""), ("employeeID", "sAMAccountName"), ("tick-seconds: 5", "tick-seconds: 0"),
      ("tick-seconds: 5", "tick-seconds: 3601"), ("passwords: directory", "passwords: both"),
      ("passwords: directory", "snapshot-user: Sanmon"), ("passwords: directory", "snapshot-user: [a]"),
      ("effective-attribute: msDS-cloudExtensionAttribute1", "effective-attribute: memberOf"),
      ("effective-attribute: msDS-cloudExtensionAttribute1", "effective-attribute: extensionAttribute16"),
    ])
  func directoryRefused(part: String, instead: String) throws {
    #expect(throws: PolicyFaults.self) { try parse(Samples.instance.breaking(part, instead)) }
  }

  private static let connection = """
      servers: [{host: dc1.ad.city.example}, {host: dc2.ad.city.example, port: 389, protection: starttls}]
      authorities: /etc/sanmon/ad-ca.pem
      account: svc-sanmon@ad.city.example
      password-file: /etc/sanmon/svc-sanmon.password

    """
  private static let snapshot = "  snapshot: /srv/in\n  snapshot-key: snapshot-1-ABCD-0123\n"

  @Test("snapshots in place of domain controllers: file, key and domain; 26 hours unless said")
  func snapshots() throws {
    let text = Samples.instance.breaking(Self.connection, Self.snapshot).breaking("  passwords: directory\n", "")
    let file = try parse(text)
    let snapshot = try #require(file.snapshot)
    #expect(file.directory == nil && snapshot.path == "/srv/in" && snapshot.key == "snapshot-1-ABCD-0123")
    #expect(snapshot.domain == nil && snapshot.maximumAgeHours == 26)
    #expect(try snapshot.manner == parse(Samples.instance).directory?.manner && snapshot.manner.base == ["職員", "本庁"])
    let more = text.breaking("/srv/in\n", "/srv/in\n  domain: S-1-5-21-1-2-3\n  maximum-age-hours: 744\n")
    #expect(try parse(more).snapshot?.domain == "S-1-5-21-1-2-3" && parse(more).snapshot?.maximumAgeHours == 744)
    #expect(try parse(Samples.instance).snapshot == nil)
  }

  @Test(
    "snapshots that cannot be meant are refused",
    arguments: [
      ("/srv/in", "in"), ("snapshot-1-ABCD-0123", "recovery-1-ABCD"), ("snapshot-1-ABCD-0123", "snapshot-1-鍵"),
      ("  snapshot-key: snapshot-1-ABCD-0123\n", ""), ("  snapshot: /srv/in\n", ""),
      ("/srv/in\n", "/srv/in\n  domain: city\n"), ("/srv/in\n", "/srv/in\n  maximum-age-hours: 0\n"),
      ("/srv/in\n", "/srv/in\n  maximum-age-hours: 745\n"), ("/srv/in\n", "/srv/in\n  snapshot-keys: a\n"),
    ])
  func snapshotRefused(part: String, instead: String) throws {
    let text = Samples.instance.breaking(Self.connection, Self.snapshot).breaking("  passwords: directory\n", "")
    #expect(throws: PolicyFaults.self) { try parse(text.breaking(part, instead)) }
  }

  @Test(
    "rules of cards' certificates that cannot be meant are refused",
    arguments: [
      ("coverage: path", "coverage: all"), ("maximum-age-hours: 48", "maximum-age-hours: 0"),
      ("maximum-age-hours: 48", "maximum-age-hours: 8785"), ("stale-grace-hours: 12, ", ""), ("coverage: path", "stale: grace"),
      ("\"1.2.392.200.1\"", "\"1.2\""), ("\"1.2.392.200.1\"", "\"2.5.29.32.0\""),
      ("{mynumber: [\"1.2", "{internet: [\"1.2"), ("[\"1.2.392.200.1\", \"2.5.29.32.0\"]", "[]"),
      ("minimum-rsa-bits: 3072", "minimum-rsa-bits: 1024"), ("minimum-rsa-bits: 3072", "minimum-rsa-bits: 4096"),
    ])
  func pathRulesRefused(part: String, instead: String) throws {
    #expect(throws: PolicyFaults.self) { try parse(Samples.instance.breaking(part, instead)) }
  }

  @Test("matchers of palms: up to two, each with its sockets and perhaps its user")
  func palmMatchers() throws {
    #expect(try parse(Samples.instance).palmMatchers.isEmpty)
    let text =
      Samples.instance + "palm-matchers:\n  - {extract-socket: /run/m/extract.sock, compare-socket: /run/m/compare.sock}\n"
      + "  - {extract-socket: /run/m/old.sock, compare-socket: /run/m/old.sock, extract-user: sanmon-palm}\n"
    #expect(
      try parse(text).palmMatchers == [
        PalmMatcher(extractSocket: "/run/m/extract.sock", compareSocket: "/run/m/compare.sock"),
        PalmMatcher(extractSocket: "/run/m/old.sock", compareSocket: "/run/m/old.sock", extractUser: "sanmon-palm"),
      ])
    for (part, instead) in [
      ("/run/m/compare.sock", "compare.sock"), (", compare-socket: /run/m/compare.sock", ""),
      ("extract-user: sanmon-palm", "compare-user: Palm"),
      ("extract-user: sanmon-palm", "user: a"),
      (
        "  - {extract-socket: /run/m/old.sock, compare-socket: /run/m/old.sock, extract-user: sanmon-palm}\n",
        "  - {extract-socket: /run/m/extract.sock, compare-socket: /run/m/compare.sock}\n"
      ),
    ] { #expect(throws: PolicyFaults.self, "\(instead)") { try parse(text.breaking(part, instead)) } }
    #expect(throws: PolicyFaults.self) { try parse(Samples.instance + "palm-matchers: []\n") }
  }

  @Test("either the one or the other: both is a fault of its own, with what to delete")
  func notBoth() throws {
    for more in ["  snapshot: /srv/in\n", "  snapshot-key: snapshot-1-0\n"] {
      let both = Break("", "  base: 職員/本庁\n", more, in: .instance)
      let fault = try #require(both.faults.first)
      #expect(both.faults.map(\.code) == ["PF610"] && fault.hintJa.contains("servers") && fault.hintEn.contains("snapshot-key"))
    }
  }

  @Test("policies that promise a PIN: by segment, one or several, and never any policy whatever")
  func pinPolicies() throws {
    #expect(try parse(Samples.instance).cardPINPolicies.isEmpty)
    let file = try parse(Samples.instance + "card-pin-policies: {lgwan: [1.2.392.200.1.1, 1.2.392.200.1.2]}\n")
    #expect(
      try file.cardPINPolicies == [
        .lgwan: [CertificatePolicy(parsing: "1.2.392.200.1.1"), CertificatePolicy(parsing: "1.2.392.200.1.2")]
      ])
    for wrong in [
      "{lgwan: [2.5.29.32.0]}", "{lgwan: [1.2]}", "{internet: [1.2.392.200.1.1]}", "{lgwan: 1.2.392.200.1.1}",
      "[1.2.392.200.1.1]",
    ] {
      #expect(throws: PolicyFaults.self, "\(wrong)") { try parse(Samples.instance + "card-pin-policies: \(wrong)\n") }
    }
  }

  @Test("free ports may stand in several listeners")
  func freePorts() throws {
    let text = Samples.instance.breaking("port: 8443", "port: 0").breaking("port: 8444", "port: 0")
    #expect(try parse(text).listen.listener.port == 0)
  }

  @Test("operators' listener: lists are optional, TLS 1.2 is said, and the listener's hints are in both languages")
  func operatorListener() throws {
    let text = Samples.instance
      .breaking("operator-crls: [/var/lib/sanmon/crl/operators.crl]\n", "")
      .breaking("port: 8445}", "port: 8445, tls-minimum: \"1.2\"}")
    let door = try #require(try parse(text).operatorListen)
    #expect(door.listen.minimum == .v12 && door.crls.isEmpty && door.roots.count == 1)
    for breaking in [
      "operator-roots: [/etc/sanmon/operators/staff-ca.pem]\n", "operator-listen: {address: 192.0.2.10, port: 8445}\n",
    ] {
      let fault = try #require(Break("", breaking, "", in: .instance).faults.first)
      #expect(fault.en.contains("operators") && fault.ja.contains("操作者") && fault.hintJa.contains("operator-"))
    }
    let both = "operator-listen: {address: 192.0.2.10, port: 8445}\noperator-roots: [/etc/sanmon/operators/staff-ca.pem]\n"
    #expect(Break("", both, "", in: .instance).faults.map(\.code) == ["PF609"], "lists without a listener")
  }

  @Test(
    "My Number and the internet never share an instance, whatever is said",
    arguments: [
      "segments: [mynumber, internet]", "segments: [internet, mynumber, lgwan]", "segments: [mynumber, internet, other]",
    ])
  func neverTogether(segments: String) {
    let faults = Break("PF601 2:1", "segments: [lgwan, mynumber]", segments, in: .instance).faults
    #expect(faults.contains { $0.code == "PF601" })
  }

  @Test(
    "addresses",
    arguments: [
      ("\"::\"", true), ("\"::1\"", true), ("\"2001:db8::1\"", true), ("\"1:2:3:4:5:6:7:8\"", true),
      ("\"1:2:3:4:5:6:7::\"", true),
      ("0.0.0.0", true), ("\"1:2:3:4:5:6:7\"", false), ("\"1::2::3\"", false), ("\"12345::\"", false), ("\":1\"", false),
      ("01.2.3.4", false), ("1.2.3", false), ("\"１.2.3.4\"", false), ("\"fe80::1%eth0\"", false),
    ])
  func addresses(text: String, isRight: Bool) {
    let faults = Break("", "address: 192.0.2.10, port: 8443", "address: \(text), port: 8443", in: .instance).faults
    #expect(faults.isEmpty == isRight, "\(faults.map(\.place))")
  }
}
