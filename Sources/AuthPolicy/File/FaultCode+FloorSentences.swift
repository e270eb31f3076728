extension FaultCode {
  func floorSentence(_ detail: FaultDetail) -> FaultSentence {
    let namedJa = detail.expected?.ja ?? ""
    let namedEn = detail.expected?.en ?? ""
    switch self {
    case .oneKind:
      return FaultSentence(
        "最低基準を下回ります:「\(namedJa)」だけで入れてしまいます。ログオンとリモートには、知識・所持・生体のうち 2 種類が必要です。",
        "Below the floor: '\(namedEn)' alone would let a person in. Logon and remote need two kinds of factor (know, have, are).",
        hint: "別の種類の要素を + で足してください。", "Add a factor of another kind with +.")
    case .noPossession:
      return FaultSentence(
        "最低基準を下回ります:「\(namedJa)」には持ち物がありません。カード(または代替コード)が確かめられるまで、パスワードも手のひらも照合しません。",
        "Below the floor: '\(namedEn)' has no possession. No password or palm is checked before a card (or code) is proven.",
        hint: "card か code を + で足してください。", "Add card or code with +.")
    case .pinWithoutCard:
      return FaultSentence(
        "暗証番号(PIN)はカードが確かめるものです。カードなしでは使えません。", "The PIN is checked by the card; without a card there is none.",
        hint: "card + pin と書くか、パスワードなら password と書いてください。", "Write card + pin, or password if a password is meant.")
    case .palmWithoutAlternative:
      return FaultSentence(
        "手のひらを使う「\(namedJa)」と同じ種類数の、生体を使わない方法がありません。",
        "'\(namedEn)' uses the palm, and there is no non-biometric way with as many kinds of factor.",
        hint: "手のひらを登録できない職員のために、たとえば card + password を加えてください。",
        "Add for example card + password for people who cannot enrol a palm.")
    case .proofBelowFloor:
      return FaultSentence(
        "カードの証明の強さが、この系統の最低基準を下回ります。最低: \(namedJa)",
        "The proof class of the card is below the floor of this segment: at least \(namedEn).",
        hint: "identifier は利用者名と同じで要素になりません。期限付き特例 identifier-as-possession を承認者とともに書けば使えます（マイナンバー利用事務系では使えません）。",
        "identifier is a user name, not a factor; it needs the dated waiver identifier-as-possession with its approvers, and is never enough in My Number."
      )
    case .unlockByPossession:
      return FaultSentence(
        "最低基準を下回ります:「\(namedJa)」では、置き忘れたカードだけでロックが解けてしまいます。",
        "Below the floor: with '\(namedEn)' a card left in the reader would unlock the screen.",
        hint: "password、pin、palm のどれかを加えてください。", "Add password, pin or palm.")
    case .twoApprovers:
      return FaultSentence(
        "マイナンバー利用事務系の期限付き特例には、2 人の異なる承認者が必要です。",
        "In the My Number segment a waiver needs two different approvers.", hint: "approvers に 2 人を書いてください(二人承認)。",
        "Name two people under approvers.")
    case .waiverTooLong:
      return FaultSentence(
        "期限付き特例が長すぎます。上限: \(namedJa)", "The waiver is too long; at most \(namedEn).", hint: "until を早めてください。",
        "Choose an earlier until.")
    case .waiverReversed:
      return FaultSentence(
        "特例の終わりが始まりより前です。", "The waiver ends before it begins.", hint: "from と until を確かめてください。", "Check from and until.")
    case .waiverExpired:
      return FaultSentence(
        "期限付き特例の期限が過ぎています。もう効いていません。", "The waiver has ended and is no longer in force.",
        hint: "行を消し、特例に頼っていた規則を直してください。", "Delete it, and change the rules that relied on it.")
    case .waiverInForce:
      return FaultSentence(
        "期限付き特例「\(namedJa)」が署名され、書かれた期間に効きます。", "The waiver '\(namedEn)' is signed and holds on its days.",
        hint: "期限までに不要になるよう準備してください。",
        "Prepare to be without it before it ends.")
    case .waiverUnused:
      return FaultSentence(
        "この特例を必要とする規則がありません。", "No rule needs this waiver.", hint: "行を消してください。", "Delete it.")
    case .floorNotProven:
      return FaultSentence(
        "最低基準を証明できません。この規則では次の状態で入れてしまいます: \(namedJa)",
        "The floor is not proven: with this rule a person would get in like this: \(namedEn).",
        hint: "規則を直してください。直しても出るなら製品の不具合です。この番号を添えてご連絡ください。",
        "Change the rule; if the fault stays, it is one of the product: report this code.")
    case .waiverUnsigned:
      return FaultSentence(
        "期限付き特例\(namedJa)は、承認者の署名がまだないため効きません。ハッシュ値: \(detail.suggestion ?? "")",
        "The waiver \(namedEn) is not signed by its approvers yet and does not count; hash \(detail.suggestion ?? "").",
        hint: "承認者が sanmon policy waiver approve で署名します(二人以上なら propose と sign も)。確かめるには sanmon policy waiver list。",
        "Its approvers sign it with: sanmon policy waiver approve (several people: also propose and sign); see sanmon policy waiver list."
      )
    case .palmTooWeak:
      return FaultSentence(
        "最低基準を下回ります: 手のひらの他人受入率が緩すぎます。ここで許される最も緩い値: \(namedJa)",
        "Below the floor: the palm's false match rate is too weak; at the most \(namedEn) is allowed here.",
        hint: "beside-card は 1e-5 以下、alone は 1e-6 以下で、beside-card より緩くできません。",
        "beside-card may be 1e-5 at the most, alone 1e-6 and no weaker than beside-card.")
    case .rateBeyondOurs:
      return FaultSentence(
        "内蔵の照合では確かめられない率です（確かめられるのは \(namedJa) まで）。内蔵の照合だけのサーバーでは、どの手のひらも一致しません。",
        "Our own comparator tells rates down to \(namedEn) only; where no vendor's library compares, no palm will match.",
        hint: "1e-6 にするか、この率まで測ってあるセンサーの照合ライブラリをつないでください。",
        "Write 1e-6, or attach a sensor's library that was measured down to this rate.")
    case .codeAlone:
      return FaultSentence(
        "最低基準を下回ります:「\(namedJa)」では、代替コードを拾った人や写した人が入れてしまいます。",
        "Below the floor: with '\(namedEn)' whoever found or copied the printed code would get in.",
        hint: "code には、password か palm を + で足してください。", "Add password or palm to code with +.")
    case .firstTapInMyNumber:
      return FaultSentence(
        "マイナンバー利用事務系のカードは、窓口だけで登録します。", "Cards of the My Number segment are registered at the desk alone.",
        hint: "first-tap の行を消すか、desk-only と書いてください。", "Delete the line first-tap, or write desk-only.")
    case .myNumberCardsTaken:
      return FaultSentence(
        "この系統は、職員個人のマイナンバーカード（利用者証明）をカードとして受け付けます。失効情報がなければ、失効したかは分かりません。",
        "This segment takes people's own My Number Cards; without a revocation feed nobody knows whether one was revoked.",
        hint: "使ってよいかは市の法務が決めることです。docs/cards.md を読み、要らなければ jpki の行を消してください。",
        "Whether the city may is for its lawyers: read docs/cards.md, and delete jpki if it is not wanted.")
    case .myNumberListsWithoutRoots:
      return FaultSentence(
        "jpki-roots のない系統に、jpki-crls があります。", "jpki-crls stands for a segment that has no jpki-roots.",
        hint: "失効リストは、認証局の証明書と合わせて初めて確かめられます。jpki-roots を書くか、jpki-crls を消してください。",
        "Lists are judged by the authority that signed them: write jpki-roots, or delete jpki-crls.")
    case .lineUnreachable:
      return FaultSentence(
        "この行で入れる人が一人もいません。", "Nobody can get in by this line.",
        hint: "groups と拒否の規則、people のグループ、名簿を見比べてください。不要なら行を消してください。",
        "Compare its groups with the deny rules, the groups under people and the directory; delete the line if it is not needed."
      )
    case .groupUnknown:
      return FaultSentence(
        "この行に、名簿のだれも入っていないグループがあります。", "This line names a group that nobody in the directory is in.",
        hint: "グループ名の綴りを確かめ、名簿の取り込みが済んでいるか確かめてください。",
        "Check the spelling of the group, and whether the directory has been imported.")
    default:
      return FaultSentence(
        "拒否の規則に条件がありません。すべての人を拒否してしまいます。", "The deny rule has no condition: it would refuse everybody.",
        hint: "groups、workstations、hours のどれかを書いてください。", "Write groups, workstations or hours.")
    }
  }

  func setSentence(_ detail: FaultDetail) -> FaultSentence {
    switch self {
    case .organisationMissing:
      FaultSentence(
        "organisation.yaml がありません。", "organisation.yaml is missing.", hint: "市の名前、拠点、各系統のモデルを書いたファイルが必要です。",
        "The file with the city's name, sites and segment models is needed.")
    case .unknownFile:
      FaultSentence(
        "このファイル名は規則の組に含められません。", "A file of this name cannot be part of a policy set.",
        hint: "置けるのは organisation.yaml と、系統名.yaml(例: lgwan.yaml)だけです。",
        "Only organisation.yaml and one file per segment (for example lgwan.yaml) belong here.")
    case .nameMismatch:
      FaultSentence(
        "segment の値とファイル名が違います。", "The value of segment and the name of the file differ.",
        hint: "lgwan.yaml なら segment: lgwan と書きます。",
        "lgwan.yaml says segment: lgwan.")
    case .segmentUndeclared:
      FaultSentence(
        "この系統は organisation.yaml の segments にありません。", "This segment is not listed under segments in organisation.yaml.",
        hint: "organisation.yaml にモデルとともに書き足してください。", "Add it there with its model.")
    case .segmentFileMissing:
      FaultSentence(
        "この系統の規則ファイルがありません。", "There is no policy file for this segment.", hint: "「系統名.yaml」を置くか、この行を消してください。",
        "Add the file named after the segment, or delete this line.")
    case .fileTwice:
      FaultSentence("同じ名前のファイルが二つあります。", "Two files have the same name.", hint: "一方を消してください。", "Delete one of the two.")
    case .tooManyFiles:
      FaultSentence(
        "ファイルが多すぎます(上限 32)。", "There are too many files (at most 32).", hint: "規則のフォルダーを間違えていないか確かめてください。",
        "Check that this is the policy folder.")
    default:
      FaultSentence(
        "規則の組のハッシュ値を計算できません。", "The hash of the policy set could not be computed.", hint: "製品の不具合です。この番号を添えてご連絡ください。",
        "This is a fault of the product; report this code.")
    }
  }

  func instanceSentence(_ detail: FaultDetail) -> FaultSentence {
    switch self {
    case .mynumberWithInternet:
      FaultSentence(
        "マイナンバー利用事務系とインターネット接続系を一つのサーバーで扱うことはできません。",
        "One instance never serves the My Number segment and the internet segment together.", hint: "サーバーを分けてください。",
        "Use two instances.")
    case .combinationUnsaid:
      FaultSentence(
        "複数の系統を一つのサーバーで扱うには、そのことを明示する必要があります。", "Serving several segments in one instance must be said explicitly.",
        hint: "マイナンバー利用事務系と LGWAN 接続系に限り、combined-segments: lgwan+mynumber と書けば可能です。それ以外は分けてください。",
        "Only for lgwan and mynumber, with combined-segments: lgwan+mynumber; use one instance per segment otherwise.")
    case .rootsMissing:
      FaultSentence(
        "この系統のカード認証局がありません。", "This segment has no card roots.", hint: "card-roots に系統名と PEM ファイルを書いてください。",
        "Add the segment with its PEM files under card-roots.")
    case .segmentNotServed:
      FaultSentence(
        "このサーバーが扱わない系統です。", "This instance does not serve that segment.", hint: "segments に加えるか、この行を消してください。",
        "Add it to segments or delete this line.")
    case .badPath:
      FaultSentence(
        "絶対パスではありません。", "This is not an absolute path.", hint: "/ で始まり、.. や // や制御文字を含まないパスを書いてください。",
        "Write a path that begins with / and has no .., // or control characters.")
    case .badAddress:
      FaultSentence(
        "アドレスの形が違います。", "The address has the wrong form.", hint: "\"192.0.2.10\" や \"::1\" のように書いてください(hosts にはホスト名も可)。",
        "Write for example \"192.0.2.10\" or \"::1\" (under hosts also a host name).")
    case .operatorRootsMissing:
      FaultSentence(
        "操作者の待ち受けに、操作者カードの認証局がありません。", "The operators' listener has no roots for the operators' cards.",
        hint: "operator-roots に、操作者カードの認証局の PEM ファイルを書いてください。",
        "Add operator-roots with the PEM files of the authority of the operators' cards.")
    case .operatorListenMissing:
      FaultSentence(
        "操作者カードの認証局だけがあり、操作者の待ち受けがありません。", "There are roots or lists for operators' cards, but no listener for them.",
        hint: "operator-listen にアドレスとポートを書くか、operator-roots と operator-crls を消してください。",
        "Add operator-listen with address and port, or delete operator-roots and operator-crls.")
    case .directoryTwice:
      FaultSentence(
        "写し(snapshot)を読む装置は、ドメインコントローラーには接続しません。",
        "An instance that reads snapshots connects to no domain controller.",
        hint: "servers、authorities、account、password-file、passwords を消すか、snapshot と snapshot-key を消してください。",
        "Delete servers, authorities, account, password-file and passwords, or delete snapshot and snapshot-key.")
    default:
      FaultSentence(
        "二つの待ち受けが同じアドレスとポートです。", "Two listeners have the same address and port.", hint: "ポートを変えてください。",
        "Choose another port.")
    }
  }
}
