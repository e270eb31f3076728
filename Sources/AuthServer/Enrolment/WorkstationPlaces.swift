import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Where workstations stand, and whose own they are. It opens nothing: a number of a card at two workstations that are one person's
/// own, at one site, raises no alarm.
extension WorkstationDesk {
  /// - Throws: not found for a workstation that is not enrolled and a site that the rules do not name; either has a row.
  func place(
    _ id: WorkstationID, _ message: WorkstationPlacing, by acting: OperatorRecord
  ) async throws -> WorkstationSummary {
    let now = services.surroundings.now()
    let change = PlaceWorkstation(
      id: id, site: message.site, sites: services.policy.policy.siteNames, reason: try Remark(parsing: message.reason),
      by: acting.id, now: now)
    guard let workstation = try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
    return try await shown(workstation)
  }

  /// - Throws: not found for a workstation or a person that is not there, conflict where the limits are reached; either has a row.
  func assign(
    _ id: WorkstationID, _ message: WorkstationOwning, by acting: OperatorRecord
  ) async throws -> WorkstationSummary {
    let now = services.surroundings.now()
    let change = OwnWorkstation(
      id: id, person: try PersonID(parsing: message.person), isOwner: message.isOwner,
      reason: try Remark(parsing: message.reason), by: acting.id, now: now)
    switch try await services.recorder.commit(change, now: now) {
    case .done(let workstation): return try await shown(workstation)
    case .unknown: throw HTTPFault.notFound
    case .full: throw HTTPFault.conflict
    }
  }

  /// As the store has it now.
  func shown(_ workstation: WorkstationRecord) async throws -> WorkstationSummary {
    let id = workstation.id
    let owners = try await services.store.read { (state) throws(StorageFault) -> [PersonID] in try state.owners(of: id) }
    return Self.summary(workstation, owners: owners, isWatching: services.watch.workstations.contains(id))
  }
}

extension PolicySet {
  /// Ids of the sites that the organisation file names.
  var siteNames: Set<String> { Set(organisation.sites.map(\.id)) }
}

extension StateReader {
  /// Other workstations at the same site that are this person's own, as this one is; empty unless it is.
  /// - Parameter sites: those that the rules name now.
  func neighbours(
    of workstation: WorkstationRecord, ownedBy person: PersonID?, sites: Set<String>
  ) throws(StorageFault) -> Set<WorkstationID> {
    guard let person, let site = workstation.site, sites.contains(site) else { return [] }
    let own = try ownWorkstations(of: person)
    guard own.contains(workstation.id) else { return [] }
    var found: Set<WorkstationID> = []
    for id in own where id != workstation.id {
      if let other = try self.workstation(id), other.site == site, !other.isRevoked { found.insert(id) }
    }
    return found
  }
}

/// An administrator says at which site a workstation stands.
struct PlaceWorkstation: Change {
  let id: WorkstationID
  let site: String?
  /// Those that the rules name.
  let sites: Set<String>
  let reason: Remark
  let by: OperatorID
  let now: Moment

  /// `nil`: no such workstation, or no such site.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (WorkstationRecord?, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "workstation.placed", outcome: .refused)
    record.workstation = id
    record.operatorID = by
    record.note = reason.text
    func told(_ what: String) -> String { reason.text.isEmpty ? what : "\(what); \(reason.text)" }
    guard var workstation = try state.workstation(id) else {
      record.note = told("no such workstation")
      return (nil, record)
    }
    record.segment = workstation.segment
    guard site.map(sites.contains) ?? true else {
      record.note = told("the rules name no such site")
      return (nil, record)
    }
    record.note = told("site \(site ?? "none"), before \(workstation.site ?? "none")")
    record.outcome = .done
    workstation.site = site
    try state.put(workstation)
    return (workstation, record)
  }
}

/// A desk says that a workstation is somebody's own, or is not any more.
struct OwnWorkstation: Change {
  enum Outcome: Sendable {
    case done(WorkstationRecord)
    /// The workstation, or the person, is not there or is not in force.
    case unknown
    /// The person has as many as one can have, or it is as many people's as it can be.
    case full
  }

  let id: WorkstationID
  let person: PersonID
  let isOwner: Bool
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: isOwner ? "workstation.assigned" : "workstation.unassigned",
      outcome: .refused)
    record.workstation = id
    record.person = person
    record.operatorID = by
    record.note = reason.text
    func told(_ what: String) -> String { reason.text.isEmpty ? what : "\(what); \(reason.text)" }
    guard let workstation = try state.workstation(id), let found = try state.person(person),
      !isOwner || found.isEnabled && !workstation.isRevoked
    else {
      record.note = told("no such workstation or person, or one that is not in force")
      return (.unknown, record)
    }
    record.segment = workstation.segment
    let (own, owners) = (try state.ownWorkstations(of: person), try state.owners(of: id))
    if isOwner, !own.contains(id) {
      var used = 0
      for other in own where try state.workstation(other)?.isRevoked == false { used += 1 }
      guard used < WorkstationOwning.mostWorkstations, owners.count < WorkstationOwning.mostOwners else {
        record.note = told("the person has \(used), and it is the own one of \(owners.count)")
        return (.full, record)
      }
    }
    record.outcome = .done
    try state.set(person, ownerOf: id, isOwner)
    return (.done(workstation), record)
  }
}
