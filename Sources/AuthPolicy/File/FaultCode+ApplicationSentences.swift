extension FaultCode {
  func applicationSentence(_ detail: FaultDetail) -> FaultSentence {
    let expectedJa = detail.expected?.ja ?? ""
    let expectedEn = detail.expected?.en ?? ""
    switch self {
    case .applicationOrigin:
      return FaultSentence(
        "オリジンとして読めません。必要なもの: \(expectedJa)", "This is not an origin; expected \(expectedEn).",
        hint: "ブラウザーの開発者ツールで location.origin と打って出るものを、そのまま写してください。http は localhost と 127.0.0.1 だけです。",
        "Copy what location.origin shows in the browser's developer tools. http is for localhost and 127.0.0.1 only.")
    case .applicationPath:
      return FaultSentence(
        "ページのパスとして読めません。必要なもの: \(expectedJa)", "This is not the path of a page; expected \(expectedEn).",
        hint: "location.pathname と打って出るものを、そのまま写してください。? から後は書きません。",
        "Copy what location.pathname shows; leave out everything from the ? on.")
    case .applicationSelector:
      return FaultSentence(
        "欄の指定として読めません。必要なもの: \(expectedJa)", "This does not name an element; expected \(expectedEn).",
        hint: "要素を右クリックして「検証」を選び、id か name を写してください。使えるのは英数字と _ . / : - です。",
        "Right-click the element, choose Inspect, and copy its id or name: A-Z a-z 0-9 _ . / : -.")
    case .applicationSign:
      return FaultSentence(
        "path と selector のどちらか一つを書きます。", "Write path or selector, and one of them.",
        hint: "{path: /} か {selector: \"#failed\"} のように書いてください。", "For example {path: /} or {selector: \"#failed\"}.")
    case .applicationSignsAlike:
      return FaultSentence(
        "この印では結果を見分けられません。", "This sign does not tell the outcomes apart.",
        hint: "success、failure、must-change は互いに違うものにし、元のページのパスは使わないでください。",
        "success, failure and must-change are different ones, and none is the path of the form's own page.")
    case .applicationFieldTwice:
      return FaultSentence(
        "別の欄と同じ指定です。", "Another field has the same selector.", hint: "欄ごとに違う指定を書いてください。", "Each field has one of its own.")
    case .applicationAccess:
      return FaultSentence(
        "browser と program のどちらか一つを書きます。", "Write browser or program, and one of them.",
        hint: "画面がブラウザーなら browser、専用のプログラムなら program です（Windows へのログオンなら kind: windows）。",
        "browser if people sign in on a page, program if the application is one (kind: windows for the logon to Windows).")
    case .applicationProgram:
      return FaultSentence(
        "プログラムのパスではありません。必要なもの: \(expectedJa)", "This is not the path of a program; expected \(expectedEn).",
        hint: "一重引用符で囲み、. や .. や空の部分を含まない 260 バイトまでのパスを書いてください。",
        "Use single quotes; at most 260 bytes, without ., .. and empty parts.")
    case .applicationSymbols:
      return FaultSentence(
        "パスワードの記号として使えません。必要なもの: \(expectedJa)", "These cannot be the symbols of passwords; expected \(expectedEn).",
        hint: "記号を使わないシステムなら、このキーを消してください。", "Delete the key if the application takes no symbols.")
    case .applicationLengths:
      return FaultSentence(
        "maximum が minimum より小さくなっています。", "maximum is less than minimum.", hint: "二つの数を確かめてください。", "Check the two numbers.")
    case .applicationClasses:
      return FaultSentence(
        "4 種類を求めるには記号が要ります。", "Four classes need symbols.", hint: "symbols を書くか、classes を 3 にしてください。",
        "Write symbols, or 3 classes.")
    default: return applicationSetSentence
    }
  }

  private var applicationSetSentence: FaultSentence {
    switch self {
    case .applicationFileName:
      FaultSentence(
        "application の値とファイル名が違います。", "The value of application and the name of the file differ.",
        hint: "ledger.yaml なら application: ledger と書きます。", "ledger.yaml says application: ledger.")
    case .applicationWindowsKey:
      FaultSentence(
        "このキーは、この種類の業務システムには使えません。", "This key does not go with an application of this kind.",
        hint:
          "kind: windows のファイルには managed-group（credential が typed か certificate のときは書かない）を書き、browser、program、accounts、password、rotation-days は書きません。ほかのファイルはその逆です。",
        "A file of kind: windows has managed-group (but not with credential: typed or certificate), and no browser, program, accounts, password or rotation-days; others the reverse."
      )
    case .applicationWindowsTwice:
      FaultSentence(
        "別のファイルが、同じ系統の Windows へのログオンを定めています。", "Another file is the logon to Windows in the same segment.",
        hint: "一つの系統に一つです。一方を消すか、segments を分けてください。", "One for each segment: delete one, or part their segments.")
    case .applicationFileUnknown:
      FaultSentence(
        "業務システムのファイル名ではありません。", "This is not the name of an application file.", hint: "ledger.yaml のような名前にしてください。",
        "Call it like ledger.yaml.")
    case .applicationSegmentUndeclared:
      FaultSentence(
        "この系統は organisation.yaml の segments にありません。", "This segment is not listed under segments in organisation.yaml.",
        hint: "つづりを確かめるか、この行を消してください。", "Check the spelling or delete it here.")
    case .applicationFormTwice:
      FaultSentence(
        "別の業務システムが、同じ系統で同じログイン画面を使っています。", "Another application has the same login page in the same segment.",
        hint: "一方を消すか、一つの業務システムの accounts にまとめてください。",
        "Delete one of the two, or make it an account of the other (accounts).")
    case .applicationFilesTooMany:
      FaultSentence(
        "業務システムが多すぎます(上限 64)。", "There are too many applications (at most 64).", hint: "フォルダーを間違えていないか確かめてください。",
        "Check that this is the folder of applications.")
    case .applicationInsecureOrigin:
      FaultSentence(
        "http のオリジンです。パスワードは暗号化されません。", "An http origin: passwords are not encrypted.",
        hint: "この端末の中で試すときだけにし、本番では https にしてください。", "For trying things out on this machine; use https for real work.")
    case .applicationFreshnessLong:
      FaultSentence(
        "12 時間より前のカードの証明でも入れます。", "A proof of the card may be older than 12 hours.",
        hint: "720 以下にすると、前の日のカードでは入れなくなります。", "With 720 or less, yesterday's card does not open it.")
    case .applicationRotationUnsaid:
      FaultSentence(
        "パスワードを変える画面はありますが、いつ変えるかが書かれていません。", "There is a form to change passwords and no word about when.",
        hint: "rotation-days: 90 のように書くと、だれも知らないパスワードに自動で変わります。",
        "With rotation-days: 90 they change by themselves, to ones that nobody knows.")
    case .applicationRotationByHand:
      FaultSentence(
        "rotation-days がありますが、パスワードを変える画面(change)がありません。", "There are rotation-days and no form to change passwords.",
        hint: "change を書いてください。なければ、期限が来ても自動では変わりません。", "Write change; without it nothing changes by itself.")
    default:
      FaultSentence(
        "12 文字より短いパスワードを認めています。", "Passwords of fewer than 12 characters are taken.",
        hint: "そのシステムが許すなら、minimum を 12 以上にしてください。", "Set minimum to 12 or more if the application allows it.")
    }
  }
}
