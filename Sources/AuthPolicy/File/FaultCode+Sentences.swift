/// What a fault says: a sentence and one thing to do, in both languages.
struct FaultSentence: Sendable {
  var ja: String
  var en: String
  var hintJa: String
  var hintEn: String

  init(_ ja: String, _ en: String, hint hintJa: String = "", _ hintEn: String = "") {
    self.ja = ja
    self.en = en
    self.hintJa = hintJa
    self.hintEn = hintEn
  }
}

extension FaultCode {
  func sentence(_ detail: FaultDetail) -> FaultSentence {
    switch self {
    case .tooLarge, .notUTF8, .byteOrderMark, .carriageReturn, .controlCharacter, .tooDeep, .anchorOrAlias, .tag,
      .severalDocuments, .severalLines, .syntax, .empty, .escape, .complexKey:
      textSentence
    case .unknownKey, .duplicateKey, .missingKey, .wrongShape, .notANumber, .outOfRange, .booleanWord, .unknownWord, .badText,
      .quotesNeeded, .badCount, .duplicateEntry, .badDate, .badHours, .badName, .pattern, .badRate:
      schemaSentence(detail)
    case .expressionEmpty, .unknownFactor, .unexpectedSymbol, .parenthesis, .ambiguousExpression, .expressionTooLong,
      .combinationTwice:
      expressionSentence(detail)
    case .oneKind, .noPossession, .pinWithoutCard, .palmWithoutAlternative, .proofBelowFloor, .unlockByPossession,
      .twoApprovers, .waiverTooLong, .waiverReversed, .waiverExpired, .waiverInForce, .waiverUnused,
      .conditionMissing, .floorNotProven, .lineUnreachable, .groupUnknown,
      .waiverUnsigned, .palmTooWeak, .rateBeyondOurs, .codeAlone, .firstTapInMyNumber, .myNumberCardsTaken,
      .myNumberListsWithoutRoots:
      floorSentence(detail)
    case .organisationMissing, .unknownFile, .nameMismatch, .segmentUndeclared, .segmentFileMissing, .fileTwice, .tooManyFiles,
      .badDigest:
      setSentence(detail)
    case .mynumberWithInternet, .combinationUnsaid, .rootsMissing, .segmentNotServed, .badPath, .badAddress, .sameListener,
      .operatorRootsMissing, .operatorListenMissing, .directoryTwice:
      instanceSentence(detail)
    case .accessTooLong, .accessReversed, .accessPast, .accessTooFar, .accessPersonUnknown, .accessDepartmentUnknown,
      .accessGroupUnknown, .accessPeopleMissing, .accessDaysOfHandover, .accessWorkstationUnknown,
      .accessPeopleTooMany:
      accessSentence(detail)
    case .applicationOrigin, .applicationPath, .applicationSelector, .applicationSign, .applicationSignsAlike,
      .applicationFieldTwice, .applicationAccess, .applicationProgram, .applicationSymbols, .applicationLengths,
      .applicationClasses, .applicationFileName, .applicationFileUnknown, .applicationSegmentUndeclared, .applicationFormTwice,
      .applicationFilesTooMany, .applicationInsecureOrigin, .applicationFreshnessLong,
      .applicationRotationUnsaid, .applicationRotationByHand, .applicationPasswordShort, .applicationWindowsKey,
      .applicationWindowsTwice:
      applicationSentence(detail)
    case .cardFileName, .cardBytes, .cardProof, .cardGeneration, .cardDiversification, .cardCommandBeyond,
      .cardCommandNotListed, .cardCommandUnused, .cardBlocks, .cardFields, .cardStatus, .cardOrder, .cardNothingProven,
      .cardChipUnread, .cardKeyShared, .cardCounterStill, .cardFileUnknown, .cardFilesTooMany:
      cardSentence(detail)
    }
  }

  private var textSentence: FaultSentence {
    switch self {
    case .tooLarge:
      FaultSentence(
        "ファイルが大きすぎます(上限 256 KiB)。", "The file is too large (at most 256 KiB).",
        hint: "別のファイルを選んでいないか確かめてください。", "Check that this is the file you meant.")
    case .notUTF8:
      FaultSentence(
        "UTF-8 の文字ではありません。", "The text is not UTF-8.", hint: "エディターの保存時に文字コード UTF-8 を選んでください。",
        "Choose UTF-8 when saving in the editor.")
    case .byteOrderMark:
      FaultSentence(
        "ファイルの先頭に BOM があります。", "The file begins with a byte order mark.",
        hint: "「UTF-8(BOM なし)」で保存してください。", "Save as UTF-8 without BOM.")
    case .carriageReturn:
      FaultSentence(
        "改行が LF ではありません。", "The line does not end with LF.", hint: "改行コード LF で保存してください(CRLF、CR は不可)。",
        "Save with line ends LF (not CRLF or CR).")
    case .controlCharacter:
      FaultSentence(
        "タブ、制御文字、または見えない文字があります。", "There is a tab, a control character or an invisible character.",
        hint: "この位置の文字を消し、字下げは半角空白で書いてください。", "Delete the character at this place; indent with spaces.")
    case .tooDeep:
      FaultSentence(
        "入れ子が深すぎます。", "The nesting is too deep.", hint: "このファイルに必要な入れ子は 4 段までです。",
        "No policy needs more than four levels.")
    case .anchorOrAlias:
      FaultSentence(
        "アンカー(&)とエイリアス(*)は使えません。", "Anchors (&) and aliases (*) are not allowed.",
        hint: "値をそのまま書いてください。文字として必要なら引用符で囲みます。", "Write the value out; put quotes around it if the character is meant.")
    case .tag:
      FaultSentence(
        "タグ(!)は使えません。", "Tags (!) are not allowed.", hint: "タグを消してください。文字として必要なら引用符で囲みます。",
        "Delete the tag; put quotes around it if the character is meant.")
    case .severalDocuments:
      FaultSentence(
        "文書の区切り(---、...)と指示行(%)は使えません。", "Document marks (---, ...) and directives (%) are not allowed.",
        hint: "1 ファイルに 1 つの内容を書いてください。", "One file, one document; delete this line.")
    case .severalLines:
      FaultSentence(
        "値が 1 行に収まっていません。", "A value does not end on its own line.",
        hint: "引用符と括弧は同じ行で閉じ、| や > は使わないでください。", "Close quotes and brackets on the same line; do not use | or >.")
    case .syntax:
      FaultSentence(
        "YAML として読めません。", "This is not YAML.", hint: "コロンの後の空白、字下げの幅、引用符の閉じ忘れを確かめてください。",
        "Check the space after the colon, the indentation and the quotes.")
    case .empty:
      FaultSentence(
        "中身がありません。", "The file is empty.", hint: "不要なファイルは消してください。", "Delete the file if it is not needed.")
    case .escape:
      FaultSentence(
        "二重引用符の中で \\ は使えません。", "\\ is not allowed inside double quotes.", hint: "一重引用符 ' ' を使ってください。",
        "Use single quotes ' '.")
    default:
      FaultSentence(
        "キーは 1 つの単語で書きます。", "A key is one plain word.", hint: "「? 」や括弧、引用符をキーに使わないでください。",
        "Do not use ?, brackets or quotes for a key.")
    }
  }

  private func schemaSentence(_ detail: FaultDetail) -> FaultSentence {
    let ja = detail.key.map { "キー「\($0)」" } ?? "キー"
    let en = detail.key.map { "the key '\($0)'" } ?? "a key"
    let expectedJa = detail.expected?.ja ?? ""
    let expectedEn = detail.expected?.en ?? ""
    let meantJa = detail.suggestion.map { "「\($0)」ではありませんか。" } ?? ""
    let meantEn = detail.suggestion.map { "Did you mean '\($0)'? " } ?? ""
    switch self {
    case .unknownKey:
      return FaultSentence(
        "\(ja)はここでは使えません。", "Here \(en) is not known.", hint: "\(meantJa)使えるキー: \(expectedJa)",
        "\(meantEn)Known keys: \(expectedEn)")
    case .duplicateKey:
      return FaultSentence(
        "\(ja)が二度書かれています。", "Here \(en) stands a second time.", hint: "どちらか一方を消してください。", "Delete one of the two.")
    case .missingKey:
      return FaultSentence(
        "\(ja)がありません。", "Here \(en) is missing.", hint: "この段に書き足してください。", "Add it at this level.")
    case .wrongShape:
      return FaultSentence(
        "値の形が違います。必要なもの: \(expectedJa)", "The value has the wrong shape; expected \(expectedEn).",
        hint: "# や [ で始まる値は引用符で囲んでください（\"#login\"）。そうでなければ、字下げと「- 」の有無を確かめてください。",
        "Quote a value that begins with # or [ (\"#login\"); otherwise check the indentation and the dashes.")
    case .notANumber:
      return FaultSentence(
        "整数ではありません。", "This is not a whole number.", hint: "十進の数字だけで書いてください(先頭の 0、0x、_、小数は不可)。",
        "Write decimal digits only (no leading 0, 0x, _ or fraction).")
    case .outOfRange:
      return FaultSentence(
        "数が範囲の外です。範囲: \(expectedJa)", "The number is out of range: \(expectedEn).", hint: "範囲の中の数にしてください。",
        "Choose a number within the range.")
    case .booleanWord:
      return FaultSentence(
        "yes、no、on、off、true、null などの語は使えません。", "Words such as yes, no, on, off, true and null are not allowed.",
        hint: "YAML はこれらを文字として読みません。文字として必要なら引用符で囲んでください。",
        "YAML does not read them as text; put quotes around it if text is meant.")
    case .unknownWord:
      return FaultSentence(
        "この語は使えません。", "This word is not known here.", hint: "\(meantJa)使える語: \(expectedJa)",
        "\(meantEn)Known words: \(expectedEn)")
    case .badText:
      return FaultSentence(
        "文字列が短すぎるか、長すぎるか、使えない文字を含みます。必要なもの: \(expectedJa)",
        "The text is too short, too long or holds a character that is not allowed; expected \(expectedEn).",
        hint: "書き直してください。", "Write it differently.")
    case .quotesNeeded:
      return FaultSentence(
        "この文字列は YAML では数や日付として読まれます。", "YAML would read this text as a number or a date.", hint: "引用符 \" \" で囲んでください。",
        "Put quotes \" \" around it.")
    case .badCount:
      return FaultSentence(
        "並びの数が違います。必要な数: \(expectedJa)", "The list has the wrong length; expected \(expectedEn).",
        hint: "項目を足すか減らすか、キーごと消してください。", "Add or remove entries, or delete the key.")
    case .duplicateEntry:
      return FaultSentence(
        "同じ項目が二度書かれています。", "The same entry stands twice.", hint: "一方を消してください。", "Delete one of the two.")
    case .badDate:
      return FaultSentence(
        "日付ではありません。", "This is not a date.", hint: "2026-04-01 の形で、実在する日を書いてください。",
        "Write it like 2026-04-01; the day must exist.")
    case .badHours:
      return FaultSentence(
        "時間帯として読めません。", "These are not hours.",
        hint: "\"mon-fri 08:00-19:00\" か \"daily 00:00-24:00\" の形で書いてください(日をまたぐときは 2 つに分けます)。",
        "Write \"mon-fri 08:00-19:00\" or \"daily 00:00-24:00\"; split hours that pass midnight.")
    case .badRate:
      return FaultSentence(
        "他人受入率として読めません。", "This is not a false match rate.", hint: "10 万分の 1 なら 1e-5 と、引用符なしで書いてください。",
        "Write 1e-5 for one in a hundred thousand, without quotes.")
    case .badName:
      return FaultSentence(
        "名前の形が違います。必要なもの: \(expectedJa)", "The name has the wrong form; expected \(expectedEn).",
        hint: "全角や空白が混じっていないか確かめてください。",
        "Look for full-width characters and spaces.")
    default:
      return FaultSentence(
        "* や ? などの記号による一致は使えません。", "There are no patterns: * and ? match nothing.", hint: "名前を 1 つずつ書いてください。",
        "Write each name out.")
    }
  }

  private func expressionSentence(_ detail: FaultDetail) -> FaultSentence {
    let meantJa = detail.suggestion.map { "「\($0)」ではありませんか。" } ?? ""
    let meantEn = detail.suggestion.map { "Did you mean '\($0)'? " } ?? ""
    switch self {
    case .expressionEmpty:
      return FaultSentence(
        "要素が書かれていません。", "No factor is named here.", hint: "card + pin のように書いてください。", "Write for example card + pin.")
    case .unknownFactor:
      return FaultSentence(
        "この要素は知られていません。", "This factor is not known.", hint: "\(meantJa)使える要素: card, pin, password, palm, code",
        "\(meantEn)Known factors: card, pin, password, palm, code")
    case .unexpectedSymbol:
      return FaultSentence(
        "ここにこの記号は置けません。", "This does not belong here.", hint: "使えるのは要素の名前、+、or、( ) だけです。",
        "Only names of factors, +, or, ( and ) are allowed.")
    case .parenthesis:
      return FaultSentence(
        "括弧の数が合いません。", "The parentheses do not match.", hint: "開いた括弧を同じ行で閉じてください。", "Close each one that is opened.")
    case .ambiguousExpression:
      return FaultSentence(
        "+ と or を括弧なしで混ぜると、二通りに読めます。", "+ and or without parentheses can be read in two ways.",
        hint: "「(card + password) or palm」か「card + (password or palm)」のように、どちらの意味かを括弧で示してください。",
        "Say which one with parentheses: '(card + password) or palm', or 'card + (password or palm)'.")
    case .expressionTooLong:
      return FaultSentence(
        "式が長すぎます。", "The expression is too long.", hint: "一覧の別の行に分けてください。", "Split it into several lines of the list.")
    default:
      return FaultSentence(
        "同じ組み合わせが前の行にもあります。", "The same combination was already accepted above.", hint: "一方を消してください。", "Delete one of the two.")
    }
  }
}
