import Foundation
import Testing

@Suite("imports match the manifest and never point upwards or sideways")
struct ImportTests {
  let manifest: Manifest

  init() throws { manifest = Manifest(try Tree.text("Package.swift")) }

  @Test("the manifest is understood")
  func manifestIsRead() {
    #expect(manifest.targets.count >= 30)
    #expect(manifest["AuthServer"]?.dependencies.isSuperset(of: ["Storage", "NIOSSL", "Hummingbird", "Crypto"]) == true)
    #expect(manifest["sanmond"]?.kind == .executable)
    #expect(manifest.packages["GRDB.swift"] != nil)
    #expect(manifest.targets.allSatisfy { target in target.dependencies.allSatisfy { !$0.hasPrefix(".") } })
  }

  @Test("arrows of the manifest stay within the house")
  func arrows() {
    #expect(ImportRules(manifest: manifest).faultsOfManifest() == [])
  }

  @Test("every import is named by the manifest entry of its target", arguments: ["Sources", "Tests", "Benchmarks"])
  func imports(folder: String) throws {
    var faults: [String] = []
    for path in try Tree.swiftFiles(below: folder) {
      let target = String(path.split(separator: "/")[1])
      faults += ImportRules(manifest: manifest).faults(in: SwiftText(try Tree.text(path)), of: target, path: path)
    }
    #expect(faults == [])
  }

  @Test("no trap, forced cast or unchecked promise without its reason")
  func reasons() throws {
    var faults: [String] = []
    for path in try Tree.swiftFiles(below: "Sources") + Tree.swiftFiles(below: "Benchmarks") {
      faults += NeedsReason.faults(in: SwiftText(try Tree.text(path)), path: path)
    }
    #expect(faults == [])
  }

  @Test("every folder of code below Sources, Tests and Benchmarks is a target, and every target has a folder")
  func folders() throws {
    let code = [".swift", ".c", ".h", ".modulemap"]
    let folders = Set(
      try Tree.files().filter { path in
        ["Sources/", "Tests/", "Benchmarks/"].contains(where: path.hasPrefix) && code.contains(where: path.hasSuffix)
      }.map { String($0.split(separator: "/")[1]) })
    #expect(folders == Set(manifest.targets.map(\.name)).subtracting(House.plugin))
  }
}

@Suite("the import checker finds what is planted")
struct ImportCheckerTests {
  static func manifest(_ targets: String) -> Manifest {
    Manifest(
      """
      extension Target.Dependency {
        static let grdb: Self = .product(name: "GRDB", package: "GRDB.swift")
        static let nio: [Self] = [
          .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]
      }
      let package = Package(name: "x", targets: [
      // .target(name: "Commented", dependencies: ["sanmond"]),
      \(targets)
      ])
      """)
  }

  @Test(
    "planted arrows",
    arguments: [
      (#".target(name: "AuthPolicy", dependencies: ["AuthAPI"])"#, "AuthPolicy depends sideways on AuthAPI (floor 1)"),
      (#".target(name: "AuthTerms", dependencies: ["AuthAPI"])"#, "AuthTerms (floor 0) depends upwards on AuthAPI (floor 1)"),
      (#".target(name: "AuthAPI", dependencies: [.grdb])"#, "AuthAPI depends on GRDB, which the house does not give it"),
      (
        #".target(name: "Storage", dependencies: ["AuthTerms"] + Target.Dependency.nio + [.grdb])"#,
        "Storage depends on NIOCore, which the house does not give it"
      ),
      (
        #".executableTarget(name: "sanmon-cardsim", dependencies: ["SmartCard"])"#,
        "sanmon-cardsim must import nothing of ours: SmartCard"
      ),
      (#".target(name: "AuthHelpers")"#, "AuthHelpers stands on no floor of the house"),
      (
        #"""
        .target(name: "AuthServer", dependencies: ["SSOVault"]), .target(name: "SSOVault"),
        .executableTarget(name: "sanmond", dependencies: ["AuthServer"])
        """#, "sanmond links SSOVault: the server holds no keys, reads no cards and decodes no pictures"
      ),
      (
        #"""
        .executableTarget(name: "sanmon-vault", dependencies: ["SSOVault"]),
        .target(name: "SSOVault", dependencies: ["AuthClient"]), .target(name: "AuthClient", dependencies: Target.Dependency.nio)
        """#, "sanmon-vault links NIOSSL: untrusted bytes are not parsed where keys live"
      ),
    ])
  func arrow(targets: String, fault: String) {
    #expect(ImportRules(manifest: Self.manifest(targets)).faultsOfManifest().contains(fault))
  }

  @Test("a good house has no fault, and what is commented out does not count")
  func good() {
    let manifest = Self.manifest(
      #".target(name: "AuthTerms"), .target(name: "Storage", dependencies: ["AuthTerms", .grdb], path: "x")"#)
    #expect(manifest["Commented"] == nil)
    #expect(manifest["Storage"]?.dependencies == ["AuthTerms", "GRDB"])
    #expect(ImportRules(manifest: manifest).faultsOfManifest() == [])
  }

  @Test(
    "imports are seen in every form",
    arguments: [
      ("import GRDB", "GRDB"), ("public import GRDB", "GRDB"), ("  @preconcurrency import GRDB", "GRDB"),
      ("@_exported public import GRDB", "GRDB"), ("import struct GRDB.Row", "GRDB"), ("package import class GRDB.A.B", "GRDB"),
      ("import GRDB // why", "GRDB"), ("/* a */ import GRDB", "GRDB"),
    ])
  func forms(line: String, module: String) {
    #expect(SwiftText(line).imports.map(\.module) == [module])
  }

  @Test(
    "what is not an import is not taken for one",
    arguments: [
      "// import GRDB", "/* import GRDB */", "/*\n/* a */ import GRDB\n*/", "let x = \"import GRDB\"",
      "let x = \"\"\"\nimport GRDB\n\"\"\"", "let x = #\"\"\"\nimport GRDB \"\"\"\nimport GRDB\n\"\"\"#", "important GRDB",
    ])
  func notImports(text: String) {
    #expect(SwiftText(text).imports == [])
  }

  @Test("an import that the manifest does not name, and a testable one, are faults with file and line")
  func importFaults() {
    let manifest = Self.manifest(
      #".target(name: "AuthTerms"), .testTarget(name: "AuthTermsTests", dependencies: ["AuthTerms"])"#)
    let rules = ImportRules(manifest: manifest)
    #expect(
      rules.faults(in: SwiftText("import Foundation\nimport GRDB\n"), of: "AuthTerms", path: "a.swift")
        == ["a.swift:2: AuthTerms imports GRDB, which its manifest entry does not name"])
    #expect(
      rules.faults(in: SwiftText("@testable " + "import AuthTerms\nimport Testing"), of: "AuthTermsTests", path: "b.swift")
        == ["b.swift:1: test public or package API, not @testable AuthTerms"])
    #expect(rules.faults(in: SwiftText("import Testing"), of: "AuthTerms", path: "c.swift").count == 1)
    #expect(rules.faults(in: SwiftText(""), of: "Nowhere", path: "d.swift") == ["d.swift: no target Nowhere in Package.swift"])
  }

  @Test("a word that needs a reason is found without one, and left alone with one", arguments: NeedsReason.words)
  func reasons(word: String) {
    #expect(NeedsReason.faults(in: SwiftText("let a = 1\nx \(word)y\n"), path: "a").count == 1)
    #expect(NeedsReason.faults(in: SwiftText("x \(word)y  // cannot fail: checked above\n"), path: "a") == [])
    #expect(NeedsReason.faults(in: SwiftText("// cannot fail: checked above\nx \(word)y\n"), path: "a") == [])
    #expect(NeedsReason.faults(in: SwiftText("// far away\n\nx \(word)y\n"), path: "a").count == 1)
    #expect(NeedsReason.faults(in: SwiftText("let text = \"\(word)\"\n"), path: "a") == [])
  }
}
