import AuthAPI
import AuthTerms
import Foundation
import Testing
import Workstation

@Suite("where palms come from, as the command line says")
struct PalmSourceTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func source(
    _ pictures: [String] = [], blobs: [String] = [], command: String? = nil, format: String? = nil
  ) -> PalmSource {
    PalmSource(pictures: pictures, blobs: blobs, command: command, format: format, name: "counter-3", hand: .right)
  }

  private func expected(_ source: PalmSource) -> String? {
    do throws(AgentFault) {
      _ = try source.sensor()
      return nil
    } catch { if case .badInput(let expected) = error { return expected } else { return "\(error)" } }
  }

  @Test("nothing, pictures, blobs with their format, a program with and without one")
  func taken() throws {
    #expect(try source().sensor() == nil)
    #expect(try source(["a.pgm"]).sensor() is SampleFileSensor)
    #expect(try source(blobs: ["a", "b"], format: "PSX/3").sensor() is SampleFileSensor)
    #expect(try source(command: "/bin/sh").sensor() is CommandSensor)
    #expect(try source(command: "/bin/sh", format: "PSX/3").sensor()?.name.text == "counter-3")
    #expect(source(["a"]).isFiles && source(blobs: ["a"]).isFiles && !source(command: "/bin/sh").isFiles && !source().isFiles)
  }

  @Test("a program with a format gives blobs, without one pictures")
  func program() async throws {
    let path = "\(folder.path)/sensor"
    try Data("#!/bin/sh\nprintf 'P5 x'\n".utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, 0o700)
    for format in ["PSX/3", nil] {
      let sensor = try #require(try source(command: path, format: format).sensor())
      var sample: PalmSampleMessage?
      // Another test's child may hold the program open for a moment (ETXTBSY).
      for _ in 0..<100 where sample == nil {
        sample = try? await sensor.capture(after: nil)
        if sample == nil { usleep(10_000) }
      }
      let found = try #require(sample)
      #expect(
        found.blob == (format == nil ? nil : Data("P5 x".utf8)) && found.picture == (format == nil ? Data("P5 x".utf8) : nil))
    }
  }

  @Test("one origin, and a format with blobs only")
  func refused() {
    let one = "one of --palm, --palm-blob and --palm-command"
    #expect(expected(source(["a"], blobs: ["b"], format: "PSX/3")) == one)
    #expect(expected(source(["a"], command: "/bin/sh")) == one)
    #expect(expected(source(blobs: ["b"], command: "/bin/sh", format: "PSX/3")) == one)
    #expect(expected(source(blobs: ["b"])) == "--palm-format beside --palm-blob")
    for unused in [source(["a"], format: "PSX/3"), source(format: "PSX/3")] {
      #expect(expected(unused) == "--palm-format with --palm-blob or --palm-command")
    }
  }

  @Test(
    "a format that is none",
    arguments: ["", "PSX", "PSX/", "/3", "PSX/03", "PSX/-1", "PSX/+3", "PSX/4294967296", "あ/1", "PSX/3 "])
  func badFormats(format: String) {
    #expect(
      expected(source(blobs: ["b"], format: format))
        == "--palm-format: ID/VERSION, as in the description of the vendor's matcher")
  }

  @Test("what is read is what is written", arguments: ["PSX/0", "PSX/4294967295", "a/b/3", "Palm Sensor 2/1"])
  func formats(text: String) throws {
    #expect(try MatcherFormat(parsing: text).description == text)
  }
}
