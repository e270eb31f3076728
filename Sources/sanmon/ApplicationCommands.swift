import ArgumentParser
import AuthPolicy
import AuthTerms
import Foundation

/// `sanmon application …`: what the files of applications say, before they are in force.
struct ApplicationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "application", abstract: "Check the files of applications that people sign in to. / 業務システムのファイルを調べます。",
    subcommands: [
      ApplicationCheck.self, ApplicationShow.self, ApplicationPublish.self, ApplicationWithdraw.self, ApplicationList.self,
    ])
}

struct ApplicationCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read files or folders of applications and name every fault. / ファイルを読み、誤りをすべて示します。",
    discussion: """
      Needs no server. A folder is read as one set: its login pages are held against each other. Where the folder above has an
      organisation.yaml, a segment that the policy set does not have is a fault too. docs/applications.md explains each key.

      EXAMPLES
        sanmon application check policies/applications
        sanmon application check ledger.yaml --json

      EXIT CODES
        0 right (there may be warnings)   65 something is wrong   66 a file or folder cannot be read
      """)
  @Argument(help: "Files, or folders of files. / ファイルかフォルダー", completion: .file(extensions: ["yaml"])) var path: [String]
  @Flag(help: "Print what was found as JSON.") var json = false

  func run() throws {
    var found: [ApplicationDefinition] = []
    var faults: [PolicyFault] = []
    for path in path {
      let folder = try ApplicationFolder(path)
      do throws(PolicyFaults) {
        let set = try ApplicationSet.compile(folder.sources, segments: folder.segments)
        found += set.applications
        faults += set.warnings
      } catch { faults += error.faults }
    }
    let count = faults.count { $0.severity == .error }
    if json {
      print(try Rows.json(ApplicationCheckView(found, faults)))
    } else {
      for fault in faults { printError(fault.render(PolicyReport.language)) }
      for definition in found { print(ApplicationReport.line(definition)) }
    }
    guard count == 0 else {
      printError(say("誤り \(count) 件。このままでは使えません。", "\(count) fault(s). They cannot be used like this."))
      throw ExitCode(65)
    }
    if !json { print(say("正しいファイルです: \(found.count) 件", "right: \(found.count) application(s)")) }
  }
}

struct ApplicationShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what one file of an application comes to. / ファイルの内容を言葉で示します。",
    discussion: """
      Needs no server. The SHA-256 is that of the definition, whatever its file's comments and order of lines.

      EXAMPLES
        sanmon application show policies/applications/ledger.yaml
        sanmon application show ledger.yaml --json
      """)
  @Argument(help: "The file. / ファイル", completion: .file(extensions: ["yaml"])) var file: String
  @Flag(help: "Print it as JSON.") var json = false

  func run() throws {
    let folder = try ApplicationFolder(file)
    guard let source = folder.sources.first, !folder.isFolder else {
      throw fail(66, "\(Rows.visible(file)) はファイルではありません。", "\(Rows.visible(file)) is not a file")
    }
    let definition: ApplicationDefinition
    do throws(PolicyFaults) {
      definition = try ApplicationFile.compile(source).definition
    } catch {
      printError(error.render(PolicyReport.language))
      throw ExitCode(65)
    }
    print(json ? try Rows.json(ApplicationView(definition)) : ApplicationReport.whole(definition))
  }
}

/// What stands at a path: one file, or every `.yaml` directly in a folder.
struct ApplicationFolder {
  let sources: [PolicySource]
  let isFolder: Bool
  /// Those of the policy set in the folder above, where there is one.
  let segments: Set<Segment>?

  /// - Throws: exit 66 if it cannot be read, 65 if the policy set above is wrong.
  init(_ path: String) throws {
    var isDirectory: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    let url = URL(fileURLWithPath: path).standardizedFileURL
    isFolder = isThere && isDirectory.boolValue
    do {
      sources = isFolder ? try PolicyReport.read(path) : [try Self.source(url)]
    } catch { throw fail(66, "\(Rows.visible(path)) を読めません。", "cannot read \(Rows.visible(path))") }
    let folder = isFolder ? url : url.deletingLastPathComponent()
    let above = folder.deletingLastPathComponent()
    let organisation = above.appendingPathComponent("organisation.yaml").path
    segments = FileManager.default.fileExists(atPath: organisation) ? Set(try PolicyReport.compile(above.path).segments) : nil
  }

  /// Of a file above the limit only so much that it is refused.
  private static func source(_ url: URL) throws -> PolicySource {
    let file = try FileHandle(forReadingFrom: url)
    defer { try? file.close() }
    return PolicySource(name: url.lastPathComponent, bytes: Array(try file.read(upToCount: 512 * 1024) ?? Data()))
  }
}
