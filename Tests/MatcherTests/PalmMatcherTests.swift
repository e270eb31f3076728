import AuthAPI
import AuthTerms
import Biometric
import Foundation
import MatcherHost
import MatcherLink
import PalmSynthesis
import Programs
import Testing

/// Both of our own matchers, each in its process, and what they made of some palms.
private final class Pair {
  let (extraction, comparison): (MatcherProcess, MatcherProcess)
  let (extract, compare): (MatcherLink, MatcherLink)

  init() async throws {
    // A debug build extracts a hundred times slower.
    extraction = try MatcherProcess(own: "extract", ["--deadline", "10000"])
    comparison = try MatcherProcess(own: "compare", ["--deadline", "10000"])
    (extract, compare) = (
      try await extraction.link(deadlineMilliseconds: 20_000), try await comparison.link(deadlineMilliseconds: 20_000)
    )
  }

  func end() {
    extraction.end()
    comparison.end()
  }

  func probes(_ seed: UInt64, _ numbers: [Int]) async throws -> [BiometricTemplate] {
    var probes: [BiometricTemplate] = []
    for number in numbers { probes.append(try await extract.probe(seed, number)) }
    return probes
  }

  func protected(_ probes: [BiometricTemplate], _ key: TemplateKey) async throws -> [BiometricTemplate] {
    var templates: [BiometricTemplate] = []
    for probe in probes { templates.append(try await compare.protect(probe, under: key)) }
    return templates
  }
}

@Suite(
  "our own matcher: pictures in one process, keys in the other", .serialized,
  .enabled(if: Built.isThere && !Built.isSanitized, "run deploy/test, without a sanitizer"))
struct PalmMatcherTests {
  private static let (mine, neighbour, otherHand): (UInt64, UInt64, UInt64) = (100, 102, 101)

  private func withPair(_ test: (Pair) async throws -> Void) async throws {
    let pair = try await Pair()
    defer { pair.end() }
    try await test(pair)
  }

  @Test("what each says of itself, and what it does not do")
  func described() async throws {
    try await withPair { pair in
      let (extract, compare) = (try await pair.extract.describe(), try await pair.compare.describe())
      #expect(extract.format == (try MatcherFormat("sanmon/palm-probe", version: 1)))
      #expect(extract.takesPictures && !extract.takesBlobs && !extract.takesKeys)
      #expect(compare.format == (try MatcherFormat("sanmon/palm", version: 1)))
      #expect(!compare.takesPictures && !compare.takesBlobs && compare.takesKeys)
      let key = try Built.key(1)
      let template = try BiometricTemplate(format: compare.format, bytes: [1])
      // No key ever helps where pictures are read, and no picture is read where keys are.
      #expect(
        await pair.extract.fault { (link) throws(MatcherFault) in try await link.protect(template, under: key) }
          == .failed(.unsupported))
      #expect(
        await pair.extract.fault { (link) throws(MatcherFault) in
          try await link.verify(template, with: [template], former: [], under: key)
        } == .failed(.unsupported))
      #expect(
        await pair.extract.fault { (link) throws(MatcherFault) in
          try await link.search(template, in: [template], under: key)
        } == .failed(.unsupported))
      #expect(
        await pair.extract.fault { (link) throws(MatcherFault) in
          try await link.rekey([template], from: key, to: key)
        } == .failed(.unsupported))
      #expect(await pair.extract.fault(comparing: template, with: [template]) == .failed(.unsupported))
      #expect(await pair.compare.fault(comparing: template, with: [template]) == .failed(.unsupported))
      #expect(try await pair.compare.fault(extracting: Palms.sample(Self.mine, 0)) == .failed(.unsupported))
      #expect(try await pair.extract.fault(extracting: Built.blob([1], of: "EXB", 1)) == .failed(.unsupported))
    }
  }

  @Test("a palm is itself under its key and nobody else under it; the same sample again is told")
  func transaction() async throws {
    try await withPair { pair in
      let key = try Built.key(7)
      let enrolled = try await pair.probes(Self.mine, [0, 1, 2])
      #expect(enrolled.allSatisfy { $0.bytes.count == 18_720 })
      let references = try await pair.protected(enrolled, key)
      #expect(references.allSatisfy { $0.bytes.count == 2080 && $0.bytes[12] == 7 } && Set(references).count == 3)
      let later = try await pair.probes(Self.mine, [3, 4])
      let genuine = try await pair.compare.verify(later[0], with: references, former: [], under: key)
      let stranger = try await pair.compare.verify(
        pair.extract.probe(Self.neighbour, 0), with: references, former: [], under: key)
      let (near, far) = (try #require(genuine.scored), try #require(stranger.scored))
      #expect(near.score < far.score && near.falseMatch >= 4000 && far.falseMatch < 3000, "\(near) \(far)")
      // Again what was enrolled; again what was shown before; another capture is neither.
      for probe in enrolled {
        #expect(try await pair.compare.verify(probe, with: references, former: [], under: key) == .failed(.implausible))
      }
      let former = try await pair.protected([later[0]], key)
      #expect(try await pair.compare.verify(later[0], with: references, former: former, under: key) == .failed(.implausible))
      let second = try await pair.compare.verify(later[1], with: references, former: former, under: key)
      #expect(try #require(second.scored).falseMatch >= 4000)
      // The rate is that of three templates together.
      for references in [Array(references.prefix(2)), references + [references[0]]] {
        let result = try await pair.compare.verify(later[0], with: references, former: [], under: key)
        #expect(result == .failed(.otherTemplate))
      }
    }
  }

  @Test("another key, another hand, a damaged template, another format: errors, never a score")
  func mismatches() async throws {
    try await withPair { pair in
      let (key, other) = (try Built.key(7), try Built.key(8, 99))
      let probe = try await pair.extract.probe(Self.mine, 0)
      let good = try await pair.protected(pair.probes(Self.mine, [1, 2, 3]), key)
      func result(_ third: BiometricTemplate, former: [BiometricTemplate] = []) async throws -> MatchResult {
        try await pair.compare.verify(probe, with: [good[0], good[1], third], former: former, under: key)
      }
      #expect(try #require(await result(good[2]).scored).falseMatch >= 4000)
      let otherKey = try await pair.compare.protect(pair.extract.probe(Self.mine, 4), under: other)
      let otherHand = try await pair.compare.protect(pair.extract.probe(Self.otherHand, 0), under: key)
      var bad: [BiometricTemplate] = [otherKey, otherHand, probe]
      for (place, value) in [(0, 0), (4, 2), (9, 101), (10, 2), (12, 0), (16, 2), (20, 1)] as [(Int, UInt8)] {
        var bytes = good[2].bytes
        bytes[place] = value
        bad.append(try BiometricTemplate(format: good[2].format, bytes: bytes))
      }
      bad.append(try BiometricTemplate(format: good[2].format, bytes: Array(good[2].bytes.dropLast())))
      bad.append(try BiometricTemplate(format: MatcherFormat("sanmon/palm", version: 2), bytes: good[2].bytes))
      for (number, template) in bad.enumerated() {
        #expect(try await result(template) == .failed(.otherTemplate), "\(number)")
        #expect(try await result(good[2], former: [template]) == .failed(.otherTemplate), "\(number) as a former one")
      }
      // A probe that is none; one pose of another capture is not seen, one of another hand is.
      var mixed = probe.bytes
      mixed[8] = 3 - mixed[8]
      for bytes in [Array(probe.bytes.dropLast(2080)), good[0].bytes, mixed] {
        let none = try BiometricTemplate(format: probe.format, bytes: bytes)
        #expect(try await pair.compare.verify(none, with: good, former: [], under: key) == .failed(.otherTemplate))
        #expect(
          await pair.compare.fault { (link) throws(MatcherFault) in try await link.protect(none, under: key) }
            == .failed(.otherTemplate))
      }
      // The right id with the wrong halves: nothing tells, and nothing agrees.
      for wrong in [try Built.key(7, 2), try TemplateKey(id: 7, personHalf: key.personHalf, ringHalf: other.ringHalf)] {
        let weak = try await pair.compare.verify(probe, with: good, former: [], under: wrong)
        #expect(try #require(weak.scored).falseMatch < 1000)
      }
    }
  }

  @Test("a new key needs no sample, and no distance changes by it")
  func rekeyed() async throws {
    try await withPair { pair in
      let (old, new) = (try Built.key(7), try Built.key(8, 99))
      let references = try await pair.protected(pair.probes(Self.mine, [0, 1, 2]), old)
      let probe = try await pair.extract.probe(Self.mine, 3)
      let before = try await pair.compare.verify(probe, with: references, former: [], under: old)
      let renewed = try await pair.compare.rekey(references, from: old, to: new)
      #expect(renewed != references && renewed.allSatisfy { $0.bytes[12] == 8 })
      #expect(try await pair.compare.verify(probe, with: renewed, former: [], under: new) == before)
      #expect(before.scored != nil)
      #expect(try await pair.compare.verify(probe, with: renewed, former: [], under: old) == .failed(.otherTemplate))
      #expect(
        await pair.compare.fault { (link) throws(MatcherFault) in try await link.rekey(renewed, from: old, to: new) }
          == .failed(.otherTemplate))
      #expect(try await pair.compare.rekey(renewed, from: new, to: old) == references)
    }
  }

  @Test("the search finds a palm among fifty, and says of each what it cannot compare")
  func searched() async throws {
    try await withPair { pair in
      let key = try Built.key(9)
      let mine = try await pair.compare.protect(pair.extract.probe(Self.mine, 0), under: key)
      let neighbour = try await pair.compare.protect(pair.extract.probe(Self.neighbour, 0), under: key)
      let otherHand = try await pair.compare.protect(pair.extract.probe(Self.otherHand, 0), under: key)
      let otherKey = try await pair.compare.protect(pair.extract.probe(Self.mine, 2), under: Built.key(10))
      let like = try VeinTemplate(decoding: mine.bytes)
      var references = try (0..<50).map {
        try BiometricTemplate(format: mine.format, bytes: Palms.noise(UInt64($0), like: like).encoded)
      }
      (references[17], references[20], references[31], references[49]) = (neighbour, otherHand, mine, otherKey)
      let found = try await pair.compare.search(pair.extract.probe(Self.mine, 1), in: references, under: key)
      #expect(found.count == 50 && found[20] == .failed(.otherTemplate) && found[49] == .failed(.otherTemplate))
      let scores = found.enumerated().compactMap { place, result in result.scored.map { (place, $0) } }
      #expect(scores.count == 48)
      let closest = try #require(scores.min { $0.1.score < $1.1.score })
      #expect(closest.0 == 31 && closest.1.falseMatch >= 4000)
      #expect(scores.filter { $0.0 != 31 }.allSatisfy { $0.1.falseMatch < 3000 })
      let none = try BiometricTemplate(format: mine.format, bytes: [1])
      #expect(
        try await pair.compare.search(pair.extract.probe(Self.mine, 1), in: [none], under: key)
          == [.failed(.otherTemplate)])
      #expect(
        await pair.compare.fault { (link) throws(MatcherFault) in try await link.search(none, in: [mine], under: key) }
          == .failed(.otherTemplate))
    }
  }

  @Test("what a person can do about a sample is told; what is no picture is malformed")
  func samples() async throws {
    try await withPair { pair in
      for (sample, advice) in [
        (try Palms.sample(Self.mine, 0, .wet), CaptureAdvice.wet), (try Palms.sample(Self.mine, 0, .tooDark), .tooDark),
        (try Palms.sample(Self.mine, 0, hand: .left), .otherHand),
      ] {
        guard case .failure(let refusal) = try await pair.extract.extract(sample) else {
          Issue.record("\(advice): taken")
          continue
        }
        #expect(refusal.advice == advice)
      }
      let file = Palms.file(Self.mine, 0)
      for (bytes, wavelength, resolution) in [
        ([1, 2, 3], 850, 25), (Array(file.dropLast()), 850, 25), (file, 600, 25), (file, 850, 11), (file, 850, .max),
      ] as [([UInt8], UInt32, UInt32)] {
        let sample = try BiometricSample(
          hand: .right, content: .picture(file: bytes, wavelength: wavelength, resolution: resolution))
        #expect(await pair.extract.fault(extracting: sample) == .failed(.malformedSample))
      }
      // A sensor that tells neither: what the administrator said counts, here 25.
      let silent = try BiometricSample(hand: .right, content: .picture(file: file, wavelength: 0, resolution: 0))
      let told = try await pair.extract.extract(Palms.sample(Self.mine, 0)).get().template
      #expect(try await pair.extract.extract(silent).get().template == told)
    }
  }

  @Test("nothing of a palm, a picture or a key is left after the call", .enabled(if: geteuid() == 0, "only root sees it"))
  func wiped() async throws {
    try await withPair { pair in
      let sample = try Palms.sample(Self.mine, 3)
      guard case .picture(let file, _, _) = sample.content else { return }
      var random = SystemRandomNumberGenerator()
      let halves = (0..<2).map { _ in (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) } }
      let key = try TemplateKey(id: 7, personHalf: Secret(copying: halves[0]), ringHalf: Secret(copying: halves[1]))
      let probe = try await pair.extract.extract(sample).get().template
      let references = try await pair.protected(pair.probes(Self.mine, [0, 1, 2]), key)
      _ = try await pair.compare.verify(probe, with: references, former: [references[0]], under: key)
      _ = try await pair.compare.search(probe, in: references, under: key)
      // An answer leaves before what it was made of is let go.
      try await Task.sleep(for: .milliseconds(500))
      let memory = try ProcessMemory(of: pair.comparison.program.pid)
      // What must be there is found: the search is not blind.
      #expect(memory.contains("sanmon-palm-comparison".utf8))
      // A test that prints what it found would print keys.
      let left = halves.map(memory.contains)
      #expect(left == [false, false], "of the key")
      let poses = [0, 4, 8].map { memory.contains(probe.bytes[2080 * $0 + 832..<2080 * $0 + 864]) }
      #expect(poses == [false, false, false], "of the probe")
      let kept = memory.contains(references[2].bytes[832..<864])
      #expect(!kept, "of a template")
      let extraction = try ProcessMemory(of: pair.extraction.program.pid)
      #expect(extraction.contains("sanmon-palm-extraction".utf8))
      let seen = extraction.contains(file[file.count / 2..<file.count / 2 + 32])
      #expect(!seen, "of the picture")
      let coded = [0, 8].map { extraction.contains(probe.bytes[2080 * $0 + 832..<2080 * $0 + 864]) }
      #expect(coded == [false, false], "of the probe, where it was made")
    }
  }

  @Test("both are confined, hold their memory, end in good order, and refuse options outside their limits")
  func processes() async throws {
    try await withPair { pair in
      let status = try String(contentsOfFile: "/proc/\(pair.comparison.program.pid)/status", encoding: .utf8)
      func number(_ name: String) -> Int? {
        status.split(separator: "\n").first { $0.hasPrefix(name + ":") }.flatMap { Int($0.filter(\.isNumber)) }
      }
      #expect(number("Seccomp") == 2 && number("NoNewPrivs") == 1)
      #expect(try #require(number("VmLck")) > 0, "\(pair.comparison.program.errors)")
      for process in [pair.extraction, pair.comparison] {
        process.program.terminate()
        #expect(try await process.program.ending().status == 0)
      }
    }
    let small = try MatcherProcess(own: "extract", ["--resolution", "11"])
    defer { small.end() }
    #expect(try await small.program.ending().status == 64)
  }
}
