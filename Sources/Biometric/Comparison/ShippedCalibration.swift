extension Calibration {
  /// For the standard window, the current filters and three templates a palm: what strangers came to on 2,450 synthetic tuning
  /// palms, guided and hard each by itself (docs/vein-accuracy.md). Every threshold that ships is one of these points.
  ///
  /// A point is the largest distance up to which the upper Clopper–Pearson bound of the observed false match rate is at most the
  /// point's, in both sets; at least three false matches were seen below each. The last one is 1e-6: nothing is extrapolated.
  /// Synthetic figures are no claim about people.
  public static let standard = Calibration(
    known: ComparisonConditions(known: 64, 1, 1, 9, 3), Normalisation(known: 4_084, 2_172),
    [
      (317_340, 600), (317_383, 590), (317_651, 580), (318_059, 570), (318_672, 560), (319_775, 550), (321_102, 540),
      (322_071, 530), (322_682, 520), (323_772, 510), (324_805, 500), (326_681, 490), (328_318, 480), (329_446, 470),
      (330_740, 460), (331_648, 450), (332_743, 440), (333_970, 430), (335_137, 420), (336_464, 410), (337_594, 400),
      (338_685, 390), (339_876, 380), (341_007, 370), (342_287, 360), (343_486, 350), (344_618, 340), (345_875, 330),
      (347_065, 320), (348_306, 310), (349_580, 300), (350_831, 290), (352_138, 280), (353_475, 270), (354_795, 260),
      (356_141, 250), (357_555, 240), (358_938, 230), (360_365, 220), (361_815, 210), (363_292, 200), (364_802, 190),
      (366_338, 180), (367_927, 170), (369_561, 160), (371_250, 150), (372_984, 140), (374_783, 130), (376_640, 120),
      (378_564, 110), (380_583, 100),
    ])

  /// A normalised distance in millionths: nearer than this, two samples are one and the same, played back, for no hand lies twice
  /// alike. Less than half of what two captures of one synthetic tuning palm came to at the least.
  public static let implausible = 60_000
}
