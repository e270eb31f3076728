import Foundation

/// Text as a spreadsheet saves it: UTF-8, or what "CSV" without more means on a Japanese Windows (code page 932).
public enum SpreadsheetText {
  /// - Returns: `nil` for bytes that are neither.
  public static func decode(_ bytes: [UInt8]) -> String? {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    guard bytes.count <= SourceFile.maximumBytes, let converter = iconv_open("UTF-8", "CP932"),
      converter != iconv_t(bitPattern: -1)
    else { return nil }
    defer { iconv_close(converter) }
    // One byte of code page 932 becomes three of UTF-8 at most (half-width kana).
    var output = [UInt8](repeating: 0, count: bytes.count * 3)
    var (inputLeft, outputLeft) = (bytes.count, output.count)
    var input = bytes.map { CChar(bitPattern: $0) }
    let converted = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBytes { output in
        var from = input.baseAddress
        var to = output.bindMemory(to: CChar.self).baseAddress
        return iconv(converter, &from, &inputLeft, &to, &outputLeft)
      }
    }
    guard converted >= 0, inputLeft == 0 else { return nil }
    return String(validating: output.prefix(output.count - outputLeft), as: UTF8.self)
  }
}
