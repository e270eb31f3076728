import Foundation

/// Package.swift read as text: which targets there are and what each may import. The text is read, not the resolved
/// package, because a test must not start a build inside a build.
struct Manifest {
  struct Target: Equatable {
    enum Kind: String {
      case library = "target", executable = "executableTarget", test = "testTarget", system = "systemLibrary"
    }
    let name: String
    let kind: Kind
    /// Names of targets of ours and of products of others.
    let dependencies: Set<String>
  }

  let targets: [Target]
  /// Package name to exact version.
  let packages: [String: String]

  init(_ source: String) {
    let text = Self.withoutComments(source)
    var helpers: [String: Set<String>] = [:]
    for match in text.matches(of: /static let (\w+): (?:Self|\[Self\]) =\s*/) {
      let rest = text[match.range.upperBound...]
      let value = rest.hasPrefix("[") ? Self.bracketed(rest, "[", "]") : rest.prefix { $0 != "\n" }
      helpers[String(match.1)] = Self.products(in: value)
    }
    var targets: [Target] = []
    for match in text.matches(of: /\.(target|executableTarget|testTarget|systemLibrary)\(/) {
      guard let kind = Target.Kind(rawValue: String(match.1)) else { continue }
      let body = Self.bracketed(text[text.index(before: match.range.upperBound)...], "(", ")")
      guard let name = body.firstMatch(of: /name:\s*"([^"]+)"/)?.1 else { continue }
      targets.append(Target(name: String(name), kind: kind, dependencies: Self.dependencies(in: body, helpers)))
    }
    self.targets = targets
    var packages: [String: String] = [:]
    for match in text.matches(of: /\.package\(url:\s*"[^"]*\/([^"\/]+?)(?:\.git)?",\s*exact:\s*"([^"]+)"\)/) {
      packages[String(match.1)] = String(match.2)
    }
    self.packages = packages
  }

  subscript(name: String) -> Target? { targets.first { $0.name == name } }

  /// What ends up in a program: dependencies of dependencies, ours and others'.
  func everything(below name: String) -> Set<String> {
    var reached: Set<String> = []
    var waiting = Array(self[name]?.dependencies ?? [])
    while let next = waiting.popLast() {
      guard reached.insert(next).inserted else { continue }
      waiting += self[next]?.dependencies ?? []
    }
    return reached
  }

  /// The expression after `dependencies:`: lists of strings, `.helper` and `.product(…)`, joined by `+`.
  private static func dependencies(in body: Substring, _ helpers: [String: Set<String>]) -> Set<String> {
    guard let start = body.firstMatch(of: /dependencies:\s*/) else { return [] }
    var rest = body[start.range.upperBound...]
    var found: Set<String> = []
    while true {
      rest = rest.drop { $0.isWhitespace || $0 == "+" }
      if rest.hasPrefix("[") {
        let list = bracketed(rest, "[", "]")
        found.formUnion(products(in: list))
        let plain = list.replacing(/\.product\([^)]*\)/, with: "")
        for match in plain.matches(of: /"([^"]+)"/) { found.insert(String(match.1)) }
        for match in plain.matches(of: /\.(\w+)/) { found.formUnion(helpers[String(match.1)] ?? [".\(match.1)"]) }
        rest = rest.dropFirst(list.count)
      } else if let match = rest.prefixMatch(of: /(?:Target\.Dependency)\.(\w+)/) {
        found.formUnion(helpers[String(match.1)] ?? [".\(match.1)"])
        rest = rest[match.range.upperBound...]
      } else {
        return found
      }
    }
  }

  private static func products(in text: Substring) -> Set<String> {
    Set(text.matches(of: /\.product\(name:\s*"([^"]+)"/).map { String($0.1) })
  }

  /// From an opening bracket to the one that closes it, both included. Brackets in strings do not occur in a manifest.
  private static func bracketed(_ text: Substring, _ open: Character, _ close: Character) -> Substring {
    var depth = 0
    for index in text.indices {
      if text[index] == open { depth += 1 }
      if text[index] == close {
        depth -= 1
        if depth == 0 { return text[...index] }
      }
    }
    return text
  }

  private static func withoutComments(_ source: String) -> String {
    // "//" also stands in addresses, always after a colon.
    source.replacing(/(^|[^:])\/\/[^\n]*/) { "\($0.1)" }
  }
}
