import AuthAPI

extension AgentFault {
  static func sentence(_ fault: SensorFault) -> Sentence {
    switch fault {
    case .unreadable(let number):
      Sentence(
        ja: "手のひらのファイルを読めませんでした（errno \(number)）。",
        en: "The file of the palm could not be read (errno \(number)).",
        nextStepJa: "--palm か --palm-blob のファイルの場所と、読み取りの権限をお確かめください。",
        nextStepEn: "Check where the file of --palm or --palm-blob is and whether it may be read.")
    case .empty:
      Sentence(
        ja: "センサーから、手のひらのデータが届きませんでした。",
        en: "The sensor gave nothing.",
        nextStepJa: "センサーの接続をお確かめのうえ、もう一度お試しください。",
        nextStepEn: "Check how the sensor is connected and retry.")
    case .tooLarge(let most):
      Sentence(
        ja: "手のひらのデータが大きすぎます（\(most / 1024) KiB まで）。",
        en: "What the sensor gave is too large (\(most / 1024) KiB at most).",
        nextStepJa: "センサーの設定（解像度、データの形式）を、情報システム担当がお確かめください。",
        nextStepEn: "The IT section should check the sensor's settings: its resolution, the format of its data.")
    case .notAPicture:
      Sentence(
        ja: "センサーから届いたものが、PGM または PNG の画像ではありません。",
        en: "What the sensor gave is neither a PGM nor a PNG picture.",
        nextStepJa: "センサーの設定を、情報システム担当がお確かめください。画像以外を出すセンサーなら --palm-format が要ります。",
        nextStepEn: "The IT section should check the sensor's settings; a sensor that gives no pictures needs --palm-format.")
    case .noMorePictures:
      Sentence(
        ja: "渡された手のひらのファイルを、すべて使いました。",
        en: "Every file that was handed over has been shown.",
        nextStepJa: "撮り直したファイルを渡すか、--factors card+password でお試しください。",
        nextStepEn: "Hand over new files, or retry with --factors card+password.")
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
