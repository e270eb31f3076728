@main
enum SanmonVault {
  static func main() {}
}
