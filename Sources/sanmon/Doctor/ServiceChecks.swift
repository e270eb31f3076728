import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation

extension Examination {
  private var units: (server: String, vault: String) {
    ("sanmond@\(instance.instance)", "sanmon-vault@\(instance.instance)")
  }

  func serverAnswers() -> Finding {
    switch server {
    case .refused(let why): return .unknown(.server, why.ja, why.en)
    case .absent(let why):
      return .fault(
        .server, why,
        Words(
          "systemctl status \(units.server) と journalctl -u \(units.server) を読む",
          "read systemctl status \(units.server) and journalctl -u \(units.server)"))
    case .value(let facts):
      guard facts.missing.contains("store") else { return .ok(.server, "応答あり", "answers") }
      return .fault(
        .server, Words("動いていますが、データベースに書けません", "runs, but its database does not answer"),
        Words(
          "空き容量とディスクの故障を確かめる（dmesg）。直れば再起動なしで戻ります", "look at free space and the disk (dmesg); it recovers without a restart"))
    }
  }

  func vaultAnswers() -> Finding {
    let start = Words(
      "systemctl status \(units.vault)。ログオンは鍵庫がなくても続きます", "systemctl status \(units.vault); logons go on without it")
    if let sealed {
      return .fault(
        .vault, sealed,
        Words(
          "分割した鍵を持つ人が順に sanmon-vault unseal で入力する", "those who have shares type them, one after the other: sanmon-vault unseal")
      )
    }
    // What the server sees counts: the vault is for it.
    if let facts = server.value, facts.missing.contains("vault") {
      return .fault(.vault, Words("サーバーに応答しません", "does not answer the server"), start)
    }
    switch vault {
    case .value(let status):
      guard status.isInitialised else {
        return .fault(
          .vault, Words("初期化されていません", "is not initialised"), Words("sanmon pki init", "sanmon pki init"))
      }
      guard status.instance == instance.instance, Set(status.segments) == Set(instance.segments.map(\.name)) else {
        return .fault(
          .vault, Words("ほかの装置の鍵庫です（\(status.instance)）", "is another instance's (\(status.instance))"),
          Words("起動の設定の vault-socket を確かめる", "check vault-socket in the start-up file"))
      }
      guard status.sharesNeeded == 0 || status.alarms > 0 else {
        return .ok(
          .vault, "応答あり、警報なし。起動のたびに \(status.sharesNeeded) 人の分割鍵が要ります",
          "answers, no alarms; each start takes \(status.sharesNeeded) people with their shares")
      }
      return alarms(status.alarms)
    case .absent(let why): return .fault(.vault, why, start)
    case .refused(let why):
      if let status = server.value?.status, let count = status.vaultAlarms { return alarms(count) }
      if server.value != nil { return .ok(.vault, "サーバーに応答あり", "answers the server") }
      return .unknown(.vault, why.ja, why.en)
    }
  }

  private func alarms(_ count: UInt64) -> Finding {
    guard count > 0 else { return .ok(.vault, "応答あり、警報なし", "answers, no alarms") }
    return .warning(
      .vault,
      Words(
        "警報 \(count) 件：以前と合わないチェックポイント、カードの複製の疑いなど",
        "\(count) alarms: a checkpoint that contradicts the last one, a card that was copied, or the like"),
      Words(
        "sanmon vault alarm list で一件ずつ確かめ、調べ終えたら sanmon vault alarm seen。監査記録を検証する",
        "sanmon vault alarm list, find out what was asked of it, then sanmon vault alarm seen; verify the audit log")
    )
  }

  func listeners() -> Finding {
    let status = server.value?.status
    var doors: [(name: String, listener: Listener)] = []
    var unknown: [String] = []
    func add(_ name: String, _ listener: Listener?, actual port: Int?) {
      guard var listener else { return }
      if listener.port == 0 { listener.port = port ?? 0 }
      if listener.port == 0 { unknown.append(name) } else { doors.append((name, listener)) }
    }
    add("listen", instance.listen.listener, actual: status?.mainPort)
    add("enrolment-listen", instance.enrolmentListen.listener, actual: status?.enrolmentPort)
    add("operator-listen", instance.operatorListen?.listen.listener, actual: nil)
    add("metrics-listen", instance.metricsListen, actual: nil)
    let silent = doors.filter { !TCPProbe.answers($0.listener.address, port: $0.listener.port) }
    if let first = silent.first {
      let place = "\(first.name) \(first.listener.address):\(first.listener.port)"
      return .fault(
        .listeners, Words("応答しない待ち受け \(silent.count) か所：\(place)", "\(silent.count) do not answer: \(place)"),
        Words(
          "サーバーが動いているか、そのアドレスがこの装置にあるかを確かめる（ip address）",
          "does the server run, and does this machine have that address (ip address)?"))
    }
    guard !doors.isEmpty else {
      return .unknown(.listeners, "ポートが決められておらず、サーバーにも聞けません", "no port is fixed, and the server cannot be asked")
    }
    let rest =
      unknown.isEmpty
      ? Words("", "") : Words("（未確認：\(unknown.joined(separator: "、"))）", " (not looked at: \(unknown.joined(separator: ", ")))")
    return .ok(.listeners, "\(doors.count) か所が応答\(rest.ja)", "\(doors.count) answer\(rest.en)")
  }

  func denials() -> Finding {
    guard let count = server.value?.metric("sanmon_unrecorded_denials") else {
      return .unknown(.denials, "サーバーに聞けません", "the server cannot be asked")
    }
    guard count > 0 else { return .ok(.denials, "なし", "none unrecorded") }
    return .fault(
      .denials, Words("記録できずに断った回数 \(count)", "\(count) refused because no row could be written"),
      Words(
        "空き容量とディスクを確かめる。書けるようになれば、回数が記録されて 0 に戻ります",
        "look at free space and the disk; once rows can be written the count is recorded and returns to 0"))
  }
}

/// Whether something accepts TCP connections there. The connection is closed without a word.
enum TCPProbe {
  static func answers(_ address: String, port: Int, milliseconds: Int32 = 2000) -> Bool {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    // Every address of this machine is also the loopback's.
    let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][address] ?? address
    guard getaddrinfo(host, String(port), &hints, &list) == 0, let found = list else { return false }
    defer { freeaddrinfo(list) }
    let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    if connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 { return true }
    guard errno == EINPROGRESS else { return false }
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&entry, 1, milliseconds) == 1 else { return false }
    var fault: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &length) == 0 && fault == 0
  }
}
