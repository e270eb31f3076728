import Foundation
import Testing

/// `sanmon-palmsim` as somebody who prepares a drill uses it.
@Suite("pictures of invented palms")
struct PalmSimulatorTests {
  private func with(_ test: (_ folder: URL, _ picture: (String) throws -> Tree.Ran) throws -> Void) throws {
    guard let binaries = try Binary.folder(with: "sanmon-palmsim") else { return }
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-palmsim-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try test(folder) { words in
      let words = words.split(separator: " ").map(String.init)
      return try Tree.run(
        [binaries.appending(path: "sanmon-palmsim").path, "picture"] + words, in: folder, environment: ["LC_ALL": "C.UTF-8"])
    }
  }

  @Test("the same numbers are the same picture; another capture, palm, hardness or fault is another; the hand is said")
  func pictures() throws {
    try with { folder, picture in
      func bytes(_ words: String) throws -> Data {
        let out = "\(UUID().uuidString).pgm"
        let ran = try picture(words + " --out \(out)")
        #expect(ran.code == 0, "\(words): \(ran.errors)")
        return try Data(contentsOf: folder.appending(path: out))
      }
      let first = try bytes("--palm 102 --capture 1")
      let header = Data("P5\n400 480\n255\n".utf8)
      #expect(first.starts(with: header) && first.count == header.count + 400 * 480)
      #expect(try bytes("--palm 102 --capture 1 --hardness guided") == first)
      let others = try [
        "--palm 102 --capture 2", "--palm 103 --capture 1", "--palm 102 --capture 1 --hardness hard",
        "--palm 102 --capture 1 --fault wet",
      ].map(bytes)
      #expect(Set(others + [first]).count == 5)
      #expect(try picture("--palm 102 --capture 1 --out a.pgm").output == "right 102 1 guided\n")
      #expect(
        try picture("--palm 103 --capture 0 --hardness hard --fault noHand --out b.pgm").output == "left 103 0 hard noHand\n")
    }
  }

  @Test("a file that is there stays unless --force is said; what cannot be written is said")
  func overwriting() throws {
    try with { folder, picture in
      let path = folder.appending(path: "a.pgm")
      try Data("kept".utf8).write(to: path)
      let refused = try picture("--palm 102 --capture 1 --out a.pgm")
      #expect(refused.code == 73 && refused.errors.contains("--force") && refused.output.isEmpty)
      #expect(try Data(contentsOf: path) == Data("kept".utf8))
      #expect(try picture("--palm 102 --capture 1 --out a.pgm --force").code == 0)
      #expect(try Data(contentsOf: path).starts(with: Data("P5".utf8)))
      #expect(try picture("--palm 102 --capture 1 --out none/a.pgm").code == 73)
    }
  }

  @Test(
    "palms that rates are measured with, and numbers outside the limits, are refused and nothing is written",
    arguments: [
      ("--palm 1000000 --capture 1", "error rates"), ("--palm 7000000 --capture 1", "error rates"),
      ("--palm 99 --capture 1", "100 to 999"), ("--palm 1000 --capture 1", "100 to 999"),
      ("--palm 102 --capture 10000", "0 to 9999"), ("--palm 102 --capture=-1", "0 to 9999"),
      ("--palm 102 --capture 1 --fault dry", "wet, tooNear"), ("--palm 102 --capture 1 --hardness soft", "guided"),
      ("--palm 102", "--capture"), ("--capture 1", "--palm"),
    ])
  func refused(words: String, said: String) throws {
    try with { folder, picture in
      let ran = try picture(words + " --out a.pgm")
      #expect(ran.code == 64 && ran.errors.contains(said), "\(ran.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }
}
