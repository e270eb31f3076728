/// The form of an application, on the origin of its login form, with which a password is changed.
public struct ChangeForm: Sendable, Equatable {
  public let path: String
  public let form: Selector
  /// Inside the form, as the next three.
  public let current: Selector
  public let new: Selector
  /// The new password a second time, where it is asked for.
  public let again: Selector?
  public let submit: Selector
  public let success: Sign
  public let failure: Sign

  /// - Throws: `MalformedInput` if the path is none, two fields are the same one, or the signs cannot be told apart.
  public init(
    path: String, form: Selector, current: Selector, new: Selector, again: Selector? = nil, submit: Selector, success: Sign,
    failure: Sign
  ) throws(MalformedInput) {
    try WebPlace.checkPath(path)
    let fields = [form, current, new, submit] + [again].compactMap(\.self)
    guard Set(fields).count == fields.count else {
      throw MalformedInput("fields of a form", expected: "a selector of its own for each")
    }
    try success.check()
    try failure.check()
    guard success != failure else { throw MalformedInput("signs of a form", expected: "different ones") }
    guard ![success, failure].contains(.path(path)) else {
      throw MalformedInput("signs of a form", expected: "a page other than the form's")
    }
    (self.path, self.form, self.current, self.new) = (path, form, current, new)
    (self.again, self.submit, self.success, self.failure) = (again, submit, success, failure)
  }
}
