/// What is wrong, or worth knowing, about one line of a transfer list.
public enum TransferFinding: Sendable, Hashable {
  // Wrong: the line is left out of what can be approved.
  case numberUnknown
  case numberTwice(line: Int)
  case numberShared
  case nameDiffers(String)
  case identityHeld
  case disabled
  case departmentMissing
  case departmentUnknown(String)
  case departmentShared(String)
  case groupUnknown(String)
  case groupsUnclear(String)
  case numberTaken
  // Worth knowing.
  case accountMissing
  case accountThere
  case asBefore
  case withoutAccess
  case someColleaguesIn(String)

  public var isFault: Bool {
    switch self {
    case .numberUnknown, .numberTwice, .numberShared, .nameDiffers, .identityHeld, .disabled, .departmentMissing,
      .departmentUnknown, .departmentShared, .groupUnknown, .groupsUnclear, .numberTaken:
      true
    case .accountMissing, .accountThere, .asBefore, .withoutAccess, .someColleaguesIn: false
    }
  }

  public var ja: String {
    switch self {
    case .numberUnknown: "この職員番号の利用者が Active Directory にいません"
    case .numberTwice(let line): "同じ職員番号が \(line) 行目にもあります"
    case .numberShared: "この職員番号の利用者が Active Directory に二人以上います"
    case .nameDiffers(let name): "氏名が Active Directory（\(name)）と違います。番号の誤りではありませんか"
    case .identityHeld: "だれのアカウントかの確認を待っています（sanmon directory status）"
    case .disabled: "アカウントが無効になっています"
    case .departmentMissing: "新所属がありません"
    case .departmentUnknown(let name): "新所属「\(name)」の OU がありません"
    case .departmentShared(let name): "新所属「\(name)」に当たる OU が二つ以上あります。コードか、部/課 の形で書いてください"
    case .groupUnknown(let name): "グループ「\(name)」がありません"
    case .groupsUnclear(let name): "「\(name)」には有効な職員が少なく、グループを推定できません。グループの列に書いてください"
    case .numberTaken: "前にいた職員の番号です。新しい番号にするか、区分を異動にしてください"
    case .accountMissing: "Active Directory にアカウントがまだありません"
    case .accountThere: "アカウントはすでにあります"
    case .asBefore: "今と変わりません"
    case .withoutAccess: "使える系統がなくなります"
    case .someColleaguesIn(let names): "同じ課の一部の職員だけが入っているグループ: \(names)"
    }
  }

  public var en: String {
    switch self {
    case .numberUnknown: "no user of the directory has this staff number"
    case .numberTwice(let line): "line \(line) has the same staff number"
    case .numberShared: "two users of the directory or more have this staff number"
    case .nameDiffers(let name): "another name than in the directory (\(name)): is the number right?"
    case .identityHeld: "held until somebody confirms whose account it is (sanmon directory status)"
    case .disabled: "the account is disabled"
    case .departmentMissing: "no new department"
    case .departmentUnknown(let name): "no OU for the new department \"\(name)\""
    case .departmentShared(let name): "two OUs or more for \"\(name)\": write its code, or a path with /"
    case .groupUnknown(let name): "no group \"\(name)\""
    case .groupsUnclear(let name):
      "too few enabled people in \"\(name)\" to tell its groups from: write them in the column groups"
    case .numberTaken: "the number of somebody who was here: give another, or make it a move"
    case .accountMissing: "no account in the directory yet"
    case .accountThere: "the account is there already"
    case .asBefore: "as it is now"
    case .withoutAccess: "left without any segment"
    case .someColleaguesIn(let names): "groups that only some of the department are in: \(names)"
    }
  }
}
