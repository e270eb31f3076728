import Foundation
public import Isolation
import SmartCard

/// The process of one PKCS#11 library: started for one question, ended by its answer.
public enum TokenHost {
  /// The name of the hidden command under which our programs start themselves for it.
  public static let command = "module-host"
  /// Where the parent's end of the pair is.
  public static let descriptor: Int32 = 3
  /// Seconds after which such a process ends itself, should its parent be gone. Longer than any parent waits.
  static let mostSeconds: UInt32 = 90

  /// Answers one request on the descriptor and ends the process. Nothing of the library's runs after the answer has left.
  ///
  /// - Throws: `SocketFault` when no request came, or nobody took the answer.
  public static func serve() throws(SocketFault) -> Never {
    alarm(mostSeconds)
    // A crash ends this process at once: Swift's own handler would first have another program look through memory where a PIN
    // stands, for seconds.
    for number in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGQUIT] { signal(number, SIG_DFL) }
    let connection = try PeerConnection.inherited(descriptor, frameLimit: ModuleRequest.frameLimit)
    guard var frame = try connection.receive(by: Deadline(milliseconds: 5000)) else { throw .closed }
    let request = try? ModuleRequest(decoding: frame)
    // The PIN stands in the request, which wipes it, and in this copy.
    frame.withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
    }
    guard let request else { _exit(65) }
    try connection.send(answer(request).encoded(), by: Deadline(milliseconds: 5000))
    // Not `exit`: a library's own clean-up is over with C_Finalize, and what hangs in it would hang here.
    _exit(0)
  }

  private static func answer(_ request: ModuleRequest) -> ModuleAnswer {
    // Before a line of the library's runs: what its loading runs is the library too. Its files were taken by who started us.
    do throws(Hardening.Fault) { try Hardening.confineClient() } catch { return .failed(.unusable) }
    let library: Cryptoki
    do throws(CryptokiRefusal) { library = try Cryptoki(path: request.library) } catch { return .failed(error.why) }
    // Before the answer leaves: whoever has it finds the card free.
    defer { library.finalize() }
    return TokenTask(library: library).run(request.task)
  }
}
