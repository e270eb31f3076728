public import AuthTerms

/// The applications of a city: right each by itself and beside each other. Replaced whole or not at all.
public struct ApplicationSet: Sendable {
  public static let mostFiles = 64

  /// Sorted by id, each once.
  public let applications: [ApplicationDefinition]
  public let warnings: [PolicyFault]

  /// None.
  public init() { (applications, warnings) = ([], []) }

  private init(_ files: [ApplicationFile]) {
    applications = files.map(\.definition).sorted { $0.id < $1.id }
    warnings = FaultLog.sorted(files.flatMap(\.warnings))
  }

  public subscript(id: ApplicationID) -> ApplicationDefinition? { applications.first { $0.id == id } }

  /// What may be opened there.
  public func applications(in segment: Segment) -> [ApplicationDefinition] {
    applications.filter { $0.segments.contains(segment) }
  }

  /// Account names of groups whose members' passwords in the directory nobody knows.
  public var managedGroups: Set<String> {
    Set(applications.compactMap(\.managedGroup))
  }

  /// What administrators sign a hash of: a domain, then each file's name and its bytes, length-prefixed, sorted by name.
  public static func canonicalBytes(_ sources: [PolicySource]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/applications/1")
    for source in sources.sorted(by: { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }) {
      writer.field(source.name)
      writer.field(source.bytes)
    }
    return writer.bytes
  }

  /// Reads one `NAME.yaml` for each application.
  ///
  /// - Parameters:
  ///   - sources: every `.yaml` file directly in the folder of applications, in any order; at most 64 of at most 256 KiB. Their names
  ///     are those in the folder.
  ///   - segments: those of the policy set (`PolicySet.segments`); with them, an application of any other is refused.
  /// - Throws: every fault of every file, never only the first.
  public static func compile(
    _ sources: [PolicySource], segments: Set<Segment>? = nil
  ) throws(PolicyFaults) -> ApplicationSet {
    var reader = FolderReader(segments: segments)
    reader.read(sources)
    guard reader.faults.isEmpty else { throw PolicyFaults(FaultLog.sorted(reader.faults)) }
    return ApplicationSet(reader.files)
  }
}

/// Reads the files of one folder and holds them against each other.
private struct FolderReader {
  private struct Page: Hashable {
    var segment: Segment
    var origin: String
    var path: String
  }

  let segments: Set<Segment>?
  var faults: [PolicyFault] = []
  var files: [ApplicationFile] = []
  private var pages: Set<Page> = []
  /// Segments with a logon to Windows.
  private var windows: Set<Segment> = []

  init(segments: Set<Segment>?) { self.segments = segments }

  mutating func read(_ sources: [PolicySource]) {
    guard sources.count <= ApplicationSet.mostFiles else {
      return add(FaultLog(file: "applications"), .applicationFilesTooMany, .start)
    }
    var names: Set<String> = []
    // Which of two files is in the way of the other does not depend on the order in which a folder is listed.
    for source in sources.sorted(by: { $0.name < $1.name }) {
      guard names.insert(source.name).inserted else {
        add(FaultLog(file: Self.showable(source.name)), .fileTwice, .start)
        continue
      }
      guard source.name.hasSuffix(".yaml"), (try? ApplicationID(parsing: source.name.dropLast(5))) != nil else {
        add(FaultLog(file: Self.showable(source.name)), .applicationFileUnknown, .start)
        continue
      }
      do throws(PolicyFaults) {
        let file = try ApplicationFile.compile(source)
        hold(file, named: source.name)
        files.append(file)
      } catch {
        faults += error.faults
      }
    }
  }

  private mutating func hold(_ file: ApplicationFile, named name: String) {
    let log = FaultLog(file: name)
    for segment in file.definition.segments {
      if let segments, !segments.contains(segment) {
        log.add(.applicationSegmentUndeclared, file.segmentPlaces[segment] ?? .start)
      }
      if file.definition.isWindows, !windows.insert(segment).inserted { log.add(.applicationWindowsTwice, file.formPlace) }
      guard case .browser(let form) = file.definition.access else { continue }
      let page = Page(segment: segment, origin: form.origin, path: form.loginPath)
      if !pages.insert(page).inserted { log.add(.applicationFormTwice, file.formPlace) }
    }
    faults += log.faults
  }

  private mutating func add(_ log: FaultLog, _ code: FaultCode, _ position: Position) {
    log.add(code, position)
    faults += log.faults
  }

  /// A file name goes into a fault only in a closed character set; it is content like any other.
  private static func showable(_ name: String) -> String { (try? Identifier<Never>(parsing: name))?.text ?? "?" }
}
