public import FoundationEssentials

// Who may operate, and what an operator signs with her own key.

/// Body of `POST /v1/admin/operators/first`: the first administrator comes in by the one-time code printed at installation.
public struct FirstOperator: Codable, Sendable {
  public var code: String
  /// `SignedAct.encoded` of the act `operator.register`, signed by the newcomer's own key.
  public var act: Data
  public init(code: String, act: Data) {
    self.code = code
    self.act = act
  }
}

/// Body of `POST /v1/admin/operators`: an administrator lets another operator in.
public struct OperatorAddition: Codable, Sendable {
  /// `SignedAct.encoded` of the act `operator.register`, signed by an administrator (and approved by a second one once there
  /// are two).
  public var act: Data
  /// The newcomer's signature over `Approval.message`: she holds the key.
  public var possession: Data
  public var possessionScheme: String
  public init(act: Data, possession: Data, possessionScheme: String) {
    self.act = act
    self.possession = possession
    self.possessionScheme = possessionScheme
  }
}

public struct OperatorSummary: Codable, Sendable {
  public var operatorID: String
  public var role: String
  public var person: String
  public var unixUser: String?
  public var key: String
  public var isActive: Bool
  public init(operatorID: String, role: String, person: String, unixUser: String?, key: String, isActive: Bool) {
    self.operatorID = operatorID
    self.role = role
    self.person = person
    self.unixUser = unixUser
    self.key = key
    self.isActive = isActive
  }
}

/// Body of `POST /v1/admin/operators/{operator}/remove`.
public struct OperatorRemoval: Codable, Sendable {
  /// `SignedAct.encoded` of the act `operator.revoke`, signed by an administrator (and approved by a second one where the vault
  /// asks for two).
  public var act: Data
  public init(act: Data) { self.act = act }
}

/// Body of `POST /v1/admin/workstations/{workstation}/revoke`.
public struct WorkstationRevocation: Codable, Sendable {
  /// `SignedAct.encoded` of the act `workstation.revoke`.
  public var act: Data
  public init(act: Data) { self.act = act }
}

public struct WorkstationRevoked: Codable, Sendable {
  public var workstation: WorkstationSummary
  /// The vault took the act as well. If not, the workstation is shut out here, and the command is to be run again when the
  /// vault answers, so that its register says the same.
  public var isKnownToVault: Bool
  public init(workstation: WorkstationSummary, isKnownToVault: Bool) {
    self.workstation = workstation
    self.isKnownToVault = isKnownToVault
  }
}
