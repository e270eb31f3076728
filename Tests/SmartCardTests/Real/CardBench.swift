import Foundation
import PCSCReader
import Testing

/// The real parts: pcscd with vpcd in its namespace, and cards of sanmon-cardsim. One bench at a time (the suite is serial).
final class CardBench: Sendable {
  static let pin = "246810"
  static let firstReader = "Virtual PCD 00 00"
  static let secondReader = "Virtual PCD 00 01"

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  private static let library = root + "/deploy/lib/pcscd.sh"
  /// The folder of the programs that were built with this test.
  static let programs =
    ProcessInfo.processInfo.environment["SANMON_BIN"]
    ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
  static let folder = "/tmp/sanmon-card-tests-\(getpid())"
  private static let readerFolder = folder + "/reader"

  static let isCI = ProcessInfo.processInfo.environment["CI"] != nil

  /// Why the suite cannot run here; nil if it can.
  static let missing: String? = {
    for program in ["opensc-tool", "pkcs15-tool", "pkcs11-tool", "yubico-piv-tool", "openssl"] where !Shell.exists(program) {
      return "\(program) is not installed"
    }
    guard FileManager.default.isExecutableFile(atPath: programs + "/sanmon-cardsim") else {
      return "sanmon-cardsim is not built"
    }
    guard let probe = try? script("pcscd_start \"$DIR\" && pcscd_stop \"$DIR\""), probe.status == 0 else {
      return "pcscd with vpcd does not start here; deploy/lib/pcscd.sh says why"
    }
    return nil
  }()

  /// True where the suite has to run, whether it can or not.
  static let mayRun = isCI || missing == nil

  private static func script(_ text: String) throws -> Shell.Result {
    try prepare()
    return try Shell.run(
      "env", ["DIR=\(readerFolder)", "SANMON_BIN=\(programs)", "bash", "-c", "source '\(library)'; \(text)"], seconds: 60)
  }

  private static func prepare() throws { try prepared.get() }

  private static let prepared = Result {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Our own process is a client too. Set before the first call of the library, to the one path all benches use.
    setenv("PCSCLITE_CSOCK_NAME", readerFolder + "/run/pcscd/pcscd.comm", 1)
    atexit { try? FileManager.default.removeItem(atPath: CardBench.folder) }
    // What a run left behind that was ended by force.
    let leftovers = "for d in /tmp/sanmon-card-tests-*; do [ -d /proc/${d##*-} ] || { pcscd_stop $d/reader; rm -rf $d; }; done"
    try Shell.run("bash", ["-c", "source '\(library)'; \(leftovers)"])
  }

  // MARK: The service

  static func mustScript(_ text: String) throws {
    let result = try script(text)
    guard result.status == 0 else { throw Shell.Failed(description: "\(text): exit \(result.status)\n\(result.output)") }
  }

  /// The readers of `run(pairs:)`, and the ports at which their cards come.
  static func readers(pairs: Int) -> [(name: String, port: Int)] {
    (0..<pairs).flatMap { pair in
      (0..<2).map { slot in
        (name: "Virtual PCD\(pair == 0 ? "" : " \(pair + 1)") 00 0\(slot)", port: 35_963 + 2 * pair + slot)
      }
    }
  }

  /// Starts the service, runs the test, ends what was started.
  /// - Parameter pairs: times two readers; 7 at most.
  static func run(pairs: Int = 1, _ test: (CardBench) async throws -> Void) async throws {
    try mustScript("pcscd_start \"$DIR\" \(pairs)")
    let bench = CardBench()
    do { try await test(bench) } catch {
      try? mustScript("pcscd_stop \"$DIR\"")
      throw error
    }
    try mustScript("pcscd_stop \"$DIR\"")
  }

  func killService() throws { try Self.mustScript("pcscd_daemon_stop \"$DIR\" KILL") }
  func stopService() throws { try Self.mustScript("pcscd_daemon_stop \"$DIR\"") }
  func startService() throws { try Self.mustScript("pcscd_daemon_start \"$DIR\"") }

  /// Gives the readers another name, as another port would.
  func renameReaders(_ name: String) throws {
    try Self.mustScript(
      "pcscd_daemon_stop \"$DIR\" && sed -i 's/^FRIENDLYNAME.*/FRIENDLYNAME \"\(name)\"/' \"$DIR/reader.conf.d/vpcd\" "
        + "&& pcscd_daemon_start \"$DIR\"")
  }

  // MARK: Cards

  struct CardKind: Hashable, Sendable {
    var key = "p256"
    var pinPolicy = "once"
    var hasPUK = false
    var wire = "t1"

    fileprivate var file: String {
      "\(key)-\(pinPolicy)" + (hasPUK ? "-puk" : "") + (wire == "t1" ? "" : "-\(wire)") + ".card"
    }
  }

  static let puk = "k7!Qz9x4"

  /// Runs the simulator program outside the namespace.
  static func simulator(_ arguments: [String]) throws -> String { try Shell.must(programs + "/sanmon-cardsim", arguments) }

  /// A fresh card. Making an RSA key takes a while, so that one card of each kind is made and copied.
  static func card(_ kind: CardKind = CardKind()) throws -> String {
    try prepare()
    let ca = folder + "/ca.pem"
    if !FileManager.default.fileExists(atPath: ca) {
      _ = try simulator(["make-ca", "--cert", ca, "--key", folder + "/ca.key", "--name", "見本市 職員カードCA"])
      try (pin + "\n").write(toFile: folder + "/pin", atomically: true, encoding: .utf8)
      try (puk + "\n").write(toFile: folder + "/puk", atomically: true, encoding: .utf8)
    }
    let original = folder + "/" + kind.file
    if !FileManager.default.fileExists(atPath: original) {
      _ = try simulator(
        [
          "issue", "--card", original, "--name", "三門 花子", "--key", kind.key, "--pin-policy", kind.pinPolicy, "--pin-file",
          folder + "/pin", "--ca-cert", ca, "--ca-key", folder + "/ca.key", "--protocol", kind.wire,
        ] + (kind.hasPUK ? ["--puk-file", folder + "/puk"] : []))
    }
    let copy = folder + "/\(UUID().uuidString).card"
    try FileManager.default.copyItem(atPath: original, toPath: copy)
    return copy
  }

  /// Inserts a card and waits until the simulator says so and the reader sees it.
  func insert(_ card: String, port: Int = 35_963, fault: String = "none") async throws -> InsertedCard {
    let inserted = try InsertedCard(
      program: "/usr/bin/env",
      arguments: [
        "DIR=\(Self.readerFolder)", "SANMON_BIN=\(Self.programs)", "bash", "-c",
        "source '\(Self.library)'; cardsim_in_namespace \"$DIR\" insert --card '\(card)' --port \(port) --fault '\(fault)'",
      ])
    try inserted.wait(for: "inserted")
    // The service looks every 400 ms.
    let reader = port == 35_963 ? Self.firstReader : Self.secondReader
    for _ in 0..<200 {
      if try await CardReaders.states().contains(where: { $0.reader == reader && $0.hasCard && !$0.atr.isEmpty }) {
        return inserted
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw Shell.Failed(description: "the reader never saw the card")
  }

  /// A card that obeys the lines of a pipe, from when somebody writes there until nobody does.
  func obey(_ card: String, port: Int, pipe: String) throws -> InsertedCard {
    try InsertedCard(
      program: "/usr/bin/env",
      arguments: [
        "DIR=\(Self.readerFolder)", "SANMON_BIN=\(Self.programs)", "bash", "-c",
        "source '\(Self.library)'; cardsim_in_namespace \"$DIR\" insert --card '\(card)' --port \(port) <'\(pipe)'",
      ])
  }
}
