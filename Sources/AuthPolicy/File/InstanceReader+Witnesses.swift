import AuthTerms

extension InstanceReader {
  func witnesses(_ node: MarkedNode) -> [CheckpointWitness] {
    log.distinct(node, 1...4) { node in
      let fields = Fields(node, allowed: ["url", "key"], log)
      let address = log.name(
        fields.required("url"), Bilingual("http://ホスト:ポート/（庁内）", "http://HOST:PORT/, inside the city's network"),
        as: .badAddress
      ) {
        text throws(MalformedInput) in
        let address = try ListAddress(parsing: text)
        guard address.path.hasSuffix("/") else { throw MalformedInput("witness", expected: "an address that ends with /") }
        return address
      }
      let key = log.name(
        fields.required("key"), Bilingual("証人の検証鍵（名前+8桁+Base64）", "a witness's key: name+8 hex digits+Base64")
      ) {
        text throws(MalformedInput) in
        // Whether it is right is found where it is used.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.utf8.count <= 512, parts.count == 3, !parts[0].isEmpty, parts[1].utf8.count == 8,
          parts[2].utf8.count == 44, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw MalformedInput("witness key", expected: "name+8 hex digits+Base64") }
        return text
      }
      guard let address, let key else { return nil }
      return CheckpointWitness(address: address, key: key)
    }
  }
}
