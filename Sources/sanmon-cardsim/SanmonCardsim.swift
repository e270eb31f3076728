@main
enum SanmonCardsim {
  static func main() {}
}
