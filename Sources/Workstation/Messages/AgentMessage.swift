import AuthAPI
public import AuthTerms

/// What the agent says besides refusals.
public enum AgentMessage: Sendable, Equatable {
  case placeCard
  case waitingForServer
  case askPIN(triesLeft: Int)
  case askPassword
  case passwordMustChange
  case askNewPassword
  case askNewPasswordAgain
  case askCode
  case askLookUpCode
  case confirmLastTry
  case showPalm
  /// Why a palm gave nothing, and what to do before the next.
  case palmAdvice(CaptureAdvice)
  case palmNotRecognised
  case palmUnavailable
  case sensorFailed
  case confirmLeavingPalm
  case switchingToPassword
  case switchingToPIN
  case logonIsUnlock
  case enrolled(workstation: String, segment: String)
  case renewed(workstation: String)
  /// It could not be renewed so far.
  case certificateEnds(days: Int)
  case granted(displayName: String)
  case unlocked(displayName: String)
  case keysDie
  case windowsGiven
  /// The reason follows.
  case windowsNotGiven
  case locked
  case loggedOff
  case noSession
  case watching(workstation: String)
  case serverReady
  case serverLost
  /// What may be used ends soon.
  case accessEnds(minutes: Int)
  case screenLocked(cause: String)
  case screenLoggedOff(cause: String)
  case workstationClosed
  case readerServiceLost
  case readerServiceBack
  case lockCommandFailed
  case keysForgotten
  case keysForgottenByNetwork
  /// A card of a former registration was shown for that new one.
  case relinkProven(person: String, displayName: String)
  case credentialRegistered(application: String)
  case askPresentPIN(triesLeft: Int)
  case askNewPIN
  case askNewPINAgain
  case askPUK
  case pinChanged
  case askEnrolmentCode
  /// By its holder, at this workstation.
  case cardRegistered(displayName: String)

  public static let samples: [AgentMessage] =
    [
      .placeCard, .waitingForServer, .askPIN(triesLeft: 3), .askPassword, .passwordMustChange, .askNewPassword,
      .askNewPasswordAgain, .askCode, .askLookUpCode, .confirmLastTry, .showPalm, .palmNotRecognised, .palmUnavailable,
      .sensorFailed,
      .confirmLeavingPalm, .switchingToPassword, .switchingToPIN, .logonIsUnlock,
      .enrolled(workstation: "PC-1", segment: "lgwan"), .renewed(workstation: "PC-1"), .granted(displayName: "X"),
      .unlocked(displayName: "X"), .keysDie, .windowsGiven, .windowsNotGiven, .locked, .loggedOff, .noSession,
      .watching(workstation: "PC-1"),
      .serverReady,
      .serverLost, .accessEnds(minutes: 15), .screenLocked(cause: "cardLost"), .screenLoggedOff(cause: "byOperator"),
      .workstationClosed,
      .readerServiceLost, .readerServiceBack, .lockCommandFailed, .keysForgotten, .keysForgottenByNetwork,
      .relinkProven(person: "4711.2", displayName: "X"), .credentialRegistered(application: "ledger"),
      .askPresentPIN(triesLeft: 3), .askNewPIN, .askNewPINAgain, .askPUK, .pinChanged,
      .askEnrolmentCode, .cardRegistered(displayName: "X"),
    ] + CaptureAdvice.allCases.map(AgentMessage.palmAdvice)

  public func text(_ language: Language) -> String {
    switch self {
    case .placeCard:
      language.choose("カードを読み取り機に置いてください。", "Put your card on the reader.")
    case .waitingForServer:
      language.choose("サーバーの応答を待っています。つながり次第、続けます。", "Waiting for the server; this goes on as soon as it answers.")
    case .askPIN(let left) where left <= 2:
      language.choose("暗証番号（PIN）（残り\(left)回）：", "PIN (tries left: \(left)): ")
    case .askPIN: language.choose("暗証番号（PIN）：", "PIN: ")
    case .askPassword: language.choose("パスワード：", "Password: ")
    case .passwordMustChange:
      language.choose(
        "パスワードを変更する必要があります。新しいパスワードを 2 回入力してください。", "Your password has to be changed. Type a new one twice.")
    case .askNewPassword: language.choose("新しいパスワード：", "New password: ")
    case .askNewPasswordAgain: language.choose("新しいパスワード（もう一度）：", "New password again: ")
    case .askCode: language.choose("登録コード：", "Enrolment code: ")
    case .askLookUpCode: language.choose("一回限りの代替コード（13 桁）：", "One-time code from your sheet (13 digits): ")
    case .confirmLastTry:
      language.choose(
        "暗証番号（PIN）はあと1回間違えるとカードが使えなくなります。入力しますか（はい＝y、いいえ＝n）：",
        "One more wrong PIN blocks the card. Enter it now (y = yes, n = no)? ")
    case .showPalm: language.choose("登録した手のひらをセンサーにかざしてください。", "Show your enrolled palm to the sensor.")
    case .palmAdvice(let advice): language.choose(advice.ja + "。", advice.en)
    case .palmNotRecognised: language.choose("手のひらを確認できませんでした。", "Your palm was not recognised.")
    case .palmUnavailable: language.choose("いまは手のひらでの確認ができません。", "Palms cannot be looked at just now.")
    case .sensorFailed:
      language.choose("手のひらセンサーから画像を受け取れませんでした。", "No picture came from the palm sensor.")
    case .confirmLeavingPalm:
      language.choose(
        "手のひらの代わりに、カードとパスワードなどの別の方法を使いますか（はい＝y、もう一度かざす＝n）：",
        "Use another way, such as card and password, instead of the palm (y = yes, n = show the palm again)? ")
    case .switchingToPassword: language.choose("カードとパスワードに切り替えます。", "Going on with card and password.")
    case .switchingToPIN:
      language.choose("カードと暗証番号（PIN）に切り替えます。", "Going on with card and PIN.")
    case .logonIsUnlock:
      language.choose("この端末はロック中の利用があるため、ロックを解除します。", "A session is locked here: unlocking it.")
    case .enrolled(let workstation, let segment):
      language.choose(
        "この端末を \(workstation)（\(Segment.title(of: segment).ja)）として登録しました。",
        "This machine is now enrolled as \(workstation) (\(Segment.title(of: segment).en)).")
    case .renewed(let workstation):
      language.choose("\(workstation) の証明書を更新しました。", "The certificate of \(workstation) was renewed.")
    case .certificateEnds(let days):
      language.choose(
        "この端末の証明書はあと \(days) 日で切れますが、まだ更新できていません。情報システム担当にお知らせください。",
        "The certificate of this workstation ends in \(days) days and could not be renewed yet. Tell the IT section.")
    case .granted(let name):
      language.choose("\(name) さん、ログオンしました。", "\(name), you are logged on.")
    case .unlocked(let name):
      language.choose("\(name) さん、ロックを解除しました。", "\(name), the session is unlocked.")
    case .keysDie:
      language.choose(
        "常駐（sanmon-agent watch）が動いていないため、ロックの解除には、いったんログオフして、はじめからのログオンが必要です。",
        "No \"sanmon-agent watch\" is running: to unlock you will have to log off and log on from the beginning.")
    case .windowsGiven: language.choose("Windows に渡しました。", "Windows was given what it needs.")
    case .windowsNotGiven:
      language.choose(
        "ログオンはできていますが、Windows に渡すものを受け取れませんでした。", "You are logged on, but nothing came that could be given to Windows.")
    case .locked: language.choose("ロックしました。", "Locked.")
    case .loggedOff: language.choose("ログオフしました。", "Logged off.")
    case .noSession: language.choose("この端末でログオン中の利用はありません。", "Nobody is logged on here.")
    case .watching(let workstation):
      language.choose("\(workstation) の見守りを始めました。", "Watching over \(workstation).")
    case .serverReady: language.choose("サーバーにつながりました。", "Connected to the server.")
    case .serverLost:
      language.choose("サーバーとの接続が切れました。つなぎ直しています。", "The connection to the server broke; reconnecting.")
    case .accessEnds(let minutes):
      language.choose(
        "あと約\(minutes)分で、利用できる期間が終わり、画面がロックされます。作業中のものを保存してください。延長の予定があれば、情報システム担当にお知らせください。",
        "Your access ends in about \(minutes) min, and the screen will lock. Save your work. If it was to be extended, tell the IT section."
      )
    case .screenLocked(let cause):
      language.choose("画面をロックしました（\(Self.cause(cause, .ja))）。", "The screen was locked (\(Self.cause(cause, .en))).")
    case .screenLoggedOff(let cause):
      language.choose("ログオフさせました（\(Self.cause(cause, .ja))）。", "Logged off (\(Self.cause(cause, .en))).")
    case .workstationClosed:
      language.choose(
        "この端末の登録が取り消されました。情報システム担当へご連絡ください。",
        "The registration of this workstation was revoked. Tell the IT section.")
    case .readerServiceLost:
      language.choose("読み取り機のサービスが止まりました。再開を待っています。", "The reader service stopped; waiting for it.")
    case .readerServiceBack: language.choose("読み取り機のサービスが再開しました。", "The reader service is back.")
    case .lockCommandFailed:
      language.choose("画面をロックする命令を実行できませんでした。手でロックしてください。", "The lock command could not be run. Lock the screen by hand.")
    case .keysForgotten:
      language.choose(
        "端末の休止または時計の変更があったため、次はログオフして、はじめからのログオンが必要です。",
        "The machine slept or its clock jumped: next time, log off and log on from the beginning.")
    case .keysForgottenByNetwork:
      language.choose(
        "この端末のネットワークが変わりました。ロックすると解除できなくなるため、次はログオフして、はじめからのログオンが必要です。",
        "The network of this machine changed: once locked, log off and log on from the beginning.")
    case .relinkProven(let person, let name):
      language.choose(
        "前のカードを確かめました。\(RelinkProven.minutes)分以内に、管理者2人が \(person)（\(name)）への引き継ぎに署名すると、このカードを使えます。",
        "The former card was shown. Once two administrators have signed for \(person) (\(name)) within \(RelinkProven.minutes) min, it can be used."
      )
    case .credentialRegistered(let application):
      language.choose(
        "\(application) のパスワードを鍵庫に登録しました。次のサインインで確かめます。",
        "The password for \(application) is in the vault. The next sign-in confirms it.")
    case .askPresentPIN(let left):
      language.choose("いまの暗証番号（PIN）（残り\(left)回）：", "Present PIN (tries left: \(left)): ")
    case .askNewPIN:
      language.choose("新しい暗証番号（PIN）（6桁から8桁の数字）：", "New PIN (6 to 8 digits): ")
    case .askNewPINAgain: language.choose("新しい暗証番号（PIN）（もう一度）：", "New PIN again: ")
    case .askPUK: language.choose("カードの解除番号（PUK）：", "PUK of the card: ")
    case .pinChanged:
      language.choose("暗証番号（PIN）を変更しました。次から新しい番号をお使いください。", "The PIN was changed. Use the new one from now on.")
    case .askEnrolmentCode: language.choose("カードの登録コード（13 桁）：", "Enrolment code from your letter (13 digits): ")
    case .cardRegistered(let name):
      language.choose(
        "\(name) さんのカードとして登録しました。登録コードの用紙は裁断してください。",
        "\(name), the card is yours now. Shred the letter with the code.")
    }
  }

  /// The causes of docs/agent.md; anything else a server may say is shown as "by the server".
  static func cause(_ name: String, _ language: Language) -> String {
    switch name {
    case "asked": language.choose("操作による", "as asked")
    case "cardRemoved": language.choose("カードが外された", "the card was removed")
    case "idle": language.choose("操作がないまま時間が過ぎた", "idle for too long")
    case "leaseExpired": language.choose("サーバーに確認できないまま期限が過ぎた", "the server could not be asked in time")
    case "shutdown": language.choose("常駐の終了", "the watch was ended")
    case "cardLost": language.choose("カードの紛失の届出", "the card was reported lost")
    case "cardSuspended": language.choose("カードの一時停止", "the card was suspended")
    case "cardForgotten": language.choose("カードを忘れたとの届出", "the card was reported left at home")
    case "cardRevoked", "cardCollected", "cardDestroyed":
      language.choose("カードの失効", "the card was taken out of use")
    case "cardReturned": language.choose("貸出カードの返却", "the loan card was returned")
    case "loanEnds": language.choose("カードの貸出期限の終了", "the loan of the card is over")
    case "accessChanged": language.choose("異動などで、この系統を使えなくなったため", "you are not let into this segment any more")
    case "accountDisabled": language.choose("利用者登録の停止", "the account was disabled")
    case "accountEnds": language.choose("利用できる期間の終了", "your access has ended")
    case "workstationRevoked": language.choose("端末の登録の取り消し", "the workstation was revoked")
    case "byOperator": language.choose("管理者の操作", "by an operator")
    default: language.choose("サーバーの指示", "by the server")
    }
  }
}
