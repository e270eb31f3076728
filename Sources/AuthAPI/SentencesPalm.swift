/// Palms: what a clerk and a desk read.
extension Sentence {
  static let palmNotMatched = Sentence(
    ja: "手のひらを確認できませんでした。",
    en: "The palm was not recognised.",
    nextStepJa: "カードとパスワードでお試しください。手が冷えているときや濡れているときは、温め、ふいてからかざしてください。何度も続くときは、登録し直してください。",
    nextStepEn:
      "Use the card and the password. Warm and dry hands are read best; if it keeps failing, have the palm registered again.")

  static let palmUnavailable = Sentence(
    ja: "手のひらの照合ができません。",
    en: "Palms cannot be compared now.",
    nextStepJa: "カードとパスワードをお使いください。続くときは、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Use the card and the password. If it goes on, tell the IT section the reference number.")

  // For the desk, while a palm is registered.
  static let palmsDisagree = Sentence(
    ja: "撮影した手のひらどうしが一致しません。",
    en: "The captures of this palm do not agree with each other.",
    nextStepJa: "同じ手を、向きと高さを変えずに、もう一度 3 回かざしてもらってください。",
    nextStepEn: "Take three captures again, of the same hand, held the same way.")

  static let palmOfOtherPerson = Sentence(
    ja: "この手のひらは、ほかの職員に登録されています。",
    en: "This palm is registered for another person.",
    nextStepJa: "本人かどうかを確かめてください。取り違えのときは、監査記録で相手を確かめ、誤った登録を削除してから登録してください。",
    nextStepEn: "Check who this is. If palms were mixed up, the audit row names the other person: remove the wrong one first.")

  static let palmNoticeMissing = Sentence(
    ja: "静脈情報の取扱いの説明書が渡されていません。",
    en: "The notice on the use of palm data was not handed over.",
    nextStepJa: "sanmon palm notice で説明書を印刷して渡し、--notice-given を付けて登録してください。",
    nextStepEn: "Print it with 'sanmon palm notice', hand it over, and register with --notice-given.")

  static let palmSampleRepeated = Sentence(
    ja: "同じ撮影データが二度送られました。",
    en: "The same capture was sent twice.",
    nextStepJa: "手のひらを毎回かざし直し、新しく撮影したデータで登録してください。",
    nextStepEn: "Hold the palm over the sensor anew for each capture.")

  static let palmsUnderFormerKey = Sentence(
    ja: "前の鍵に残っている手のひらがあるため、新しい鍵は始められません。",
    en: "Palms are left under a former key; a new one cannot begin yet.",
    nextStepJa: "sanmon palm rekey --continue で残りを移してから、もう一度行ってください。",
    nextStepEn: "Move the rest with 'sanmon palm rekey --continue', then begin again.")
}
