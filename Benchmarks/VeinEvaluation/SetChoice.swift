public import Foundation

/// `NAME=FOLDER[@RESOLUTION]`, as a public set is named on a command line.
public struct SetChoice: Sendable, Equatable {
  public let layout: PublicLayout
  public let folder: URL
  /// Pixels per centimetre.
  public let resolution: Int

  /// Accepts a layout's name, a folder that need not exist, and 12 to 80 pixels per centimetre; without them what is estimated.
  public init?(_ text: String) {
    guard let equals = text.firstIndex(of: "="), let layout = PublicLayout(rawValue: String(text[..<equals])) else {
      return nil
    }
    var path = text[text.index(after: equals)...]
    if let at = path.lastIndex(of: "@"), !path[at...].contains("/") {
      guard let said = Int(path[path.index(after: at)...]), (12...80).contains(said) else { return nil }
      resolution = said
      path = path[..<at]
    } else {
      resolution = layout.estimatedResolution
    }
    guard !path.isEmpty else { return nil }
    self.layout = layout
    folder = URL(fileURLWithPath: String(path))
  }
}
