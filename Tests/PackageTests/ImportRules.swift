/// What the house forbids, as a list of sentences; empty is good.
struct ImportRules {
  let manifest: Manifest
  var house = House()

  /// The arrows of the manifest against the floors.
  func faultsOfManifest() -> [String] {
    var faults: [String] = []
    for target in manifest.targets where target.kind == .library || target.kind == .executable {
      let ours = target.dependencies.filter { house.floor(of: $0) != nil }
      if house.floor(of: target.name) == nil, house.owners[target.name] == nil {
        faults.append("\(target.name) stands on no floor of the house")
      }
      for other in ours.sorted() {
        if house.strangers.contains(target.name) { faults.append("\(target.name) must import nothing of ours: \(other)") }
        guard let mine = house.floor(of: target.name), let theirs = house.floor(of: other) else { continue }
        if theirs == mine { faults.append("\(target.name) depends sideways on \(other) (floor \(mine))") }
        if theirs > mine { faults.append("\(target.name) (floor \(mine)) depends upwards on \(other) (floor \(theirs))") }
      }
      for other in target.dependencies.subtracting(ours).sorted() where !(house.owners[other] ?? []).contains(target.name) {
        faults.append("\(target.name) depends on \(other), which the house does not give it")
      }
    }
    for rule in house.kept {
      for bad in manifest.everything(below: rule.program).intersection(rule.without).sorted() {
        faults.append("\(rule.program) links \(bad): \(rule.why)")
      }
    }
    return faults
  }

  /// The imports of one file against the manifest entry of its target.
  func faults(in text: SwiftText, of target: String, path: String) -> [String] {
    guard let entry = manifest[target] else { return ["\(path): no target \(target) in Package.swift"] }
    let system = entry.kind == .test ? House.systemForTests : House.system
    var faults: [String] = []
    for line in text.imports {
      if line.testable { faults.append("\(path):\(line.line): test public or package API, not @testable \(line.module)") }
      guard !system.contains(line.module), line.module != target else { continue }
      if !entry.dependencies.contains(line.module) {
        faults.append("\(path):\(line.line): \(target) imports \(line.module), which its manifest entry does not name")
      }
    }
    return faults
  }
}

/// What stands in code only with the reason beside it.
enum NeedsReason {
  /// Spelled in two halves so that this file does not find itself.
  static let words = [
    "try" + "!", "fatal" + "Error(", "as" + "! ", "@unchecked" + " Sendable", "nonisolated" + "(unsafe)",
  ]

  /// A comment on the same line or the one before it is the reason. Lines that carry several attributes of one
  /// declaration count as one.
  static func faults(in text: SwiftText, path: String) -> [String] {
    var faults: [String] = []
    for (index, line) in text.code.enumerated() {
      for word in words where line.contains(word) {
        let reasoned = text.commented[index] || (index > 0 && text.commented[index - 1])
        if !reasoned { faults.append("\(path):\(index + 1): \(word) without a comment that proves it right") }
      }
    }
    return faults
  }
}
