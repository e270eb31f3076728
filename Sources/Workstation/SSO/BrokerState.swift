/// What the browser's extension may know: whether a session is open, and the forms that it may fill. No user name, no password.
package struct BrokerState: Encodable, Sendable, Equatable {
  package enum Session: String, Encodable, Sendable { case open, locked, none }

  /// Owners that are offered for one application.
  package static let mostOwners = 32

  package var session: Session
  /// At most 64; the extension takes none of a longer list.
  package var applications: [Application]

  package init(session: Session, applications: [Application]) { (self.session, self.applications) = (session, applications) }

  /// How a page tells what became of a form: `{"path": "/"}` or `{"selector": "#login-failed"}`.
  package enum Sign: Encodable, Sendable, Equatable {
    /// Exactly this path was reached, on the form's origin.
    case path(String)
    /// There is such an element.
    case selector(String)

    private enum Key: CodingKey { case path, selector }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      switch self {
      case .path(let path): try container.encode(path, forKey: .path)
      case .selector(let selector): try container.encode(selector, forKey: .selector)
      }
    }
  }

  /// The form with which the application lets a password be changed.
  package struct Change: Encodable, Sendable, Equatable {
    package var path: String
    package var form: String
    package var current: String
    package var new: String
    package var again: String?
    package var submit: String
    package var success: Sign
    package var failure: Sign

    package init(
      path: String, form: String, current: String, new: String, again: String?, submit: String, success: Sign, failure: Sign
    ) {
      (self.path, self.form, self.current, self.new, self.again) = (path, form, current, new, again)
      (self.submit, self.success, self.failure) = (submit, success, failure)
    }

    private enum Key: CodingKey { case path, form, current, new, again, submit, success, failure }

    /// Every key is written: the other side takes the exact shape only, and `null` is a value of it.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(path, forKey: .path)
      try container.encode(form, forKey: .form)
      try container.encode(current, forKey: .current)
      try container.encode(new, forKey: .new)
      try container.encode(again, forKey: .again)
      try container.encode(submit, forKey: .submit)
      try container.encode(success, forKey: .success)
      try container.encode(failure, forKey: .failure)
    }
  }

  /// Somebody else's account, or one that several share, which the session's person may use today.
  package struct Owner: Encodable, Sendable, Equatable {
    package var owner: String
    /// Of the person, at most 64 letters; empty for a shared account.
    package var name: String
    package var account: String
    /// Milliseconds since 1970-01-01 UTC; the first at which it does not hold any more.
    package var until: Int64

    package init(owner: String, name: String, account: String, until: Int64) {
      (self.owner, self.name, self.account, self.until) = (owner, name, account, until)
    }
  }

  /// One application with a form, and the accounts at it for which there is a credential.
  package struct Application: Encodable, Sendable, Equatable {
    package var id: String
    package var nameJa: String
    package var nameEn: String
    /// As a page says its own: `https://ledger.city.example`.
    package var origin: String
    package var loginPath: String
    package var form: String
    package var user: String
    package var password: String
    package var submit: String
    package var success: Sign
    package var failure: Sign
    package var mustChange: Sign?
    package var change: Change?
    /// `""` is the main one; at most 9. One that must not be tried (refused, not registered) is left out.
    package var accounts: [String]
    /// At most 32. For the person to choose from; the vault decides whether anything is released.
    package var owners: [Owner]
    /// Whether administrators published it as it stands here; if not, nothing is released for it.
    package var isPublished: Bool

    package init(
      id: String, nameJa: String, nameEn: String, origin: String, loginPath: String, form: String, user: String,
      password: String, submit: String, success: Sign, failure: Sign, mustChange: Sign?, change: Change?, accounts: [String],
      owners: [Owner] = [], isPublished: Bool = true
    ) {
      (self.id, self.nameJa, self.nameEn, self.origin, self.loginPath) = (id, nameJa, nameEn, origin, loginPath)
      (self.form, self.user, self.password, self.submit) = (form, user, password, submit)
      (self.success, self.failure, self.mustChange, self.change) = (success, failure, mustChange, change)
      (self.accounts, self.owners, self.isPublished) = (accounts, owners, isPublished)
    }

    private enum Key: CodingKey {
      case id, nameJa, nameEn, origin, loginPath, form, user, password, submit, success, failure, mustChange, change, accounts
      case owners, isPublished
    }

    /// Every key is written, as in `Change`.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(id, forKey: .id)
      try container.encode(nameJa, forKey: .nameJa)
      try container.encode(nameEn, forKey: .nameEn)
      try container.encode(origin, forKey: .origin)
      try container.encode(loginPath, forKey: .loginPath)
      try container.encode(form, forKey: .form)
      try container.encode(user, forKey: .user)
      try container.encode(password, forKey: .password)
      try container.encode(submit, forKey: .submit)
      try container.encode(success, forKey: .success)
      try container.encode(failure, forKey: .failure)
      try container.encode(mustChange, forKey: .mustChange)
      try container.encode(change, forKey: .change)
      try container.encode(accounts, forKey: .accounts)
      try container.encode(owners, forKey: .owners)
      try container.encode(isPublished, forKey: .isPublished)
    }
  }
}
