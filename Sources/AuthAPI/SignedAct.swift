public import AuthTerms

public enum InstanceTag {}
/// One deployment of Sanmon with its own database, log, vault, CA and keys (`lgwan-1`).
public typealias InstanceID = Identifier<InstanceTag>

/// Something an operator wants done to Sanmon itself: what exactly, in which instance, once, and when.
///
/// Canonical bytes: the label `sanmon/act/1` and each field, length-prefixed; parameters sorted by key, at most 32 of at most
/// 4,096 bytes. Those bytes are what the operator's key signs; an approval signs their hash (`Approval`).
public struct Act: Sendable, Equatable {
  public static let label = "sanmon/act/1"

  /// A stable word: `workstation.enrol`, `operator.register`, `operator.revoke` …
  public let kind: String
  /// Who proposes it and signs first.
  public let operatorID: OperatorID
  public let instance: InstanceID
  /// 16 to 32 random bytes: an act is carried out once.
  public let nonce: [UInt8]
  /// Milliseconds since 1970-01-01 UTC.
  public let issuedAt: Int64
  public let parameters: [String: String]

  public init(
    kind: String, operatorID: OperatorID, instance: InstanceID, nonce: [UInt8], issuedAt: Int64, parameters: [String: String]
  ) throws(MalformedInput) {
    guard (1...64).contains(kind.utf8.count), (16...32).contains(nonce.count), parameters.count <= 32,
      parameters.allSatisfy({ (1...64).contains($0.key.utf8.count) && $0.value.utf8.count <= 4096 })
    else { throw MalformedInput("act", expected: "a kind, a nonce of 16 to 32 bytes and at most 32 short parameters") }
    self.kind = kind
    self.operatorID = operatorID
    self.instance = instance
    self.nonce = nonce
    self.issuedAt = issuedAt
    self.parameters = parameters
  }

  /// Keys in the order of their UTF-8 bytes, so that two writers never disagree.
  private var sortedKeys: [String] { parameters.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) } }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(kind)
    writer.field(operatorID.text)
    writer.field(instance.text)
    writer.field(nonce)
    writer.field(issuedAt)
    writer.field(UInt64(parameters.count))
    for key in sortedKeys {
      writer.field(key)
      writer.field(parameters[key] ?? "")
    }
    return writer.bytes
  }

  /// Accepts exactly what `canonicalBytes` writes.
  public init(canonicalBytes bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "act", limit: 4096)
    guard try reader.text() == Self.label else { throw MalformedInput("act", expected: "the label \(Self.label)") }
    let kind = try reader.text()
    let operatorID = try OperatorID(parsing: reader.text())
    let instance = try InstanceID(parsing: reader.text())
    let nonce = try reader.field()
    let issuedAt = try reader.signed()
    let count = try reader.unsigned()
    guard count <= 32 else { throw MalformedInput("act", expected: "at most 32 parameters") }
    var parameters: [String: String] = [:]
    for _ in 0..<count { parameters[try reader.text()] = try reader.text() }
    try reader.requireEnd()
    try self.init(
      kind: kind, operatorID: operatorID, instance: instance, nonce: nonce, issuedAt: issuedAt, parameters: parameters)
    // Catches unsorted and repeated keys, and text that Swift holds equal but that differs in bytes.
    guard canonicalBytes == bytes else { throw MalformedInput("act", expected: "its canonical form") }
  }
}

/// How an operator's key signs.
public enum SignatureScheme: String, Sendable, CaseIterable {
  /// DER `ECDSA-Sig-Value` over SHA-256 (PIV 9A, or a software key).
  case ecdsaP256 = "ecdsa-p256-sha256"
  /// DER `ECDSA-Sig-Value` over SHA-384.
  case ecdsaP384 = "ecdsa-p384-sha384"
  /// PKCS #1 v1.5 over SHA-256 (RFC 8017 §8.2), modulus of at least 2,048 bits.
  case rsaPKCS1 = "rsa-pkcs1-sha256"
  /// RFC 8032.
  case ed25519
}

/// A second person's consent: a signature over the hash of the act, naming the person who gives it.
public struct Approval: Sendable, Equatable {
  public static let label = "sanmon/approval/1"

  public let operatorID: OperatorID
  public let scheme: SignatureScheme
  /// At most 1,024 bytes.
  public let signature: [UInt8]

  public init(operatorID: OperatorID, scheme: SignatureScheme, signature: [UInt8]) {
    self.operatorID = operatorID
    self.scheme = scheme
    self.signature = signature
  }

  /// What the approver's key signs.
  /// - Parameter actHash: SHA-256 of `Act.canonicalBytes`.
  public static func message(actHash: [UInt8], operatorID: OperatorID) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    writer.field(actHash)
    writer.field(operatorID.text)
    return writer.bytes
  }
}

/// An act with its proposer's signature and the approvals of others.
public struct SignedAct: Sendable, Equatable {
  public let act: Act
  public let scheme: SignatureScheme
  /// The proposer's, over `act.canonicalBytes`; at most 1,024 bytes.
  public let signature: [UInt8]
  /// At most 8.
  public let approvals: [Approval]

  public init(act: Act, scheme: SignatureScheme, signature: [UInt8], approvals: [Approval] = []) {
    self.act = act
    self.scheme = scheme
    self.signature = signature
    self.approvals = approvals
  }

  /// Who stands behind it, the proposer first; whether the signatures hold is another question.
  public var signers: [OperatorID] { [act.operatorID] + approvals.map(\.operatorID) }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(act.canonicalBytes)
    writer.field(scheme.rawValue)
    writer.field(signature)
    writer.field(UInt64(approvals.count))
    for approval in approvals {
      writer.field(approval.operatorID.text)
      writer.field(approval.scheme.rawValue)
      writer.field(approval.signature)
    }
    return writer.bytes
  }

  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "signed act", limit: 1 << 15)
    act = try Act(canonicalBytes: reader.field())
    scheme = try Self.scheme(reader.text())
    signature = try Self.signature(reader.field())
    let count = try reader.unsigned()
    guard count <= 8 else { throw MalformedInput("signed act", expected: "at most 8 approvals") }
    var approvals: [Approval] = []
    for _ in 0..<count {
      let approver = try OperatorID(parsing: reader.text())
      let scheme = try Self.scheme(reader.text())
      approvals.append(Approval(operatorID: approver, scheme: scheme, signature: try Self.signature(reader.field())))
    }
    self.approvals = approvals
    try reader.requireEnd()
  }

  private static func scheme(_ name: String) throws(MalformedInput) -> SignatureScheme {
    guard let scheme = SignatureScheme(rawValue: name) else {
      throw MalformedInput("signature scheme", expected: "one of the known schemes")
    }
    return scheme
  }

  private static func signature(_ bytes: [UInt8]) throws(MalformedInput) -> [UInt8] {
    guard (1...1024).contains(bytes.count) else { throw MalformedInput("signature", expected: "1 to 1,024 bytes") }
    return bytes
  }
}
