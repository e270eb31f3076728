import ArgumentParser

@main
struct SanmonVault: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-vault",
    abstract: "Holds the keys of one Sanmon instance and signs only what it has checked itself. 鍵の保管庫",
    discussion: """
      Examples:
        sanmon-vault make-master-key --out /etc/sanmon/vault-master.key
        sanmon-vault init --state /var/lib/sanmon-vault --master-key-file /etc/sanmon/vault-master.key \\
          --instance lgwan-1 --segment lgwan --host sanmon.city.example
        sanmon-vault serve --state /var/lib/sanmon-vault --master-key-file /etc/sanmon/vault-master.key \\
          --socket /run/sanmon-vault/vault.sock --peer-user sanmond --operator-user admin

        sanmon-vault make-master-key --shares 3 --threshold 2
        sanmon-vault serve --state /var/lib/sanmon-vault --await-shares 2 --socket /run/sanmon-vault/vault.sock \\
          --peer-user sanmond --operator-user admin
        sanmon-vault unseal --socket /run/sanmon-vault/vault.sock

      Exit codes: 0 done · 64 wrong arguments · 69 the socket is in use or cannot be made · 74 the state cannot be read \
      or written · 77 root, or a file that others can read · 78 no usable master key, or contradicting settings
      """,
    subcommands: [
      Serve.self, Initialise.self, MakeMasterKey.self, SplitMasterKey.self, JoinMasterKey.self, Rewrap.self, Unseal.self,
      VerifyLog.self,
    ])
}
