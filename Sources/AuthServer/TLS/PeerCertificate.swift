import AuthTerms
import Crypto
import NIOCore
import NIOSSL
import NIOTLS

enum PeerCertificate {
  static func fingerprint(of der: [UInt8]) -> CertificateFingerprint {
    do {
      return try CertificateFingerprint(parsing: Array(SHA256.hash(data: der)))
    } catch {
      // SHA-256 has 32 bytes (FIPS 180-4), which is all a fingerprint asks for.
      preconditionFailure("SHA-256 is 32 bytes")
    }
  }
}

/// Whose certificates a mutual listener's roots stand for.
enum CertificateHolder: Sendable {
  case workstation
  case operatorCard

  func identity(_ der: [UInt8]) -> RequestIdentity {
    let fingerprint = PeerCertificate.fingerprint(of: der)
    return switch self {
    case .workstation: .certificate(fingerprint, der: der)
    case .operatorCard: .operatorCertificate(fingerprint, der: der)
    }
  }
}

/// Waits for the end of the handshake, takes the client's leaf out of the TLS layer and then leaves the pipeline.
///
/// A peer that does not finish the handshake in time is dropped; one without a certificate never gets here on a mutual listener,
/// and if the TLS library ever let one pass, it is dropped here.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let facts: ConnectionFacts
  /// `nil` where no certificate is asked for.
  private let holder: CertificateHolder?
  private let deadline: TimeAmount
  private let onFailure: @Sendable () -> Void
  private var timer: Scheduled<Void>?
  private var isDone = false

  init(
    facts: ConnectionFacts, holder: CertificateHolder?, deadline: TimeAmount, onFailure: @escaping @Sendable () -> Void
  ) {
    self.facts = facts
    self.holder = holder
    self.deadline = deadline
    self.onFailure = onFailure
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: deadline) { channel.close(mode: .all, promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    if !isDone { onFailure() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      isDone = true
      do {
        facts.prove(try identity(context))
      } catch {
        isDone = false
        context.close(promise: nil)
        return
      }
      context.fireUserInboundEventTriggered(event)
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  private func identity(_ context: ChannelHandlerContext) throws -> RequestIdentity {
    guard let holder else { return .anonymous }
    guard let leaf = try context.pipeline.syncOperations.nioSSL_peerCertificate() else { throw ChannelError.eof }
    return holder.identity(try leaf.toDERBytes())
  }
}
