import AuditLog
import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Crypto
import Foundation
import Programs
import Testing

@Suite(
  "what was restored admits nobody until administrators approve it", .serialized,
  .enabled(if: BackupBench.mayRun, "sanmon is not built"))
struct RestoreTests {
  private func code(_ answer: ServerAnswer) -> String? {
    (try? JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)))?.code
  }

  private func moved(_ pc: TestWorkstation, _ bench: BackupBench) async throws -> TestWorkstation {
    try await pc.moved(to: try #require(bench.city.server.port(.workstations)))
  }

  /// Every door is shut; operators may look.
  private func isShut(_ bench: BackupBench, _ pc: TestWorkstation) async throws {
    let pc = try await moved(pc, bench)
    for path in ["/v1/ceremonies", "/v1/sessions/s-1/lease", "/v1/workstation/renewal"] {
      let answer = try await pc.connection.request("POST", path)
      #expect(answer.status == 503 && code(answer) == "AP194", "\(path) \(answer.status)")
    }
    #expect(code(try await pc.connection.request("GET", "/v1/sessions/current")) == "AP194")
    let link = bench.city.link
    for path in ["/v1/admin/people", "/v1/admin/backups", "/v1/admin/workstations/codes", "/v1/admin/operators/first"] {
      #expect(code(try await link.request("POST", path)) == "AP194", "\(path)")
    }
    #expect(code(try await link.request("GET", "/v1/admin/audit/checkpoint")) == "AP194")
    let status: InstanceStatus = try await link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.contains("restored from a backup") })
    #expect(try await link.request("GET", "/readiness").status == 503)
    let rows = try await bench.city.audit("action=restored.refused")
    #expect(!rows.isEmpty && rows.allSatisfy { $0.outcome == "denied" && $0.code == "AP194" })
  }

  @Test("server and vault lost: both restored, shut, approved; sessions end, a new epoch begins, and it can be restarted")
  func both() async throws {
    let bench = try await BackupBench()
    _ = try await bench.city.importPeople()
    let pc = try await bench.city.workstation("LGWAN-PC-0042")
    let card = try await bench.city.enrolCard("p-000042")
    let session = try await pc.enter(card)
    #expect(try await bench.create("night.sanmon").status == 0)
    let restored = try await bench.restore("night.sanmon", state: "s", vault: "v")
    #expect(restored.status == 0, "\(restored.output)")
    try await bench.exchange(state: "s", vault: "v")
    try await isShut(bench, pc)
    let waiting = try await bench.waiting()
    #expect(waiting.isPending && waiting.isServerRestored && waiting.isVaultRestored)
    #expect(waiting.epoch == 1 && waiting.nextEpoch == 2 && waiting.lost == 0 && waiting.signatures == 1)

    let asked = try await bench.approve()
    #expect(asked.status == 65 && asked.output.contains("--lost 0") && asked.output.contains("cannot know"), "\(asked.output)")
    #expect(try await bench.approve(["--lost", "1"]).status == 65)
    #expect(try await bench.waiting().isPending)
    let approved = try await bench.approve(["--lost", "0"])
    #expect(approved.status == 0 && approved.output.contains("epoch 2"), "\(approved.output)")
    #expect(try await bench.approve(["--lost", "0"]).status == 1, "nothing waits any more")
    let row = try #require(try await bench.city.audit("action=instance.restored").first)
    #expect(row.operatorID == "yamada" && row.note.contains("epoch 2 from row") && row.note.contains("known lost: 0"))
    #expect(try await bench.city.audit("action=session.ended").map(\.session) == [session.session])
    #expect(try await bench.note().note.contains("\nepoch 2\n"))
    let live = try await moved(pc, bench)
    #expect(try await live.connection.request("GET", "/v1/sessions/current").status == 404, "nobody is logged on")
    #expect(try await live.enter(card).person == "p-000042")
    #expect(try await bench.city.link.request("GET", "/readiness").status == 200)
    try await bench.city.restartBoth { _ in }
    let running = try await bench.waiting()
    #expect(!running.isPending && running.epoch == 2)
    #expect(try await bench.create("next.sanmon").status == 0)
    #expect(try await bench.verify("next.sanmon").output.contains("epoch 2"))
    await bench.end()
  }

  @Test("the database alone lost: the approval names the rows the vault signed since; the copy of before is not served again")
  func serverAlone() async throws {
    let bench = try await BackupBench(witness: true)
    _ = try await bench.city.importPeople()
    let pc = try await bench.city.workstation("LGWAN-PC-0042")
    let card = try await bench.city.enrolCard("p-000042")
    #expect(try await bench.create("night.sanmon").status == 0)
    let _: CardStateChanged = try await bench.city.link.call(
      "POST", "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "lost", reason: "reported"))
    let lostNote = try await bench.note().note
    try lostNote.write(toFile: bench.city.folder + "/witness/lost.checkpoint", atomically: true, encoding: .utf8)
    #expect(try await bench.restore("night.sanmon", state: "s", vault: nil).status == 0)
    try await bench.exchange(state: "s", vault: nil)
    try await isShut(bench, pc)
    let waiting = try await bench.waiting()
    let lost = try #require(waiting.lost)
    #expect(waiting.isServerRestored && !waiting.isVaultRestored && lost > 0)
    #expect(waiting.head == (waiting.size ?? 0) + lost)
    let before = bench.city.folder
    // Still a copy after a restart, and not told from the number of its rows.
    try await bench.city.restartBoth { _ in }
    #expect(try await bench.waiting().lost == lost)
    #expect(try await bench.approve(["--lost", "\(lost)"]).status == 0)
    let row = try #require(try await bench.city.audit("action=instance.restored").first)
    #expect(row.note.contains("known lost: \(lost)"))
    // What the text says: the card that was reported lost counts again, until it is reported again.
    #expect(try await moved(pc, bench).enter(card).person == "p-000042")

    // The witness' checkpoint of the rows that were approved as lost does not stand in the way; the new epoch's counts.
    try await bench.city.restartBoth { folder in
      try lostNote.write(toFile: folder + "/witness/again.checkpoint", atomically: true, encoding: .utf8)
    }
    let note = try await bench.note().note
    try note.write(toFile: before + "/witness/new.checkpoint", atomically: true, encoding: .utf8)
    try await bench.city.restartBoth { _ in }
    // The database of before the loss belongs to another epoch.
    let old = try #require(
      try FileManager.default.contentsOfDirectory(atPath: before).first { $0.hasPrefix("state-before-") })
    await #expect(throws: StartFault.epochsDiffer(log: 1, vault: 2)) {
      try await bench.city.restartBoth { folder in
        try FileManager.default.removeItem(atPath: folder + "/state")
        try FileManager.default.moveItem(atPath: "\(folder)/\(old)", toPath: folder + "/state")
      }
    }
    await bench.end()
  }

  @Test("the vault alone lost: nothing is signed until it is approved, then the log goes on")
  func vaultAlone() async throws {
    let bench = try await BackupBench()
    let pc = try await bench.city.workstation("LGWAN-PC-0042")
    #expect(try await bench.create("night.sanmon").status == 0)
    _ = try await bench.city.importPeople()
    _ = try await bench.note()
    #expect(try await bench.restore("night.sanmon", state: nil, vault: "v").status == 0)
    try await bench.exchange(state: nil, vault: "v")
    try await isShut(bench, pc)
    let waiting = try await bench.waiting()
    #expect(!waiting.isServerRestored && waiting.isVaultRestored && waiting.lost == 0 && waiting.madeAt == nil)
    #expect(try await bench.approve(["--lost", "0"]).status == 0)
    #expect(try await bench.note().note.contains("\nepoch 2\n"))
    try await bench.city.restartBoth { _ in }
    #expect(try await bench.waiting().epoch == 2)
    await bench.end()
  }

  @Test("in My Number two administrators sign; acts of others, of another state, of another kind or bent approve nothing")
  func twoPeople() async throws {
    let bench = try await BackupBench(segment: .mynumber)
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await bench.city.register(suzuki) == 201)
    #expect(try await bench.create("night.sanmon").status == 0)
    #expect(try await bench.restore("night.sanmon", state: "s", vault: "v").status == 0)
    try await bench.exchange(state: "s", vault: "v")
    #expect(try await bench.waiting().signatures == 2)
    let one = try await bench.approve(["--lost", "0"])
    #expect(one.status == 77 && one.output.contains("AP125"), "\(one.output)")

    let waiting = try await bench.waiting()
    let parameters = RestoreApproval(
      epoch: waiting.nextEpoch ?? 0, size: waiting.size ?? 0, root: try Hex.decode(waiting.root ?? ""),
      head: waiting.head ?? 0, headRoot: try Hex.decode(waiting.headRoot ?? ""), lost: waiting.lost ?? 0
    ).parameters
    func post(_ signed: SignedAct) async throws -> Int {
      let body = Array(try JSONEncoder().encode(RestoreAct(act: Data(signed.encoded))))
      return try await bench.city.link.request("POST", "/v1/admin/restore/approve", body: body).status
    }
    func two(_ act: Act, _ other: Administrator = suzuki) throws -> SignedAct {
      let signed = try bench.city.sign(act)
      return SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try other.approval(act)])
    }
    let right = try bench.city.act("restore.approve", parameters)
    #expect(try await post(two(right, Administrator(id: "tanaka", person: "p-000003"))) == 403, "no operator")
    #expect(try await post(two(right, Administrator(id: "suzuki", person: "p-000002"))) == 403, "another key")
    #expect(try await post(two(bench.city.act("operator.revoke", parameters))) == 400)
    #expect(
      try await post(two(bench.city.act("restore.approve", parameters.merging(["lost": "7"]) { $1 }))) == 409)
    #expect(try await post(two(bench.city.act("restore.approve", parameters, by: "suzuki"))) == 400)
    #expect(try await bench.waiting().isPending)

    #expect(try await bench.approve(["--lost", "0", "--out", bench.path("r.act")]).status == 0)
    let secret = suzuki.key.rawRepresentation.base64EncodedString() + "\n"
    _ = FileManager.default.createFile(
      atPath: bench.path("suzuki.key"), contents: Data(secret.utf8), attributes: [.posixPermissions: 0o600])
    let accepted = try await bench.sanmon([
      "operator", "accept", bench.path("r.act"), "--as", "suzuki", "--key-file", bench.path("suzuki.key"), "--out",
      bench.path("suzuki.sig"),
    ])
    #expect(accepted.status == 0, "\(accepted.output)")
    let approved = try await bench.approve(["--act", bench.path("r.act"), "--approval", "suzuki=" + bench.path("suzuki.sig")])
    #expect(approved.status == 0, "\(approved.output)")
    let row = try #require(try await bench.city.audit("action=instance.restored").first)
    #expect(row.note.contains("approved by suzuki"))
    await bench.end()
  }

  @Test("nothing is restored over anything; a wrong backup leaves no folder, and what a kill left is replaced")
  func folders() async throws {
    let bench = try await BackupBench()
    #expect(try await bench.create("night.sanmon").status == 0)
    let files = FileManager.default
    for (state, vault) in [(bench.city.folder + "/state", nil), (nil, bench.city.folder + "/vault")] as [(String?, String?)] {
      let result = try await bench.sanmon(
        bench.restoring("night.sanmon", state: nil, vault: nil) + (state.map { ["--state", $0] } ?? [])
          + (vault.map { ["--vault-state", $0] } ?? []))
      #expect(result.status == 65 && result.output.contains("not empty"), "\(result.output)")
    }
    #expect(try await bench.restore("night.sanmon", state: nil, vault: nil).status == 64)

    var bent = try #require(files.contents(atPath: bench.path("night.sanmon")))
    bent[bent.count - 3] ^= 1
    try bent.write(to: URL(filePath: bench.path("bent.sanmon")))
    try files.createDirectory(atPath: bench.path("v"), withIntermediateDirectories: false)
    #expect(try await bench.restore("bent.sanmon", state: "s", vault: "v").status == 65)
    #expect(!bench.exists("s") && !bench.exists("s.restoring") && !bench.exists("v.restoring"))
    #expect(try files.contentsOfDirectory(atPath: bench.path("v")) == [])

    try files.createDirectory(atPath: bench.path("s.restoring"), withIntermediateDirectories: false)
    try Data("half".utf8).write(to: URL(filePath: bench.path("s.restoring/sanmon.sqlite")))
    #expect(try await bench.restore("night.sanmon", state: "s", vault: "v").status == 0, "an empty folder is taken")
    #expect(try files.contentsOfDirectory(atPath: bench.path("s")).sorted() == ["column.key", "sanmon.sqlite"])
    #expect(try files.contentsOfDirectory(atPath: bench.path("v")) == ["vault.sqlite"])
    #expect(!bench.exists("s.restoring"))

    // Killed at any moment: each folder is whole, or not there.
    for milliseconds in [5, 20, 40, 60, 80, 120] {
      let name = "k\(milliseconds)"
      let process = try bench.process(bench.restoring("night.sanmon", state: name, vault: name + "v"))
      usleep(useconds_t(milliseconds * 1000))
      process.kill()
      if bench.exists(name) {
        #expect(try files.contentsOfDirectory(atPath: bench.path(name)).sorted() == ["column.key", "sanmon.sqlite"])
      }
      if bench.exists(name + "v") { #expect(try files.contentsOfDirectory(atPath: bench.path(name + "v")) == ["vault.sqlite"]) }
    }
    await bench.end()
  }
}
