import ArgumentParser
import AuthAPI
import Foundation
import MatcherHost

struct LibraryOptions: ParsableArguments {
  @Option(help: "Path of the vendor's library.", completion: .file(extensions: ["so"])) var library: String
  @Option(help: "File whose text the library gets when it is opened.", completion: .file()) var libraryConfiguration: String?

  func open() throws -> VendorLibrary {
    var text = ""
    if let path = libraryConfiguration {
      guard let found = try? String(contentsOfFile: path, encoding: .utf8), found.utf8.count <= 65_536, !found.contains("\0")
      else { throw SanmonMatcher.fail(65, "\(path) を読めません。", "cannot read \(path) as text of at most 64 KiB") }
      text = found
    }
    do throws(VendorLibraryFault) {
      return try VendorLibrary(path: library, configuration: text) { (file) throws(MatcherFailure) in
        try GreyPicture(decoding: file)
      }
    } catch { throw SanmonMatcher.fail(65, "ライブラリを使えません: \(error)", "the library cannot be used: \(error)") }
  }
}

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Loads a library, and prints what it says of itself.")

  @OptionGroup var library: LibraryOptions

  func run() throws {
    let facts = try library.open().facts
    let takes = [facts.takesPictures ? "pictures" : nil, facts.takesBlobs ? "blobs" : nil].compactMap(\.self)
    print("\(facts.name) \(facts.version) (\(facts.vendor)): \(facts.modality), takes \(takes.joined(separator: " and ")),")
    print("templates \(facts.format)")
  }
}

struct Vendor: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Serves one vendor's library until SIGTERM or SIGINT.")

  @OptionGroup var library: LibraryOptions
  @OptionGroup var service: ServiceOptions
  @Flag(help: "Lets the library read files after it was opened; it never writes any.") var mayReadFiles = false

  func run() throws { try service.serve(mayReadFiles: mayReadFiles) { [library] in try library.open() } }
}
