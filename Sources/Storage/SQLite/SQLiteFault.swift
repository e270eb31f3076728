import AuthTerms
import GRDB

/// Turns what SQLite and the decoders throw into a `StorageFault`, once, at the border.
///
/// Only codes and SQLite's names of columns: never SQL arguments.
enum SQLiteFault {
  static func of(_ error: any Error) -> StorageFault {
    switch error {
    case let fault as StorageFault: fault
    case let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT:
      .conflict(error.message ?? "constraint")
    case let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB:
      .corrupt("SQLite \(error.extendedResultCode.rawValue)")
    case let error as DatabaseError: .unavailable("SQLite \(error.extendedResultCode.rawValue)")
    case let error as MalformedInput: .corrupt(error.subject)
    default: .unavailable("\(type(of: error))")
    }
  }
}

/// What went wrong on one handle during one unit of work. A change may catch what it was told; the batch may not forget it.
final class Trouble {
  /// Set by every error after which the handle is not to be trusted: all but constraints and refusals.
  private(set) var fatal: StorageFault?

  /// Runs one step, unless an earlier one already failed for good: SQLite may have rolled everything back by itself (disk full),
  /// and whatever ran next would be committed alone, outside any transaction.
  func asking<R>(_ body: () throws -> R) throws(StorageFault) -> R {
    if let fatal { throw fatal }
    do {
      return try body()
    } catch {
      let fault = SQLiteFault.of(error)
      if case .conflict = fault {} else if fatal == nil { fatal = fault }
      throw fault
    }
  }
}
