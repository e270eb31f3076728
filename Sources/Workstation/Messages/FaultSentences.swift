public import AuthAPI
import AuthClient
import AuthTerms
import SmartCard

extension AgentFault {
  /// What happened and what to do next. For a refusal: the server's own words, cleaned for a terminal.
  public var sentence: Sentence {
    switch self {
    case .server(.refused(let body)):
      Sentence(
        ja: TerminalText.clean(body.ja), en: TerminalText.clean(body.en), nextStepJa: TerminalText.clean(body.nextStepJa),
        nextStepEn: TerminalText.clean(body.nextStepEn))
    case .server(let fault): Self.sentence(fault)
    case .card(let failure): Self.sentence(failure)
    case .sensor(let fault): Self.sentence(fault)
    case .windows(let doubt): Self.sentence(doubt)
    case .pinChange(let refusal): Self.sentence(refusal)
    case .myNumberCard(let refusal): Self.sentence(refusal)
    case .palmTriesUsed: Self.triesUsed
    case .palmUnavailable: Self.unavailable
    case .pinWrong(PINStanding.untoldTries):
      Sentence(
        ja: "暗証番号（PIN）が違います。あと何回でカードが使えなくなるかは、カードが伝えていません。",
        en: "The PIN is wrong. The card does not tell how many more wrong PINs block it.",
        nextStepJa: "落ち着いて入れ直してください。自信がないときは、入れ直さずに、カードの発行元か窓口・支所担当へお問い合わせください。",
        nextStepEn:
          "Type it again with care. If you are not sure, do not try: ask the card's issuer or the desk of your branch.")
    case .pinWrong(let left):
      Sentence(
        ja: "暗証番号（PIN）が違います。あと\(left)回間違えるとカードが使えなくなります。",
        en: "The PIN is wrong. After \(left) more wrong PINs the card is blocked.",
        nextStepJa: "落ち着いて入れ直してください。自信がないときは、窓口・支所担当で暗証番号（PIN）を設定し直してください。",
        nextStepEn: "Type it again with care. If you are not sure, have the PIN reset at the desk of your branch.")
    case .pinBlocked:
      Sentence(
        ja: "このカードは、暗証番号（PIN）の間違いが続いたため使えなくなっています。",
        en: "The card is blocked after too many wrong PINs.",
        nextStepJa: "カードを持って窓口・支所担当へお越しのうえ、暗証番号（PIN）の再設定を受けてください。",
        nextStepEn: "Take the card to the desk of your branch and have its PIN reset.")
    case .passwordsDiffer:
      Sentence(
        ja: "2 回の新しいパスワードが同じではありません。何も変更していません。",
        en: "The two new passwords are not the same. Nothing was changed.",
        nextStepJa: "もう一度ログオンし、新しいパスワードを 2 回とも同じように入力してください。",
        nextStepEn: "Log on again and type the same new password both times.")
    case .codeMistyped:
      Sentence(
        ja: "コードの入力に誤りがあります。何も送っていません。",
        en: "The one-time code was not typed as it is printed. Nothing was sent.",
        nextStepJa: "用紙の 13 桁の数字を、もう一度そのとおりに入力してください。回数には数えられていません。",
        nextStepEn: "Type the 13 digits of the sheet once more, just as they stand. It did not count as a try.")
    case .lastTryNotConfirmed:
      Sentence(
        ja: "暗証番号（PIN）の残りが1回のため、入力を見合わせました。",
        en: "Only one try is left for the PIN, so it was not used.",
        nextStepJa: "確実に覚えているときだけ、--use-last-try を付けてやり直してください。そうでなければ窓口・支所担当で再設定を受けてください。",
        nextStepEn: "Retry with --use-last-try only if you are certain; otherwise have the PIN reset at the desk.")
    case .otherCard:
      Sentence(
        ja: "途中でカードが入れ替わりました。",
        en: "The card was exchanged halfway.",
        nextStepJa: "ご自分のカードを置いたまま、もう一度お試しください。",
        nextStepEn: "Leave your own card on the reader and retry.")
    case .cardNotTakenHere:
      Sentence(
        ja: "このカードの方式（共有鍵、または番号だけ）では、この端末の最低基準を満たしません。",
        en: "What this kind of card can prove (a shared key, or a number alone) is not enough at this workstation.",
        nextStepJa: "暗証番号（PIN）の使える職員カードでやり直してください。お持ちでないときは、情報システム担当へご相談ください。",
        nextStepEn: "Retry with a staff card that has a PIN. If you have none, ask the IT section.")
    case .commandNotAllowed:
      Sentence(
        ja: "カードのファイルにない操作をサーバーが求めたため、カードには何も送りませんでした。",
        en: "The server asked for something of the card that the card's file does not allow; nothing was sent to the card.",
        nextStepJa: "操作をやめ、すぐに情報システム担当へご連絡ください。",
        nextStepEn: "Stop here and call the IT section at once.")
    case .noUsableCombination(let offered):
      Sentence(
        ja: "この端末で求められる方法（\(Self.list(offered, .ja))）を、このカードやセンサーでは行えません。",
        en: "What is asked for here (\(Self.list(offered, .en))) cannot be done with this card or sensor.",
        nextStepJa: "カードの種類とセンサーの指定をお確かめのうえ、--factors を変えるか、情報システム担当へご相談ください。",
        nextStepEn: "Check which card this is and which sensor was named; change --factors or ask the IT section.")
    case .moreNeeded(let missing):
      Sentence(
        ja: "カードは確認できましたが、まだ足りないものがあります（\(Self.list(missing, .ja))）。",
        en: "The card was accepted, but something is still missing (\(Self.list(missing, .en))).",
        nextStepJa: "足りないものを加えて、はじめからお試しください。",
        nextStepEn: "Start again with what is missing.")
    case .sessionKeyGone:
      Sentence(
        ja: "ロック中の利用がありますが、解除に必要な鍵がこの端末に残っていません。",
        en: "A session is locked here, but the key to unlock it is no longer on this machine.",
        nextStepJa: "sanmon-agent logoff でログオフしてから、sanmon-agent logon ではじめからログオンしてください。",
        nextStepEn: "End it with \"sanmon-agent logoff\", then log on with \"sanmon-agent logon\".")
    case .nothingToUnlock:
      Sentence(
        ja: "この端末には、ロック中の利用がありません。",
        en: "No session is locked on this workstation.",
        nextStepJa: "sanmon-agent logon でログオンしてください。",
        nextStepEn: "Log on with \"sanmon-agent logon\".")
    case .noSession:
      Sentence(
        ja: "この端末でログオン中の利用はありません。",
        en: "Nobody is logged on at this workstation.",
        nextStepJa: "sanmon-agent logon でログオンできます。",
        nextStepEn: "\"sanmon-agent logon\" logs on.")
    default: stateSentence
    }
  }

  private var stateSentence: Sentence {
    switch self {
    case .notEnrolled:
      Sentence(
        ja: "この端末は、まだ登録されていません。",
        en: "This machine has not been enrolled yet.",
        nextStepJa: "管理者に登録コードの発行を受け、sanmon-agent enrol を実行してください。",
        nextStepEn: "Get an enrolment code from an administrator and run \"sanmon-agent enrol\".")
    case .alreadyEnrolled:
      Sentence(
        ja: "この端末は、すでに登録されています。",
        en: "This machine is enrolled already.",
        nextStepJa: "証明書の更新は sanmon-agent renew、登録のやり直しは sanmon-agent enrol --replace を使ってください。",
        nextStepEn: "Use \"sanmon-agent renew\" for a new certificate, or \"sanmon-agent enrol --replace\" to start over.")
    case .unsafeState(let file):
      Sentence(
        ja: "状態フォルダーの \(file) を、ほかの利用者が読み書きできるため、使いませんでした。",
        en: "\(file) in the state folder is open to others and was not used.",
        nextStepJa: "持ち主をこの利用者にし、フォルダーは 0700、ファイルは 0600 にしてください。内容を見られた恐れがあれば、登録をやり直してください。",
        nextStepEn: "Make this user its owner, with mode 0700 for the folder and 0600 for files. If others saw it, enrol again."
      )
    case .stateIO(let file, let number):
      Sentence(
        ja: "状態フォルダーの \(file) を読み書きできませんでした（errno \(number)）。",
        en: "\(file) in the state folder could not be read or written (errno \(number)).",
        nextStepJa: "フォルダーの場所、空き容量、持ち主をお確かめください。",
        nextStepEn: "Check where the folder is, its free space and its owner.")
    case .damagedState(let file):
      Sentence(
        ja: "状態フォルダーの \(file) が壊れています。",
        en: "\(file) in the state folder is damaged.",
        nextStepJa: "sanmon-agent enrol --replace で登録をやり直してください。",
        nextStepEn: "Enrol again with \"sanmon-agent enrol --replace\".")
    case .disagreement(let subject):
      Sentence(
        ja: "サーバーの答えが、この端末の証明書の内容と食い違うため、何も署名しませんでした（\(subject.rawValue)）。",
        en: "The server's answer contradicts this workstation's own certificate; nothing was signed (\(subject.rawValue)).",
        nextStepJa: "操作をやめ、すぐに情報システム担当へご連絡ください。",
        nextStepEn: "Stop here and call the IT section at once.")
    case .passwordChanging:
      Sentence(
        ja: "この業務システムのパスワードを、いま変更しているところです。",
        en: "The password for this application is being changed just now.",
        nextStepJa: "1 分ほど待ってから、もう一度お試しください。",
        nextStepEn: "Wait for about a minute and retry.")
    case .vaultUntrusted(let doubt):
      Sentence(
        ja: "鍵庫の名で届いたものを確かめられないため、何も使いませんでした（\(doubt.rawValue)）。",
        en: "What came in the vault's name could not be verified; nothing of it was used (\(doubt.rawValue)).",
        nextStepJa: "業務システムにパスワードを入れず、すぐに情報システム担当へご連絡ください。",
        nextStepEn: "Type no password into the application, and call the IT section at once.")
    case .nothingEntered:
      Sentence(
        ja: "入力を受け取れませんでした。",
        en: "Nothing was entered.",
        nextStepJa: "端末の画面から実行するか、--pin-fd や --password-fd で渡してください。",
        nextStepEn: "Run it at a terminal, or hand the value over with --pin-fd or --password-fd.")
    case .cancelled:
      Sentence(
        ja: "取りやめました。", en: "Cancelled.", nextStepJa: "続けるときは、もう一度実行してください。",
        nextStepEn: "Run it again to go on.")
    case .watchRunning:
      Sentence(
        ja: "この端末の常駐（watch）は、すでに動いています。",
        en: "A watch of this workstation is already running.",
        nextStepJa: "動いている常駐をお使いください。",
        nextStepEn: "Use the one that is running.")
    case .watchNotRunning:
      Sentence(
        ja: "この端末の常駐（watch）が動いていません。",
        en: "No watch of this workstation is running.",
        nextStepJa: "sanmon-agent watch を起動してください。",
        nextStepEn: "Start \"sanmon-agent watch\".")
    case .watchAnswer:
      Sentence(
        ja: "この端末の常駐（watch）から、正しい答えが返りませんでした。",
        en: "The watch of this workstation did not answer as it should.",
        nextStepJa: "sanmon-agent watch を起動し直してください。",
        nextStepEn: "Restart \"sanmon-agent watch\".")
    case .badInput(let expected):
      Sentence(
        ja: "入力の形式が正しくありません（\(expected)）。",
        en: "The input does not have the expected form (\(expected)).",
        nextStepJa: "sanmon-agent --help で書き方をお確かめください。",
        nextStepEn: "See \"sanmon-agent --help\".")
    default: Sentences.of(.serverFault)
    }
  }

  private static func sentence(_ fault: ClientFault) -> Sentence {
    switch fault {
    case .unreachable, .timedOut: Sentences.of(.offline)
    case .interrupted:
      Sentence(
        ja: "サーバーとの通信が途中で切れました。", en: "The connection to the server broke halfway.",
        nextStepJa: "もう一度はじめからお試しください。", nextStepEn: "Start again from the beginning.")
    case .tlsRefused(.clientCertificate):
      Sentence(
        ja: "サーバーが、この端末の証明書を受け付けませんでした。",
        en: "The server did not accept this workstation's certificate.",
        nextStepJa: "証明書の期限切れか取り消しが考えられます。情報システム担当へご連絡ください。",
        nextStepEn: "It may have expired or been revoked. Tell the IT section.")
    case .tlsRefused(.version):
      Sentence(
        ja: "サーバーと通信の方式（TLS 1.3）が合いません。",
        en: "The server does not speak TLS 1.3.",
        nextStepJa: "情報システム担当へ、サーバーの設定の確認をご依頼ください。",
        nextStepEn: "Ask the IT section to check the server's settings.")
    case .tlsRefused(.ownMaterial):
      Sentence(
        ja: "この端末の鍵または証明書を使えませんでした。",
        en: "This workstation's key or certificate could not be used.",
        nextStepJa: "sanmon-agent enrol --replace で登録をやり直してください。",
        nextStepEn: "Enrol again with \"sanmon-agent enrol --replace\".")
    case .tlsRefused:
      Sentence(
        ja: "接続先が本物のサーバーであることを確かめられませんでした。",
        en: "It could not be verified that this is the real server.",
        nextStepJa: "操作をやめ、接続先と認証局の指紋（SHA-256）を情報システム担当とご確認ください。",
        nextStepEn: "Stop here and check the address and the authority's SHA-256 with the IT section.")
    case .malformedAnswer, .refused:
      Sentence(
        ja: "サーバーから、正しい形の答えが返りませんでした。",
        en: "The server's answer does not have the expected form.",
        nextStepJa: "端末とサーバーの版が合っているかを、情報システム担当がお確かめください。",
        nextStepEn: "The IT section should check that the agent's version fits the server's.")
    case .invalidRequest(let expected): AgentFault.badInput(expected: expected).sentence
    }
  }

  private static func list(_ combinations: [[String]], _ language: Language) -> String {
    let names = combinations.prefix(8).map { names in
      names.compactMap(Factor.init(rawValue:)).map { factor in
        switch factor {
        case .card: language.choose("カード", "card")
        case .pin: language.choose("暗証番号（PIN）", "PIN")
        case .password: language.choose("パスワード", "password")
        case .palm: language.choose("手のひら静脈", "palm vein")
        case .code: language.choose("一回限りの代替コード", "one-time code")
        }
      }.joined(separator: language.choose("＋", " + "))
    }.filter { !$0.isEmpty }
    return names.isEmpty ? language.choose("不明", "unknown") : names.joined(separator: language.choose("、または", ", or "))
  }
}
