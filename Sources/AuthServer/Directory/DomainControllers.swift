import AuthPolicy
import AuthTerms
import DirectorySync
import Foundation

/// The domain controllers of one Active Directory. One is asked at a time; when it does not answer, the next one, from which
/// everything is read once.
actor DomainControllers: DirectoryOrigin {
  /// Everything is read anew and compared once a night, each instance at a minute of its own after this one, local time.
  static let nightMinute = 3 * 60
  /// After the directory refused our own account: asking on would lock it.
  private static let refusedMilliseconds: Int64 = 60_000
  /// Without a change for so long, the position gets the best witness there is.
  private static let settlingMilliseconds: Int64 = 30_000

  private let configuration: DirectoryConnection
  /// Attributes that are read besides.
  private let also: [String]
  /// Told how each look went.
  private let accounts: DirectoryAccounts?
  private let log: SafeLog
  private var connection: LDAPConnection?
  private var next = 0
  /// The local time, and from which minute of the day on the night's reading is due.
  private let night: @Sendable (Moment) -> (local: LocalTime, minute: Int)
  /// The local day of the last nightly reading.
  private var readOn: Int?
  private var drift: DirectoryDrift?
  private var isAskedToCompare = false
  /// Whether the last look read everything.
  private var isWhole = false
  /// The connection that everything was read by: without a witness a position is good for no other one.
  private var whole: LDAPConnection?
  /// When the object that changed last is looked for, to be the witness of the position: not while somebody waits for what changed, and
  /// not once a change on a busy morning. `nil`: it is the witness, or nothing was read yet.
  private var settlesAt: Int64?
  private var notBefore: Int64 = .min
  private(set) var name = ""

  init(
    _ configuration: DirectoryConnection, also: [String], accounts: DirectoryAccounts?, log: SafeLog,
    night: @escaping @Sendable (Moment) -> (local: LocalTime, minute: Int)
  ) {
    self.night = night
    self.configuration = configuration
    self.also = also
    self.accounts = accounts
    self.log = log
  }

  func look(after last: DirectoryStand?, now: Moment) async throws(DirectoryTrouble) -> DirectoryLook {
    guard now.monotonicMilliseconds >= notBefore else { return .notAsked }
    accounts?.lookBegins()
    isWhole = false
    let found: Result<DirectoryStand?, LDAPFault>
    do throws(LDAPFault) {
      let reader = DirSyncReader(try connected(), also: also)
      found = .success(try await read(reader, after: last, now))
    } catch { found = .failure(error) }
    var isAnswered = true
    if case .failure = found { isAnswered = false }
    accounts?.lookEnds(
      server: next % configuration.servers.count, isAnswered: isAnswered, readsAll: isWhole)
    switch found {
    case .success(let stand): return stand.map { .found($0) } ?? .unchanged
    case .failure(let fault):
      connection = nil
      next += 1
      if fault.code == .serviceRefused { notBefore = now.monotonicMilliseconds + Self.refusedMilliseconds }
      throw DirectoryTrouble(fault)
    }
  }

  /// - Returns: `nil` if nothing changed.
  private func read(
    _ reader: DirSyncReader, after last: DirectoryStand?, _ now: Moment
  ) async throws(LDAPFault) -> DirectoryStand? {
    if readOn == nil { hasReadAll(now) }
    if let last, case .controller(let position) = last.position {
      do throws(LDAPFault) {
        guard position.witness != nil || whole === reader.connection else { throw LDAPFault(.cookie, "witness") }
        let found = try await reader.changes(since: position, of: last.replica)
        if found != nil { settlesAt = now.monotonicMilliseconds + Self.settlingMilliseconds }
        let stand = found.map { DirectoryStand(replica: $0.replica, position: .controller($0.position)) }
        guard isDue(now) else { return if let stand { stand } else { try await settled(position, last, reader, now) } }
        return try await compare(found ?? (last.replica, position), reader, now) ?? stand
      } catch {
        guard error.code == .cookie else { throw error }
        log.event("directoryReadAnew")
      }
    }
    let (replica, position) = try await reader.everything()
    hasReadAll(now)
    readsAll(reader, now)
    return DirectoryStand(replica: replica, position: .controller(position))
  }

  func readAside() async throws(DirectoryTrouble) -> Int? {
    do throws(LDAPFault) {
      let connection = try configuration.connection(next % configuration.servers.count)
      return try await DirSyncReader(connection, also: also).everything().replica.objects.count
    } catch { throw DirectoryTrouble(error) }
  }

  func compared() -> DirectoryDrift? {
    defer { drift = nil }
    return drift
  }

  func compareNext() { isAskedToCompare = true }

  private func isDue(_ now: Moment) -> Bool {
    let (local, minute) = night(now)
    return isAskedToCompare || readOn != local.day && local.minuteOfDay >= minute
  }

  private func hasReadAll(_ now: Moment) {
    let (local, minute) = night(now)
    readOn = local.minuteOfDay >= minute ? local.day : local.day - 1
  }

  /// - Returns: the same reading with the best witness, once it is time for that.
  private func settled(
    _ position: DirSyncPosition, _ last: DirectoryStand, _ reader: DirSyncReader, _ now: Moment
  ) async throws(LDAPFault) -> DirectoryStand? {
    guard let settlesAt, settlesAt <= now.monotonicMilliseconds, let found = try await reader.settled(position) else {
      return nil
    }
    self.settlesAt = nil
    return DirectoryStand(replica: last.replica, position: .controller(found))
  }

  private func readsAll(_ reader: DirSyncReader, _ now: Moment) {
    (isWhole, whole) = (true, reader.connection)
    settlesAt = now.monotonicMilliseconds + Self.settlingMilliseconds
  }

  /// - Returns: `nil` if not everything could be read: what is kept is good for another day, and changes go on being followed.
  /// - Throws: `.cookie` only.
  private func compare(
    _ kept: (replica: DirectoryReplica, position: DirSyncPosition), _ reader: DirSyncReader, _ now: Moment
  ) async throws(LDAPFault) -> DirectoryStand? {
    (isWhole, isAskedToCompare) = (true, false)
    hasReadAll(now)
    do {
      let (full, found) = try await reader.comparison(with: kept)
      readsAll(reader, now)
      drift = found
      if found == nil { log.event("directoryNotCompared") }
      return DirectoryStand(replica: full.replica, position: .controller(full.position))
    } catch {
      guard error.code != .cookie else { throw error }
      log.event("directoryNotCompared", ["code": .ours(error.code.rawValue)])
      return nil
    }
  }

  private func connected() throws(LDAPFault) -> LDAPConnection {
    if let connection { return connection }
    let made = try configuration.connection(next % configuration.servers.count)
    connection = made
    name = made.server.description
    return made
  }
}

/// The file with the password of the account that reads.
enum PasswordFile {
  /// - Throws: `.passwordFile` if it cannot be read, holds nothing or more than 1,024 bytes, or somebody else may read it.
  static func read(_ path: String) throws(LDAPFault) -> Secret<TypedPassword> {
    guard (try? StateFolder.requirePrivate(path)) != nil, var bytes = FileManager.default.contents(atPath: path) else {
      throw LDAPFault(.passwordFile, path)
    }
    defer { bytes.resetBytes(in: bytes.startIndex..<bytes.endIndex) }
    let text = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
    guard (1...1024).contains(text.count) else { throw LDAPFault(.passwordFile, path) }
    return Secret(copying: text)
  }
}
