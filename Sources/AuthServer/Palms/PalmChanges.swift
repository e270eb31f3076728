import AuditLog
import AuthAPI
import AuthTerms
import Storage

/// Registers a palm in place of the one that this matcher knew of this hand.
struct RegisterPalm: Change {
  let palm: RegisteredPalm
  let samples: [SampleFingerprint]
  /// Lowest quality among what is kept, 0 to 100.
  let quality: Int
  let sensor: String
  let day: Int
  let now: Moment

  /// - Returns: whether the person is there.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Bool, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "palm.enrolled", outcome: .done)
    record.person = palm.person
    record.operatorID = palm.enrolledBy
    record.note = "\(palm.hand.name), \(palm.format), sensor \(sensor), quality \(quality), notice given"
    guard try state.person(palm.person) != nil else {
      record.outcome = .refused
      record.note += "; person unknown"
      return (false, record)
    }
    if try state.palms(of: palm.person).contains(where: { $0.id == palm.id }) { record.note += "; replaces the former one" }
    for sample in samples where try !state.isKnown(sample) { try state.remember(sample, day: day) }
    try state.put(palm)
    // Who could not be recognised gets a new beginning with new captures.
    try state.setThrottle(nil, for: .palm(palm.person))
    return (true, record)
  }
}

/// Takes palms of a person away, of one hand or of both.
struct RemovePalms: Change {
  let person: PersonID
  let hand: Hand?
  let reason: Remark
  let by: OperatorID
  let now: Moment

  /// - Returns: how many there were; `nil` if the person is not there.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Int?, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "palm.removed", outcome: .done)
    record.person = person
    record.operatorID = by
    guard try state.person(person) != nil else {
      record.outcome = .refused
      record.note = "person unknown"
      return (nil, record)
    }
    var removed: [RegisteredPalm] = []
    for palm in try state.palms(of: person) where hand == nil || palm.hand == hand {
      if try state.removePalm(palm.id) { removed.append(palm) }
    }
    record.count = Int64(removed.count)
    let names = removed.map { "\($0.hand.name) \($0.format)" }.joined(separator: ", ")
    record.note = (names.isEmpty ? "none" : names) + (reason.text.isEmpty ? "" : "; \(reason.text)")
    return (removed.count, record)
  }
}

/// Forgets captures that are older than anybody would play again, and how palms did in those days.
struct ForgetSamples: Change {
  let before: Int
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Int, AuditRecord) {
    let count = try state.forgetSamples(before: before)
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "palm.samplesForgotten", outcome: .done)
    record.count = Int64(count)
    record.note = "daily sums \(try state.forgetPalmUse(before: before))"
    return (count, record)
  }
}
