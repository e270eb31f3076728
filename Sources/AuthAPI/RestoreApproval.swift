public import AuthTerms

/// That a restored copy may count: from which row the log begins anew, and what is known to be lost by that.
///
/// The parameters of the act `restore.approve`; the vault and the server compare each with what they have.
public struct RestoreApproval: Sendable, Equatable {
  /// The one that begins: more than any before.
  public var epoch: UInt64
  /// The last row that the old log and the new one share, counted as the log's size, and the root at that size.
  public var size: UInt64
  public var root: [UInt8]
  /// The vault's last checkpoint before this.
  public var head: UInt64
  public var headRoot: [UInt8]
  /// Rows known to be lost: up to the greatest signed checkpoint that vault, log or witness have.
  public var lost: UInt64

  public init(epoch: UInt64, size: UInt64, root: [UInt8], head: UInt64, headRoot: [UInt8], lost: UInt64) {
    self.epoch = epoch
    self.size = size
    self.root = root
    self.head = head
    self.headRoot = headRoot
    self.lost = lost
  }

  public var parameters: [String: String] {
    [
      "epoch": String(epoch), "size": String(size), "root": Hex.encode(root), "head": String(head),
      "headRoot": Hex.encode(headRoot), "lost": String(lost),
    ]
  }

  /// Accepts exactly what `parameters` writes.
  public init(parameters: [String: String]) throws(MalformedInput) {
    let fault = MalformedInput("restore approval", expected: "epoch, size, root, head, headRoot and lost")
    guard let epoch = parameters["epoch"].flatMap({ UInt64($0) }), let size = parameters["size"].flatMap({ UInt64($0) }),
      let head = parameters["head"].flatMap({ UInt64($0) }), let lost = parameters["lost"].flatMap({ UInt64($0) }),
      [epoch, size, head, lost].allSatisfy({ $0 <= UInt64(Int64.max) }), let root = parameters["root"],
      let headRoot = parameters["headRoot"]
    else { throw fault }
    self.init(
      epoch: epoch, size: size, root: try Hex.decode(root), head: head, headRoot: try Hex.decode(headRoot), lost: lost)
    guard self.root.count == 32, self.headRoot.count == 32, self.parameters == parameters else { throw fault }
  }
}
