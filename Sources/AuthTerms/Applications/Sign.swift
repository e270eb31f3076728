/// How a page tells what became of a form.
public enum Sign: Sendable, Hashable {
  /// Exactly this path was reached, on the form's origin.
  case path(String)
  /// There is such an element.
  case selector(Selector)

  package func check() throws(MalformedInput) {
    if case .path(let path) = self { try WebPlace.checkPath(path) }
  }
}
