import AuthTerms
import Biometric
import Foundation
import PalmSynthesis

var renderer = PalmRenderer()
let extractor = VeinExtractor(alignmentWindow: 1, degrees: [-4, -2, 0, 2, 4])!
let count = Int(CommandLine.arguments[1])!
let hardness: Hardness = CommandLine.arguments[2] == "hard" ? .hard : .guided
var refused: [CaptureAdvice: Int] = [:]
var took = Duration.zero
var (contrast, focus, seen, score): ([Float], [Float], [Float], [Float]) = ([], [], [], [])
for palm in 0..<count {
  let identity = PalmIdentity(seed: PalmSeeds.tuning.lowerBound + UInt64(palm))
  let conditions = try CaptureConditions(hand: identity.hand, wavelength: 850, resolution: 25)
  for number in 0..<6 {
    let picture = renderer.picture(identity, number: number, hardness: hardness)
    let start = ContinuousClock.now
    let result = extractor.extract(picture, conditions)
    took += ContinuousClock.now - start
    switch result {
    case .sample(let sample):
      contrast.append(sample.quality.lineContrast); focus.append(sample.quality.focus); seen.append(sample.quality.seen)
      score.append(Float(sample.quality.score))
    case .refused(let advice):
      refused[advice, default: 0] += 1
      print(identity.seed, number, advice)
    }
  }
}
print(refused, took / (count * 6))
for var list in [contrast, focus, seen, score] { list.sort(); print(list[0], list[list.count / 20], list[list.count / 2], list[list.count - 1]) }
