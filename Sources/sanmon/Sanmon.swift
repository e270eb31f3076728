@main
enum Sanmon {
  static func main() {}
}
