import ArgumentParser
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation

struct PKIFetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Fetch revocation lists from inside the city's network. / 失効リストを庁内から取得します。",
    discussion: """
      One run: from each address under card-crl-sources in the start-up file, and from nowhere else; what a certificate says about
      where its list is counts for nothing. The address must lie inside (10/8, 172.16/12, 192.168/16, fc00::/7, this machine). No
      redirect is followed; 4 MiB and 30 seconds at most. A list is put into the first folder under card-crls of its segment only
      if it can be read, is signed by one of the card roots, and is newer than what is there; the server takes it up within
      2 seconds. Plain HTTP is enough because a list is signed.

      EXAMPLES
        sanmon pki fetch
        sanmon pki fetch --config /etc/sanmon/lgwan/instance.yaml

      EXIT CODES
        0 all are taken or unchanged   1 one was not   64 wrong usage   65 the start-up file names no address or no folder
        66 the start-up file, or a file of card roots, cannot be read
      """)
  @OptionGroup var instance: ConfigOption

  func run() throws {
    let path = try instance.path()
    let file = try Self.read(path)
    guard !file.cardCRLSources.isEmpty else {
      throw fail(65, "\(path) に card-crl-sources がありません。", "\(path) has no card-crl-sources")
    }
    var isWhole = true
    for segment in file.segments {
      guard let sources = file.cardCRLSources[segment] else { continue }
      guard let folder = file.cardCRLs[segment, default: []].first(where: Self.isFolder) else {
        throw fail(
          65, "\(path): \(segment.name) の card-crls にフォルダーがありません。", "\(path): card-crls of \(segment.name) names no folder")
      }
      let authorities = try Self.authorities(file.cardRoots[segment, default: []])
      for source in sources where !Self.fetch(source, into: folder, authorities) { isWhole = false }
    }
    if !isWhole { throw ExitCode(1) }
  }

  /// - Returns: false if nothing is there that should be.
  private static func fetch(_ source: ListAddress, into folder: String, _ authorities: [[UInt8]]) -> Bool {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    do throws(ListFetchFault) {
      switch try RevocationFetch.fetch(source, into: folder, authorities: authorities, at: now) {
      case .taken(let period):
        let due = period.notAfter.map { say("、次の更新 \(Times.show($0))", ", next update \(Times.show($0))") } ?? ""
        let made = Times.show(period.notBefore)
        print("\(source)  " + say("取得しました（作成 \(made)\(due)）。", "taken (made \(made)\(due))"))
      case .unchanged: print("\(source)  " + say("変わっていません。", "unchanged"))
      }
      return true
    } catch {
      let why = words(error)
      printError("sanmon: \(source)  " + say("取得しませんでした。\(why.ja)", "not taken: \(why.en)"))
      return false
    }
  }

  private static func words(_ fault: ListFetchFault) -> (ja: String, en: String) {
    switch fault {
    case .unreachable: ("応答がありません。", "nobody answers there")
    case .notInternal: ("庁外のアドレスです。", "the address is outside the city's network")
    case .slow: ("30 秒以内に終わりませんでした。", "not done within 30 seconds")
    case .tooLarge: ("4 MiB を超えています。", "more than 4 MiB")
    case .status(let status): ("HTTP \(status) が返りました（転送には従いません）。", "it answered HTTP \(status); redirects are not followed")
    case .malformedAnswer: ("HTTP の応答が壊れているか、途中で切れました。", "the HTTP answer is broken, or was cut off")
    case .notAList: ("失効リストではありません。", "it is not one revocation list")
    case .unusable(let expected): ("使えない種類のリストです（\(expected)）。", "a list of a kind that is refused; expected \(expected)")
    case .issuerUnknown: ("card-roots にない認証局のリストです。", "its authority is not among the card roots")
    case .signatureWrong: ("署名が、その認証局のものではありません。", "that authority has not signed it")
    case .older: ("今あるリストより古いか、同じ時刻で内容が違います。", "older than the list that is there, or of the same second and different")
    case .fromTheFuture: ("作成の日時が未来です。この装置の時計も確かめてください。", "it was made in the future; check this machine's clock too")
    case .folder:
      ("フォルダーを読み書きできないか、リストでないファイルがあります。", "the folder cannot be read or written, is full, or holds a file that is no list")
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func read(_ path: String) throws -> InstanceFile {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw fail(66, "\(Rows.visible(path)) を読めません。", "cannot read \(Rows.visible(path))")
    }
    let name = URL(fileURLWithPath: path).lastPathComponent
    do throws(PolicyFaults) { return try InstanceFile.parse(PolicySource(name: name, bytes: Array(data))) } catch {
      printError(error.render(PolicyReport.language))
      throw ExitCode(65)
    }
  }

  private static func authorities(_ paths: [String]) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    for path in paths {
      guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self),
        let certificates = try? PEMFile.certificates(text)
      else { throw fail(66, "\(Rows.visible(path)) を読めません。", "cannot read \(Rows.visible(path))") }
      found += certificates
    }
    return found
  }
}
