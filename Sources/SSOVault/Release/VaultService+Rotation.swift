import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import GRDB
import SmartCard
import Synchronization

// Keys of four layers are renewed while releases go on. What is to be renewed stands in the database, and each step is one
// transaction that leaves a state in which everything opens: a renewal that was killed anywhere is carried on from there.

/// What a step of a renewal left.
package enum RotationStep: Sendable, Equatable {
  /// The next one can follow at once.
  case again
  /// Something is under way, and nothing can be done for it yet.
  case waiting
  case nothing
}

extension VaultService {
  /// Milliseconds that a former intake key is kept: acts that carry what was sealed to it are ten minutes old at most.
  static let formerIntakeKept: Int64 = 3_600_000
  /// Milliseconds without anybody being told the key that signs releases, before it is exchanged. An agent asks for it, and for a
  /// release next: exchanged between the two, it would take its vault for another.
  static let quiet: Int64 = 10_000

  func rotateKeys(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let parameters = try check(signed, kind: Act.Kind.rotateKeys, names: ["layers"], keys, now)
    try authorise(signed, required: 1, VaultRegister(database))
    guard let layers = try? VaultLayer.parse(parameters("layers")) else {
      throw VaultFailure.no(.actNotAllowed, "layers of keys in their order")
    }
    // New codes over rows that somebody bent would hide it.
    guard try ReleaseRegister(database, keys).finding() == .asWritten else {
      throw VaultFailure.no(.registersDamaged, "rows are not those that were written: resume first")
    }
    try Rotations(database).ask(layers, at: now.wallMilliseconds)
    try record("rotation.asked", signed, database, now) { $0.note = VaultLayer.text(layers) }
  }

  /// How old each layer's key is.
  func terms(_ keys: VaultKeys, _ database: Database) throws -> [VaultKeyTerm] {
    let asked = try Rotations(database).targets()
    return try VaultLayer.allCases.map { layer in
      let number = try numberInForce(of: layer, keys, database)
      var term = VaultKeyTerm(
        layer: layer, number: number, madeAt: try VaultKeys.term(of: layer, number, database).madeAt,
        isUnderWay: asked[layer] != nil)
      switch layer {
      case .credentials:
        let register = ReleaseRegister(database, keys)
        term.left = UInt64(try register.count(sealedBefore: number) + register.cardKeyCount(sealedBefore: number))
      case .registers:
        term.uses = try uses(keys, database)
        term.mostUses = mostUses
      case .intake: term.left = UInt64(try VaultKeys.numbers(of: layer, database).count(where: { $0 < number }))
      case .signing: break
      }
      return term
    }
  }

  private func numberInForce(of layer: VaultLayer, _ keys: VaultKeys, _ database: Database) throws -> UInt32 {
    if layer == .registers { return try ReleaseRegister(database, keys).root }
    return try VaultKeys.numbers(of: layer, database).last ?? 1
  }

  /// Sums sealed under the root of the registers, at most: each comes with a row of the log, so that the log's size counts them, and
  /// no counter of its own has to survive kills and restores.
  private func uses(_ keys: VaultKeys, _ database: Database) throws -> UInt64 {
    let made = try VaultKeys.term(of: .registers, ReleaseRegister(database, keys).root, database).logSize
    let size = try VaultLog(database).treeSize()
    return size - min(made, size)
  }

  // MARK: Steps

  /// One step of what is under way, at most one transaction of changes; or begins the renewal of a key that was used often.
  /// - Parameter limit: records that are sealed anew in one step.
  package func advanceRotation(atMost limit: Int = 64) throws -> RotationStep {
    guard let keys = keys.withLock({ $0 }), !isRestored.withLock({ $0 }) else { return .nothing }
    let now = environment.now()
    var asked = try write { try Rotations($0).targets() }
    if asked[.registers] == nil, try write({ try uses(keys, $0) }) >= mostUses {
      asked = try write { database in
        try Rotations(database).ask([.registers], at: now.wallMilliseconds)
        try note("vault.key.used", "registers", database, now)
        return try Rotations(database).targets()
      }
    }
    var step = RotationStep.nothing
    for layer in VaultLayer.allCases {
      guard let target = asked[layer] else { continue }
      switch layer {
      case .credentials: step = try renewCredentials(target, keys, limit, now)
      case .registers: step = try renewRegisters(target, keys, now)
      case .intake: step = try renewIntake(target, keys, now)
      case .signing: step = try renewSigning(target, keys, now)
      }
      if step == .again { return .again }
    }
    return step == .nothing && asked.isEmpty ? .nothing : .waiting
  }

  private func renewCredentials(
    _ target: UInt32, _ keys: VaultKeys, _ limit: Int, _ now: Moment
  ) throws -> RotationStep {
    // Known to this process before anything is sealed under it.
    try makeKey(.credentials, target, keys, now)
    let isUnderWay = try write { database in
      var register = ReleaseRegister(database, keys)
      let versions = try register.versions(sealedBefore: target, limit: limit)
      let cardKeys = try register.cardKeys(sealedBefore: target, limit: limit - versions.count)
      guard versions.count + cardKeys.count > 0 else { return false }
      for version in versions {
        var anew = version
        anew.kept = try keys.ring.seal(
          keys.ring.open(version.kept, at: version.place), at: version.place, salt: environment.random(32))
        try register.replace(version, by: anew)
      }
      for key in cardKeys {
        var anew = key
        anew.kept = try keys.ring.seal(
          keys.ring.open(key.kept, at: key.place, as: CardKey.self), at: key.place, salt: environment.random(32))
        try register.put(anew)
      }
      var record = AuditRecord(
        time: now.wallMilliseconds, eventClass: .administration, action: "vault.credentials.resealed", outcome: .done)
      record.count = Int64(versions.count + cardKeys.count)
      record.note = "root \(target)"
      try VaultLog(database).append(record)
      try register.writeSum()
      return true
    }
    if isUnderWay { return .again }
    return try removeFormer(.credentials, target, now)
  }

  private func renewRegisters(_ target: UInt32, _ keys: VaultKeys, _ now: Moment) throws -> RotationStep {
    try makeKey(.registers, target, keys, now)
    try write { database in
      let register = ReleaseRegister(database, keys)
      guard try register.root < target else { return }
      try register.writeAnew(under: keys.rows.seal(target), root: target) { rows in
        try note("vault.registers.rewritten", "root \(target)", count: rows, database, now)
      }
    }
    return try removeFormer(.registers, target, now)
  }

  private func renewIntake(_ target: UInt32, _ keys: VaultKeys, _ now: Moment) throws -> RotationStep {
    try makeKey(.intake, target, keys, now)
    let age = try now.wallMilliseconds - write { try VaultKeys.term(of: .intake, target, $0).madeAt }
    guard age >= Self.formerIntakeKept else { return .waiting }
    return try removeFormer(.intake, target, now)
  }

  /// The former key goes with the same transaction: who verifies a release has asked for the key a moment before.
  private func renewSigning(_ target: UInt32, _ keys: VaultKeys, _ now: Moment) throws -> RotationStep {
    // Nobody is told the former key any more from here to the end.
    try told.withLock { last in
      guard now.milliseconds(since: last) >= Self.quiet else { return .waiting }
      try makeKey(.signing, target, keys, now)
      return try removeFormer(.signing, target, now)
    }
  }

  /// The next key of a layer, on the disk and in this process. Each part is done again after a fault in it.
  private func makeKey(_ layer: VaultLayer, _ target: UInt32, _ keys: VaultKeys, _ now: Moment) throws {
    let isThere = try write { database in
      let last = try VaultKeys.numbers(of: layer, database).last ?? 0
      guard last < target else { return true }
      try VaultKeys.add(layer, target, keys.instance, master, at: now.wallMilliseconds, database)
      try note("vault.key.made", "\(layer.rawValue) \(target)", database, now)
      return false
    }
    if !isThere || keys.numbers[layer] ?? 0 < target { try takeKeys(keys) }
  }

  /// Nothing needs them any more; the renewal has ended when this process has forgotten them, too.
  private func removeFormer(_ layer: VaultLayer, _ target: UInt32, _ now: Moment) throws -> RotationStep {
    guard let keys = keys.withLock({ $0 }) else { return .nothing }
    try write { database in
      guard try VaultKeys.numbers(of: layer, database).contains(where: { $0 < target }) else { return }
      try VaultKeys.remove(layer, before: target, database)
      try note("vault.key.removed", "\(layer.rawValue) before \(target)", database, now)
    }
    try takeKeys(keys)
    try write { try Rotations($0).end(layer) }
    return .again
  }

  private func takeKeys(_ former: VaultKeys) throws {
    let new = try write { try former.renewed(master, $0) }
    keys.withLock { $0 = new }
  }

  private func note(
    _ action: String, _ text: String, count: Int? = nil, _ database: Database, _ now: Moment
  ) throws {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .done)
    record.note = text
    if let count { record.count = Int64(count) }
    try VaultLog(database).append(record)
  }
}

/// Which layers are being renewed, and the number of the key that each is to have. Lives inside a transaction.
///
/// untrusted: who can write here has keys renewed, or never renewed.
private struct Rotations {
  let database: Database

  init(_ database: Database) { self.database = database }

  /// Those that are under way go on.
  func ask(_ layers: Set<VaultLayer>, at now: Int64) throws {
    for layer in layers {
      let last = try VaultKeys.numbers(of: layer, database).last ?? 1
      try database.execute(
        sql: "INSERT OR IGNORE INTO rotations(layer, target, asked_at) VALUES (?, ?, ?)",
        arguments: [layer.rawValue, Int64(last) + 1, now])
    }
  }

  func targets() throws -> [VaultLayer: UInt32] {
    var targets: [VaultLayer: UInt32] = [:]
    let rows = try Row.fetchCursor(database.cachedStatement(sql: "SELECT layer, target FROM rotations"))
    while let row = try rows.next() {
      let (word, target): (String, Int64) = (row[0], row[1])
      guard let layer = VaultLayer(rawValue: word), let target = UInt32(exactly: target), target > 1 else { continue }
      targets[layer] = target
    }
    return targets
  }

  func end(_ layer: VaultLayer) throws {
    try database.execute(sql: "DELETE FROM rotations WHERE layer = ?", arguments: [layer.rawValue])
  }
}
