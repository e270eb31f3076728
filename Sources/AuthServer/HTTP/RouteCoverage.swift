package import AuthAPI
package import Hummingbird

/// Compares what a router serves with what is documented for its door, so that neither can grow alone.
package struct RouteCoverage: Equatable, Sendable {
  /// Served, and not in the document.
  package let undocumented: [String]
  /// In the document, and not served.
  package let unserved: [String]

  package init(_ router: Router<SanmonRequestContext>, door: APIRoute.Door) {
    let served = Set(router.routes.map { route in "\(route.method.rawValue) /\(Self.trimmed(route.path.description))" })
    let documented = Set(APIRoutes.behind(door).map { "\($0.method.rawValue) \($0.path)" })
    undocumented = served.subtracting(documented).sorted()
    unserved = documented.subtracting(served).sorted()
  }

  package var isComplete: Bool { undocumented.isEmpty && unserved.isEmpty }

  private static func trimmed(_ path: String) -> String {
    path.split(separator: "/").map { part in part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part) }.joined(
      separator: "/")
  }
}
