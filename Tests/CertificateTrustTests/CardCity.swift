import Foundation
import Programs
import Testing

/// Cards of an invented city, made with the `openssl` command: a root, an intermediate, a stranger with the root's own name,
/// and leaves of every kind. Nothing of ours takes part in making them.
final class CardCity: Sendable {
  let folder: URL

  /// One for the whole test run.
  static let shared = Result { try CardCity() }
  private static let cleanUp: @convention(c) () -> Void = {
    if let city = try? shared.get() { try? FileManager.default.removeItem(at: city.folder) }
  }

  /// The moment every test starts from: 2030-01-15 00:00 UTC, seconds.
  static let now: Int64 = 1_894_665_600

  private init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-cards-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let made = try Self.run("/bin/bash", ["-euc", Self.script], in: folder)
    atexit(Self.cleanUp)
    guard made.status == 0 else { throw CocoaError(.fileReadCorruptFile, userInfo: ["openssl": made.errors]) }
  }

  func der(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: "\(name).der"))) }
  func text(_ name: String) throws -> String { try String(contentsOf: folder.appending(path: name), encoding: .utf8) }

  static func run(_ program: String, _ arguments: [String], in folder: URL) throws -> Program.Ended {
    try Program.run([program] + arguments, in: folder.path)
  }

  private static let script = """
    leaf() {  # leaf NAME CA SECTION START END [KEY-SPEC]
      openssl genpkey ${6:--algorithm EC -pkeyopt ec_paramgen_curve:P-256} -out $1.key 2>/dev/null
      openssl req -new -key $1.key -subj "/O=City/CN=$1" -out $1.csr
      openssl ca -batch -notext -config ca.cnf -name $2 -md ${MD:-sha256} -in $1.csr -out $1.pem -extensions $3 \\
        -startdate $4 -enddate $5 2>/dev/null
      openssl x509 -in $1.pem -outform DER -out $1.der
    }
    authority() {  # authority NAME
      mkdir -p db-$1; : > db-$1/index.txt; echo 1000 > db-$1/serial; echo 01 > db-$1/crlnumber
    }
    list() {  # list NAME CA LAST NEXT
      openssl ca -gencrl -config ca.cnf -name $2 -crl_lastupdate $3 -crl_nextupdate $4 -out $1.crl.pem 2>/dev/null
      openssl crl -in $1.crl.pem -outform DER -out $1.der
    }
    base() {  # base NAME: the settings of one authority
      printf '[%s]\\ndatabase=db-%s/index.txt\\nserial=db-%s/serial\\ncrlnumber=db-%s/crlnumber\\nnew_certs_dir=.\\n' $1 $1 $1 $1
      printf 'certificate=%s.pem\\nprivate_key=%s.key\\ndefault_md=sha256\\npolicy=any\\nunique_subject=no\\n' $1 $1
      printf 'default_days=30\\ndefault_crl_days=30\\ncrl_extensions=crl\\n'
    }
    { base root; base inter; base stranger; base good; cat <<'END'
    [any]
    organizationName=optional
    commonName=supplied
    [crl]
    authorityKeyIdentifier=keyid
    [delta]
    authorityKeyIdentifier=keyid
    2.5.29.27=critical,ASN1:INTEGER:1
    [authority]
    basicConstraints=critical,CA:TRUE
    keyUsage=critical,keyCertSign,cRLSign
    subjectKeyIdentifier=hash
    [card]
    basicConstraints=critical,CA:FALSE
    keyUsage=critical,digitalSignature
    extendedKeyUsage=clientAuth,1.3.6.1.4.1.311.20.2.2
    authorityKeyIdentifier=keyid
    [plain]
    authorityKeyIdentifier=keyid
    [servercard]
    keyUsage=digitalSignature
    extendedKeyUsage=serverAuth
    [mailcard]
    keyUsage=digitalSignature
    extendedKeyUsage=emailProtection
    [withoutpin]
    basicConstraints=critical,CA:FALSE
    keyUsage=critical,digitalSignature
    extendedKeyUsage=critical,2.16.840.1.101.3.6.8
    authorityKeyIdentifier=keyid
    [withoutpincipher]
    keyUsage=critical,keyAgreement
    extendedKeyUsage=critical,2.16.840.1.101.3.6.8
    [cipher]
    keyUsage=keyAgreement
    [critical]
    keyUsage=digitalSignature
    1.3.6.1.4.1.55555.1=critical,ASN1:UTF8String:x
    END
    } > ca.cnf
    for a in root inter stranger good; do authority $a; done
    S=20290101000000Z; E=20310101000000Z
    # The stranger bears the root's own name: only the signature tells them apart.
    for a in root stranger; do
      openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $a.key 2>/dev/null
      openssl req -new -key $a.key -subj "/O=City/CN=City Root" -out $a.csr
      openssl ca -batch -notext -config ca.cnf -name $a -selfsign -keyfile $a.key -in $a.csr -out $a.pem \\
        -extensions authority -startdate 20280101000000Z -enddate 20380101000000Z 2>/dev/null
      openssl x509 -in $a.pem -outform DER -out $a.der
    done
    leaf inter root authority 20280101000000Z 20380101000000Z
    leaf good inter card $S $E
    leaf goodrsa inter card $S $E '-algorithm RSA -pkeyopt rsa_keygen_bits:2048'
    leaf good384 inter card $S $E '-algorithm EC -pkeyopt ec_paramgen_curve:P-384'
    leaf plain inter plain $S $E
    leaf direct root card $S $E
    leaf expired inter card $S 20300114235959Z
    leaf future inter card 20300115000001Z $E
    leaf foreign stranger card $S $E
    leaf revoked inter card $S $E
    leaf revokedexpired inter card $S 20300101000000Z
    leaf server inter servercard $S $E
    leaf withoutpin inter withoutpin $S $E
    leaf withoutpinforeign stranger withoutpin $S $E
    leaf withoutpincipher inter withoutpincipher $S $E
    leaf withoutpinrevoked inter withoutpin $S $E
    leaf mail inter mailcard $S $E
    leaf authoritycard inter authority $S $E
    leaf cipher inter cipher $S $E
    leaf critical inter critical $S $E
    leaf bycard good card $S $E
    leaf weak inter card $S $E '-algorithm RSA -pkeyopt rsa_keygen_bits:1024'
    leaf edwards inter card $S $E '-algorithm ED25519'
    MD=sha1 leaf sha1 inter card $S $E
    list rootfresh root 20300101000000Z 20300201000000Z
    list none inter 20300101000000Z 20300201000000Z
    for r in revoked revokedexpired withoutpinrevoked; do openssl ca -config ca.cnf -name inter -revoke $r.pem 2>/dev/null; done
    list fresh inter 20300101000000Z 20300201000000Z
    list stale inter 20291201000000Z 20300114000000Z
    list early inter 20300116000000Z 20300201000000Z
    # Completes any list of the intermediate (RFC 5280 §5.2.4); the second is from before "fresh".
    for d in 'delta 20300110000000Z 20300117000000Z' 'olddelta 20291210000000Z 20291217000000Z'; do
      set -- $d
      openssl ca -gencrl -config ca.cnf -name inter -crlexts delta -crl_lastupdate $2 -crl_nextupdate $3 -out $1.crl.pem 2>/dev/null
      openssl crl -in $1.crl.pem -outform DER -out $1.der
    done
    # A list in the intermediate's name, signed by another key.
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out forger.key 2>/dev/null
    openssl req -x509 -new -key forger.key -subj "/O=City/CN=inter" -days 9000 -out forger.pem
    openssl ca -gencrl -config ca.cnf -name inter -keyfile forger.key -cert forger.pem -crl_lastupdate 20300101000000Z \\
      -crl_nextupdate 20300201000000Z -out forged.crl.pem 2>/dev/null
    openssl crl -in forged.crl.pem -outform DER -out forged.der
    # The root withdraws the intermediate.
    openssl ca -config ca.cnf -name root -revoke inter.pem 2>/dev/null
    list rootrevokes root 20300101000000Z 20300201000000Z
    # One bit of the signature turned.
    python3 - <<'END'
    b = bytearray(open('good.der','rb').read()); b[-3] ^= 1; open('bent.der','wb').write(b)
    END
    openssl x509 -inform DER -in bent.der -out bent.pem
    """
}

enum RealPart {
  /// Whether `openssl` is there; in CI it must be.
  static let hasOpenSSL =
    ProcessInfo.processInfo.environment["CI"] != nil || FileManager.default.fileExists(atPath: "/usr/bin/openssl")
}
