import AuthTerms
import DirectorySync
import Foundation
import Programs
import Testing

@Suite("the sample city 三門市")
struct SampleCityTests {
  private func segments(_ snapshot: DirectorySnapshot) -> [ResolvedPerson] {
    let closure = Closure(of: snapshot.groups)
    return snapshot.people.map { ResolvedPerson($0, closure: closure) }
  }

  @Test("1,200 people in LGWAN, 350 of them in My Number, through nested groups; 10 部, 50 課, 4 sites")
  func figures() throws {
    let snapshot = try Sample.cityCSV()
    let people = segments(snapshot)
    #expect(people.count == 1200)
    #expect(people.count { $0.groups.contains("seg-lgwan") } == 1200)
    #expect(people.count { $0.groups.isSuperset(of: ["seg-lgwan", "seg-mynumber"]) } == 350)
    #expect(people.count { $0.groups.contains("telework") } > 50)
    #expect(!snapshot.people.contains { $0.memberships.contains { $0.text.hasPrefix("seg-") } })
    #expect(Closure(of: snapshot.groups).cycles.isEmpty)
    #expect(snapshot.departments.count { $0.parent == nil } == 10 && snapshot.departments.count { $0.parent != nil } == 50)
    #expect(Set(snapshot.departments.map(\.site)) == ["本庁舎", "東支所", "西支所", "港支所"])
    #expect(people.count { !$0.isEnabled } > 5 && people.count { $0.hasManagedPassword } > 20)
    #expect(people.count { $0.lastDay != nil } > 100 && people.count { $0.departments.count > 1 } > 20)
    #expect(people.count { !$0.otherNames.isEmpty } > 50)
    let scalars = Set(people.flatMap { Array($0.displayName.unicodeScalars) })
    #expect(scalars.isSuperset(of: ["髙", "﨑", "邉", "𠮷", "濵"]))
  }

  @Test("the people the manuals speak of")
  func fixed() throws {
    let people = Dictionary(uniqueKeysWithValues: segments(try Sample.cityCSV()).map { ($0.id.text, $0) })
    let clerk = try #require(people["p-000042"])
    #expect(clerk.account.canonical == "sato.hanako" && clerk.displayName == "佐藤 花子" && clerk.departments == ["0401"])
    #expect(clerk.groups.contains("seg-lgwan") && !clerk.groups.contains("seg-mynumber"))
    let both = try #require(people["p-000007"])
    #expect(both.account.canonical == "takahashi.ichiro" && both.displayName == "髙橋 一郎" && both.otherNames == ["高橋 一郎"])
    #expect(both.groups.isSuperset(of: ["seg-lgwan", "seg-mynumber"]))
    let admin = try #require(people["p-000001"])
    #expect(admin.account.canonical == "yamada.taro" && admin.displayName == "山田 太郎" && admin.groups.contains("it-section"))
    for person in [clerk, both, admin] { #expect(person.isEnabled && person.lastDay == nil && !person.hasManagedPassword) }
  }

  @Test("LDIF and CSV tell the same people")
  func sameInBoth() throws {
    let csv = try Sample.cityCSV()
    let ldif = try LDIFSource(Sample.cityFile("sample-city.ldif")).read()
    let plan = ImportPlan(current: segments(csv), snapshot: ldif)
    #expect(plan.writes.isEmpty && plan.unchanged == 1200 && plan.warnings.isEmpty)
    #expect(Set(csv.groups) == Set(ldif.groups) && Set(csv.departments) == Set(ldif.departments))
  }

  @Test("the people for load share nobody with the city, and each has one segment")
  func load() throws {
    let city = try Sample.cityCSV(), load = try Sample.cityCSV(people: "load-people.csv")
    #expect(Set(load.people.map(\.id)).isDisjoint(with: city.people.map(\.id)))
    #expect(Set(load.people.map(\.account)).isDisjoint(with: city.people.map(\.account)))
    let people = segments(load)
    #expect(people.count { $0.groups == ["seg-lgwan"] } == 1200 && people.count { $0.groups == ["seg-mynumber"] } == 350)
  }

  @Test("half of people.csv, or the wrong file, is stopped by the brake")
  func brake() throws {
    let city = try Sample.cityCSV()
    var half = city
    half.people.removeLast(600)
    for snapshot in [half, try Sample.cityCSV(people: "load-people.csv")] {
      let plan = ImportPlan(current: segments(city), snapshot: snapshot)
      #expect(throws: ImportRefusal.self) { try plan.check(Brake()) }
    }
  }

  @Test("the committed files are what the generator writes")
  func generated() throws {
    let status = try Program.run([
      "env", "python3", Sample.cityFolder.appendingPathComponent("generate").path, "--check",
    ]).status
    // 127: no python3 here.
    guard status != 127 || ProcessInfo.processInfo.environment["CI"] != nil else { return }
    #expect(status == 0)
  }
}
