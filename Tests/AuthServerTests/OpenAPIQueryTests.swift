import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// What may stand behind the `?` of a question: the document's limits, asked of a running server.
@Suite("OpenAPI queries")
struct OpenAPIQueryTests {
  private static let asking = APIRoutes.all.filter { !$0.query.isEmpty && $0.doors.contains(.operators) }

  /// A value that the schema allows, and values that it does not.
  private func values(_ schema: APISchema) throws -> (good: [String], bad: [String]) {
    switch schema {
    case .text(let maximum):
      (["", "部", String(repeating: "課", count: maximum)], [String(repeating: "a", count: maximum + 1)])
    case .line(let maximum):
      (["", "部", String(repeating: "課", count: maximum)], [String(repeating: "a", count: maximum + 1), "a\nb", "a\u{202E}b"])
    case .phrase(let maximum):
      (["課", String(repeating: "課", count: maximum)], ["", " ", "　", String(repeating: "a", count: maximum + 1), "a\u{0}b"])
    case .oneOf(let words): (words, ["", "no-such-word", (words.first ?? "") + "x"])
    case .identifier: (["p-000042"], ["", "-a", "a b", "名", String(repeating: "a", count: 65)])
    case .segment: (["lgwan"], ["", "LGWAN", "1", String(repeating: "a", count: 33)])
    case .reference: (["123456"], ["", "12345", "1234567", "12345a"])
    case .integer(let minimum, let maximum):
      (
        [String(minimum), String(maximum)],
        ["", "one", "1.5", "9223372036854775808"] + (minimum > .min ? [String(minimum - 1)] : [])
          + (maximum < .max ? [String(maximum + 1)] : [])
      )
    default: throw Unforeseen(schema: schema)
    }
  }

  private struct Unforeseen: Error {
    let schema: APISchema
  }

  private func path(_ route: APIRoute, _ items: [String: String]) -> String {
    let words = items.sorted { $0.key < $1.key }.map { name, value in
      "\(name)=" + value.utf8.map { "%" + Hex.encode([$0]).uppercased() }.joined()
    }
    return route.path.replacing(/\{[a-z]+\}/, with: "1") + "?" + words.joined(separator: "&")
  }

  /// `nil`: no answer came.
  private func status(_ city: City, _ question: String) async -> Int? {
    try? await city.link.request("GET", question).status
  }

  @Test("a value outside of the document's limits is refused in every query, and one at the limit is not")
  func limits() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    var asked = 0
    for route in Self.asking {
      let whole = try route.query.filter(\.isRequired).reduce(into: [String: String]()) {
        $0[$1.name] = try values($1.schema).good[0]
      }
      for parameter in route.query {
        let (good, bad) = try values(parameter.schema)
        for value in bad {
          let question = path(route, whole.merging([parameter.name: value]) { $1 })
          #expect(await status(city, question) == 400, "\(question)")
        }
        for value in good {
          let question = path(route, whole.merging([parameter.name: value]) { $1 })
          #expect([200, 404].contains(await status(city, question)), "\(question)")
        }
        if parameter.isRequired {
          let question = path(route, whole.filter { $0.key != parameter.name })
          #expect(await status(city, question) == 400, "\(question)")
        }
        asked += 1
      }
    }
    #expect(asked > 25, "\(asked)")
    await city.end()
  }
}
