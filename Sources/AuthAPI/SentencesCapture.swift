public import AuthTerms

extension CaptureAdvice {
  /// For the clerk's screen.
  public var ja: String {
    switch self {
    case .again: "もう一度、手のひらをかざしてください"
    case .noHand: "手のひらをセンサーの上にかざしてください"
    case .tooDark: "暗くて読み取れません。手のひらをセンサーの正面にかざしてください"
    case .tooBright: "明るすぎます。直射日光や照明を避けてください"
    case .tooNear: "手をセンサーから少し遠ざけてください"
    case .tooFar: "手をセンサーに少し近づけてください"
    case .notWhole: "手のひら全体が入るように、手を中央に置いてください"
    case .fingersTogether: "指を軽く開いてください"
    case .otherHand: "反対の手です。登録した手をかざしてください"
    case .wet: "手のひらの水分をふき取ってください"
    case .blurred: "手を動かさずに、少しお待ちください"
    case .weakVeins: "手が冷えているようです。手を温めてからもう一度かざしてください"
    case .covered: "手のひらに付いているものを外してください"
    }
  }

  public var en: String {
    switch self {
    case .again: "Hold your palm over the sensor once more."
    case .noHand: "Hold your palm over the sensor."
    case .tooDark: "Too dark to read. Hold your palm straight over the sensor."
    case .tooBright: "Too bright. Keep direct sunlight and lamps away from the sensor."
    case .tooNear: "Move your hand a little away from the sensor."
    case .tooFar: "Move your hand a little nearer to the sensor."
    case .notWhole: "Move your hand to the middle, so that the whole palm is seen."
    case .fingersTogether: "Spread your fingers a little."
    case .otherHand: "This is the other hand. Hold the enrolled hand over the sensor."
    case .wet: "Wipe the moisture off your palm."
    case .blurred: "Hold your hand still for a moment."
    case .weakVeins: "Your hand seems to be cold. Warm it and try again."
    case .covered: "Take off what covers your palm."
    }
  }
}
