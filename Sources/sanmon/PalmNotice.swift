/// What a person is told before a palm is registered: use, retention, removal, alternatives. The one place of these words; the
/// documents for clerks quote them, and a test compares.
enum PalmNotice {
  /// - Parameters:
  ///   - city: stands in the heading.
  ///   - contact: who is asked; without it the IT section.
  static func japanese(city: String?, contact: String?) -> String {
    """
    手のひら静脈の取扱いについて\(city.map { "（\($0)）" } ?? "")

    手のひらを登録する方に、登録の前にお渡しするものです。

    1 利用目的
      端末へのログオンと、ロックの解除のときに、ご本人であることを確かめるため
      だけに使います。ほかの目的には使わず、ほかの機関や会社にも渡しません。

    2 保存するもの
      手のひらの画像は保存しません。静脈の線の向きを数値にし、鍵で並べ替え、暗号
      をかけたもの（登録データ）だけを、片手ごとに保存します。ほかに、同じ画像の
      使い回しを見つけるため、画像から計算した値（ハッシュ値。画像には戻せません）
      を 90 日間保存します。一致の度合いの、日ごとの合計も 90 日間保存し、センサー
      の汚れや登録し直しの時期を知るために使います。いつ、どの端末で使ったかの記録
      も残りますが、登録データは含みません。

    3 保存期間
      登録データは、削除のお申出があるまで、または離職後に登録が消去されるまで
      保存します。

    4 削除
      いつでも、理由を問わず削除できます。下の問い合わせ先へお申し出ください。
      装置からは直ちに、控え（バックアップ）からは、控えの保存期間が過ぎると
      消えます。

    5 代わりの方法
      登録は任意です。登録しない方や、手のひらを使えない方は、カードとパスワードで
      同じ強さの本人確認ができます。使える端末や業務に違いはありません。

    6 個人情報としての扱い
      登録データは、個人情報保護法にいう「個人識別符号」で、お名前がなくても
      個人情報です。開示、訂正、利用停止を請求できます。

    お問い合わせ  \(contact ?? "情報システム担当")
    """
  }

  static func english(city: String?, contact: String?) -> String {
    """
    How palm vein data is handled\(city.map { " (\($0))" } ?? "")

    For everybody whose palm is registered, before it is.

    1 What it is used for
      Only to make sure that it is you who logs on at a workstation or unlocks it.
      It is used for nothing else and given to no other office or company.

    2 What is kept
      No picture of your palm. The directions of the vein lines become numbers,
      which are rearranged under a key and encrypted (the template): one set a hand.
      So that the same picture cannot be used twice, a value computed from each
      picture (a hash, from which no picture can be made) is kept for 90 days. Daily
      sums of how closely your palm matched are kept as long, to see when a sensor
      wants cleaning or a palm enrolling anew. The log says when and at which
      workstation a palm was used, and holds no template.

    3 How long
      Templates are kept until you ask for their removal, or until your registration
      is erased after you have left.

    4 Removal
      At any time, without giving a reason: ask the office below. Templates leave
      the instance at once, and backups when the backups' own time is over.

    5 What you can use instead
      Registering is voluntary. With card and password you prove who you are just as
      strongly, at the same workstations and for the same work.

    6 Personal information
      A template is an individual identification code under Japan's Act on the
      Protection of Personal Information: personal information even without your
      name. You may ask to see it, to have it corrected or its use stopped.

    Questions  \(contact ?? "the IT section")
    """
  }
}
