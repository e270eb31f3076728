import ArgumentParser
import AuditLog
import AuthTerms
import Crypto
import Foundation
import Synchronization

/// A witness's key, and of each log the note it cosigned last.
///
/// trusted: who reads the key can cosign what he likes in this witness's name; who changes or puts back the notes can have it
/// cosign a second history. Both are why it lies on another machine than the log.
final class WitnessFolder: Sendable {
  enum Fault: Error, Sendable {
    case exists(String)
    case nameUnusable
    case notPrivate(String)
    case inUse(String)
    case unreadable(String)
    case unwritable(String)

    var exit: ExitCode {
      switch self {
      case .exists(let path): fail(65, "\(path) はすでにあります。上書きしません。", "\(path) exists and is not overwritten")
      case .nameUnusable:
        fail(64, "--name に空白や + は使えません。", "--name: no white space and no plus sign")
      case .notPrivate(let path):
        fail(
          65, "\(path) をほかの利用者が読めます。0700（フォルダー）または 0600（ファイル）にしてください。",
          "\(path) can be read by other users; chmod it to 0700 (folders) or 0600 (files)")
      case .inUse(let path): fail(65, "\(path) は、動いている別の証人が使っています。", "\(path) is in use by another witness that runs")
      case .unreadable(let path):
        fail(
          66, "\(path) を読めないか、この証人が書いたものではありません。証人を作り直してください（sanmon witness init）。",
          "\(path) cannot be read, or is not what this witness wrote; make another witness (sanmon witness init)")
      case .unwritable(let path): fail(65, "\(path) に書けません。", "cannot write \(path)")
      }
    }
  }

  let verifier: WitnessVerifier
  private let path: String
  private let logs: [NoteVerifier]
  private let cosigner: Cosigner
  private let held: Mutex<Held>

  private struct Held {
    var memory = WitnessMemory()
    /// By the SHA-256 of the origin, in hexadecimal: the cosigned notes.
    var notes: [String: SignedNote] = [:]
  }

  // MARK: Making and opening

  /// - Returns: the public half of the new key.
  static func create(_ path: String, name: String) throws(Fault) -> WitnessVerifier {
    let key = Curve25519.Signing.PrivateKey()
    let verifier: WitnessVerifier
    do { verifier = try WitnessVerifier(name: name, publicKey: Array(key.publicKey.rawRepresentation)) } catch {
      throw .nameUnusable
    }
    let file = keyFile(path)
    guard !FileManager.default.fileExists(atPath: file) else { throw .exists(file) }
    if !FileManager.default.fileExists(atPath: path) {
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch { throw .unwritable(path) }
    }
    try requirePrivate(path)
    try put(Array("\(name)\n\(Base64.encode(Array(key.rawRepresentation)))\n".utf8), as: "witness.key", in: path)
    return verifier
  }

  /// - Parameter logs: keys of the logs that are witnessed.
  init(_ path: String, logs: [NoteVerifier]) throws(Fault) {
    try Self.requirePrivate(path)
    let file = Self.keyFile(path)
    try Self.requirePrivate(file)
    guard let data = FileManager.default.contents(atPath: file), data.count <= 1024,
      let text = String(validating: data, as: UTF8.self)
    else { throw .unreadable(file) }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 3, lines[2].isEmpty, let seed = try? Base64.decode(lines[1]),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
      let verifier = try? WitnessVerifier(name: String(lines[0]), publicKey: Array(key.publicKey.rawRepresentation))
    else { throw .unreadable(file) }
    // Held until the process ends: two that remember apart could sign two roots of one size.
    let lock = open(file, O_RDONLY | O_CLOEXEC)
    guard lock >= 0 else { throw .unreadable(file) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw .inUse(path)
    }
    self.path = path
    self.logs = logs
    self.verifier = verifier
    cosigner = Cosigner(verifier: verifier) { Array(try key.signature(for: $0)) }
    held = Mutex(try Self.recall(path, verifier))
  }

  /// What is there and is not this witness's own word ends the start: to go on without it would be to forget.
  private static func recall(_ path: String, _ verifier: WitnessVerifier) throws(Fault) -> Held {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { throw .unreadable(path) }
    var held = Held()
    for name in names.sorted() where name.hasSuffix(".note") {
      let file = path + "/" + name
      guard let data = FileManager.default.contents(atPath: file), let text = String(validating: data, as: UTF8.self),
        let note = try? SignedNote(parsing: text), verifier.time(of: note) != nil,
        let checkpoint = try? Checkpoint(parsing: note.text), name == hash(checkpoint.origin) + ".note"
      else { throw .unreadable(file) }
      held.memory.recall(checkpoint)
      held.notes[hash(checkpoint.origin)] = note
    }
    return held
  }

  // MARK: Answering

  /// One request after the other: judging and remembering are one step.
  func answer(to call: WitnessCall, body: [UInt8]) -> WitnessAnswer {
    switch call {
    case .refused(let status): return WitnessAnswer(status: status)
    case .newest(let hash):
      guard let note = held.withLock({ $0.notes[hash] }) else { return WitnessAnswer(status: 404) }
      return WitnessAnswer(status: 200, body: note.encoded)
    case .addCheckpoint:
      guard let request = try? AddCheckpoint(parsing: body) else { return WitnessAnswer(status: 400) }
      return held.withLock { held in take(request, &held) }
    }
  }

  private func take(_ request: AddCheckpoint, _ held: inout Held) -> WitnessAnswer {
    var memory = held.memory
    if let refusal = memory.take(request, logs: logs) {
      switch refusal {
      case .sizeDiffers(let last), .rootDiffers(let last):
        return WitnessAnswer(status: refusal.status, type: "text/x.tlog.size", body: AddCheckpoint.encode(size: last))
      case .logUnknown, .notSigned, .proofWrong: return WitnessAnswer(status: refusal.status)
      }
    }
    let origin = Self.hash(request.checkpoint.origin)
    // Only lines of keys that are known are kept: the rest is whatever somebody sent along.
    let known = request.note.signatures.filter { line in logs.contains { $0.name == line.name && $0.keyID == line.keyID } }
    guard let seconds = UInt64(exactly: Date().timeIntervalSince1970.rounded(.down)),
      let bare = try? SignedNote(text: request.note.text, signatures: known),
      let note = try? cosigner.cosign(bare, at: seconds), let line = note.signatures.last
    else { return WitnessAnswer(status: 500) }
    do { try Self.put(Array(note.encoded.utf8), as: origin + ".note", in: path) } catch {
      // Nothing leaves that is not remembered.
      return WitnessAnswer(status: 500)
    }
    held.memory = memory
    held.notes[origin] = note
    return WitnessAnswer(status: 200, body: line.line)
  }

  // MARK: The disk

  private static func keyFile(_ path: String) -> String { path + "/witness.key" }

  private static func hash(_ origin: String) -> String { Hex.encode(Array(SHA256.hash(data: Array(origin.utf8)))) }

  private static func requirePrivate(_ path: String) throws(Fault) {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let mode = attributes[.posixPermissions] as? NSNumber
    else { throw .unreadable(path) }
    guard mode.intValue & 0o077 == 0 else { throw .notPrivate(path) }
  }

  /// Whole or not at all, also when the power goes: under a name that nobody reads, on the disk, and then renamed.
  private static func put(_ bytes: [UInt8], as name: String, in folder: String) throws(Fault) {
    let (part, file) = (folder + "/." + name + ".part", folder + "/" + name)
    unlink(part)
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(file) }
    var (isWhole, written) = (true, 0)
    while isWhole, written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written) }
      if count < 0, errno == EINTR { continue }
      isWhole = count > 0
      written += max(0, count)
    }
    isWhole = isWhole && fsync(descriptor) == 0
    close(descriptor)
    guard isWhole, rename(part, file) == 0 else {
      unlink(part)
      throw .unwritable(file)
    }
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw .unwritable(file) }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw .unwritable(file) }
  }
}
