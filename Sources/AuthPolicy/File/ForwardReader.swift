import AuthTerms

/// Reads `forward` of the start-up file: where the log is sent to.
struct ForwardReader {
  let log: FaultLog

  private static let keys = ["name", "address", "trust", "certificate", "key", "format", "ending"]

  /// One to four; no name twice, since a name is a position in the log.
  func read(_ node: MarkedNode) -> [ForwardDestination] {
    var names: Set<String> = []
    return log.distinct(node, 1...4) { entry in
      guard let destination = destination(entry) else { return nil }
      guard names.insert(destination.name).inserted else {
        log.add(.duplicateEntry, entry.position)
        return nil
      }
      return destination
    }
  }

  private func destination(_ node: MarkedNode) -> ForwardDestination? {
    let fields = Fields(node, allowed: Self.keys, log)
    let name = log.name(fields.required("name"), Bilingual("英数字と . _ - の名前", "a name of A-Z a-z 0-9 . _ -")) {
      text throws(MalformedInput) in try Identifier<Never>(parsing: text).text
    }
    let address = log.name(
      fields.required("address"), Bilingual("「ホスト:ポート」（例 siem.city.example:6514）", "HOST:PORT, such as siem.city.example:6514"),
      as: .badAddress
    ) { text throws(MalformedInput) in try ForwardAddress(parsing: text) }
    let trust = InstanceReader.path(fields.required("trust"), log)
    let formats = ForwardFormat.allCases.map(\.rawValue)
    let format = log.word(fields.required("format"), of: formats).flatMap(ForwardFormat.init)
    let endings = ForwardEnding.allCases.map(\.rawValue)
    let ending = fields.optional("ending").map { log.word($0, of: endings).flatMap(ForwardEnding.init) } ?? .answered
    var identity: ForwardDestination.Identity?
    // One without the other would make somebody believe that a certificate is shown.
    if fields.optional("certificate") != nil || fields.optional("key") != nil {
      let certificate = InstanceReader.path(fields.required("certificate"), log)
      let key = InstanceReader.path(fields.required("key"), log)
      guard let certificate, let key else { return nil }
      identity = ForwardDestination.Identity(certificate: certificate, key: key)
    }
    guard let name, let address, let trust, let format, let ending else { return nil }
    return ForwardDestination(
      name: name, address: address, trust: trust, identity: identity, format: format, ending: ending)
  }
}
