import AuthTerms
import Biometric
import Foundation
import PalmSynthesis
import Testing
import VeinEvaluation

@Suite("public sets as they lie in an operator's folder", .serialized)
struct PublicSetTests {
  private typealias Capture = PublicLayout.Capture

  /// A folder that goes with the test.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("public-set-\(UUID().uuidString)")

    func put(_ path: String, _ bytes: Data = Data("P5".utf8)) throws {
      let file = url.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try bytes.write(to: file)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
  }

  @Test(
    "names of pictures, each in its layout",
    arguments: [
      (PublicLayout.vera, "Palmvein/raw/001-M/session_1/001_L_1_5.png", "1-left", Hand.left, 1, 5),
      (.vera, "110_R_2_1.png", "110-right", .right, 2, 1),
      (.tongji, "Palmvein/session1/00001.tiff", "1", .left, 1, 1), (.tongji, "session1/00010.png", "1", .left, 1, 10),
      (.tongji, "session2/00011.png", "2", .right, 2, 1), (.tongji, "session2/06000.png", "600", .right, 2, 10),
      (.put, "Palm/o_001/Left/Series_1/P_o001_L_S1_Nr1.bmp", "1-left", .left, 1, 1),
      (.put, "P_o050_R_S3_Nr4.png", "50-right", .right, 3, 4),
      (.polyu, "Multispectral_I/001/1_01_s.bmp", "1", .right, 1, 1), (.polyu, "0500/2_06_s.png", "500", .right, 2, 6),
      (.casia850, "001_l_850_01.jpg", "1-left", .left, 1, 1), (.casia850, "deep/100_r_850_06.png", "100-right", .right, 2, 6),
      (.casia850, "100_r_850_03.png", "100-right", .right, 1, 3), (.casia850, "100_r_850_04.png", "100-right", .right, 2, 4),
      (.casia940, "014_l_940_05.png", "14-left", .left, 2, 5),
    ])
  func names(layout: PublicLayout, path: String, palm: String, hand: Hand, session: Int, number: Int) throws {
    let capture = try #require(layout.capture(at: path))
    #expect(capture.palm == palm && capture.hand == hand && capture.session == session && capture.number == number)
  }

  @Test(
    "what is none of a set's palms",
    arguments: [
      (PublicLayout.vera, "SpoofingPalmvein/raw/001-M/1/001_L_1_5.png"), (.vera, "Palmvein/roi/001-M/1/001_L_1_5.png"),
      (.vera, "1_L_1_5.png"), (.vera, "001_X_1_5.png"), (.vera, "001_L_1.png"), (.vera, "001_L_0_5.png"), (.vera, "001_L_1_5"),
      (.tongji, "00001.png"), (.tongji, "session3/00001.png"), (.tongji, "session/00001.png"), (.tongji, "session1/0001.png"),
      (.tongji, "session1/06001.png"), (.tongji, "session1/00000.png"), (.tongji, "session1/+0001.png"),
      (.put, "W_o001_L_S1_Nr1.png"), (.put, "P_o001_L_S1.png"), (.put, "P_001_L_S1_Nr1.png"), (.put, "P_o001_l_S1_Nr1.png"),
      (.polyu, "1_01_s.png"), (.polyu, "01/1_01_s.png"), (.polyu, "001/3_01_s.png"), (.polyu, "001/1_01.png"),
      (.casia850, "001_l_940_01.png"), (.casia940, "001_l_850_01.png"), (.casia850, "001_L_850_01.png"),
      (.casia850, "001_l_850_07.png"), (.casia850, "001_l_WHT_01.png"), (.casia850, "readme.txt"), (.casia850, ""),
      (.casia850, "٠٠١_l_850_01.png"),
    ])
  func foreign(layout: PublicLayout, path: String) { #expect(layout.capture(at: path) == nil) }

  @Test("three of the first session enrol, later sessions are shown; what is not read or not of the set is counted")
  func sessions() throws {
    let folder = Folder()
    for number in 1...6 {
      try folder.put("002_r_850_0\(number).png")
      try folder.put("001_l_850_0\(number).pgm")
    }
    // Too few of the first session, and none of a later one.
    for number in [1, 2, 4, 5] { try folder.put("003_l_850_0\(number).png") }
    for number in 1...3 { try folder.put("004_l_850_0\(number).png") }
    try folder.put("005_l_850_01.jpg")
    try folder.put("001_l_460_01.png")
    try folder.put("notes/read me.txt")
    let set = try #require(PublicSet(.casia850, in: folder.url))
    #expect(set.palms.map(\.first.palm) == ["1-left", "2-right"])
    #expect(set.unconverted == 1 && set.foreign == 2)
    let first = try #require(set.palms.first)
    #expect(first.enrolment.map(\.lastPathComponent) == (1...3).map { "001_l_850_0\($0).pgm" })
    #expect(first.probes.map(\.lastPathComponent) == (4...6).map { "001_l_850_0\($0).pgm" })
  }

  @Test("of one session, what enrols is not shown again")
  func oneSession() throws {
    let folder = Folder()
    for number in 1...5 { try folder.put("session1/0000\(number).png") }
    let palm = try #require(PublicSet(.tongji, in: folder.url)?.palms.first)
    #expect(palm.enrolment.map(\.lastPathComponent) == ["00001.png", "00002.png", "00003.png"])
    #expect(palm.probes.map(\.lastPathComponent) == ["00004.png", "00005.png"])
  }

  @Test("a set that is not there is absent, an empty one has no palms")
  func absent() throws {
    let folder = Folder()
    #expect(PublicSet(.vera, in: folder.url) == nil)
    try folder.put("file")
    #expect(PublicSet(.vera, in: folder.url.appendingPathComponent("file")) == nil)
    let set = try #require(PublicSet(.vera, in: folder.url))
    #expect(set.palms.isEmpty && set.foreign == 1)
    let samples = try PalmSet(set, resolution: 40, extractor: VeinExtractor(window: .standard))
    #expect(samples.palms.isEmpty && samples.pictures == 0)
    for resolution in [11, 81] {
      #expect(throws: MalformedInput.self) {
        _ = try PalmSet(set, resolution: resolution, extractor: VeinExtractor(window: .standard))
      }
    }
  }

  @Test(
    "how a set is named on a command line",
    arguments: [
      ("vera=/data/vera", PublicLayout.vera, "/data/vera", 40), ("tongji=/data/t@45", .tongji, "/data/t", 45),
      ("put=/a@b/c", .put, "/a@b/c", 80), ("casia940=/d@12", .casia940, "/d", 12), ("polyu=/d@80", .polyu, "/d", 80),
    ])
  func choice(text: String, layout: PublicLayout, folder: String, resolution: Int) throws {
    let choice = try #require(SetChoice(text))
    #expect(choice.layout == layout && choice.folder.path == folder && choice.resolution == resolution)
  }

  @Test(
    "what names no set",
    arguments: ["", "vera", "vera=", "Vera=/d", "fyo=/d", "vera=/d@11", "vera=/d@81", "vera=/d@", "vera=/d@x", "vera=@40"])
  func noChoice(text: String) { #expect(SetChoice(text) == nil) }

  @Test("pictures out of files give what the same pictures give in memory; one that is none is a refusal, not a crash")
  func samples() throws {
    let folder = Folder()
    var renderer = PalmRenderer()
    let extractor = VeinExtractor(window: .standard)
    let palm = PalmIdentity(seed: 100)
    let name = "001_\(palm.hand == .left ? "l" : "r")_850_0"
    let conditions = try CaptureConditions(hand: palm.hand, wavelength: 850, resolution: PalmRenderer.resolution)
    var expected: [VeinTemplate] = []
    for number in 1...4 {
      let picture = renderer.picture(palm, number: number, hardness: .guided)
      try folder.put("\(name)\(number).pgm", Self.file(picture))
      if case .sample(let sample) = extractor.extract(picture, conditions) { expected.append(sample.template) }
    }
    try folder.put("\(name)5.pgm", Data("P5 no picture".utf8))
    let set = try #require(PublicSet(.casia850, in: folder.url))
    let read = try PalmSet(set, resolution: PalmRenderer.resolution, extractor: extractor)
    let found = try #require(read.palms.first)
    #expect(found.enrolled.map(\.template) + found.probes.map(\.template) == expected)
    #expect(expected.count == 4 && found.hand == palm.hand && read.palms.count == 1 && read.pictures == 5)
    #expect(read.failuresToEnrol == 0 && read.refusals == [.again: 1] && found.refused == [.again])
    let transactions = try VeinTransactions(read, window: .standard, normalisation: Calibration.standard.normalisation)
    #expect(transactions.genuine.count == 1 && transactions.impostor.isEmpty)
  }

  /// 16 bits, big-endian, as binary PGM has them.
  private static func file(_ picture: PalmPicture) -> Data {
    var data = Data("P5\n\(picture.width) \(picture.height)\n65535\n".utf8)
    picture.withSamples { samples in
      for sample in samples { data.append(contentsOf: [UInt8(sample >> 8), UInt8(sample & 255)]) }
    }
    return data
  }
}
