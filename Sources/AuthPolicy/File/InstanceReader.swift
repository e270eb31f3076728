import AuthTerms

/// Reads the start-up file of an instance by the same closed schema as policies.
struct InstanceReader {
  let log: FaultLog

  private static let keys = [
    "instance", "segments", "combined-segments", "listen", "enrolment-listen", "metrics-listen", "operator-socket",
    "operator-users", "operator-listen", "operator-roots", "operator-crls", "vault-socket", "state", "policies", "card-roots",
    "card-crls", "revocation", "card-policies", "minimum-rsa-bits", "hosts", "checkpoint-seconds", "connections-per-source",
    "policy-signatures",
    "witness", "recovery-key", "directory", "palm-matchers", "card-crl-sources", "jpki-roots", "jpki-crls", "card-pin-policies",
    "witnesses", "forward",
  ]

  func read(_ root: MarkedNode) -> InstanceFile? {
    let fields = Fields(root, allowed: Self.keys, log)
    let instance = log.name(fields.required("instance"), Bilingual("英数字と . _ - の名前", "a name of A-Z a-z 0-9 . _ -")) {
      text throws(MalformedInput) in try Identifier<Never>(parsing: text).text
    }
    let segments = log.distinct(fields.required("segments"), 1...8) { Names.segment($0, log) }
    checkTogether(segments, fields)
    let listen = tlsListener(fields.required("listen"))
    let enrolment = tlsListener(fields.required("enrolment-listen"))
    let metrics = fields.optional("metrics-listen").flatMap { listener(Fields($0, allowed: ["address", "port"], log)) }
    let operatorDoor = operatorListener(fields)
    checkDistinct(
      [
        ("listen", listen?.listener), ("enrolment-listen", enrolment?.listener), ("metrics-listen", metrics),
        ("operator-listen", operatorDoor?.listen.listener),
      ], fields)
    let operatorSocket = path(fields.required("operator-socket"))
    let users = log.distinct(fields.required("operator-users"), 1...32) { Self.user($0, log) }
    let vaultSocket = path(fields.required("vault-socket"))
    let state = path(fields.required("state"))
    let policies = path(fields.required("policies"))
    let roots = lists(fields.required("card-roots"), served: segments) { path($0) }
    for segment in segments where roots[segment] == nil && !segments.isEmpty {
      log.add(.rootsMissing, fields.place("card-roots"))
      break
    }
    let crls = lists(fields.optional("card-crls"), served: segments) { path($0) }
    let personalRoots = lists(fields.optional("jpki-roots"), served: segments) { path($0) }
    let personalLists = lists(fields.optional("jpki-crls"), served: segments) { path($0) }
    if personalLists.keys.contains(where: { personalRoots[$0] == nil }) {
      log.add(.myNumberListsWithoutRoots, fields.place("jpki-crls"))
    }
    let revocation = fields.optional("revocation").map { self.revocation($0) } ?? Revocation(graceHours: 0)
    let cardPolicies = lists(fields.optional("card-policies"), served: segments) { certificatePolicy($0) }
    let pinPolicies = lists(fields.optional("card-pin-policies"), served: segments) { pinPolicy($0) }
    let bits = fields.optional("minimum-rsa-bits").map { log.word($0, of: ["2048", "3072"]).flatMap(Int.init) } ?? 2048
    let hosts = log.distinct(fields.required("hosts"), 1...32) { host($0) }
    let checkpoint = fields.optional("checkpoint-seconds").map { log.integer($0, 1...3600) } ?? 60
    let perSource = fields.optional("connections-per-source").map { log.integer($0, 1...4096) } ?? 32
    let signatures = fields.optional("policy-signatures").map { log.integer($0, 0...2) } ?? 0
    let recovery = fields.optional("recovery-key").flatMap { recoveryKey($0) }
    let witness = fields.optional("witness").flatMap { path($0) }
    let cosigners = fields.optional("witnesses").map { witnesses($0) } ?? []
    let people = DirectoryReader(log: log)
    let directory = fields.optional("directory").flatMap { people.isSnapshot($0) ? nil : people.read($0) }
    let snapshot = fields.optional("directory").flatMap { people.isSnapshot($0) ? people.readSnapshot($0) : nil }
    let sources = lists(fields.optional("card-crl-sources"), served: segments) { listAddress($0) }
    let matchers = fields.optional("palm-matchers").map { palmMatchers($0) } ?? []
    let forward = fields.optional("forward").map { ForwardReader(log: log).read($0) } ?? []
    guard log.isClean, let instance, let listen, let enrolment, let operatorSocket, let vaultSocket, let state, let policies,
      let revocation, let bits, let checkpoint, let perSource, let signatures
    else { return nil }
    return InstanceFile(
      instance: instance, segments: segments.sorted(), listen: listen, enrolmentListen: enrolment, metricsListen: metrics,
      operatorSocket: operatorSocket, operatorUsers: users, operatorListen: operatorDoor, vaultSocket: vaultSocket,
      state: state, policies: policies, cardRoots: roots, cardCRLs: crls, staleGraceHours: revocation.graceHours,
      maximumListAgeHours: revocation.maximumAgeHours, listsForWholePath: revocation.coversPath, cardPolicies: cardPolicies,
      minimumRSABits: bits, hosts: hosts,
      checkpointSeconds: checkpoint, connectionsPerSource: perSource, policySignatures: signatures,
      witness: witness, recoveryKey: recovery, directory: directory, snapshot: snapshot, palmMatchers: matchers,
      cardCRLSources: sources, jpkiRoots: personalRoots, jpkiCRLs: personalLists, cardPINPolicies: pinPolicies,
      witnesses: cosigners, forward: forward)
  }

  /// One instance serves one segment. LGWAN and My Number together must be said; the internet never meets My Number.
  private func checkTogether(_ segments: [Segment], _ fields: Fields) {
    let said = fields.optional("combined-segments").flatMap { log.word($0, of: ["lgwan+mynumber"]) }
    let found = Set(segments)
    if found.isSuperset(of: [.mynumber, .internet]) {
      log.add(.mynumberWithInternet, fields.place("segments"))
    } else if found.count > 1, said == nil || found != [.lgwan, .mynumber] {
      log.add(.combinationUnsaid, fields.place("segments"))
    } else if said != nil, found != [.lgwan, .mynumber] {
      log.add(.segmentNotServed, fields.place("combined-segments"))
    }
  }

  private func tlsListener(_ node: MarkedNode?) -> TLSListener? {
    guard let node else { return nil }
    let fields = Fields(node, allowed: ["address", "port", "tls-minimum"], log)
    var minimum: TLSMinimum? = .v13
    if let node = fields.optional("tls-minimum") {
      if case .scalar(let text, isPlain: true) = node.content, FaultLog.readsAsNumber(text) {
        log.add(.quotesNeeded, node.position)
        minimum = nil
      } else {
        minimum = log.word(node, of: TLSMinimum.allCases.map(\.rawValue)).flatMap(TLSMinimum.init)
      }
    }
    guard let listener = listener(fields), let minimum else { return nil }
    return TLSListener(listener: listener, minimum: minimum)
  }

  private func listener(_ fields: Fields) -> Listener? {
    let address = log.name(fields.required("address"), Bilingual("IP アドレス", "an IP address"), as: .badAddress) {
      text throws(MalformedInput) in
      guard Self.isIPv4(text) || Self.isIPv6(text) else { throw MalformedInput("address", expected: "an IP address") }
      return text
    }
    guard let port = log.integer(fields.required("port"), 0...65_535), let address else { return nil }
    return Listener(address: address, port: port)
  }

  /// Listener and roots stand together or not at all: a door without roots would admit nobody, and roots without a door would
  /// make somebody believe that there is one.
  private func operatorListener(_ fields: Fields) -> OperatorListener? {
    let listen = fields.optional("operator-listen")
    let roots = fields.optional("operator-roots").map { node in log.distinct(node, 1...16) { path($0) } }
    let lists = fields.optional("operator-crls").map { node in log.distinct(node, 1...16) { path($0) } }
    guard let listen else {
      if roots != nil {
        log.add(.operatorListenMissing, fields.place("operator-roots"))
      } else if lists != nil {
        log.add(.operatorListenMissing, fields.place("operator-crls"))
      }
      return nil
    }
    guard let roots else {
      log.add(.operatorRootsMissing, fields.place("operator-listen"))
      return nil
    }
    return tlsListener(listen).map { OperatorListener(listen: $0, roots: roots, crls: lists ?? []) }
  }

  /// The fault stands at the later of the two.
  private func checkDistinct(_ listeners: [(key: String, listener: Listener?)], _ fields: Fields) {
    var seen: Set<Listener> = []
    for (key, listener) in listeners {
      guard let listener, listener.port != 0 else { continue }
      if !seen.insert(listener).inserted { log.add(.sameListener, fields.place(key)) }
    }
  }

  private func path(_ node: MarkedNode?) -> String? { Self.path(node, log) }

  static func path(_ node: MarkedNode?, _ log: FaultLog) -> String? {
    log.name(node, Bilingual("絶対パス", "an absolute path"), as: .badPath) { text throws(MalformedInput) in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard text.hasPrefix("/"), (2...1024).contains(text.utf8.count),
        parts.dropFirst().allSatisfy({ !["", ".", ".."].contains($0) })
      else { throw MalformedInput("path", expected: "an absolute path") }
      return text
    }
  }

  private func palmMatchers(_ node: MarkedNode) -> [PalmMatcher] {
    log.distinct(node, 1...2) { node in
      let fields = Fields(node, allowed: ["extract-socket", "compare-socket", "extract-user", "compare-user"], log)
      let (extract, compare) = (path(fields.required("extract-socket")), path(fields.required("compare-socket")))
      let users = ["extract-user", "compare-user"].map { key in fields.optional(key).map { Self.user($0, log) } }
      guard let extract, let compare, users.allSatisfy({ $0.map { $0 != nil } ?? true }) else { return nil }
      return PalmMatcher(
        extractSocket: extract, compareSocket: compare, extractUser: users[0] ?? nil, compareUser: users[1] ?? nil)
    }
  }

  /// For segments that are served: 1 to 16 values each.
  private func lists<Value: Hashable>(
    _ node: MarkedNode?, served: [Segment], _ read: (MarkedNode) -> Value?
  ) -> [Segment: [Value]] {
    guard let node else { return [:] }
    guard case .map(let pairs) = node.content else {
      log.add(.wrongShape, node.position, FaultDetail(expected: Bilingual("「系統名: 並び」", "segments with lists")))
      return [:]
    }
    var found: [Segment: [Value]] = [:]
    for pair in pairs {
      guard let segment = try? Segment(parsing: pair.key), served.contains(segment) else {
        log.add(.segmentNotServed, pair.keyPosition)
        continue
      }
      if found[segment] != nil { log.add(.duplicateKey, pair.keyPosition, FaultDetail(key: pair.key)) }
      found[segment] = log.distinct(pair.value, 1...16, read)
    }
    return found
  }

  private struct Revocation {
    let graceHours: Int
    var maximumAgeHours: Int?
    var coversPath = false
  }

  private func revocation(_ node: MarkedNode) -> Revocation? {
    let fields = Fields(node, allowed: ["stale-grace-hours", "maximum-age-hours", "coverage"], log)
    let age = fields.optional("maximum-age-hours").map { log.integer($0, 1...8784) }
    let coverage = fields.optional("coverage").map { log.word($0, of: ["card", "path"]) } ?? "card"
    guard let grace = log.integer(fields.required("stale-grace-hours"), 0...168), let coverage else { return nil }
    return Revocation(graceHours: grace, maximumAgeHours: age ?? nil, coversPath: coverage == "path")
  }

  private func certificatePolicy(_ node: MarkedNode) -> CertificatePolicy? {
    log.name(node, Bilingual("OID（例 1.2.392.200.1）", "an object identifier such as 1.2.392.200.1")) {
      text throws(MalformedInput) in try CertificatePolicy(parsing: text)
    }
  }

  private func listAddress(_ node: MarkedNode) -> ListAddress? {
    log.name(node, Bilingual("http://ホスト/パス（庁内）", "http://HOST/PATH, inside the city's network"), as: .badAddress) {
      text throws(MalformedInput) in try ListAddress(parsing: text)
    }
  }

  /// Not "any": a promise that no authority has made would be believed.
  private func pinPolicy(_ node: MarkedNode) -> CertificatePolicy? {
    log.name(
      node, Bilingual("2.5.29.32.0 以外の OID（例 1.2.392.200.1.1）", "an object identifier such as 1.2.392.200.1.1, not 2.5.29.32.0")
    ) {
      text throws(MalformedInput) in
      let policy = try CertificatePolicy(parsing: text)
      guard policy != .any else { throw MalformedInput("certificate policy", expected: "one policy, not any") }
      return policy
    }
  }

  private func recoveryKey(_ node: MarkedNode) -> String? {
    log.name(node, Bilingual("回復鍵の公開部分 recovery-1-…", "the public half of a recovery key, recovery-1-…")) {
      text throws(MalformedInput) in
      try Self.handCopied(text, prefix: "recovery-1-", "recovery key", expected: "its public half")
    }
  }

  /// Letters, digits and hyphens behind a prefix, as people copy them; whether they are right is found where they are used.
  static func handCopied(
    _ text: String, prefix: String, _ subject: String, expected: String
  ) throws(MalformedInput) -> String {
    guard text.hasPrefix(prefix), text.utf8.count <= 128,
      text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) })
    else { throw MalformedInput(subject, expected: expected) }
    return text
  }

  static func user(_ node: MarkedNode, _ log: FaultLog) -> String? {
    log.name(node, Bilingual("Linux の利用者名", "a unix user name")) { text throws(MalformedInput) in
      let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
      let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
      let units = Array(text.utf8)
      guard (1...32).contains(units.count), letters.contains(units[0]) || units[0] == UInt8(ascii: "_"),
        units.allSatisfy({ letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
      else { throw MalformedInput("user", expected: "a unix user name") }
      return text
    }
  }

  private func host(_ node: MarkedNode) -> String? { Self.host(node, log) }

  static func host(_ node: MarkedNode?, _ log: FaultLog) -> String? {
    log.name(node, Bilingual("ホスト名か IP アドレス", "a host name or an IP address"), as: .badAddress) { text throws(MalformedInput) in
      guard Self.isIPv4(text) || Self.isIPv6(text) || Self.isHostName(text) else {
        throw MalformedInput("host", expected: "a host name or an IP address")
      }
      return text
    }
  }

  static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
          && (part.utf8.count == 1 || part.first != "0") && (Int(part) ?? 256) < 256
      }
  }

  /// Groups of RFC 4291 §2.2, forms 1 and 2; no zone, no embedded IPv4.
  static func isIPv6(_ text: String) -> Bool {
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count), text.utf8.count <= 39 else { return false }
    var groups = 0
    for half in halves where !half.isEmpty {
      for group in half.split(separator: ":", omittingEmptySubsequences: false) {
        guard (1...4).contains(group.utf8.count), group.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return false }
        groups += 1
      }
    }
    return halves.count == 2 ? groups <= 7 : groups == 8
  }

  /// Labels of RFC 1123 §2.1, not all digits at the end (that would be a broken address).
  static func isHostName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    let isRight = labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
    return isRight && labels.last.map { !$0.allSatisfy(\.isNumber) } ?? false
  }
}
