import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import FaultyDisk
import Foundation
import Isolation
import SSOVault
import Testing

/// The vault on a disk that fails and forgets. What it signed must stay signed, and a code that was used must stay burned.
@Suite("whichever write or sync of the vault fails, what it answered is on the disk")
struct VaultDiskFaultTests {
  /// What a morning asks of a vault, in order; what was refused for want of a disk is asked once more.
  private final class Morning {
    let disk: FaultyDisk
    private(set) var refused = 0
    private var acknowledged: Set<String> = []
    private var office: Office
    private let log: CheckpointTests.Log
    private let key = P256.Signing.PrivateKey()
    private var code = ""

    init(_ disk: FaultyDisk) throws {
      self.disk = disk
      log = try CheckpointTests.Log(rows: 20)
      do {
        office = try Office(state: disk.folder)
      } catch {
        // Not started: nothing was answered.
        disk.repair()
        refused = 1
        office = try Office(state: disk.folder)
      }
    }

    /// - Returns: the answer; a fault of the store is over at the second time of asking.
    private func insist(_ name: String, _ request: () throws -> VaultRequest, from peer: PeerCredentials = Office.server) throws
      -> VaultAnswer
    {
      var answer = office.ask(try request(), from: peer)
      if case .refused(let refusal) = answer, refusal.code == .storeUnavailable {
        refused += 1
        disk.repair()
        answer = office.ask(try request(), from: peer)
      }
      if case .refused(let refusal) = answer { throw Refused(name: name, code: refusal.code) }
      acknowledged.insert(name)
      return answer
    }

    struct Refused: Error {
      let name: String
      let code: VaultRefusal.Code
    }

    func run() throws {
      let sato = try Clerk("sato")
      guard case .initialised(let first) = try insist("initialise", { .initialise(office.settings) }, from: Office.desk) else {
        return
      }
      _ = try insist("operator", { try office.firstRegistration(sato, code: first) })
      guard case .enrolmentCode(let code) = try insist("code", { .createEnrolmentCode(try office.enrolment(by: sato)) }) else {
        return
      }
      self.code = code
      _ = try insist("certificate", { try enrolment(code) })
      _ = try insist("checkpoint 10", { .signCheckpoint(try log.request(from: 0, to: 10)) })
      _ = try insist("checkpoint 20", { .signCheckpoint(try log.request(from: 10, to: 20)) })
    }

    private func enrolment(_ code: String) throws -> VaultRequest {
      .signWorkstation(certificateRequest: try CertificateRequest.make(key: key), code: code)
    }

    /// Opens what a power cut leaves of all this, and asks for what was acknowledged.
    func checkRemains(_ comment: Comment) throws {
      let left = try disk.remains(.nothing)
      defer { try? FileManager.default.removeItem(atPath: left) }
      let after = try office.reopen(at: left)
      func ask(_ request: VaultRequest) -> VaultAnswer { after.handle(request, from: Office.server, peers: Office.peers) }
      guard case .status(let status) = ask(.status) else { throw Office.Unexpected() }
      #expect(status.isInitialised || !acknowledged.contains("initialise"), comment)
      if acknowledged.contains("operator"), case .operators(let known) = ask(.listOperators) {
        #expect(known.count == 1, comment)
      }
      if acknowledged.contains("certificate"), case .refused(let refusal) = ask(try enrolment(code)) {
        #expect(refusal.code == .codeUsed, comment)
      } else {
        #expect(!acknowledged.contains("certificate"), "a used code works again: \(comment)")
      }
      let signed: UInt64 = acknowledged.contains("checkpoint 20") ? 20 : acknowledged.contains("checkpoint 10") ? 10 : 0
      #expect(status.checkpointSize >= signed, comment)
    }
  }

  @Test("one operation fails, each in turn: refused and absent, or answered and durable", arguments: FaultyDisk.Fault.allCases)
  func one(fault: FaultyDisk.Fault) throws {
    var number = 0
    var refusals = 0
    while true {
      let disk = try FaultyDisk()
      disk.fail(from: number, with: fault)
      let morning = try Morning(disk)
      try morning.run()
      try morning.checkRemains("\(fault) at \(number)")
      refusals += morning.refused
      if disk.operations <= number { break }
      number += 1
    }
    #expect(number > 60 && refusals > 30)
  }

  @Test("the disk fails from one operation on, until it is repaired")
  func lasting() throws {
    var number = 0
    while true {
      let disk = try FaultyDisk()
      disk.fail(from: number, count: 10_000, with: .inputOutput)
      let morning = try Morning(disk)
      // An act that was written and not answered may be refused as done when it is asked again. An initialisation whose code
      // nobody was told is begun again in an empty folder.
      do { try morning.run() } catch let refused as Morning.Refused {
        #expect(refused.code != .storeUnavailable || refused.name == "initialise", "from \(number): \(refused.name)")
      }
      try morning.checkRemains("from \(number), \(morning.refused) refused")
      if morning.refused == 0 { break }
      number += 1
    }
    #expect(number > 60)
  }
}
