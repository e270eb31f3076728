@main
enum Sanmond {
  static func main() {}
}
