import Foundation
import Testing

/// deploy/install-swift against archives and signatures made here: a `curl` in front of PATH hands out files of a folder,
/// and the copy of the script names the fingerprint of a key made here.
@Suite("deploy/install-swift opens nothing that the Swift project did not sign")
struct InstallSwiftTests {
  enum Delivery: String, CaseIterable, Sendable {
    case genuine, signedByAnother, altered, withoutSignature, keyNotPublished, otherChecksum
  }

  @Test("what is delivered decides", arguments: Delivery.allCases)
  func deliveries(delivery: Delivery) throws {
    guard try Tree.run(["sh", "-c", "command -v gpg && command -v gpgv && command -v gpg-agent"]).code == 0 else {
      if Tree.mustHaveEverything {
        Issue.record("gpg, gpgv or gpg-agent is missing")
      } else {
        try Test.cancel("gpg is missing")
      }
      return
    }
    // Short, because gpg-agent's socket must fit into 108 bytes.
    let folder = URL(filePath: "/tmp/sanmon-is-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let ran = try Tree.run(["bash", "-euo", "pipefail", "-c", Self.script, "trial", delivery.rawValue, folder.path])
    let installed = FileManager.default.fileExists(atPath: folder.appending(path: "data/sanmon/swift-6.3.1/usr/bin/swift").path)
    if delivery == .genuine {
      #expect(ran.code == 0 && installed, "\(ran.output)\(ran.errors)")
      return
    }
    #expect(ran.code == (delivery == .withoutSignature ? 69 : 70), "\(ran.output)\(ran.errors)")
    #expect(!installed)
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "ran").path), "a program from the archive was run")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "data/sanmon").path)
    #expect(left == [], "something was left behind")
  }

  static let script = """
    delivery=$1 folder=$2
    export GNUPGHOME=$folder/gpg HOME=$folder XDG_DATA_HOME=$folder/data LANG=C
    mkdir -m 0700 "$GNUPGHOME"
    mkdir -p "$folder/net" "$folder/bin" "$folder/tree/usr/bin"
    printf '#!/bin/sh\\necho Swift version 6.3.1\\ntouch %s/ran\\n' "$folder" > "$folder/tree/usr/bin/swift"
    chmod +x "$folder/tree/usr/bin/swift"
    archive=swift-6.3.1-RELEASE-debian12$([ "$(uname -m)" = aarch64 ] && echo -aarch64 || true).tar.gz
    tar -czf "$folder/net/$archive" -C "$folder" --transform 's,^tree,swift,' tree
    trap 'gpgconf --kill gpg-agent || true' EXIT
    for name in project stranger; do
      gpg --batch --quiet --passphrase '' --quick-generate-key "$name" ed25519 sign 1d
    done
    print() { gpg --batch --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" { print $10; exit }'; }
    signer=project
    [ "$delivery" != signedByAnother ] || signer=stranger
    gpg --batch --quiet --local-user "$signer" --detach-sign --output "$folder/net/$archive.sig" "$folder/net/$archive"
    published=$(print project)
    [ "$delivery" != keyNotPublished ] || published=$(print stranger)
    [ "$delivery" != signedByAnother ] || published="$published $(print stranger)"
    gpg --batch --armor --export $published > "$folder/net/all-keys.asc"
    [ "$delivery" != altered ] || printf x >> "$folder/net/$archive"
    [ "$delivery" != withoutSignature ] || rm "$folder/net/$archive.sig"
    cat > "$folder/bin/curl" <<CURL
    #!/bin/sh
    while [ \\$# -gt 1 ]; do [ "\\$1" != --output ] || out=\\$2; shift; done
    cp "$folder/net/\\${1##*/}" "\\$out"
    CURL
    sed -i 's/^ *//' "$folder/bin/curl"
    chmod +x "$folder/bin/curl"
    mkdir -p "$folder/copy"
    cp -r deploy "$folder/copy/deploy"
    sed -i "s/^readonly SIGNING_KEY=.*/readonly SIGNING_KEY=$(print project)/" "$folder/copy/deploy/install-swift"
    set --
    [ "$delivery" != otherChecksum ] || set -- --sha256 "$(printf '%064d' 0)"
    code=0
    PATH="$folder/bin:$PATH" "$folder/copy/deploy/install-swift" "$@" || code=$?
    exit $code
    """
}
