@main
enum SanmonAgent {
  static func main() {}
}
