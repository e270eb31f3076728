import AuthAPI
import Foundation

/// Lines of the service log as they may leave: of each only fields that are known here, with values that are known here. What is
/// not known is counted, not quoted.
struct ServiceLines {
  let mask: Mask

  private static let numbers: Set<String> = ["status", "us", "seconds", "accepted", "dropped"]
  private static let listeners: Set<String> = ["workstations", "enrolment", "operators", "operatorsTLS", "metrics"]
  private static let methods: Set<String> = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "OTHER",
  ]
  /// Events the server writes; another word is not ours.
  private static let events: Set<String> = [
    "http", "checkpointNotSigned", "vaultLogNotLookedAt", "vaultLogContradicts", "releaseUnauthorised", "policyFilesChanged",
    "clockStepped", "clockBehind", "clockRight", "coalescedNotWritten",
    "witnessAway", "witnessBack", "witnessContradicts", "cosignatureNotKept",
    "cardRootsRefused", "tlsReloadRefused", "log.dropped",
  ]
  /// Sentences for people, by the words of ours in them; the sentence itself may name a path or a reason.
  private static let sentences: [(words: String, name: String)] = [
    ("waiting for the vault", "waitingForVault"), ("ended by a fault", "endedByFault"), ("refuses to run as root", "isRoot"),
    ("the vault cannot be reached", "vaultUnreachable"), ("the vault refused", "vaultRefused"),
    ("are not signed as policy-signatures asks", "policyUnsigned"), ("belongs to another instance", "vaultOfAnother"),
    ("serving on", "vaultServing"), ("can be read by other users", "folderOpenToOthers"),
    ("Address already in use", "addressInUse"), ("Cannot assign requested address", "addressNotHere"),
    ("No space left on device", "diskFull"),
  ]
  /// The parts of our routes' paths, without what a client fills in.
  private static let pathParts: Set<String> = {
    struct Document: Decodable {
      let paths: [String: Empty]
      struct Empty: Decodable {}
    }
    let paths = (try? JSONDecoder().decode(Document.self, from: Data(OpenAPIDocument.whole)))?.paths.keys.map { $0 } ?? []
    return Set(paths.flatMap { $0.split(separator: "/").map(String.init) }.filter { !$0.hasPrefix("{") })
      .union(["health", "readiness", "metrics", "openapi.json"])
  }()

  /// - Returns: what may leave of a line; `nil` when nothing of it is known.
  func line(_ text: String) -> String? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
      return Self.sentences.first { text.contains($0.words) }.map { "{\"sentence\":\"\($0.name)\"}" }
    }
    guard let event = object["event"] as? String, Self.events.contains(event) else { return nil }
    var fields = ["event": event]
    for (name, value) in object {
      switch (name, value) {
      case (_, let number as NSNumber) where Self.numbers.contains(name): fields[name] = number.stringValue
      case (_, let text as String): fields[name] = known(name, text)
      case ("uid", let number as NSNumber): fields["uid"] = mask.token("uid", number.stringValue)
      default: break
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(fields)).map { String(decoding: $0, as: UTF8.self) }
  }

  private func known(_ name: String, _ text: String) -> String? {
    switch name {
    case "event": text
    case "time": text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) == nil ? nil : text
    case "listener": Self.listeners.contains(text) ? text : nil
    case "method": Self.methods.contains(text) ? text : nil
    case "code": text.wholeMatch(of: /(AP|HT)\d{3}/) == nil ? nil : text
    case "cause": text.wholeMatch(of: /[a-z][A-Za-z]{0,39}/) == nil ? nil : text
    case "route": route(text)
    case "certificate": mask.token("certificate", text)
    case "reference": mask.token("reference", text)
    default: nil
    }
  }

  private func route(_ text: String) -> String? {
    if ["unmatched", "early"].contains(text) { return text }
    let isOurs = text.split(separator: "/").allSatisfy { part in
      Self.pathParts.contains(String(part)) || part.wholeMatch(of: /:[a-zA-Z]{1,20}|\{[a-zA-Z]{1,20}\}/) != nil
    }
    return isOurs ? text : nil
  }
}
