import AuthTerms

/// Reads `directory` of the start-up file: where people come from.
struct DirectoryReader {
  let log: FaultLog

  private static let mannerKeys = ["base", "number-attribute", "tick-seconds", "effective-attribute"]
  private static let keys = mannerKeys + ["servers", "authorities", "account", "password-file", "passwords", "snapshot-user"]
  /// Attributes of Active Directory in which cities keep the staff number (MS-ADA1 to MS-ADA3).
  private static let numberAttributes = ["employeeNumber", "employeeID"]

  /// Attributes without a meaning of their own to Windows, in which a day can be kept: Exchange's, those of the schema of Windows
  /// Server 2012, and one that every schema has.
  private static let dayAttributes =
    (1...15).map { "extensionAttribute\($0)" } + (1...20).map { "msDS-cloudExtensionAttribute\($0)" } + ["info"]

  func read(_ root: MarkedNode) -> DirectoryConnection? {
    let fields = Fields(root, allowed: Self.keys, log)
    let servers = log.distinct(fields.required("servers"), 1...8) { server($0) }
    let authorities = InstanceReader.path(fields.required("authorities"), log)
    let account = account(fields.required("account"))
    let passwordFile = InstanceReader.path(fields.required("password-file"), log)
    let words = DirectoryConnection.Passwords.allCases.map(\.rawValue)
    let passwords =
      fields.optional("passwords").map { log.word($0, of: words).flatMap(DirectoryConnection.Passwords.init) } ?? .sanmon
    let writer = fields.optional("snapshot-user").flatMap { InstanceReader.user($0, log) }
    guard let manner = manner(fields), let authorities, let account, let passwordFile, let passwords else { return nil }
    return DirectoryConnection(
      servers: servers, authorities: authorities, account: account, passwordFile: passwordFile, passwords: passwords,
      snapshotUser: writer, manner: manner)
  }

  /// What both kinds have; `nil` behind any fault.
  private func manner(_ fields: Fields) -> DirectoryManner? {
    let base = fields.optional("base").map { Names.unitPath($0, log) } ?? []
    let number =
      fields.optional("number-attribute").map { log.word($0, of: Self.numberAttributes) } ?? Self.numberAttributes[0]
    let tick = fields.optional("tick-seconds").map { log.integer($0, 1...3600) } ?? 2
    let effective = fields.optional("effective-attribute").flatMap { log.word($0, of: Self.dayAttributes) }
    guard log.isClean, let base, let number, let tick else { return nil }
    return DirectoryManner(
      base: base, numberAttribute: number.lowercased(), effectiveAttribute: effective?.lowercased(), tickSeconds: tick)
  }

  // MARK: Snapshots of another instance

  private static let snapshotKeys = mannerKeys + ["snapshot", "snapshot-key", "domain", "maximum-age-hours"]
  /// What only an instance that asks domain controllers has.
  private static let connectionKeys: Set = ["servers", "authorities", "account", "password-file", "passwords", "snapshot-user"]

  func isSnapshot(_ root: MarkedNode) -> Bool {
    guard case .map(let pairs) = root.content else { return false }
    return pairs.contains { $0.key == "snapshot" || $0.key == "snapshot-key" }
  }

  func readSnapshot(_ root: MarkedNode) -> SnapshotConnection? {
    if case .map(let pairs) = root.content, let pair = pairs.first(where: { Self.connectionKeys.contains($0.key) }) {
      log.add(.directoryTwice, pair.keyPosition)
      return nil
    }
    let fields = Fields(root, allowed: Self.snapshotKeys, log)
    let file = InstanceReader.path(fields.required("snapshot"), log)
    let key = log.name(
      fields.required("snapshot-key"), Bilingual("写しの鍵の公開部分 snapshot-1-…", "the public half of a snapshot key, snapshot-1-…")
    ) { text throws(MalformedInput) in
      try InstanceReader.handCopied(text, prefix: "snapshot-1-", "snapshot key", expected: "its public half")
    }
    let domain = fields.optional("domain").map { node in
      log.name(node, Bilingual("ドメインの SID（S-1-5-21-…）", "the SID of a domain, S-1-5-21-…")) { text throws(MalformedInput) in
        try InstanceReader.handCopied(text, prefix: "S-1-5-21-", "domain", expected: "its SID")
      }
    }
    let hours = fields.optional("maximum-age-hours").map { log.integer($0, 1...744) } ?? 26
    guard let manner = manner(fields), let file, let key, let hours else { return nil }
    return SnapshotConnection(path: file, key: key, domain: domain.flatMap { $0 }, maximumAgeHours: hours, manner: manner)
  }

  // MARK: Parts

  private func server(_ node: MarkedNode) -> DirectoryConnection.Server? {
    let fields = Fields(node, allowed: ["host", "port", "protection"], log)
    let host = InstanceReader.host(fields.required("host"), log)
    let port = fields.optional("port").flatMap { log.integer($0, 1...65_535) }
    let words = DirectoryConnection.Protection.allCases.map(\.rawValue)
    let protection =
      fields.optional("protection").map { log.word($0, of: words).flatMap(DirectoryConnection.Protection.init) } ?? .ldaps
    guard let host, let protection, log.isClean else { return nil }
    return DirectoryConnection.Server(host: host, port: port, protection: protection)
  }

  /// A user principal name: `svc-sanmon@ad.city.example`.
  private func account(_ node: MarkedNode?) -> String? {
    log.name(node, Bilingual("「名前@ドメイン」の形のアカウント", "an account as name@domain")) { text throws(MalformedInput) in
      let parts = text.split(separator: "@", omittingEmptySubsequences: false)
      let isPrintable = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
      guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isPrintable, text.utf8.count <= 256 else {
        throw MalformedInput("account", expected: "name@domain")
      }
      return text
    }
  }
}
