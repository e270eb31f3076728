import AuthTerms
import Testing

@Suite("sets of factors")
struct FactorSetTests {
  private static let all: [[Factor]] = (0..<32).map { bits in
    Factor.allCases.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)
  }

  @Test("are what the sets of the language are: every pair of the 32")
  func twin() {
    for left in Self.all {
      let (a, slowA) = (FactorSet(left), Set(left))
      #expect(Array(a) == left && a.count == slowA.count && a.isEmpty == slowA.isEmpty)
      #expect(a.sorted() == slowA.sorted())
      for factor in Factor.allCases {
        #expect(a.contains(factor) == slowA.contains(factor))
        var (more, slowMore) = (a, slowA)
        #expect(more.insert(factor).inserted == slowMore.insert(factor).inserted && Set(more) == slowMore)
        #expect(more.remove(factor) == slowMore.remove(factor) && Set(more) == slowMore)
        #expect(more.update(with: factor) == slowMore.update(with: factor) && Set(more) == slowMore)
      }
      for right in Self.all {
        let (b, slowB) = (FactorSet(right), Set(right))
        #expect((a == b) == (slowA == slowB))
        #expect(Set(a.union(b)) == slowA.union(slowB))
        #expect(Set(a.intersection(b)) == slowA.intersection(slowB))
        #expect(Set(a.subtracting(b)) == slowA.subtracting(slowB))
        #expect(Set(a.symmetricDifference(b)) == slowA.symmetricDifference(slowB))
        #expect(a.isSubset(of: b) == slowA.isSubset(of: slowB))
        #expect(a.isDisjoint(with: b) == slowA.isDisjoint(with: slowB))
        var formed = a
        formed.formUnion(b)
        #expect(formed == a.union(b))
        formed.formIntersection(b)
        #expect(formed == b.intersection(a.union(b)))
        formed.formSymmetricDifference(a)
        #expect(Set(formed) == slowB.symmetricDifference(slowA))
      }
    }
    #expect(Set(Self.all.map { FactorSet($0) }).count == 32)
    #expect(([.card, .pin] as FactorSet) == FactorSet([.pin, .card]))
  }
}
