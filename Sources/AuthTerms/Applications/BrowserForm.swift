/// The one form on the one page into which a browser's agent puts a credential.
public struct BrowserForm: Sendable, Equatable {
  /// Scheme, host and port exactly as a page says its own (`location.origin`).
  public let origin: String
  /// The path of the page with the form, exactly; a query behind it is not looked at.
  public let loginPath: String
  public let form: Selector
  /// Inside the form, as the next two.
  public let user: Selector
  public let password: Selector
  public let submit: Selector
  public let success: Sign
  public let failure: Sign
  /// The password was right and has to be changed before anything else.
  public let mustChange: Sign?
  public let change: ChangeForm?
  /// Opened when the session ends.
  public let logoffPath: String?

  /// - Throws: `MalformedInput` if the origin or a path is none, two fields are the same one, or the signs cannot be told apart.
  public init(
    origin: String, loginPath: String, form: Selector, user: Selector, password: Selector, submit: Selector, success: Sign,
    failure: Sign, mustChange: Sign? = nil, change: ChangeForm? = nil, logoffPath: String? = nil
  ) throws(MalformedInput) {
    try WebPlace.checkOrigin(origin)
    for path in [loginPath, logoffPath].compactMap(\.self) { try WebPlace.checkPath(path) }
    guard Set([form, user, password, submit]).count == 4 else {
      throw MalformedInput("fields of a form", expected: "a selector of its own for each")
    }
    let signs = [success, failure, mustChange].compactMap(\.self)
    for sign in signs { try sign.check() }
    guard Set(signs).count == signs.count else { throw MalformedInput("signs of a form", expected: "different ones") }
    // Before anything was sent the page is the login page already: that it is there says nothing.
    guard !signs.contains(.path(loginPath)) else {
      throw MalformedInput("signs of a form", expected: "a page other than the login page")
    }
    (self.origin, self.loginPath, self.form, self.user) = (origin, loginPath, form, user)
    (self.password, self.submit, self.success, self.failure) = (password, submit, success, failure)
    (self.mustChange, self.change, self.logoffPath) = (mustChange, change, logoffPath)
  }
}
