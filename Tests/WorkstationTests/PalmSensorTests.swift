import AuthAPI
import AuthTerms
import Foundation
import Testing
import Workstation

@Suite("samples of a palm: out of files, and out of a sensor's program")
struct PalmSensorTests {
  private static let grey = Array("P5\n2 2\n255\n".utf8) + [1, 2, 3, 4]
  private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = "\(folder.path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func profile() throws -> SensorProfile {
    try SensorProfile(name: "counter-3", hand: .left, wavelength: 850, resolution: 120)
  }

  private func program(_ body: String) throws -> String {
    let path = try file("sensor", Array("#!/bin/sh\n\(body)\n".utf8))
    chmod(path, 0o700)
    return path
  }

  /// Another test's child may hold a program that was just written open for a moment (ETXTBSY).
  private func sample(
    _ sensor: some PalmSensor, after advice: CaptureAdvice? = nil
  ) async throws(AgentFault) -> PalmSampleMessage {
    for _ in 0..<100 {
      do throws(AgentFault) { return try await sensor.capture(after: advice) } catch {
        guard error == .sensor(.notStarted(errno: ETXTBSY)) else { throw error }
      }
      usleep(10_000)
    }
    return try await sensor.capture(after: advice)
  }

  private func fault(_ sensor: some PalmSensor) async -> SensorFault? {
    do throws(AgentFault) {
      _ = try await sample(sensor)
      return nil
    } catch { if case .sensor(let fault) = error { return fault } else { return nil } }
  }

  @Test("files are shown in their order, each once, and then there are no more")
  func order() async throws {
    let files = [try file("a.pgm", Self.grey), try file("b.png", Self.png)]
    let sensor = try SampleFileSensor(profile(), files: files)
    let first = try await sensor.capture(after: nil)
    #expect(first.picture == Data(Self.grey) && first.hand == "left" && first.sensor == "counter-3")
    #expect(first.wavelength == 850 && first.resolution == 120 && first.blob == nil)
    #expect(try await sensor.capture(after: .wet).picture == Data(Self.png))
    #expect(await fault(sensor) == .noMorePictures)
  }

  @Test("a picture of 1 MiB is taken, one byte more is not")
  func limit() async throws {
    let most = Self.grey + [UInt8](repeating: 7, count: PalmSampleMessage.mostPictureBytes - Self.grey.count)
    let whole = try SampleFileSensor(profile(), files: [file("most", most)])
    #expect(try await whole.capture(after: nil).picture == Data(most))
    #expect(await fault(try SampleFileSensor(profile(), files: [file("more", most + [7])])) == .tooLarge(most: 1 << 20))
    let command = try CommandSensor(profile(), program: program("cat \(folder.path)/most"))
    #expect(try await sample(command).picture == Data(most))
  }

  private func blobProfile(_ format: String = "PSX/3") throws -> SensorProfile {
    try SensorProfile(name: "counter-3", hand: .left, format: MatcherFormat(parsing: format))
  }

  @Test("a vendor's bytes go on unread, out of a file and out of a program, with their format and nothing beside it")
  func blobs() async throws {
    // Would be a picture by its first bytes, and none by the rest.
    for bytes in [[0], Self.grey, [UInt8](repeating: 0xFF, count: 1000)] {
      let path = try file("palm.bin", bytes)
      let whole = try await SampleFileSensor(blobProfile("PALM/S/12"), files: [path]).capture(after: nil)
      #expect(whole.blob == Data(bytes) && whole.format == "PALM/S" && whole.formatVersion == 12)
      #expect(whole.picture == nil && whole.wavelength == nil && whole.resolution == nil && whole.hand == "left")
      let command = try await sample(CommandSensor(blobProfile(), program: program("cat \(path)")), after: .wet)
      #expect(command.blob == Data(bytes) && command.format == "PSX" && command.formatVersion == 3 && command.picture == nil)
    }
  }

  @Test("a blob of 64 KiB is taken, one byte more is not, and none at all neither")
  func blobLimit() async throws {
    let most = [UInt8](repeating: 7, count: 65_536)
    let path = try file("most", most)
    #expect(try await SampleFileSensor(blobProfile(), files: [path]).capture(after: nil).blob == Data(most))
    let more = try file("more", most + [7])
    #expect(await fault(try SampleFileSensor(blobProfile(), files: [more])) == .tooLarge(most: 65_536))
    #expect(await fault(try CommandSensor(blobProfile(), program: program("cat \(more)"))) == .tooLarge(most: 65_536))
    #expect(await fault(try SampleFileSensor(blobProfile(), files: [file("none", [])])) == .empty)
    #expect(await fault(try CommandSensor(blobProfile(), program: program("exit 0"))) == .empty)
  }

  @Test("a sensor has a format, or tells light and resolution")
  func blobProfiles() throws {
    let format = try MatcherFormat("PSX", version: 3)
    for (wavelength, resolution) in [(850, nil), (nil, 40)] as [(UInt32?, UInt32?)] {
      #expect(throws: AgentFault.badInput(expected: "no wavelength or resolution beside a format")) {
        _ = try SensorProfile(name: "a", hand: .left, wavelength: wavelength, resolution: resolution, format: format)
      }
    }
  }

  @Test("files that are none, empty or no pictures")
  func refusals() async throws {
    func of(_ path: String) async throws -> SensorFault? {
      await fault(try SampleFileSensor(profile(), files: [path]))
    }
    #expect(try await of("\(folder.path)/none.pgm") == .unreadable(errno: ENOENT))
    #expect(try await of(folder.path) == .unreadable(errno: EINVAL))
    mkfifo("\(folder.path)/pipe", 0o600)
    #expect(try await of("\(folder.path)/pipe") == .unreadable(errno: EINVAL))
    #expect(try await of(file("empty", [])) == .empty)
    #expect(try await of(file("ascii.pgm", Array("P2\n1 1\n255\n1\n".utf8))) == .notAPicture)
    #expect(try await of(file("short", [0x50])) == .notAPicture)
    #expect(throws: AgentFault.self) { _ = try SampleFileSensor(profile(), files: []) }
  }

  @Test("a program gets the hand and, after a sample that gave nothing, the number of the advice")
  func arguments() async throws {
    let sensor = try CommandSensor(
      profile(), program: program("printf 'P5 %s' \"$*\"; echo noise >&2; cat >/dev/null; exit 0"))
    #expect(try await sample(sensor).picture == Data("P5 left".utf8))
    #expect(try await sample(sensor, after: .wet).picture == Data("P5 left 7".utf8))
    #expect(sensor.name.text == "counter-3")
  }

  @Test("a program that ends badly, writes nothing, or something else than a picture")
  func programs() async throws {
    func of(_ body: String) async throws -> SensorFault? {
      await fault(try CommandSensor(profile(), program: program(body)))
    }
    #expect(try await of("printf P5; exit 3") == .failed)
    #expect(try await of("printf P5; kill -9 $$") == .failed)
    #expect(try await of("exit 0") == .empty)
    #expect(try await of("echo no hand seen") == .notAPicture)
    let noProgram = try file("text", Array("no program".utf8))
    chmod(noProgram, 0o700)
    #expect(await fault(try CommandSensor(profile(), program: noProgram)) == .notStarted(errno: ENOEXEC))
  }

  @Test("a program that goes on, with or without its output, is killed at its deadline with all that it started")
  func deadline() async throws {
    let started = "\(folder.path)/started"
    for body in ["sleep 60 & echo $! > \(started); wait", "sleep 60 & echo $! > \(started); exec >&-; wait"] {
      let sensor = try CommandSensor(profile(), program: program(body), milliseconds: 700)
      #expect(await fault(sensor) == .deadline)
      let text = try String(contentsOfFile: started, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
      let child = try #require(pid_t(text))
      // Whoever inherits it collects it some time; until then it is a zombie, which runs no more.
      for _ in 0..<200 where Self.runs(child) { usleep(10_000) }
      #expect(!Self.runs(child))
    }
  }

  private static func runs(_ process: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return !status.contains(") Z ")
  }

  @Test("a program that never stops writing is stopped")
  func endless() async throws {
    #expect(
      await fault(try CommandSensor(profile(), program: program("cat /dev/zero"), milliseconds: 60_000))
        == .tooLarge(most: 1 << 20))
  }

  @Test("paths that are no programs, deadlines that are none", arguments: ["sensor", "/nonexistent", "/etc/passwd"])
  func badPaths(path: String) throws {
    let profile = try profile()
    #expect(throws: AgentFault.badInput(expected: "an absolute path of an executable file")) {
      _ = try CommandSensor(profile, program: path)
    }
    #expect(throws: AgentFault.self) { _ = try CommandSensor(profile, program: "/bin/sh", milliseconds: 0) }
    #expect(throws: AgentFault.self) { _ = try CommandSensor(profile, program: "/bin/sh", milliseconds: 60_001) }
  }

  @Test("a sensor's name", arguments: ["", "a b", ".a", "-a", "_a", "あ", "a/b", String(repeating: "a", count: 65)])
  func badNames(name: String) {
    #expect(throws: AgentFault.self) { _ = try SensorProfile(name: name, hand: .right) }
  }

  @Test("the limits of a sensor's name and numbers")
  func profiles() throws {
    #expect(try SensorProfile(name: String(repeating: "a", count: 64), hand: .right).name.text.count == 64)
    #expect(try SensorProfile(name: "A-z_0.9", hand: .right, wavelength: 1, resolution: 10_000).wavelength == 1)
    #expect(throws: AgentFault.self) { _ = try SensorProfile(name: "a", hand: .right, wavelength: 0) }
    #expect(throws: AgentFault.self) { _ = try SensorProfile(name: "a", hand: .right, resolution: 10_001) }
  }
}
