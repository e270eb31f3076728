/// People, passwords and rules.
extension Sentence {
  static let factorMissing = Sentence(
    ja: "認証に必要なものが、まだそろっていません。",
    en: "Something that is needed to authenticate you is still missing.",
    nextStepJa: "画面に示された組み合わせ（カードと暗証番号（PIN）、カードとパスワードなど）でやり直してください。",
    nextStepEn: "Start again with one of the combinations shown, for example card and PIN, or card and password.")

  static let accountDisabled = Sentence(
    ja: "あなたの利用者登録は停止されています。",
    en: "Your account is disabled.",
    nextStepJa: "所属の庶務担当を通じて、情報システム担当へ利用の再開をご依頼ください。",
    nextStepEn: "Ask the IT section, through your section's administration, to enable it again.")

  static let accountOutsideDates = Sentence(
    ja: "今日は、あなたの利用できる期間の外です。",
    en: "Today is outside the dates on which you may use the system.",
    nextStepJa: "任用期間をお確かめのうえ、変更があれば所属の庶務担当から人事担当へ届け出てください。",
    nextStepEn: "Check the dates of your appointment; if they changed, have your section report it to personnel.")

  static let accountOutsideHours = Sentence(
    ja: "今の時間帯は、あなたのアカウントではログオンできません。",
    en: "Your account may not be used at this hour.",
    nextStepJa: "決められた時間にお試しください。変更が必要なときは、所属長を通じて情報システム担当へ申請してください。",
    nextStepEn: "Come back within your hours. If they should change, apply to the IT section through your section head.")

  static let accountNotHere = Sentence(
    ja: "あなたのアカウントでは、この端末を使えません。",
    en: "Your account may not be used at this workstation.",
    nextStepJa: "決められた端末をお使いください。変更が必要なときは、所属長を通じて情報システム担当へ申請してください。",
    nextStepEn: "Use one of your workstations. If that should change, apply to the IT section through your section head.")

  static let segmentNotAllowed = Sentence(
    ja: "この端末の系統を利用する権限がありません。",
    en: "You are not allowed to use this workstation's segment.",
    nextStepJa: "ご自分の業務の端末をお使いください。業務に必要なときは、所属長を通じて利用権限を申請してください。",
    nextStepEn: "Use a workstation of your own work. If you need this one, apply for access through your section head.")

  static let scenarioNotAllowed = Sentence(
    ja: "この使い方（テレワークなど）は、あなたに認められていません。",
    en: "This kind of use, for example telework, is not open to you.",
    nextStepJa: "庁舎内の端末をお使いください。テレワークなどが業務に必要なときは、所属長を通じて利用権限を申請してください。",
    nextStepEn: "Use a workstation in the office. If your work needs this, apply for it through your section head.")

  static let passwordWrong = Sentence(
    ja: "パスワードが違います。",
    en: "The password is wrong.",
    nextStepJa: "かな入力や大文字固定（Caps Lock）になっていないかをお確かめのうえ、パスワードを入れ直してください。",
    nextStepEn: "Check the kana mode and Caps Lock, then type the password again.")

  static let passwordNotSet = Sentence(
    ja: "パスワードがまだ設定されていません。",
    en: "No password has been set for you yet.",
    nextStepJa: "カードと暗証番号（PIN）でログオンするか、窓口・支所担当でパスワードを設定してください。",
    nextStepEn: "Log on with card and PIN, or have a password set at the desk of your branch.")

  static let throttled = Sentence(
    ja: "失敗が続いたため、しばらくの間、認証を受け付けません。",
    en: "After several failures, authentication is paused for a while.",
    nextStepJa: "数分待ってから、もう一度お試しください。お急ぎのときは、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Wait a few minutes and retry. If it is urgent, tell the IT section the reference number.")

  static let ruleDenies = Sentence(
    ja: "この利用は、規則により認められていません。",
    en: "A rule does not allow this use.",
    nextStepJa: "業務に必要なときは、照会番号を添えて情報システム担当へご相談ください。",
    nextStepEn: "If your work needs it, ask the IT section and give them the reference number.")

  static let noRule = Sentence(
    ja: "この利用を認める規則がありません。",
    en: "No rule allows this use.",
    nextStepJa: "ご自分の所属と端末が合っているかをお確かめのうえ、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Check that this is a workstation of your section, then tell the IT section the reference number.")

  static let factorUnavailable = Sentence(
    ja: "選ばれた認証の方法は、今この端末では使えません。",
    en: "The way of authenticating that was chosen is not available here now.",
    nextStepJa: "カードとパスワードなど、画面に示されたほかの組み合わせでお試しください。",
    nextStepEn: "Use another of the combinations shown, for example card and password.")

  static let outsideHours = Sentence(
    ja: "今の時間帯は、この端末を利用できません。",
    en: "This workstation may not be used at this hour.",
    nextStepJa: "利用時間内にお試しください。時間外の業務があるときは、所属長から情報システム担当へ申請してください。",
    nextStepEn: "Come back within the hours of use. For work outside them, have your section head apply to the IT section.")
}
