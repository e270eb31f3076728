import Foundation
import Testing
import Workstation

@Suite("the files through which a browser finds the agent")
struct NativeHostManifestTests {
  private static let id = "abcdefghijklmnopabcdefghijklmnop"

  private func inFolder(_ use: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-nh-\(UInt32.random(in: 0 ... .max))").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try use(folder)
  }

  @Test("a manifest for one extension, and a script that starts the agent with its state folder")
  func install() throws {
    try inFolder { folder in
      let mask = umask(0o077)
      defer { umask(mask) }
      for _ in 0..<2 {  // again over what is there
        let path = try NativeHostManifest(program: "/opt/a'b/sanmon agent", state: "/var/lib/s $(x)", extensionID: Self.id)
          .install(in: folder)
        #expect(path == "\(folder)/jp.sanmon.agent.json")
      }
      let manifest = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(folder)/jp.sanmon.agent.json")))
          as? [String: Any])
      #expect(manifest["name"] as? String == "jp.sanmon.agent" && manifest["type"] as? String == "stdio")
      #expect(manifest["path"] as? String == "\(folder)/jp.sanmon.agent")
      #expect(manifest["allowed_origins"] as? [String] == ["chrome-extension://\(Self.id)/"])
      let script = try String(contentsOfFile: "\(folder)/jp.sanmon.agent", encoding: .utf8)
      #expect(
        script.contains(
          #"exec '/opt/a'\''b/sanmon agent' sso --state '/var/lib/s $(x)' --extension-id \#(Self.id) "$@""#), "\(script)")
      let modes = try ["", "/jp.sanmon.agent", "/jp.sanmon.agent.json"].map { name in
        try FileManager.default.attributesOfItem(atPath: folder + name)[.posixPermissions] as? Int
      }
      #expect(modes == [0o755, 0o755, 0o644])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }
  }

  @Test("a link that waits where a file is to be is replaced, not followed")
  func links() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      let target = "\(folder)/target"
      try "mine".write(toFile: target, atomically: false, encoding: .utf8)
      for name in ["jp.sanmon.agent", "jp.sanmon.agent.json", "jp.sanmon.agent.new", "jp.sanmon.agent.json.new"] {
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
      }
      _ = try NativeHostManifest(program: "/a", state: "/b", extensionID: Self.id).install(in: folder)
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "mine")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
    }
  }

  @Test(
    "what is no extension's id is refused",
    arguments: ["", "abc", String(repeating: "q", count: 32), String(repeating: "A", count: 32), id + "a", "*"])
  func ids(text: String) {
    #expect(!NativeHostManifest.isExtensionID(text))
    #expect(throws: AgentFault.self) { try NativeHostManifest(program: "/a", state: "/b", extensionID: text) }
  }

  @Test("a path that is not absolute, or would end its line, is refused", arguments: ["a", "", "/a\nb", "/a\u{7F}"])
  func paths(path: String) throws {
    #expect(throws: AgentFault.self) { try NativeHostManifest(program: path, state: "/b", extensionID: Self.id) }
    #expect(throws: AgentFault.self) { try NativeHostManifest(program: "/a", state: path, extensionID: Self.id) }
    let manifest = try NativeHostManifest(program: "/a", state: "/b", extensionID: Self.id)
    #expect(throws: AgentFault.self) { try manifest.install(in: "relative") }
    #expect(throws: AgentFault.self) { try manifest.install(in: "/nonexistent/folder/below") }
  }
}
