import Foundation

/// Work that computes for seconds, on a thread of its own: beside it run servers that share the few threads of the tests.
public func onOwnThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
  try await withCheckedThrowingContinuation { done in
    Thread.detachNewThread { done.resume(with: Result { try work() }) }
  }
}
