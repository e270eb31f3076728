extension FaultCode {
  func cardSentence(_ detail: FaultDetail) -> FaultSentence {
    switch self {
    case .cardFileName:
      FaultSentence(
        "card の値とファイル名が違います。", "The value of card and the name of the file differ.",
        hint: "felica-lite-s.yaml なら card: felica-lite-s と書きます。", "felica-lite-s.yaml says card: felica-lite-s.")
    case .cardBytes:
      FaultSentence(
        "ここに書けるものではありません。必要なもの: \(detail.expected?.ja ?? "")",
        "This cannot stand here; expected \(detail.expected?.en ?? "").", hint: "16 進数は英小文字で、引用符で囲んでください。",
        "Write hexadecimal digits in lower case and in quotes.")
    case .cardProof:
      FaultSentence(
        "この種類のカードが示すのは、この強さではありません。", "This is not what a card of this kind shows.",
        hint: "felica-lite-s なら sym-3des、desfire-ev2 なら sym-aes と書いてください。",
        "Write sym-3des for felica-lite-s, sym-aes for desfire-ev2.")
    case .cardGeneration:
      FaultSentence(
        "この種類のカードの世代ではありません。", "This is no generation of this kind of card.",
        hint: "felica-lite-s なら lite-s、desfire-ev2 なら ev2 か ev3 です。", "lite-s for felica-lite-s; ev2 or ev3 for desfire-ev2.")
    case .cardDiversification:
      FaultSentence(
        "カードごとの鍵の作り方が、この種類に合いません。", "This way to each card's key does not go with this kind of card.",
        hint: "felica-lite-s は lite-s-ck(または none)、desfire-ev2 は an10922 で、input に number を一度と、合わせて 16〜31 バイトを書きます。",
        "lite-s-ck (or none) for felica-lite-s; an10922 for desfire-ev2, whose input has number once and 16 to 31 bytes in all."
      )
    case .cardCommandBeyond:
      FaultSentence(
        "このコマンドは、どのファイルでも使えません。", "No file may use this command.",
        hint: "felica-lite-s は 00、06、08、desfire-ev2 は 905a、9060、9071、90af だけです。",
        "00, 06 and 08 for felica-lite-s; 905a, 9060, 9071 and 90af for desfire-ev2.")
    case .cardCommandNotListed:
      FaultSentence(
        "このコマンドが commands にありません。", "This command is not listed under commands.", hint: "commands に加えるか、手順を直してください。",
        "Add it there, or correct the step.")
    case .cardCommandUnused:
      FaultSentence(
        "このコマンドを使う手順がありません。", "No step uses this command.", hint: "commands から消してください。許すのは使うものだけです。",
        "Delete it: what is allowed is what is used.")
    default: cardStepSentence
    }
  }

  private var cardStepSentence: FaultSentence {
    switch self {
    case .cardBlocks:
      FaultSentence(
        "このブロックは、ここでは使えません。", "These blocks cannot stand here.",
        hint: "読むのは 2〜4 個で最後が 91(MAC_A)、書くのは 80 だけか 92 と 91 です。FeliCa のほかには書きません。",
        "2 to 4 are read, 91 (MAC_A) last; 80 alone or 92 and 91 are written; none for cards other than FeliCa.")
    case .cardFields:
      FaultSentence(
        "data か answer の中身が、このコマンドに合いません。", "data or answer does not go with this command.",
        hint: "docs/cards.md の手順の表と見比べてください。", "Compare it with the table of steps in docs/cards.md.")
    case .cardStatus:
      FaultSentence(
        "status が、この手順に合いません。", "status does not go with this step.",
        hint: "desfire-ev2 では続きがあれば 91af、終われば 9100 です。felica-lite-s には書きません。",
        "For desfire-ev2 91af while more is to come, else 9100; none for felica-lite-s.")
    case .cardOrder:
      FaultSentence(
        "この手順に要るものが、まだ分かっていません。", "What this step needs is not known yet.",
        hint: "前の往復で答えを得てから使ってください。", "It has to come in the answers of an earlier round.")
    case .cardNothingProven:
      FaultSentence(
        "最後まで行っても、カードが鍵を持つことの証明がありません。", "The steps end without proof that the card has its key.",
        hint: "felica-lite-s は card-id と mac、desfire-ev2 は sealed-proof で終わる手順が要ります。",
        "felica-lite-s needs card-id and mac, desfire-ev2 a last step with sealed-proof.")
    case .cardChipUnread:
      FaultSentence(
        "世代を確かめる手順(chip)が一つではありません。", "Not exactly one step reads the generation (chip).",
        hint: "felica-lite-s は 00、desfire-ev2 は 9060 の answer に chip を一度書いてください。",
        "Write chip once: in the answer of 00 for felica-lite-s, of 9060 for desfire-ev2.")
    case .cardKeyShared:
      FaultSentence(
        "すべてのカードが同じ鍵を持ちます。", "Every card has the same key.",
        hint: "一枚から鍵が漏れると、全員のカードを作れます。lite-s-ck で発行し直してください。",
        "Who gets it out of one can make everybody's; issue them again with lite-s-ck.")
    case .cardFileUnknown:
      FaultSentence(
        "カードの名前になりません。", "This is no name of a card.",
        hint: "フォルダー cards に置けるのは、英小文字、数字、- の 1〜48 文字に .yaml を付けた名前のファイルだけです。",
        "The folder cards takes files named 1 to 48 of a-z 0-9 - and .yaml.")
    case .cardFilesTooMany:
      FaultSentence(
        "カードのファイルが多すぎます。", "There are too many files of cards.",
        hint: "\(CardScriptSet.mostFiles) 個までです。使わないものを消してください。",
        "At most \(CardScriptSet.mostFiles); delete those that are not used.")
    default:
      FaultSentence(
        "書き込み回数が進まないので、複製に気づけません。", "The counter never moves, so a copy is not found out.",
        hint: "外部認証の往復を加えてください。", "Add the round that authenticates to the card.")
    }
  }
}
