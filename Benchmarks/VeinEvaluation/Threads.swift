import Dispatch
import Synchronization

/// Work split over threads; results in the order of the parts, so that a run does not depend on their number.
enum Threads {
  static func split<Item>(_ items: [Item], _ parts: Int) -> [[Item]] {
    let parts = max(1, min(parts, items.count))
    return (0..<parts).map { Array(items[$0 * items.count / parts..<($0 + 1) * items.count / parts]) }
  }

  static func run<Part: Sendable, Answer: Sendable>(_ parts: [Part], _ work: @Sendable (Part) -> Answer) -> [Answer] {
    let answers = Mutex([Answer?](repeating: nil, count: parts.count))
    DispatchQueue.concurrentPerform(iterations: parts.count) { index in
      let answer = work(parts[index])
      answers.withLock { $0[index] = answer }
    }
    return answers.withLock { $0.compactMap(\.self) }
  }
}
