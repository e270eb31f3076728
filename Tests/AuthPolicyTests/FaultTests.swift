import AuthPolicy
import AuthTerms
import Foundation
import Testing

/// One way to break a right file, and the fault it must be refused with: `code line:column`.
struct Break: Sendable, CustomTestStringConvertible {
  enum Target: Sendable, Equatable {
    case segment(String)
    case organisation
    case instance
    case access
    case application
    case program
    case card(String)
  }

  var expected: String
  var target: Target
  var old: String
  var new: String
  /// A second edit, where one alone breaks something else.
  var also: (old: String, new: String)?

  init(
    _ expected: String, _ old: String, _ new: String, in target: Target = .segment("lgwan"),
    also: (old: String, new: String)? = nil
  ) {
    self.expected = expected
    self.target = target
    self.old = old
    self.new = new
    self.also = also
  }

  var code: String { String(expected.prefix(5)) }
  var testDescription: String { expected }

  /// Every fault the broken file is refused with.
  var faults: [PolicyFault] {
    switch target {
    case .segment(let name):
      let text = Samples.lgwan.breaking("segment: lgwan", "segment: \(name)").breaking(old, new)
      return Samples.faults(segment: name, text)
    case .organisation:
      let text = Samples.organisation(["lgwan"]).breaking(old, new)
      do throws(PolicyFaults) {
        _ = try Samples.compile([Samples.source("organisation.yaml", text), Samples.source("lgwan.yaml", Samples.lgwan)])
        return []
      } catch {
        return error.faults
      }
    case .access:
      let text = Samples.access.breaking(old, new)
      return Samples.faults(access: also.map { text.breaking($0.old, $0.new) } ?? text)
    case .application, .program:
      let text = (target == .program ? Samples.program : Samples.application).breaking(old, new)
      return Samples.faults(application: also.map { text.breaking($0.old, $0.new) } ?? text)
    case .card(let name):
      return Samples.faults(card: name, Samples.card(name).breaking(old, new))
    case .instance:
      do throws(PolicyFaults) {
        _ = try InstanceFile.parse(Samples.source("sanmon.yaml", Samples.instance.breaking(old, new)))
        return []
      } catch {
        return error.faults
      }
    }
  }
}

@Suite("faults")
struct FaultTests {
  static let all =
    Breaks.text + Breaks.schema + Breaks.expressions + Breaks.floor + Breaks.instance + Breaks.access
    + Breaks.application + Breaks.program + Breaks.card

  @Test(arguments: all)
  func isNamedAtItsPlace(broken: Break) {
    let places = broken.faults.map { "\($0.code) \($0.line):\($0.column)" }
    #expect(places.contains(broken.expected), "\(places)")
  }

  @Test("a pair of sentences, and nothing of the file", arguments: all)
  func sentences(broken: Break) {
    for fault in broken.faults {
      #expect(fault.ja.unicodeScalars.contains { (0x3040...0x9FFF).contains($0.value) })
      #expect(fault.en.unicodeScalars.allSatisfy { $0.value < 0x80 || $0 == "–" })
      #expect(!fault.hintJa.isEmpty && !fault.hintEn.isEmpty)
    }
  }
}
