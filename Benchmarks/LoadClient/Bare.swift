import AuthTerms
import Crypto
import Foundation
import Glibc
import Sealing
import Synchronization

/// The work that nobody can leave out, alone: what our own figures are divided by.
package enum Bare {
  /// CPU milliseconds of one logon that does nothing but verify one P-256 signature and make one record durable.
  ///
  /// - Parameter folder: on the disk the database lies on.
  package static func verifyAndCommit(in folder: String) throws -> (cpu: Double, wall: Double) {
    let key = P256.Signing.PrivateKey()
    let message = Data((0..<400).map { UInt8($0 & 0xFF) })
    let signature = try key.signature(for: message)
    let publicKey = key.publicKey
    let rounds = 500
    var right = 0
    let verify = measure { for _ in 0..<rounds where publicKey.isValidSignature(signature, for: message) { right += 1 } }
    guard right == rounds else { throw RunFault("署名の検証が誤りました。", "a right signature was refused") }

    let commit = try commit(in: folder)
    return (
      verify.cpu / Double(rounds) * 1000 + commit.cpu, verify.wall / Double(rounds) * 1000 + commit.wall
    )
  }

  /// Milliseconds to make one record of a page durable.
  static func commit(in folder: String) throws -> (cpu: Double, wall: Double) {
    let path = folder + "/bare-commit"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0 else { throw RunFault("\(path) を書けません。", "cannot write \(path)") }
    defer {
      close(file)
      unlink(path)
    }
    let record = [UInt8](repeating: 0x5A, count: 4096)
    let commits = 100
    var written = true
    let commit = measure {
      for _ in 0..<commits where write(file, record, record.count) != record.count || fdatasync(file) != 0 { written = false }
    }
    guard written else { throw RunFault("\(path) に書けません。", "cannot write to \(path)") }
    return (commit.cpu / Double(commits) * 1000, commit.wall / Double(commits) * 1000)
  }

  /// Seconds of one Argon2id, 19 MiB, two passes, one lane: the median of several.
  /// - Parameter atOnce: threads that hash side by side, nine times each; they share the memory's bandwidth and the caches.
  package static func argon2id(atOnce: Int = 1) throws -> Double {
    let taken = Mutex<[Double]>([])
    DispatchQueue.concurrentPerform(iterations: atOnce) { _ in
      let password = Secret<TypedPassword>(copying: Array("kawa-no-nagare-7".utf8))
      let salt = [UInt8](repeating: 7, count: 16)
      for _ in 0..<9 {
        let start = ContinuousClock.now
        guard (try? PasswordHash.make(password: password, salt: salt)) != nil else { return }
        let seconds = start.duration(to: .now).inSeconds
        taken.withLock { $0.append(seconds) }
      }
    }
    let all = taken.withLock { $0 }
    guard all.count == 9 * atOnce else { throw RunFault("Argon2id が動きません。", "Argon2id does not run") }
    return Distribution(all).median
  }

  /// Seconds for SHA-256 over each of these, one after the other.
  package static func sha256(_ rows: [[UInt8]]) -> Double {
    var last: UInt8 = 0
    let taken = measure {
      for row in rows { for byte in SHA256.hash(data: row).prefix(1) { last ^= byte } }
    }
    // Read, so that the compiler cannot leave the work out.
    return last == 0 ? taken.wall : taken.wall.nextUp
  }

  private static func measure(_ work: () -> Void) -> (cpu: Double, wall: Double) {
    let cpu = Machine.cpuSecondsOfThread()
    let start = ContinuousClock.now
    work()
    return (Machine.cpuSecondsOfThread() - cpu, start.duration(to: .now).inSeconds)
  }
}
