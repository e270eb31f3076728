/// One policy file as bytes. The caller read it; `AuthPolicy` opens nothing.
///
/// *Trusted: who can change a policy file can change who enters a segment, down to the floor and no further.*
public struct PolicySource: Sendable {
  /// Path relative to the policy folder, `mynumber.yaml`; stands in faults and in each `RuleID`.
  public var name: String
  public var bytes: [UInt8]

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}
