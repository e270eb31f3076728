import AuthTerms
import Biometric
import Foundation
import PalmSynthesis
import VeinEvaluation

func option(_ name: String, _ usual: String) -> String {
  let all = CommandLine.arguments
  guard let place = all.firstIndex(of: "--" + name), place + 1 < all.count else { return usual }
  return all[place + 1]
}
let count = Int(option("palms", "100"))!
var hardness: Hardness = option("hardness", "guided") == "hard" ? .hard : .guided
for setting in option("set", "").split(separator: ",") {
  let parts = setting.split(separator: "=")
  let paths: [String: WritableKeyPath<Hardness, Float>] = [
    "rotation": \.rotation, "scale": \.scale, "shift": \.shift, "tilt": \.tilt, "elastic": \.elastic, "spread": \.spread, "cold": \.coldShare, "contrast": \.contrast, "width": \.width, "fading": \.fading, "blur": \.blur, "illumination": \.illumination, "blotch": \.blotch, "exposure": \.exposure, "noise": \.noise, "specular": \.specular,
  ]
  hardness[keyPath: paths[String(parts[0])]!] = Float(parts[1])!
}
let degrees = option("degrees", "-4,-2,0,2,4").split(separator: ",").map { text in
  let parts = text.split(separator: "@").map { Double($0)! }
  return ProbePose(degrees: parts[0], scale: parts.count > 1 ? parts[1] : 1)!
}
let reach = Int(option("reach", "5"))!
let bankNumbers = option("bank", "1.7,3.2,6.5").split(separator: ",").map { Double($0)! }
let bank = FilterBank(id: 1, across: bankNumbers[0], along: bankNumbers[1], wavelength: bankNumbers[2], weakest: bankNumbers.count > 3 ? Float(bankNumbers[3]) : 0.25)
let extractor = VeinExtractor(bank: bank, alignmentWindow: 1, poses: degrees)!
var renderer = PalmRenderer()
let sigma = Double(option("sigma", "0"))!
var set = PalmSet(baseline: sigma > 0 ? MaximumCurvature(sigma: sigma) : nil)
let begin = ContinuousClock.now
for number in 0..<UInt64(count) {
  set.add(seed: PalmSeeds.tuning.lowerBound + number, hardness: hardness, renderer: &renderer, extractor: extractor)
}
let made = ContinuousClock.now
let comparator = ScalarComparator(reach: reach)
var (genuine, impostor): ([Float], [Float]) = ([], [])
let enrolled = set.palms.filter { $0.enrolled.count == PalmSet.enrolments }
var worst: [(Float, UInt64, Int)] = []
for (index, palm) in enrolled.enumerated() {
  for (number, probe) in palm.probes.enumerated() {
    let probes = probe.rotations.map(comparator.probe)
    let score = comparator.transaction(probes, palm.enrolled.map(\.template))
    genuine.append(score)
    worst.append((score, palm.seed, number))
    if number == 0 {
      for (other, stranger) in enrolled.enumerated() where other != index && stranger.hand == palm.hand {
        impostor.append(comparator.transaction(probes, stranger.enrolled.map(\.template)))
      }
    }
  }
}
let rates = ErrorRates(genuine: genuine, impostor: impostor)
let times = set.extractionTimes.sorted()
print(hardness.name, "palms", count, "fte", set.failuresToEnrol, set.refusals, "pictures", set.pictures)
print("extraction ms median", times[times.count / 2] * 1e3, "p99", times[times.count * 99 / 100] * 1e3, "made", made - begin, "compared", ContinuousClock.now - made)
print("EER", rates.equalErrorRate * 100, "genuine", genuine.count, "impostor", impostor.count)
for rate in [1e-2, 1e-3, 1e-4, 1e-5] {
  let point = rates.operating(atRate: rate)
  print("FMR", rate, "t", point.threshold, "FNMR %", point.falseNonMatchRate * 100, point.falseNonMatches)
}
func quantile(_ list: [Float], _ q: Double) -> Float { list[min(list.count - 1, Int(Double(list.count) * q))] }
print("genuine", [0, 0.5, 0.9, 0.99, 0.999, 1].map { quantile(rates.genuine, $0) })
print("impostor", [0, 1e-4, 1e-3, 1e-2, 0.5, 1].map { quantile(rates.impostor, $0) })
print("worst", worst.sorted { $0.0 > $1.0 }.prefix(6))

if sigma > 0 {
  let miura = MiuraMatch(border: Int(option("border", "12"))!)
  var (own, foreign): ([Float], [Float]) = ([], [])
  for (index, palm) in enrolled.enumerated() {
    for (number, probe) in palm.probeMaps.enumerated() {
      own.append(miura.transaction(palm.enrolledMaps, probe))
      if number == 0 {
        for (other, stranger) in enrolled.enumerated() where other != index && stranger.hand == palm.hand {
          foreign.append(miura.transaction(stranger.enrolledMaps, probe))
        }
      }
    }
  }
  let rates = ErrorRates(genuine: own, impostor: foreign)
  print("baseline sigma", sigma, "EER", rates.equalErrorRate * 100)
  for rate in [1e-2, 1e-3, 1e-4] { print("FMR", rate, "FNMR %", rates.operating(atRate: rate).falseNonMatchRate * 100) }
  print("genuine", [0, 0.5, 0.9, 0.99, 0.999, 1].map { quantile(rates.genuine, $0) })
  print("impostor", [0, 1e-4, 1e-3, 1e-2, 0.5, 1].map { quantile(rates.impostor, $0) })
}
for name in option("dump", "").split(separator: ",") {
  let parts = name.split(separator: ":")
  let picture = renderer.picture(PalmIdentity(seed: UInt64(parts[0])!), number: Int(parts[1])!, hardness: hardness)
  var bytes = Array("P5\n\(picture.width) \(picture.height)\n255\n".utf8)
  picture.withSamples { bytes += $0.map { UInt8($0 >> 8) } }
  try Data(bytes).write(to: URL(filePath: "/tmp/w/v2-mini/pics/x\(parts[0])-\(parts[1]).pgm"))
}
