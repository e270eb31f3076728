import AuditLog
import AuthPolicy
import AuthTerms
import Storage

/// The places that a person's other sessions take in a segment, and which of them may be taken over.
struct SessionsElsewhere {
  /// At workstations that are heard: nobody ends them but their person, an operator or time.
  let held: Int
  /// At workstations that have been silent for longer than their lease, the longest silent first.
  let leftBehind: [(session: SessionRecord, silentMilliseconds: Int64)]

  init(
    of person: PersonID, than workstation: WorkstationID, in segment: Segment, presence: WorkstationPresence, at now: Moment,
    state: some StateReader
  ) throws(StorageFault) {
    let counting = try state.liveSessions(of: person).filter { $0.countsElsewhere(than: workstation, in: segment, at: now) }
    let gone = counting.filter { presence.hasLeft($0, at: now) }
    held = counting.count - gone.count
    leftBehind = gone.map { ($0, presence.silence(of: $0.workstation, at: now)) }.sorted {
      ($0.silentMilliseconds, $1.session.id) > ($1.silentMilliseconds, $0.session.id)
    }
  }

  /// Ends the longest silent ones, each with its own row, until `fits` says that the number which remains leaves a place.
  func makeRoom(
    for ceremony: OpenCeremony, at now: Moment, in state: inout some StateTransaction, fits: (Int) -> Bool
  ) throws(StorageFault) {
    var remaining = held + leftBehind.count
    for (session, silent) in leftBehind {
      if fits(remaining) { return }
      var ended = session
      ended.phase = .ended
      try state.put(ended)
      var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: "session.displaced", outcome: .done)
      record.person = session.person
      record.workstation = session.workstation
      record.segment = session.segment
      record.session = session.id
      record.card = session.card
      record.note =
        "workstation silent for \(silent / 1000) s, lease \(session.terms.leaseSeconds) s; "
        + "displaced by ceremony \(ceremony.id) on \(ceremony.workstation)"
      try state.append(record)
      remaining -= 1
    }
  }
}
