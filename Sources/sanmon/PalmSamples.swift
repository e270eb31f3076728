import AuthAPI
import AuthTerms
import Workstation

/// Captures of one palm out of files, pictures each looked at before anything is sent.
struct PalmSamples {
  let profile: SensorProfile
  /// Paths, in the order of the captures.
  let files: [String]

  /// - Throws: exit 64 for too few or too many, 65 for a file that is no picture of at most 1 MiB, or no blob of at most 64 KiB.
  func samples() async throws -> [PalmSampleMessage] {
    guard (PalmEnrolment.templates...PalmEnrolment.mostSamples).contains(files.count) else {
      throw fail(
        64, "--picture か --blob は \(PalmEnrolment.templates) 個から \(PalmEnrolment.mostSamples) 個まで、撮影した順に指定してください。",
        "--picture or --blob: \(PalmEnrolment.templates) to \(PalmEnrolment.mostSamples) times, in the order of the captures")
    }
    let sensor = try SampleFileSensor(profile, files: files)
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
    case .sensor(.tooLarge(let most)):
      fail(
        65, "\(file) は大きすぎます（\(most / 1024) KiB まで）。センサーの解像度の設定を確認してください。",
        "\(file) is too large (\(most / 1024) KiB at most); check the sensor's resolution")
    case .sensor(.notAPicture):
      fail(65, "\(file) は PGM（P5）または PNG の画像ではありません。", "\(file) is neither a binary PGM nor a PNG picture")
    default: fail(65, "\(file) を読めません。", "cannot read \(file)")
    }
  }
}
