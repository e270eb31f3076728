public import AuthTerms

/// The shared-key cards of a city, as its folder of cards describes them. Replaced whole or not at all.
public struct CardScriptSet: Sendable {
  /// As many as a workstation is offered at most.
  public static let mostFiles = 8

  /// Sorted by id, each once.
  public let scripts: [CardScript]
  public let warnings: [PolicyFault]

  /// None.
  public init() { (scripts, warnings) = ([], []) }

  private init(_ files: [CardScriptFile]) {
    scripts = files.map(\.script).sorted { $0.id < $1.id }
    warnings = FaultLog.sorted(files.flatMap(\.warnings))
  }

  public subscript(id: String) -> CardScript? { scripts.first { $0.id == id } }

  /// Those whose proof is enough for a floor (`PolicySet.cardFloor`).
  public func scripts(reaching floor: ProofClass) -> [CardScript] { scripts.filter { $0.proof >= floor } }

  /// What administrators sign a hash of: a domain, then each file's name and its bytes, length-prefixed, sorted by name.
  public static func canonicalBytes(_ sources: [PolicySource]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/card-scripts/1")
    for source in sources.sorted(by: { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }) {
      writer.field(source.name)
      writer.field(source.bytes)
    }
    return writer.bytes
  }

  /// Reads one `NAME.yaml` for each card.
  ///
  /// - Parameter sources: every `.yaml` file directly in the folder of cards, in any order; at most 8 of at most 256 KiB. Their
  ///   names are those in the folder.
  /// - Throws: every fault of every file, never only the first.
  public static func compile(_ sources: [PolicySource]) throws(PolicyFaults) -> CardScriptSet {
    var (faults, files, names) = ([PolicyFault](), [CardScriptFile](), Set<String>())
    func add(_ file: String, _ code: FaultCode) {
      let log = FaultLog(file: file)
      log.add(code, .start)
      faults += log.faults
    }
    guard sources.count <= mostFiles else {
      add("cards", .cardFilesTooMany)
      throw PolicyFaults(faults)
    }
    for source in sources.sorted(by: { $0.name < $1.name }) {
      // A name goes into a fault only in a closed character set; it is content like any other.
      let shown = (try? Identifier<Never>(parsing: source.name))?.text ?? "?"
      guard names.insert(source.name).inserted else {
        add(shown, .fileTwice)
        continue
      }
      guard source.name.hasSuffix(".yaml"), (try? CardScript.checkID(String(source.name.dropLast(5)))) != nil else {
        add(shown, .cardFileUnknown)
        continue
      }
      do throws(PolicyFaults) { files.append(try CardScriptFile.compile(source)) } catch { faults += error.faults }
    }
    guard faults.isEmpty else { throw PolicyFaults(FaultLog.sorted(faults)) }
    return CardScriptSet(files)
  }
}
