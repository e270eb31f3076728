import AuditLog
import AuthTerms

/// What a query asks that no row says by itself: who is in the department now, and whose names have the text.
struct AuditWords {
  /// Folded (`SearchText`); empty: no text was asked.
  let text: String
  /// `nil`: no department was asked.
  let members: Set<PersonID>?
  let named: Set<PersonID>
  private let needle: [UInt8]

  /// - Parameters:
  ///   - members: who is in the department of this code, as main post or besides.
  ///   - named: whose account or names have this folded text.
  init(
    _ query: AuditQuery, members: (String) throws -> Set<PersonID>, named: (String) throws -> Set<PersonID>
  ) rethrows {
    let text = SearchText.fold(query.text ?? "")
    self.text = text
    needle = Array(text.utf8)
    self.members = try query.department.map { try members($0) }
    self.named = text.isEmpty ? [] : try named(text)
  }

  func match(_ record: AuditRecord) -> Bool {
    if let members {
      guard let person = record.person, members.contains(person) else { return false }
    }
    guard !text.isEmpty else { return true }
    if let person = record.person, named.contains(person) || has(person.text) { return true }
    if let workstation = record.workstation, has(workstation.text) { return true }
    // Whole: any digit is in a tenth of all references.
    return record.reference?.description == text || has(record.note)
  }

  /// Whether the text is in this one. Bytes are compared: a `Character` may be put together over the edge of what was typed.
  func has(_ other: String) -> Bool {
    !other.isEmpty && Array(SearchText.fold(other).utf8).firstRange(of: needle) != nil
  }

  // MARK: Shapes

  /// Bytes of a shape; a longer note is found by looking at it.
  private static let shapeLimit = 400

  /// What stands for a note in the index of kinds: folded, with each number as one `0`, so that notes that differ in a count, a day
  /// or an id are one. `nil` for a note that is too long for it.
  ///
  /// If a text is in a note, its shape is in the note's shape: a number at the text's edge is part of one number of the note, and
  /// one within the text is a whole one.
  static func shape(of note: String) -> [UInt8]? {
    if note.isEmpty { return [] }
    let shape = shape(folded: SearchText.fold(note))
    return shape.count <= shapeLimit ? shape : nil
  }

  static func shape(folded text: String) -> [UInt8] {
    var shape: [UInt8] = []
    var isInNumber = false
    for byte in text.utf8 {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      if !isDigit {
        shape.append(byte)
      } else if !isInNumber {
        shape.append(UInt8(ascii: "0"))
      }
      isInNumber = isDigit
    }
    return shape
  }
}
