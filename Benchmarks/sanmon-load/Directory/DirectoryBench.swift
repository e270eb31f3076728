import ArgumentParser
import AuthAPI
import LoadClient
import RealDirectory

/// What following an Active Directory costs, against the bare reading of it in the same run.
struct DirectoryBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "directory",
    abstract: "A real Samba domain controller: reading, following, transfers, import. / 実物の AD での同期。",
    discussion: """
      Makes a domain of its own with the sample city (1,200 people) and removes it at the end; 'import' needs none. Run by root,
      both sides of a ratio are on the domain controller's own loopback; run by anybody else, a relay carries both.
      """)

  enum Part: String, CaseIterable, ExpressibleByArgument { case paged, closure, full, tick, april, freshness, silent, `import` }

  @OptionGroup var common: CommonOptions
  @Option(help: "Only this part; repeat for several: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).")
  var part: [Part] = []
  @Option(help: "Changes, one after the other, of 'freshness'.") var changes = 120
  @Option(help: "Seconds of logons of each half of 'silent'.") var silentSeconds = 60
  @Option(help: "People in the file of 'import', at most 34,000: a body ends at 16 MiB.") var importPeople = 30_000
  @Option(help: "People whom 'closure' asks the server about.") var chains = 20

  func validate() throws {
    guard (1...1000).contains(changes), (10...34_000).contains(importPeople), (1...1200).contains(chains),
      (1...3600).contains(silentSeconds)
    else {
      throw ValidationError("--changes 1…1000, --import-people 10…34000, --chains 1…1200, --silent-seconds 1…3600")
    }
  }

  var parts: [Part] { part.isEmpty ? Part.allCases : Part.allCases.filter(part.contains) }

  func run() async throws {
    guard parts != [.import] else {
      return try await common.measuring { try await importing() }
    }
    let controller: DomainController
    do { controller = try DomainController.forThisProcess() } catch {
      common.figures.note("sanmon-load: \(error)")
      throw ExitCode(69)
    }
    defer { controller.end() }
    try await common.measuring(atSignal: { controller.end() }) {
      let domain = try Domain(controller)
      var wrong: [WrongAnswer] = []
      for part in parts {
        switch part {
        case .paged: wrong += try await paged(domain)
        case .closure: wrong += try await closure(domain)
        case .full: wrong += try await full(domain)
        case .tick: wrong += try await tick(domain)
        case .april: wrong += try await april(domain)
        case .freshness: wrong += try await freshness(domain)
        case .silent: wrong += try await silent(domain)
        case .import: wrong += try await importing()
        }
      }
      return wrong
    }
  }

  func city(_ directory: LoadDirectory?) async throws -> DirectoryCity {
    try await DirectoryCity(
      binaries: common.binaryFolder, policies: common.policies, directory: directory)
  }

  /// One that has read the domain.
  func followingCity(_ domain: Domain, every tickSeconds: Int = 3600) async throws -> DirectoryCity {
    let directory = domain.followed(every: tickSeconds)
    let city = try await city(directory)
    do {
      try city.instance.giveDirectoryPassword(directory)
      let status = try await city.desk.look()
      guard status.faultEn == nil, try await city.desk.status().people > 0 else {
        throw RunFault("同期できません: \(status.faultJa ?? "")", "the directory was not read: \(status.faultEn ?? "")")
      }
    } catch {
      city.end()
      throw error
    }
    return city
  }
}
