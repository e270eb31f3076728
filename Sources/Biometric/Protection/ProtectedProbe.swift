extension AlignedProbe {
  /// A sample under a key, at each alignment of its window: compared with templates under the same key (`VeinComparator.search`), its
  /// distances are those of the unprotected ones.
  public convenience init(_ probe: VeinProbe, under protection: TemplateProtection) throws(ComparisonFault) {
    try unsafe self.init(probe, protectionKey: protection.id) { words in
      unsafe words.withMemoryRebound(to: SIMD4<UInt64>.self) { rows in unsafe protection.protect(rows) }
    }
  }
}
