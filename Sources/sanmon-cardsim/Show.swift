import ArgumentParser
import Foundation
import SwiftASN1
import X509

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Say what a card file holds, without its keys and PIN.")

  @Option(help: "Card file.") var card: String
  @Option(help: "Write a certificate (9a, 9e or jpki) to standard output as PEM instead.") var certificate: String?

  func validate() throws {
    guard [nil, "9a", "9e", "jpki"].contains(certificate) else { throw ValidationError("--certificate is 9a, 9e or jpki") }
  }

  func run() throws {
    try reporting {
      if let shared = try SharedKeyCardFile(path: card)?.content {
        Output.line("name       \(shared.name)")
        Output.line("kind       \(shared.kind.rawValue)")
        Output.line("number     \(shared.number.map { String(format: "%02x", $0) }.joined())")
        if shared.kind == .liteS { Output.line("counter    \(shared.counter)") }
        return
      }
      if let number = try IdentifierContent(path: card) {
        Output.line("name       \(number.name)")
        Output.line("kind       \(number.kind.rawValue)")
        Output.line("number     \(number.number.map { String(format: "%02x", $0) }.joined())")
        if number.kind == .felica { Output.line("chip       \(String(format: "%02x", number.chip))") }
        return
      }
      if let personal = try JPKICardFile(path: card)?.content {
        if certificate == "jpki" {
          let shown = try Certificate(derEncoded: Array(personal.authentication.certificate))
          Output.line(try shown.serializeAsPEM().pemString)
          return
        }
        Output.line("name       \(personal.name)")
        Output.line("kind       jpki")
        Output.line("pin tries  \(personal.authentication.pinTriesLeft) of \(personal.authentication.pinTries) left")
        Output.line("signature  \(personal.signature.pinTriesLeft) of \(personal.signature.pinTries) tries left")
        Output.line("selected   surface \(personal.surfaceSelections), signature \(personal.signatureSelections)")
        return
      }
      let content = try CardFile(path: card).content
      if let certificate {
        guard certificate != "jpki" else { throw SimulatorFault.data("\(card): not a card with JPKI") }
        let slot = certificate == "9a" ? content.authentication : content.cardAuthentication
        Output.line(try Certificate(derEncoded: Array(slot.certificate)).serializeAsPEM().pemString)
        return
      }
      Output.line("name       \(content.name)")
      Output.line("guid       \(content.guid.map { String(format: "%02x", $0) }.joined())")
      Output.line("pin tries  \(content.pinTriesLeft) of \(content.pinTries) left")
      if content.puk != nil { Output.line("puk tries  \(content.pukTriesLeft ?? 0) of \(content.pukTries ?? 0) left") }
      if content.isCharacterOriented == true { Output.line("protocol   T=0") }
      Output.line("9a         \(content.authentication.kind.rawValue), PIN \(content.authentication.pinPolicy.rawValue)")
      Output.line(
        "9e         \(content.cardAuthentication.kind.rawValue), PIN \(content.cardAuthentication.pinPolicy.rawValue)")
    }
  }
}
