import AuthTerms
import Testing

@Suite("addresses of revocation lists")
struct ListAddressTests {
  @Test(
    "host, port and path; and it is written as it was read",
    arguments: [
      ("http://10.1.0.5/staff.crl", "10.1.0.5", 80, "/staff.crl"),
      ("http://crl.city.example:8080/a/b.crl?x=1", "crl.city.example", 8080, "/a/b.crl?x=1"),
      ("http://[fd00::5]/", "fd00::5", 80, "/"), ("http://[::1]:65535/%E5.crl", "::1", 65_535, "/%E5.crl"),
      ("http://PKI/x", "PKI", 80, "/x"),
    ] as [(String, String, Int, String)])
  func read(text: String, host: String, port: Int, path: String) throws {
    let address = try ListAddress(parsing: text)
    #expect(address.host == host && address.port == port && address.path == path && address.description == text)
  }

  @Test(
    "another scheme, a user, a fragment, no path, a port that is none or not written, letters that are read in two ways",
    arguments: [
      "", "http://", "http:///x", "https://10.1.0.5/x", "HTTP://10.1.0.5/x", "ftp://10.1.0.5/x", "file:///etc/passwd",
      "http://10.1.0.5", "http://u@10.1.0.5/x", "http://u:p@10.1.0.5/x", "http://10.1.0.5/x#y", "http://10.1.0.5:0/x",
      "http://10.1.0.5:80/x", "http://10.1.0.5:080/x", "http://10.1.0.5:65536/x", "http://10.1.0.5:/x", "http://10.1.0.5:8a/x",
      "http://[fd00::5/x", "http://[]/x", "http://[fd00::5]8/x", "http://[10.1.0.5]/x", "http://fd00::5/x", "http://-a/x",
      "http://.a/x", "http://a./x", "http://a b/x", "http://a/x y", "http://a/x\r\nHost: b", "http://a/x\\y",
      "http://a/\u{3042}",
      "http://a/<x>", "http://a/x;y", "http://a/\"x", "http://a/x'", " http://a/x", "http://a/x ",
      "http://a/" + String(repeating: "x", count: 512), "http://" + String(repeating: "a", count: 254) + "/x",
    ])
  func refused(text: String) {
    #expect(throws: MalformedInput.self) { try ListAddress(parsing: text) }
  }
}
