/// Faults of the service, and requests that never became a question of Sanmon's.
extension Sentence {
  static let operatorNotAllowed = Sentence(
    ja: "この操作を行う権限がありません。",
    en: "You are not permitted to do this.",
    nextStepJa: "操作者として登録されているか、役割が合っているかを、管理者にお確かめください。",
    nextStepEn: "Ask an administrator whether you are registered as an operator and have the right role.")

  static let enrolmentRefused = Sentence(
    ja: "この登録コードは使えません。",
    en: "This enrolment code cannot be used.",
    nextStepJa: "コードの打ち間違い、期限切れ、使用済みでないかを確かめ、必要なら管理者に新しいコードを発行してもらってください。",
    nextStepEn: "Check for a typing error; if it has expired or was used, ask an administrator for a new code.")

  static let vaultUnavailable = Sentence(
    ja: "鍵を守るサービス（鍵庫）が応答しないため、この操作を行えませんでした。",
    en: "The process that keeps the keys (the vault) did not answer, so this could not be done.",
    nextStepJa: "情報システム担当は、sanmon-vault が動いているかを確かめてから、もう一度お試しください。",
    nextStepEn: "The IT section should check that sanmon-vault is running, then retry.")

  static let instanceRestored = Sentence(
    ja: "認証サーバーは控え（バックアップ）から復元されたところで、まだ使い始める承認がないため、受け付けられません。",
    en: "The server was restored from a backup and nobody has approved that yet, so nobody can be let in.",
    nextStepJa: "情報システム担当へご連絡ください。管理者は sanmon backup approve で承認します。",
    nextStepEn: "Call the IT section. An administrator approves it (sanmon backup approve).")

  static let backupNotPossible = Sentence(
    ja: "回復鍵が定められていないか、サーバーと鍵庫で異なるため、控え（バックアップ）を取れません。",
    en: "No backup can be made: there is no recovery key, or server and vault have different ones.",
    nextStepJa: "起動ファイルの recovery-key と、鍵庫の --recovery-key に、同じ公開部分を書いてください（sanmon backup key で作ります）。",
    nextStepEn:
      "Write the same public half as recovery-key in the start-up file and as the vault's --recovery-key (sanmon backup key makes one)."
  )

  static let auditUnavailable = Sentence(
    ja: "認証記録を書き込めないため、ログオンを受け付けられません。",
    en: "The log cannot be written, so nobody can be let in.",
    nextStepJa: "情報システム担当へ、すぐにご連絡ください。復旧後はそのままお試しいただけます。",
    nextStepEn: "Call the IT section at once. When it is repaired, simply retry.")

  static let serverFault = Sentence(
    ja: "サーバーで問題が起きたため、認証できませんでした。",
    en: "A fault in the server kept you from being authenticated.",
    nextStepJa: "少し待ってからもう一度お試しください。続くときは、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Wait a moment and retry. If it goes on, tell the IT section the reference number.")

  static let offline = Sentence(
    ja: "認証サーバーに接続できません。",
    en: "The authentication server cannot be reached.",
    nextStepJa: "ネットワークの線が抜けていないかをお確かめください。ほかの端末も同じなら、情報システム担当へご連絡ください。",
    nextStepEn: "Check that the network cable is in. If other workstations are affected too, call the IT section.")

  static let badRequest = Sentence(
    ja: "送られた内容の形式が正しくありません。",
    en: "The request does not have the expected form.",
    nextStepJa: "端末のソフトウェアの版がサーバーと合っているかを、情報システム担当がお確かめください。",
    nextStepEn: "The IT section should check that the client's version fits the server's.")

  static let notFound = Sentence(
    ja: "お探しのものが見つかりません。",
    en: "What was asked for does not exist.",
    nextStepJa: "名前や番号に誤りがないかをお確かめください。",
    nextStepEn: "Check the name or the number for mistakes.")

  static let methodNotAllowed = Sentence(
    ja: "この宛先では、その操作はできません。",
    en: "That operation is not possible at this address.",
    nextStepJa: "使える操作を API の説明（/openapi.json）でお確かめください。",
    nextStepEn: "See the API description (/openapi.json) for the operations that are.")

  static let conflict = Sentence(
    ja: "現在の状態と合わないため、実行できませんでした。",
    en: "This does not fit the present state and was not done.",
    nextStepJa: "最新の状態を表示し直してから、もう一度お試しください。",
    nextStepEn: "Look at the present state again, then retry.")

  static let tooLarge = Sentence(
    ja: "送られた内容が大きすぎます。",
    en: "The request is too large.",
    nextStepJa: "内容を小さく分けて送り直してください。",
    nextStepEn: "Send it in smaller parts.")

  static let wrongMediaType = Sentence(
    ja: "送られた内容の種類を扱えません。",
    en: "The request is of a type that is not accepted.",
    nextStepJa: "Content-Type を application/json にして送り直してください。",
    nextStepEn: "Send it again with the content type application/json.")

  static let tooManyRequests = Sentence(
    ja: "短い時間に送られた回数が多すぎます。",
    en: "Too many requests came in a short time.",
    nextStepJa: "一分ほど待ってから、もう一度お試しください。",
    nextStepEn: "Wait about a minute and retry.")

  static let unavailable = Sentence(
    ja: "サーバーが混み合っているか、準備中です。",
    en: "The server is busy or still starting.",
    nextStepJa: "十秒ほど待ってから、もう一度お試しください。",
    nextStepEn: "Wait about ten seconds and retry.")
}
