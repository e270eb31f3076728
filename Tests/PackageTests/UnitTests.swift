import Testing

/// The systemd units as text: what would be lost silently if a line went missing.
@Suite("systemd units")
struct UnitTests {
  static func settings(_ name: String) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    for line in try Tree.text("deploy/systemd/\(name)").split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { found[String(parts[0]), default: []].append(String(parts[1])) }
    }
    return found
  }

  private static let matchers = [
    "sanmon-matcher@.service", "sanmon-matcher-extract@.service", "sanmon-matcher-compare@.service",
  ]

  private static let rotator = "sanmon-rotator@.service"

  @Test(
    "servers and matchers come back by themselves",
    arguments: ["sanmond@.service", "sanmon-vault@.service", rotator] + matchers)
  func lasting(name: String) throws {
    let unit = try Self.settings(name)
    #expect(unit["Type"] == ["notify"] && unit["Restart"] == ["always"] && unit["StartLimitIntervalSec"] == ["0"])
  }

  private static let witness = "sanmon-witness@.service"

  @Test("a witness comes back by itself, unless somebody has to look, and sees nothing of a server beside it")
  func witnessing() throws {
    let unit = try Self.settings(Self.witness)
    #expect(unit["Restart"] == ["always"] && unit["StartLimitIntervalSec"] == ["0"] && unit["User"] == ["sanmon-witness-%i"])
    #expect(unit["RestartPreventExitStatus"] == ["64 65 66 77"])
    #expect(unit["InaccessiblePaths"] == ["-/var/lib/sanmon -/var/lib/sanmon-vault -/etc/sanmon"])
    #expect(unit["ExecStart"]?.first?.contains("witness run --state /var/lib/sanmon-witness/%i ") == true)
  }

  private static let fetcher = "sanmon-crl-fetch@.service"
  private static let services =
    ["sanmond@.service", "sanmon-vault@.service", "sanmon-snapshot@.service", rotator, fetcher, witness] + matchers

  @Test("no service is root, dumps core or gains rights", arguments: services)
  func hardened(name: String) throws {
    let unit = try Self.settings(name)
    for (key, value) in [
      ("NoNewPrivileges", "yes"), ("CapabilityBoundingSet", ""), ("LimitCORE", "0"), ("ProtectSystem", "strict"),
      ("ProtectHome", "yes"), ("ProtectProc", "invisible"), ("MemoryDenyWriteExecute", "yes"), ("UMask", "0077"),
      ("PrivateDevices", "yes"), ("RestrictNamespaces", "yes"),
    ] {
      #expect(unit[key] == [value], "\(name): \(key)")
    }
    // A matcher keeps nothing.
    // Revocation lists are for the server to read, which runs as another user.
    let mode = name == Self.fetcher ? "0755" : "0700"
    #expect(unit["StateDirectoryMode"] == (Self.matchers.contains(name) ? nil : [mode]))
    #expect((unit["StateDirectory"] == nil) == Self.matchers.contains(name))
    #expect(unit["SystemCallFilter"]?.first == "@system-service")
  }

  @Test("the two run as different users, and neither sees the other's folder")
  func apart() throws {
    let server = try Self.settings("sanmond@.service")
    let vault = try Self.settings("sanmon-vault@.service")
    #expect(server["User"] == ["sanmond-%i"] && vault["User"] == ["sanmon-vault-%i"])
    #expect(server["InaccessiblePaths"] == ["-/var/lib/sanmon-vault"] && vault["InaccessiblePaths"] == ["-/var/lib/sanmon"])
  }

  @Test("the master key reaches the vault alone, as a credential and not by its own file; the vault has no network")
  func masterKey() throws {
    let vault = try Self.settings("sanmon-vault@.service")
    // The name that MasterKey.read(credentialsDirectory:) looks for.
    #expect(vault["LoadCredential"] == ["sanmon-vault-master:/etc/sanmon/%i/master.key"])
    #expect(vault["PrivateNetwork"] == ["yes"] && vault["RestrictAddressFamilies"] == ["AF_UNIX"])
    #expect(vault["ExecStart"]?.first?.contains("/etc/") == false)
    #expect(vault["LimitMEMLOCK"] == ["infinity"] && vault["MemorySwapMax"] == ["0"])
    #expect(!(try Tree.text("deploy/systemd/sanmond@.service")).contains("master"))
  }

  @Test("a vendor's library has no network, no state and no key, and an end of its memory; the server alone may ask it")
  func matcher() throws {
    let unit = try Self.settings("sanmon-matcher@.service")
    #expect(unit["User"] == ["sanmon-matcher-%i"])
    #expect(unit["PrivateNetwork"] == ["yes"] && unit["RestrictAddressFamilies"] == ["AF_UNIX"])
    #expect(unit["InaccessiblePaths"] == ["-/var/lib/sanmon -/var/lib/sanmon-vault"] && unit["LoadCredential"] == nil)
    #expect(unit["MemoryMax"] == ["1G"] && unit["RestartPreventExitStatus"] == ["64 65 77"])
    #expect(unit["ExecStart"]?.first?.contains("--peer-user sanmond-%i ") == true)
  }

  @Test("the rotator is a user of its own, listens nowhere, and stays down when one failure followed the other")
  func rotates() throws {
    let unit = try Self.settings(Self.rotator)
    #expect(unit["User"] == ["sanmon-rotator-%i"] && unit["SocketBindDeny"] == ["any"])
    #expect(unit["InaccessiblePaths"] == ["-/var/lib/sanmon -/var/lib/sanmon-vault"])
    #expect(unit["RestartPreventExitStatus"] == ["64 75 77 78"] && unit["MemorySwapMax"] == ["0"])
    #expect(unit["ExecStart"] == ["/usr/lib/sanmon/sanmon-rotator run /etc/sanmon/%i/rotator.conf"])
  }

  @Test("our own two are two users with two sockets; what they free is overwritten, and none of it is swapped out")
  func ownMatchers() throws {
    for half in ["extract", "compare"] {
      let unit = try Self.settings("sanmon-matcher-\(half)@.service")
      #expect(unit["User"] == ["sanmon-\(half)-%i"] && unit["RuntimeDirectory"] == ["sanmon-matcher-\(half)/%i"])
      #expect(unit["PrivateNetwork"] == ["yes"] && unit["RestrictAddressFamilies"] == ["AF_UNIX"])
      #expect(unit["InaccessiblePaths"] == ["-/var/lib/sanmon -/var/lib/sanmon-vault -/etc/sanmon"])
      #expect(unit["Environment"] == ["GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"])
      #expect(unit["MemorySwapMax"] == ["0"] && unit["LimitMEMLOCK"] == ["64M"] && unit["MemoryMax"] != nil)
      let command = try #require(unit["ExecStart"]?.first)
      #expect(
        command.hasPrefix(
          "/usr/lib/sanmon/sanmon-matcher \(half) --socket /run/sanmon-matcher-\(half)/%i/palm.sock --peer-user sanmond-%i"))
    }
  }

  @Test("the timer runs what writes snapshots, as a user who has nothing else, over the operators' socket alone")
  func snapshots() throws {
    let unit = try Self.settings("sanmon-snapshot@.service")
    let timer = try Self.settings("sanmon-snapshot@.timer")
    #expect(unit["Type"] == ["oneshot"] && unit["User"] == ["sanmon-snapshot-%i"])
    #expect(unit["PrivateNetwork"] == ["yes"] && unit["RestrictAddressFamilies"] == ["AF_UNIX"])
    #expect(unit["InaccessiblePaths"] == ["-/var/lib/sanmon -/var/lib/sanmon-vault -/etc/sanmon"])
    let command = try #require(unit["ExecStart"]?.first).split(separator: " ")
    #expect(command.prefix(3) == ["/usr/lib/sanmon/sanmon", "directory", "snapshot"])
    // Below the folder that systemd makes for it, and at the socket that the server's unit makes.
    #expect(command.last == "/var/lib/sanmon-snapshot/%i/directory.txt" && unit["StateDirectory"] == ["sanmon-snapshot/%i"])
    #expect(command.contains("/run/sanmon/%i/operator.sock"))
    #expect(timer["OnCalendar"] == ["hourly"] && timer["Persistent"] == ["yes"] && timer["WantedBy"] == ["timers.target"])
    #expect(timer["Unit"] == nil, "the service of the same name")
    guard (try? Tree.run(["systemd-analyze", "--version"]).code) == 0 else {
      if Tree.mustHaveEverything { Issue.record("systemd-analyze is not installed (package systemd)") }
      return
    }
    #expect(try Tree.run(["systemd-analyze", "calendar", "hourly"]).code == 0)
  }

  @Test("what fetches revocation lists is a user of its own, reaches the city's network alone, and no key")
  func fetches() throws {
    let unit = try Self.settings(Self.fetcher)
    let timer = try Self.settings("sanmon-crl-fetch@.timer")
    #expect(unit["Type"] == ["oneshot"] && unit["User"] == ["sanmon-crl-%i"] && unit["SocketBindDeny"] == ["any"])
    #expect(unit["ExecStart"] == ["/usr/lib/sanmon/sanmon pki fetch --config /etc/sanmon/%i/instance.yaml"])
    #expect(unit["StateDirectory"] == ["sanmon-crl/%i"], "where docs/pki.md has the server look")
    #expect(unit["TimeoutStartSec"] == ["1500"], "above 3 segments x 16 addresses x 30 seconds, below the timer's half hour")
    #expect(unit["IPAddressDeny"] == ["any"])
    #expect(unit["IPAddressAllow"] == ["localhost 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"])
    #expect(unit["InaccessiblePaths"] == ["-/var/lib/sanmon -/var/lib/sanmon-vault -/etc/sanmon/%i/master.key"])
    #expect(unit["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"])
    #expect(timer["OnCalendar"] == ["*:0/30"] && timer["Persistent"] == ["yes"] && timer["WantedBy"] == ["timers.target"])
    #expect(timer["Unit"] == nil, "the service of the same name")
  }

  @Test("systemd itself puts no service above 2.0 of 10", arguments: services)
  func exposure(name: String) throws {
    guard (try? Tree.run(["systemd-analyze", "--version"]).code) == 0 else {
      if Tree.mustHaveEverything { Issue.record("systemd-analyze is not installed (package systemd)") }
      return
    }
    let ran = try Tree.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "deploy/systemd/\(name)"])
    let score = try #require(ran.output.firstMatch(of: /Overall exposure level for \S+: ([0-9]+\.[0-9])/)?.1, "\(ran.errors)")
    #expect(try #require(Double(score)) <= 2.0, "\(ran.output)")
  }
}
