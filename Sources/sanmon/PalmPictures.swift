import AuthAPI
import AuthTerms
import Workstation

/// Pictures of one palm out of files, each looked at before anything is sent.
struct PalmPictures {
  let profile: SensorProfile
  /// Paths, in the order of the captures.
  let files: [String]

  /// - Throws: exit 64 for too few or too many, 65 for a file that is no picture of at most 1 MiB.
  func samples() async throws -> [PalmSampleMessage] {
    guard (PalmEnrolment.templates...PalmEnrolment.mostSamples).contains(files.count) else {
      throw fail(
        64, "--picture は \(PalmEnrolment.templates) 個から \(PalmEnrolment.mostSamples) 個まで、撮影した順に指定してください。",
        "--picture: \(PalmEnrolment.templates) to \(PalmEnrolment.mostSamples) times, in the order of the captures")
    }
    let sensor = try PictureFileSensor(profile, files: files)
    var samples: [PalmSampleMessage] = []
    for file in files {
      do { samples.append(try await sensor.capture(after: nil)) } catch {
        throw Self.told(error, Rows.visible(file))
      }
    }
    return samples
  }

  private static func told(_ fault: AgentFault, _ file: String) -> any Error {
    switch fault {
    case .sensor(.empty): fail(65, "\(file) は空です。", "\(file) is empty")
    case .sensor(.tooLarge):
      fail(
        65, "\(file) は大きすぎます（1 MiB まで）。センサーの解像度の設定を確認してください。",
        "\(file) is too large (1 MiB at most); check the sensor's resolution")
    case .sensor(.notAPicture):
      fail(65, "\(file) は PGM（P5）または PNG の画像ではありません。", "\(file) is neither a binary PGM nor a PNG picture")
    default: fail(65, "\(file) を読めません。", "cannot read \(file)")
    }
  }
}
