import AuthTerms

/// Reads `organisation.yaml`.
enum OrganisationFile {
  static let name = "organisation.yaml"
  private static let keys = [
    "city", "time-zone", "sites", "help-desk", "segments", "throttle", "unit-groups", "purge-after-days",
  ]

  struct Result {
    var organisation: Organisation
    /// Where each segment is declared, for faults of the set.
    var places: [Segment: Position]
  }

  static func read(_ root: MarkedNode, _ log: FaultLog) -> Result? {
    let fields = Fields(root, allowed: keys, log)
    let city = localised(fields.required("city"), most: 40, log)
    let offset = offset(fields.required("time-zone"), log)
    let sites = sites(fields.required("sites"), log)
    let helpDesk = helpDesk(fields.required("help-desk"), log)
    let (models, places) = models(fields.required("segments"), log)
    let (person, workstation) = throttle(fields.optional("throttle"), log)
    let units = unitGroups(fields.optional("unit-groups"), log)
    let purge = fields.optional("purge-after-days").map { log.integer($0, 30...3650) } ?? Organisation.usualPurgeAfterDays
    guard log.isClean, let city, let offset, let helpDesk, let purge else { return nil }
    let organisation = Organisation(
      city: city, timeZoneOffsetSeconds: offset, sites: sites, helpDesk: helpDesk, models: models, throttle: person,
      workstationThrottle: workstation, unitGroups: units, purgeAfterDays: purge)
    return Result(organisation: organisation, places: places)
  }

  private static func localised(_ node: MarkedNode?, most: Int, _ log: FaultLog) -> LocalisedText? {
    guard let node else { return nil }
    let fields = Fields(node, allowed: ["ja", "en"], log)
    guard let ja = log.text(fields.required("ja"), most: most), let en = log.text(fields.required("en"), most: most) else {
      return nil
    }
    return LocalisedText(ja: ja, en: en)
  }

  /// `"+09:00"`, in steps of 15 minutes; no city of this product has daylight saving.
  private static func offset(_ node: MarkedNode?, _ log: FaultLog) -> Int? {
    let expected = Bilingual("\"+09:00\" の形の時差", "a time zone offset like \"+09:00\"")
    return log.name(node, expected) { text throws(MalformedInput) in
      let units = Array(text.utf8)
      let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
      let fault = MalformedInput("time zone", expected: "+09:00")
      guard units.count == 6, units[0] == UInt8(ascii: "+") || units[0] == UInt8(ascii: "-"), units[3] == UInt8(ascii: ":"),
        [1, 2, 4, 5].allSatisfy({ digits.contains(units[$0]) })
      else { throw fault }
      let value = { (index: Int) in Int(units[index] - UInt8(ascii: "0")) }
      let (hours, minutes) = (value(1) * 10 + value(2), value(4) * 10 + value(5))
      guard hours <= 14, minutes < 60, minutes % 15 == 0 else { throw fault }
      return (hours * 3600 + minutes * 60) * (units[0] == UInt8(ascii: "-") ? -1 : 1)
    }
  }

  private static func sites(_ node: MarkedNode?, _ log: FaultLog) -> [Site] {
    var seen: Set<String> = []
    return log.list(node, 1...64).compactMap { entry in
      let fields = Fields(entry, allowed: ["id", "ja", "en"], log)
      guard let id = Names.site(fields.required("id"), log), let ja = log.text(fields.required("ja"), most: 40),
        let en = log.text(fields.required("en"), most: 60)
      else { return nil }
      if !seen.insert(id).inserted { log.add(.duplicateEntry, fields.place("id")) }
      return Site(id: id, name: LocalisedText(ja: ja, en: en))
    }
  }

  private static func helpDesk(_ node: MarkedNode?, _ log: FaultLog) -> HelpDesk? {
    guard let node else { return nil }
    let fields = Fields(node, allowed: ["telephone", "ja", "en"], log)
    let expected = Bilingual("数字と + - ( ) 空白の電話番号", "a telephone number of digits, + - ( ) and spaces")
    let telephone = log.name(fields.required("telephone"), expected) { text throws(MalformedInput) in
      guard (2...24).contains(text.utf8.count), text.allSatisfy({ "0123456789+-() ".contains($0) }) else {
        throw MalformedInput("telephone", expected: "digits")
      }
      return text
    }
    guard let telephone, let ja = log.text(fields.required("ja"), most: 200),
      let en = log.text(fields.required("en"), most: 300)
    else { return nil }
    return HelpDesk(telephone: telephone, text: LocalisedText(ja: ja, en: en))
  }

  private static func models(_ node: MarkedNode?, _ log: FaultLog) -> ([Segment: SecurityModel], [Segment: Position]) {
    var models: [Segment: SecurityModel] = [:]
    var places: [Segment: Position] = [:]
    for entry in log.list(node, 1...16) {
      let fields = Fields(entry, allowed: ["segment", "model"], log)
      let model = log.word(fields.required("model"), of: SecurityModel.allCases.map(\.rawValue)).flatMap(SecurityModel.init)
      guard let segment = Names.segment(fields.required("segment"), log), let model else { continue }
      if models[segment] != nil { log.add(.duplicateEntry, fields.place("segment")) }
      models[segment] = model
      places[segment] = fields.place("segment")
    }
    return (models, places)
  }

  private static func unitGroups(_ node: MarkedNode?, _ log: FaultLog) -> [UnitGroup] {
    guard let node else { return [] }
    var seen: Set<UnitGroup> = []
    return log.list(node, 1...256).compactMap { entry in
      let fields = Fields(entry, allowed: ["ou", "group"], log)
      let path = fields.required("ou").flatMap { Names.unitPath($0, log) }
      guard let group = fields.required("group").flatMap({ Names.group($0, log) }), let path else { return nil }
      let unit = UnitGroup(path: path, group: group)
      if !seen.insert(unit).inserted { log.add(.duplicateEntry, entry.position) }
      return unit
    }
  }

  private static func throttle(_ node: MarkedNode?, _ log: FaultLog) -> (ThrottleLimits, ThrottleLimits) {
    var (person, workstation) = (ThrottleLimits.person, ThrottleLimits.workstation)
    guard let node else { return (person, workstation) }
    let fields = Fields(node, allowed: ["person", "workstation"], log)
    if let node = fields.optional("person") {
      let limits = Fields(
        node, allowed: ["free-failures", "first-delay-seconds", "longest-delay-seconds", "most-failures"], log)
      delays(limits, &person, log)
      // NIST SP 800-63B-4 §3.2.2: no more than 100 consecutive failures on one account.
      if let node = limits.optional("most-failures") { person.ceiling = log.integer(node, 5...100) }
    }
    if let node = fields.optional("workstation") {
      let limits = Fields(
        node, allowed: ["free-failures", "first-delay-seconds", "longest-delay-seconds", "forgive-one-every-seconds"], log)
      delays(limits, &workstation, log)
      if let node = limits.optional("forgive-one-every-seconds") { workstation.decaySeconds = log.integer(node, 10...3600) }
    }
    return (person, workstation)
  }

  private static func delays(_ fields: Fields, _ limits: inout ThrottleLimits, _ log: FaultLog) {
    if let node = fields.optional("free-failures") { limits.freeFailures = log.integer(node, 0...20) ?? 0 }
    if let node = fields.optional("first-delay-seconds") { limits.firstDelaySeconds = log.integer(node, 1...600) ?? 1 }
    if let node = fields.optional("longest-delay-seconds") { limits.longestDelaySeconds = log.integer(node, 1...86_400) ?? 1 }
  }
}
