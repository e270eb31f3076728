import Foundation

/// Small files: read whole, written whole and durable.
enum SafeFile {
  static let sizeLimit = 1 << 20

  static func read(_ path: String) throws -> Data {
    guard let handle = FileHandle(forReadingAtPath: path) else { throw SimulatorFault.data("cannot read \(path)") }
    defer { try? handle.close() }
    guard let data = try handle.read(upToCount: sizeLimit + 1), data.count <= sizeLimit else {
      throw SimulatorFault.data("\(path): empty, or larger than \(sizeLimit) bytes")
    }
    return data
  }

  /// Makes a file that did not exist. Never overwrites: a card or CA key lost by a typo cannot be made again.
  static func create(_ path: String, _ data: Data, mode: mode_t) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw SimulatorFault.cannotCreate("cannot create \(path): \(String(cString: strerror(errno)))")
    }
    try fill(descriptor, path, data)
    try syncFolder(of: path)
  }

  /// Puts new content in the place of a file, so that after a power cut there is the old or the new, never a piece.
  static func replace(_ path: String, _ data: Data, mode: mode_t) throws {
    let draft = path + ".new"
    unlink(draft)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw SimulatorFault.cannotCreate("cannot create \(draft): \(String(cString: strerror(errno)))")
    }
    try fill(descriptor, draft, data)
    guard rename(draft, path) == 0 else {
      throw SimulatorFault.cannotCreate("cannot replace \(path): \(String(cString: strerror(errno)))")
    }
    try syncFolder(of: path)
  }

  private static func fill(_ descriptor: Int32, _ path: String, _ data: Data) throws {
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do { try handle.write(contentsOf: data) } catch { throw SimulatorFault.cannotCreate("cannot write \(path)") }
    guard fsync(descriptor) == 0 else { throw SimulatorFault.cannotCreate("cannot sync \(path)") }
  }

  private static func syncFolder(of path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SimulatorFault.cannotCreate("cannot open \(folder)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SimulatorFault.cannotCreate("cannot sync \(folder)") }
  }
}
