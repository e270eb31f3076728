import AuthAPI
import AuthPolicy
import AuthTerms
import Isolation
import MatcherLink

/// The processes that make templates of palms and compare them, in the order of the instance's file.
struct PalmMatchers: Sendable {
  /// One way from samples to scores: two processes of ours, or one of a vendor's.
  struct Pair: Sendable {
    let extract: MatcherLink
    let compare: MatcherLink
  }

  let pairs: [Pair]

  /// More than the whole My Number segment at 8:30: who waits longer is offered the password.
  private static let deadlineMilliseconds = 4000

  /// - Throws: `StartFault` for a user that this machine does not have.
  init(_ places: [PalmMatcher]) throws {
    pairs = try places.map { place in
      func link(_ socket: String, _ user: String?) throws -> MatcherLink {
        let uid = try user.map { name in
          guard let uid = UnixUser.uid(of: name) else { throw StartFault.matcherUserUnknown(name) }
          return uid
        }
        return MatcherLink(socket: socket, user: uid, deadlineMilliseconds: Self.deadlineMilliseconds)
      }
      let extract = try link(place.extractSocket, place.extractUser)
      let isOne = place.compareSocket == place.extractSocket
      return Pair(extract: extract, compare: isOne ? extract : try link(place.compareSocket, place.compareUser))
    }
  }

  var isEmpty: Bool { pairs.isEmpty }
}

extension PalmMatchers.Pair {
  /// Whether samples of this kind are this matcher's.
  func takes(_ sample: BiometricSample) async throws(MatcherFault) -> Bool {
    let facts = try await extract.describe()
    switch sample.content {
    case .picture: return facts.takesPictures
    case .blob(let format, _): return facts.takesBlobs && format == facts.format
    }
  }
}

/// A capture as it was sent, read once.
struct PalmCapture: Sendable {
  let sample: BiometricSample
  let fingerprint: SampleFingerprint
  let sensor: SensorID
}

extension PalmSampleMessage {
  /// What a matcher gets of it, and by what it is recognised.
  /// - Throws: `MalformedInput` for one that is neither a picture nor a blob, or both.
  func capture() throws(MalformedInput) -> PalmCapture {
    guard let hand = Hand(name: hand) else { throw MalformedInput("palm sample", expected: "a hand, right or left") }
    let sensor = try SensorID(parsing: sensor)
    let content: BiometricSample.Content
    let bytes: [UInt8]
    switch (picture, blob, format) {
    case (let picture?, nil, nil):
      guard picture.count <= Self.mostPictureBytes, formatVersion == nil else {
        throw MalformedInput("palm sample", expected: "a picture of at most \(Self.mostPictureBytes) bytes")
      }
      bytes = Array(picture)
      content = .picture(file: bytes, wavelength: wavelength ?? 0, resolution: resolution ?? 0)
    case (nil, let blob?, let format?):
      guard wavelength == nil, resolution == nil else {
        throw MalformedInput("palm sample", expected: "no wavelength or resolution beside a blob")
      }
      bytes = Array(blob)
      content = .blob(format: try MatcherFormat(format, version: formatVersion ?? 0), bytes: bytes)
    default: throw MalformedInput("palm sample", expected: "either a picture, or a blob with its format")
    }
    return PalmCapture(
      sample: try BiometricSample(hand: hand, content: content), fingerprint: Self.fingerprint(of: bytes), sensor: sensor)
  }
}
