import AuthAPI
public import AuthClient
import AuthTerms
import Foundation
import PCSCReader

/// The long-lived process of one workstation: keeps session keys in memory, holds the connection on which locks arrive,
/// renews the lease, watches the readers, and serves the commands of its own user.
public actor WatchService {
  private struct Prepared {
    let keyring: SessionKeyring
    let at: Moment
  }

  private var state: AgentState
  private var servers: ServerList
  let surroundings: Surroundings
  private let lockCommand: LockCommand?
  private let say: @Sendable (AgentMessage) -> Void
  private var session = SessionGuard()
  private var renewals = RenewalSchedule()
  /// The keys of the held session.
  private var keyring: SessionKeyring?
  /// What its card signed about them, and how far this machine's clock was from the server's.
  private var evidence: SessionEvidence?
  private var clockSkew: Int64 = 0
  /// What the held session was handed out of the vault; numbers, no secrets.
  var versions = HandedVersions()
  /// Keys made for ceremonies that run now; at most 4, for 2 minutes.
  private var prepared: [Prepared] = []
  /// A notice is on its way and stands no longer in the outbox.
  private var isSending = false
  private var outbox: [Notice] = []
  private var isConnected = false
  /// Counts what commands changed, so that an answer read meanwhile is known to be old.
  private var changes = 0
  private var ended: AgentFault?
  private var isStopped = false
  private var finish: CheckedContinuation<Void, Never>?

  private enum Notice: Sendable {
    case lock(session: String, cause: String)
    case logoff(session: String, cause: String)
    case event(WorkstationEvent)
  }

  /// - Parameter say: where messages for the person go.
  public init(
    state: AgentState, servers: ServerList, surroundings: Surroundings, lockCommand: LockCommand?,
    say: @escaping @Sendable (AgentMessage) -> Void
  ) {
    self.state = state
    self.servers = servers
    self.surroundings = surroundings
    self.lockCommand = lockCommand
    self.say = say
  }

  /// Runs until `stop()`, or until the server closes the workstation (`refused`).
  public func run() async throws(AgentFault) {
    let socket = try WatchSocket(folder: state.path) { [weak self] command in
      await self?.answer(command) ?? WatchReply(fault: "malformed")
    }
    let readers = ReaderMonitor()
    say(.watching(workstation: state.workstation.workstation.text))
    let work = Task {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.listen() }
        group.addTask { await self.keepTime() }
        group.addTask { await self.deliver() }
        group.addTask {
          for await event in readers.events { await self.reader(event) }
        }
      }
    }
    await withCheckedContinuation { continuation in
      if isStopped || ended != nil { continuation.resume() } else { finish = continuation }
    }
    socket.close()
    work.cancel()
    readers.stop()
    servers.close()
    if let ended { throw ended }
  }

  /// Locks what is open, says so to the server, forgets the keys, and lets `run` return.
  public func stop() async {
    guard !isStopped else { return }
    isStopped = true
    await carryOut(session.asked(toLock: "shutdown"))
    let rest = outbox
    outbox = []
    for notice in rest { _ = await send(notice) }
    keyring = nil
    evidence = nil
    prepared = []
    finish?.resume()
    finish = nil
  }

  // MARK: Steps

  private func carryOut(_ steps: [SessionGuard.Step]) async {
    for step in steps {
      switch step {
      case .lockScreen(let cause):
        say(.screenLocked(cause: cause))
        await runLockCommand("lock", cause)
      case .logOffScreen(let cause):
        say(.screenLoggedOff(cause: cause))
        await runLockCommand("logoff", cause)
      case .tellLock(let session, let cause): post(.lock(session: session, cause: cause))
      case .tellLogoff(let session, let cause): post(.logoff(session: session, cause: cause))
      case .report(let kind): post(.event(WorkstationEvent(kind: kind)))
      case .renew(let id): Task { await self.renew(id) }
      case .forgetKeys:
        keyring = nil
        evidence = nil
      case .say(let message): say(message)
      case .end:
        ended = .server(.refused(ErrorBody(.workstationRevoked, reference: nil)))
        finish?.resume()
        finish = nil
      }
    }
  }

  private func runLockCommand(_ action: String, _ cause: String) async {
    guard let lockCommand else { return }
    // A cause from the server becomes an argument of a program: only words go through.
    let word = cause.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) } && cause.utf8.count <= 32
    if await !lockCommand.run(action, cause: word ? cause : "server") { say(.lockCommandFailed) }
  }

  // MARK: Time and lease

  private func keepTime() async {
    while !Task.isCancelled {
      await tick()
      let now = surroundings.now()
      prepared.removeAll { now.milliseconds(since: $0.at) > 120_000 }
      if renewals.isDue(state.workstation.workstation, notAfter: state.workstation.notAfter, now: now) {
        Task { await self.renewCertificate() }
      }
      do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
    }
  }

  private func tick() async { await carryOut(session.tick(now: surroundings.now(), machine: surroundings.machine())) }

  private func renewCertificate() async {
    do throws(AgentFault) {
      let renewed = try await Enrolment(state: state.path, surroundings: surroundings).renew()
      say(.renewed(workstation: renewed.workstation.text))
    } catch {
      // Tried again in an hour; near the end somebody has to know.
      if let days = renewals.warning(notAfter: state.workstation.notAfter, now: surroundings.now()) {
        say(.certificateEnds(days: days))
      }
    }
  }

  private func renew(_ id: String) async {
    // The lease counts from the asking: the server has heard us no earlier, whatever time its answer took.
    let asked = surroundings.now()
    do throws(ClientFault) {
      let status = try await servers.withServer { connection throws(ClientFault) in
        try await connection.call("POST", "/v1/sessions/\(id)/lease", returning: SessionStatus.self, repeatable: true)
      }
      guard status.session == id else { return }
      session.renewed(id, now: asked)
    } catch {
      // Not reached: the lease goes on running out. Refused: the session is over.
      guard case .refused(let body) = error, !body.code.hasPrefix("HT"), !body.code.hasPrefix("AP19") else { return }
      await carryOut(session.renewalRefused(id, code: body.code))
    }
  }

  private func reader(_ event: ReaderEvent) async { await carryOut(session.reader(event, now: surroundings.now())) }

  // MARK: The held connection

  private func listen() async {
    var backoff = Backoff(first: 500, limit: 15_000, random: surroundings.random)
    while !Task.isCancelled {
      do {
        let lines = try await servers.withServer { connection throws(ClientFault) in
          try await connection.lines("/v1/watch").lines
        }
        for try await line in lines {
          guard let event = try? JSONDecoder().decode(WatchEvent.self, from: Data(line)) else {
            throw ClientFault.malformedAnswer(expected: "an event")
          }
          backoff.reset()
          if event.event == "ready" { try await resume() }
          await carryOut(session.heard(event))
        }
      } catch let fault as ClientFault {
        if case .refused(let body) = fault, body.code == DenialCode.workstationRevoked.rawValue {
          await carryOut(session.heard(WatchEvent(event: "close")))
          return
        }
      } catch {}
      if isConnected { say(.serverLost) }
      isConnected = false
      do { try await Task.sleep(for: .milliseconds(backoff.pause())) } catch { return }
    }
  }

  /// After the connection was made: what happened meanwhile is read, because nothing was heard of it.
  private func resume() async throws(ClientFault) {
    if !isConnected { say(.serverReady) }
    isConnected = true
    let before = changes
    let status = try await current()
    // What was read before a command changed the session says nothing about it any more; and a ceremony that runs now may
    // open a session before it is handed over to us.
    guard before == changes, session.held != nil || prepared.isEmpty else { return }
    await carryOut(session.found(status))
  }

  private func current() async throws(ClientFault) -> SessionStatus? {
    do {
      return try await servers.withServer { connection throws(ClientFault) in
        try await connection.fetch("/v1/sessions/current", returning: SessionStatus.self)
      }
    } catch .refused(let body) where body.code == HTTPProblem.notFound.rawValue {
      return nil
    }
  }

  // MARK: What the server must hear

  private func post(_ notice: Notice) {
    // Bounded: the newest are kept, and at most one end or lock of a session matters.
    if outbox.count >= 32 { outbox.removeFirst() }
    outbox.append(notice)
  }

  private func deliver() async {
    while !Task.isCancelled {
      // Once the watch is being stopped, `stop` alone sends what is left.
      while !outbox.isEmpty, !isStopped {
        let notice = outbox.removeFirst()
        isSending = true
        let isHeard = await send(notice)
        isSending = false
        guard isHeard else {
          // A lock that was overtaken by an unlock is not sent any more.
          if !isOvertaken(notice) { outbox.insert(notice, at: 0) }
          break
        }
      }
      do { try await Task.sleep(for: .milliseconds(outbox.isEmpty ? 100 : 1000)) } catch { return }
    }
  }

  /// Waits until the server has heard everything, so that an unlock right after a lock finds it locked. Two seconds at most: the
  /// screen is locked already, and a server that is away must not keep a person waiting.
  private func letServerHear() async {
    for _ in 0..<100 where isSending || !outbox.isEmpty {
      do { try await Task.sleep(for: .milliseconds(20)) } catch { return }
    }
  }

  private func isOvertaken(_ notice: Notice) -> Bool {
    guard case .lock(let id, _) = notice, let held = session.held else { return false }
    return held.session.session == id && !held.isLocked
  }

  /// True when it was heard or refused; false if it should be tried again.
  private func send(_ notice: Notice) async -> Bool {
    do throws(ClientFault) {
      try await servers.withServer { connection throws(ClientFault) in
        switch notice {
        case .lock(let session, let cause):
          _ = try await connection.call(
            "POST", "/v1/sessions/\(session)/lock", SessionEnding(cause: cause), returning: NoBody.self, repeatable: true)
        case .logoff(let session, let cause):
          _ = try await connection.call(
            "POST", "/v1/sessions/\(session)/logoff", SessionEnding(cause: cause), returning: NoBody.self, repeatable: true)
        case .event(let event):
          _ = try await connection.call("POST", "/v1/events", event, returning: NoBody.self)
        }
      }
      return true
    } catch {
      switch error {
      case .refused, .malformedAnswer, .invalidRequest: return true
      default: return false
      }
    }
  }

  // MARK: Commands of the same user

  private func answer(_ command: WatchCommand) async -> WatchReply {
    switch command.command {
    // Right after a sleep a command may come before the next half second: what it asks for must not be there any more.
    case .held, .sign, .signPalm, .adopt, .release, .report, .capture, .change: await tick()
    default: break
    }
    switch command.command {
    case .status: return status()
    case .prepare:
      changes += 1
      guard let keyring = SessionKeyring(surroundings) else { return WatchReply(fault: "malformed") }
      if prepared.count >= 4 { prepared.removeFirst() }
      prepared.append(Prepared(keyring: keyring, at: surroundings.now()))
      var reply = WatchReply()
      reply.keys = keyring.publicKeys
      return reply
    case .held:
      guard let held = session.held, held.session.session == command.session else { return WatchReply(fault: "noSession") }
      guard let keyring else { return WatchReply(fault: "unknownKeys") }
      var reply = WatchReply()
      reply.keys = keyring.publicKeys
      return reply
    case .sign:
      // Only our own session, and only while it is locked: there is no other reason to sign.
      guard let held = session.held, held.session.session == command.session, held.isLocked else {
        return WatchReply(fault: "noSession")
      }
      guard let keyring else { return WatchReply(fault: "unknownKeys") }
      guard let ceremony = command.ceremony, let nonce = command.nonce, nonce.count == 32,
        let signature = keyring.sign(
          SessionPreimage(session: held.session.session, ceremony: ceremony, nonce: Array(nonce)))
      else { return WatchReply(fault: "malformed") }
      var reply = WatchReply()
      reply.signature = Data(signature)
      return reply
    case .signPalm: return signPalm(command)
    case .adopt: return await adopt(command)
    case .lock:
      guard session.held != nil else { return WatchReply(fault: "noSession") }
      await carryOut(session.asked(toLock: "asked"))
      await letServerHear()
      return status()
    case .reload: return await reload()
    case .applications: return await applications()
    case .release: return await release(command)
    case .report: return await report(command)
    case .capture: return await capture(command)
    case .change: return await change(command)
    case .logoff:
      guard session.held != nil else { return WatchReply(fault: "noSession") }
      await carryOut(session.asked(toLogOff: "asked"))
      await letServerHear()
      return WatchReply()
    }
  }

  /// For keys made for a ceremony that runs now, or those of the own session while it is locked.
  private func signPalm(_ command: WatchCommand) -> WatchReply {
    let unlocking = session.held?.isLocked == true ? keyring : nil
    guard let keys = command.keys,
      let keyring = prepared.first(where: { $0.keyring.publicKeys == keys })?.keyring
        ?? unlocking.flatMap({ $0.publicKeys == keys ? $0 : nil })
    else { return WatchReply(fault: "unknownKeys") }
    guard let ceremony = command.ceremony, let nonce = command.nonce, let sensor = command.sensor, let hand = command.hand,
      let sample = command.sample,
      let signature = keyring.sign(
        PalmPreimage(nonce: Array(nonce), ceremony: ceremony, sensor: sensor, hand: hand, sample: Array(sample)))
    else { return WatchReply(fault: "malformed") }
    var reply = WatchReply()
    reply.signature = Data(signature)
    return reply
  }

  /// Takes up a renewed certificate: the server lets go of the old one as soon as it has seen the new one. The held
  /// connection stays as it is; whatever is asked from now on is asked with the new certificate.
  private func reload() async -> WatchReply {
    guard let renewed = try? AgentState(reading: state.path),
      renewed.workstation.workstation == state.workstation.workstation,
      renewed.workstation.segment == state.workstation.segment,
      let connections = try? await renewed.connections()
    else { return WatchReply(fault: "malformed") }
    state = renewed
    let former = servers
    servers = connections
    former.close()
    return status()
  }

  /// The session in whose name the vault may be asked now; nil while it is locked, and without its keys.
  var releasing: ReleaseClient.Session? {
    guard let held = session.held, !held.isLocked, let keyring else { return nil }
    return ReleaseClient.Session(opened: held.session, keyring: keyring, evidence: evidence, clockSkew: clockSkew)
  }

  var releaseClient: ReleaseClient {
    ReleaseClient(servers: servers, workstation: state.workstation, roots: state.roots, surroundings: surroundings)
  }

  func status() -> WatchReply {
    var reply = WatchReply()
    reply.session = session.held?.session.session
    reply.person = session.held?.session.person
    reply.state = session.held.map { $0.isLocked ? "locked" : "open" }
    reply.connected = isConnected
    return reply
  }

  /// What the card signed names the end of its ceremony by the server's clock, half a minute after its beginning.
  private func take(_ bytes: Data?, at now: Moment) {
    guard let shown = bytes.flatMap({ try? SessionEvidence(decoding: Array($0)) }),
      let preimage = try? CardPreimage(canonicalBytes: shown.preimage)
    else { return }
    evidence = shown
    clockSkew = now.wallMilliseconds - (preimage.expiresAt - 30_000)
  }

  /// Takes a session over. The server is asked whether it exists: a command is not believed about that.
  private func adopt(_ command: WatchCommand) async -> WatchReply {
    // Without a card: only back to the session that is held already.
    guard let opened = command.opened, command.reader != nil || session.held?.session.session == opened.session,
      (command.reader?.utf8.count ?? 0) <= 256,
      (try? SessionID(parsing: opened.session)) != nil, (1...86_400).contains(opened.leaseSeconds)
    else { return WatchReply(fault: "malformed") }
    let new = prepared.first { $0.keyring.publicKeys == command.keys }?.keyring
    let kept = keyring.flatMap { session.held?.session.session == opened.session && $0.publicKeys == command.keys ? $0 : nil }
    guard let keys = new ?? kept else { return WatchReply(fault: "unknownKeys") }
    let asked = surroundings.now()
    guard let status = try? await current(), status.session == opened.session, status.state == "open" else {
      return WatchReply(fault: "notConfirmed")
    }
    prepared.removeAll { $0.keyring === keys }
    keyring = keys
    take(command.evidence, at: asked)
    // Notices about an earlier state of this session must not lock it again.
    outbox.removeAll { if case .lock(opened.session, _) = $0 { true } else { false } }
    changes += 1
    session.adopt(opened, reader: command.reader, now: asked, machine: surroundings.machine())
    return self.status()
  }
}
