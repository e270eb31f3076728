import AuditLog
import AuthTerms
import Testing

/// Whatever is done to a log of twelve rows whose checkpoints at 4 and 8 lie beside it, while a witness cosigned it at 10.
@Suite("every kind of damage is found, and where")
struct DamageTests {
  enum Damage: String, CaseIterable {
    case headCut, headCutAndRenumbered, tailCut, tailCutBeforeTheLastCheckpoint, middleDeleted, middleDeletedAndRenumbered
    case edited, editedWithItsHash, reordered, reorderedAndRenumbered, tailMadeAnew, tailMadeAnewAndSigned, putBack

    /// What is found first, and the row it begins at.
    var found: (finding: LogFinding, position: UInt64) {
      switch self {
      case .headCut: (.rowMissing(0), 0)
      case .headCutAndRenumbered: (.rootDiffers(rows: 0..<4, source: "four"), 0)
      case .tailCut: (.tailCut(size: 9, checkpoint: 10, source: "witness"), 9)
      case .tailCutBeforeTheLastCheckpoint: (.tailCut(size: 6, checkpoint: 10, source: "witness"), 6)
      case .middleDeleted: (.rowMissing(5), 5)
      case .middleDeletedAndRenumbered: (.rootDiffers(rows: 4..<8, source: "eight"), 4)
      case .edited: (.rowEdited(6), 6)
      case .editedWithItsHash: (.rootDiffers(rows: 4..<8, source: "eight"), 4)
      case .reordered: (.rowMissing(1), 1)
      case .reorderedAndRenumbered: (.rootDiffers(rows: 0..<4, source: "four"), 0)
      case .tailMadeAnew, .tailMadeAnewAndSigned: (.rootDiffers(rows: 8..<10, source: "witness"), 8)
      case .putBack: (.tailCut(size: 5, checkpoint: 10, source: "witness"), 5)
      }
    }
  }

  /// Numbers and hashes put right, as far as whoever has only the file can.
  private static func chained(_ rows: [StoredRow]) -> [StoredRow] {
    rows.enumerated().map { place, row in
      StoredRow(sequence: UInt64(place), encoded: row.encoded, hash: TreeHash.leaf(row.encoded).bytes)
    }
  }

  private static func damaged(_ damage: Damage, _ rows: [StoredRow]) throws -> [StoredRow] {
    var rows = rows
    switch damage {
    case .headCut: rows.removeFirst(3)
    case .headCutAndRenumbered: rows = chained(Array(rows.dropFirst(1)))
    case .tailCut: rows.removeLast(3)
    case .tailCutBeforeTheLastCheckpoint: rows.removeLast(6)
    case .middleDeleted: rows.remove(at: 5)
    case .middleDeletedAndRenumbered:
      rows.remove(at: 5)
      rows = chained(rows)
    case .edited: rows[6].encoded = try RecordEncoding.encode(Samples.row(99))
    case .editedWithItsHash:
      rows[6].encoded = try RecordEncoding.encode(Samples.row(99))
      rows = chained(rows)
    case .reordered: rows.swapAt(1, 2)
    case .reorderedAndRenumbered:
      rows.swapAt(1, 2)
      rows = chained(rows)
    case .tailMadeAnew, .tailMadeAnewAndSigned:
      for place in 8..<12 { rows[place].encoded = try RecordEncoding.encode(Samples.row(100 + place)) }
      rows = chained(rows)
    case .putBack: rows.removeLast(7)
    }
    return rows
  }

  @Test("with a checkpoint that a witness cosigned", arguments: Damage.allCases)
  func found(damage: Damage) async throws {
    let whole = try Samples.log(12)
    let rows = try Self.damaged(damage, whole)
    let ten = try SignedNote(parsing: try await Samples.kept(whole, size: 10).note)
    let witness = try WitnessTests.cosigner()
    var checkpoints = [
      KeptCheckpoint(
        source: "witness", note: try witness.cosign(ten, at: 1_700_000_000).encoded, needsWitness: true)
    ]
    switch damage {
    case .putBack:
      // The whole file of an earlier day, with the checkpoints of that day.
      checkpoints.append(try await Samples.kept(whole, "four", size: 4))
    case .tailCut, .tailCutBeforeTheLastCheckpoint:
      // Whoever cuts rows off cuts their checkpoints off too.
      checkpoints.append(try await Samples.kept(whole, "four", size: 4))
    case .tailMadeAnewAndSigned:
      // Even by who has the log's key: everything in the file fits.
      checkpoints.append(try await Samples.kept(rows, "four", size: 4))
      checkpoints.append(try await Samples.kept(rows, "eight", size: 8))
      checkpoints.append(try await Samples.kept(rows, "twelve", size: 12))
      let alone = LogVerifier.verify(
        rows, checkpoints: Array(checkpoints.dropFirst()), verifiers: [try Samples.signer().verifier])
      #expect(alone.isIntact && alone.witnessedSize == 0, "without a witness nothing is found")
    default:
      checkpoints.append(try await Samples.kept(whole, "four", size: 4))
      checkpoints.append(try await Samples.kept(whole, "eight", size: 8))
    }
    let report = LogVerifier.verify(
      rows, checkpoints: checkpoints, verifiers: [try Samples.signer().verifier], witnesses: [witness.verifier],
      origin: Samples.origin)
    let expected = damage.found
    #expect(report.findings.first == expected.finding, "\(damage)")
    #expect(report.findings.first?.position == expected.position)
    let number = String(expected.position)
    #expect(report.findings.first?.japanese.contains(number) == true && report.findings.first?.english.contains(number) == true)
    #expect(report.witnessedSize == 0)
  }

  @Test("a checkpoint that should be cosigned and is not is said so; one that is counts as far as it reaches")
  func cosigned() async throws {
    let rows = try Samples.log(12)
    let witness = try WitnessTests.cosigner()
    let ten = try await Samples.kept(rows, "ten", size: 10)
    let cosigned = try witness.cosign(SignedNote(parsing: ten.note), at: 5).encoded
    let stranger = try WitnessTests.cosigner(seed: 1).cosign(SignedNote(parsing: ten.note), at: 5).encoded
    func report(_ note: String, needsWitness: Bool = true) throws -> LogReport {
      LogVerifier.verify(
        rows, checkpoints: [KeptCheckpoint(source: "ten", note: note, needsWitness: needsWitness)],
        verifiers: [try Samples.signer().verifier], witnesses: [witness.verifier])
    }
    let right = try report(cosigned)
    #expect(right.isIntact && right.witnessedSize == 10 && right.coveredSize == 10)
    #expect(try report(ten.note).findings == [.cosignatureMissing(source: "ten")])
    #expect(try report(stranger).findings == [.cosignatureMissing(source: "ten")])
    let unneeded = try report(ten.note, needsWitness: false)
    #expect(unneeded.isIntact && unneeded.witnessedSize == 0 && unneeded.coveredSize == 10)
    let finding = LogFinding.cosignatureMissing(source: "ten")
    #expect(finding.position == nil && finding.english.contains("ten") && finding.japanese.contains("ten"))
  }
}
