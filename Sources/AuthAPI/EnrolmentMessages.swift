public import FoundationEssentials

/// Body of `POST /v1/enrolment/workstations`, on the enrolment listener.
public struct WorkstationEnrolmentRequest: Codable, Sendable {
  /// The one-time code an administrator made for this name and segment.
  public var code: String
  /// PKCS#10, DER. Only its public key is used; name and segment come from the code.
  public var certificateRequest: Data

  public init(code: String, certificateRequest: Data) {
    self.code = code
    self.certificateRequest = certificateRequest
  }
}

/// Body of `POST /v1/workstation/renewal`, over mTLS with the certificate that is renewed.
public struct WorkstationRenewalRequest: Codable, Sendable {
  public var certificateRequest: Data
  /// ECDSA P-256 by the current key over `VaultRenewal.message`, when the request is for another key.
  public var proof: Data?
  public init(certificateRequest: Data, proof: Data? = nil) {
    self.certificateRequest = certificateRequest
    self.proof = proof
  }
}

public struct WorkstationCertificateIssued: Codable, Sendable {
  public var workstation: String
  public var segment: String
  /// DER
  public var certificate: Data
  /// DER, what the workstation pins as the server's issuer.
  public var trustRoots: [Data]

  public init(workstation: String, segment: String, certificate: Data, trustRoots: [Data]) {
    self.workstation = workstation
    self.segment = segment
    self.certificate = certificate
    self.trustRoots = trustRoots
  }
}
