extension DirectoryFault {
  public var ja: String { sentences.ja }
  public var en: String { sentences.en }

  private var sentences: (ja: String, en: String) {
    switch code {
    case .unreadable:
      ("ファイルを読み込めません。場所と読み取り権限を確認してください。", "the file cannot be read; check its place and permissions")
    case .tooLarge: ("ファイルが大きすぎます（上限 \(detail)）。", "the file is too large (limit \(detail))")
    case .notUTF8:
      ("文字コードが UTF-8 ではありません。UTF-8 で保存し直してください。", "not valid UTF-8; save the file as UTF-8")
    case .empty: ("見出し行またはデータがありません。", "there is no header line or no content")
    case .lineEnding:
      ("改行が CR だけになっています。CRLF または LF で保存してください。", "a lone carriage return; save with CRLF or LF line ends")
    case .tooManyRecords: ("件数が上限（\(detail)）を超えています。", "more records than the limit (\(detail))")
    case .valueTooLong: ("値が長すぎます（上限 \(detail)）。", "a value is too long (limit \(detail))")
    case .headerUnknown:
      ("知らない見出しです。使える見出しは次のとおりです: \(detail)", "unknown header; known are: \(detail)")
    case .headerTwice: ("見出し \(detail) が二度あります。", "header \(detail) stands twice")
    case .headerMissing: ("見出し \(detail) がありません。", "header \(detail) is missing")
    case .fieldCount:
      ("列の数が見出し行（\(detail) 列）と合いません。", "the number of fields differs from the header line (\(detail))")
    case .quoting:
      ("引用符「\"」の使い方が正しくありません。", "wrong quoting: a quoted field needs a closing quote before the next comma")
    case .duplicate:
      ("同じ値がすでに \(detail) にあります。", "the same value already stands at \(detail)")
    case .reference:
      ("\(detail) に書かれた相手が見つかりません。", "what \(detail) names does not exist in these files")
    case .dates: ("終了日が開始日より前です。", "the last day is before the first day")
    case .cycle: ("部署の親子関係が循環しています。", "a department is its own ancestor")
    case .tooManyGroups:
      ("この職員の属するグループが \(detail) を超えています（入れ子を含む）。", "this person is in more than \(detail) groups, nested ones included")
    case .identifier:
      (
        "\(detail) は半角英数字と . _ - で 1〜64 文字、先頭は英数字にしてください。",
        "\(detail) must be 1 to 64 of A-Z a-z 0-9 . _ -, starting with a letter or digit"
      )
    case .account:
      (
        "\(detail) はログオン名（空白や制御文字のない 1〜128 文字）にしてください。",
        "\(detail) must be a logon name: 1 to 128 printable characters without spaces"
      )
    case .name:
      (
        "\(detail) は 1〜128 文字で、前後の空白や制御文字を除いてください。",
        "\(detail) must be 1 to 128 characters, without control characters or spaces at its ends"
      )
    case .group:
      (
        "\(detail) のグループ名は半角英数字と . _ - で 1〜64 文字にしてください。",
        "\(detail): a group name is 1 to 64 of a-z 0-9 . _ -, starting with a letter or digit"
      )
    case .day:
      ("\(detail) は実在する日付を 2027-03-31 の形で書いてください。", "\(detail) must be a day that exists, as 2027-03-31")
    case .flag: ("\(detail) は true か false にしてください。", "\(detail) must be true or false")
    case .list:
      (
        "\(detail) は重複なく「;」で区切ってください（上限 64 件）。",
        "\(detail): separate values with ';', each once, at most 64"
      )
    case .transferKind:
      ("\(detail) は 異動・退職・採用 のどれかにしてください（空欄は異動）。", "\(detail) must be move, leave or join; empty is move")
    case .ldifVersion: ("先頭に「version: 1」が必要です（RFC 2849）。", "the file must begin with \"version: 1\" (RFC 2849)")
    case .ldifFolding: ("続きの行の前に、つながる行がありません。", "a continuation line continues nothing")
    case .ldifLine: ("「属性名: 値」の形になっていません。", "expected \"attribute: value\"")
    case .ldifBase64: ("Base64 の値が正しくありません。", "not canonical base64 of UTF-8 text")
    case .ldifNotSafe:
      (
        "この値は Base64（「::」）で書く必要があります（RFC 2849）。",
        "this value must be written in base64, with \"::\" (RFC 2849 SAFE-STRING)"
      )
    case .ldifChange:
      ("変更記録（changetype）は受け付けません。全件の書き出しを使ってください。", "change records are refused; use a full export")
    case .ldifURL: ("外部ファイルの参照（「:<」）は受け付けません。", "values from a URL (\":<\") are refused")
    case .ldifSecret:
      ("パスワードを含むファイルは受け付けません。書き出しから除いてください。", "a file with passwords is refused; leave them out of the export")
    case .attributeUnknown: ("知らない属性です。", "unknown attribute")
    case .attributeMissing: ("属性 \(detail) がありません。", "attribute \(detail) is missing")
    case .attributeTwice: ("属性 \(detail) に値が二つ以上あります。", "attribute \(detail) has more than one value")
    case .objectClass: ("扱えない objectClass です。", "an objectClass that is not one of ours")
    case .distinguishedName: ("識別名（DN）が正しくありません。", "not a distinguished name (RFC 4514)")
    }
  }
}
