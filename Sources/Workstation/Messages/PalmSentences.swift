import AuthAPI

extension AgentFault {
  static func sentence(_ fault: SensorFault) -> Sentence {
    switch fault {
    case .unreadable(let number):
      Sentence(
        ja: "手のひらの画像ファイルを読めませんでした（errno \(number)）。",
        en: "The file with the palm's picture could not be read (errno \(number)).",
        nextStepJa: "--palm のファイルの場所と、読み取りの権限をお確かめください。",
        nextStepEn: "Check where the file of --palm is and whether it may be read.")
    case .empty:
      Sentence(
        ja: "センサーから、手のひらの画像が届きませんでした。",
        en: "The sensor gave no picture of a palm.",
        nextStepJa: "センサーの接続をお確かめのうえ、もう一度お試しください。",
        nextStepEn: "Check how the sensor is connected and retry.")
    case .tooLarge:
      Sentence(
        ja: "手のひらの画像が大きすぎます（1 MiB まで）。",
        en: "The palm's picture is too large (1 MiB at most).",
        nextStepJa: "センサーの解像度の設定を、情報システム担当がお確かめください。",
        nextStepEn: "The IT section should check the sensor's resolution.")
    case .notAPicture:
      Sentence(
        ja: "センサーから届いたものが、PGM または PNG の画像ではありません。",
        en: "What the sensor gave is neither a PGM nor a PNG picture.",
        nextStepJa: "センサーの設定を、情報システム担当がお確かめください。",
        nextStepEn: "The IT section should check the sensor's settings.")
    case .noMorePictures:
      Sentence(
        ja: "渡された手のひらの画像を、すべて使いました。",
        en: "Every picture that was handed over has been shown.",
        nextStepJa: "撮り直した画像を --palm で渡すか、--factors card+password でお試しください。",
        nextStepEn: "Hand over new pictures with --palm, or retry with --factors card+password.")
    case .notStarted(let number):
      Sentence(
        ja: "手のひらセンサーのプログラムを起動できませんでした（errno \(number)）。",
        en: "The palm sensor's program could not be started (errno \(number)).",
        nextStepJa: "--factors card+password でお試しのうえ、この番号を情報システム担当へお知らせください。",
        nextStepEn: "Retry with --factors card+password, and tell the IT section this number.")
    case .deadline:
      Sentence(
        ja: "手のひらセンサーが時間内に応答しませんでした。",
        en: "The palm sensor did not answer in time.",
        nextStepJa: "もう一度お試しください。続くときは --factors card+password を使い、情報システム担当へお知らせください。",
        nextStepEn: "Retry. If it goes on, use --factors card+password and tell the IT section.")
    case .failed:
      Sentence(
        ja: "手のひらセンサーのプログラムが異常終了しました。",
        en: "The palm sensor's program failed.",
        nextStepJa: "センサーの線を差し直して、もう一度お試しください。続くときは、情報システム担当へお知らせください。",
        nextStepEn: "Unplug the sensor, plug it in again and retry. If it goes on, tell the IT section.")
    }
  }

  static let triesUsed = Sentence(
    ja: "手のひらを確認できませんでした。今回かざせる回数を使い切りました。",
    en: "Your palm was not recognised, and no more palms can be shown this time.",
    nextStepJa: "カードとパスワード（--factors card+password）でお試しください。何度も続くときは、窓口で手のひらの登録をやり直してください。",
    nextStepEn:
      "Use card and password (--factors card+password). If this happens again and again, have your palm enrolled anew.")

  static let unavailable = Sentence(
    ja: "いまは手のひらでの確認ができません。",
    en: "Palms cannot be looked at just now.",
    nextStepJa: "カードとパスワード（--factors card+password）でお試しください。",
    nextStepEn: "Use card and password (--factors card+password).")
}
