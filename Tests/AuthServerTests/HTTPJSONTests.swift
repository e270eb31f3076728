import AuthServer
import Foundation
import Testing

@Suite("JSON bodies")
struct HTTPJSONTests {
  static let whole = #"{"name":"n","count":-7,"data":"AAE=","inner":{"flag":true,"numbers":[1,2]},"optional":"o"}"#

  private func decode(_ text: String) throws -> Sample { try JSONBody.decode(Sample.self, from: Array(text.utf8)) }

  @Test("a message comes through whole, with any white space and order")
  func whole() throws {
    let sample = Sample(
      name: "n", count: -7, data: Data([0, 1]), inner: .init(flag: true, numbers: [1, 2]), optional: "o")
    #expect(try decode(Self.whole) == sample)
    #expect(try decode(" \n\t{ \"count\" : -7 ,\r\"data\":\"AAE=\", \"name\":\"\\u006e\" } ").name == "n")
    #expect(try decode(#"{"name":"\ud83d\ude00三\/\t","count":0,"data":""}"#).name == "😀三/\t")
    #expect(try decode(#"{"name":"n","count":0,"data":""}"#).inner == nil)
    #expect(try JSONBody.decode(Sample.self, from: JSONBody.encode(sample)) == sample)
  }

  @Test(
    "what is not exactly the message is refused, with its reason",
    arguments: [
      ("", HTTPFault.Cause.notJSON), ("{", .notJSON), ("}", .notJSON), ("{\"name\"}", .notJSON), ("{,}", .notJSON),
      (#"{"name":"n","count":0,"data":"",}"#, .notJSON), (#"{'name':'n'}"#, .notJSON), ("\u{FEFF}{}", .notJSON),
      (#"{"name":"\x"}"#, .notJSON), (#"{"name":"\ud800"}"#, .notJSON), (#"{"name":"\ud800\u0041"}"#, .notJSON),
      (#"{"name":"\udc00"}"#, .notJSON), ("{\"name\":\"a\nb\"}", .notJSON), (#"{"name":"open"#, .notJSON),
      (#"{"name":"n","count":01,"data":""}"#, .notJSON), (#"{"name":"n","count":+1,"data":""}"#, .notJSON),
      (#"{"name":"n","count":1.,"data":""}"#, .notJSON), (#"{"name":"n","count":.5,"data":""}"#, .notJSON),
      (#"{"name":"n","count":NaN,"data":""}"#, .notJSON), (#"{"name":"n","count":1e,"data":""}"#, .notJSON),
      ("{} {}", .trailingBytes), ("{}x", .trailingBytes), ("{}\0", .trailingBytes), ("truefalse", .trailingBytes),
      (#"{"name":"n","count":0,"data":"","name":"m"}"#, .duplicateField),
      (#"{"name":"n","count":0,"data":"","\u006eame":"m"}"#, .duplicateField),
      (#"{"name":"n","count":0,"data":"","admin":true}"#, .unknownField),
      (#"{"name":"n","count":0,"data":"","inner":{"flag":true,"numbers":[],"x":1}}"#, .unknownField),
      (#"{"name":"n","data":""}"#, .missingField), ("{}", .missingField),
      (#"{"name":1,"count":0,"data":""}"#, .wrongType), (#"{"name":null,"count":0,"data":""}"#, .wrongType),
      (#"{"name":"n","count":0,"data":"","inner":null}"#, .wrongType),
      (#"{"name":"n","count":"0","data":""}"#, .wrongType), (#"{"name":"n","count":0.5,"data":""}"#, .wrongType),
      (#"{"name":"n","count":1e2,"data":""}"#, .wrongType), (#"{"name":"n","count":-0,"data":""}"#, .wrongType),
      (#"{"name":"n","count":9223372036854775808,"data":""}"#, .wrongType),
      (#"{"name":"n","count":true,"data":""}"#, .wrongType), (#"{"name":"n","count":0,"data":"A"}"#, .wrongType),
      (#"{"name":"n","count":0,"data":"AAF="}"#, .wrongType), (#"{"name":"n","count":0,"data":"AAE"}"#, .wrongType),
      (#"{"name":"n","count":0,"data":"AA E="}"#, .wrongType),
      (#"{"name":"n","count":0,"data":"","inner":{"flag":1,"numbers":[]}}"#, .wrongType),
      (#"{"name":"n","count":0,"data":"","inner":[]}"#, .wrongType), ("[]", .wrongType), ("\"text\"", .wrongType),
    ])
  func refused(text: String, cause: HTTPFault.Cause) {
    #expect(throws: HTTPFault.malformed(cause)) { try decode(text) }
  }

  @Test(
    "bytes that are not UTF-8 are refused", arguments: [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0xF4, 0x90, 0x80, 0x80]])
  func notUTF8(bytes: [UInt8]) {
    let body = Array(#"{"name":""#.utf8) + bytes + Array(#"","count":0,"data":""}"#.utf8)
    #expect(throws: HTTPFault.malformed(.notJSON)) { try JSONBody.decode(Sample.self, from: body) }
  }

  @Test("16 levels are read, 17 are not, and a hundred thousand cost nothing", arguments: ["[", #"{"a":"#])
  func depth(opening: String) throws {
    let closing = opening == "[" ? "]" : "}"
    func nested(_ levels: Int) -> [UInt8] {
      Array((String(repeating: opening, count: levels) + "1" + String(repeating: closing, count: levels)).utf8)
    }
    // Read whole, then of the wrong type for the message.
    #expect(throws: HTTPFault.malformed(.wrongType)) { try JSONBody.decode(Bool.self, from: nested(16)) }
    #expect(throws: HTTPFault.malformed(.tooDeep)) { try JSONBody.decode(Bool.self, from: nested(17)) }
    let bomb = Array(String(repeating: opening, count: 100_000).utf8)
    // The best of many: other tests run beside this one.
    let spent = (0..<20).map { _ in
      ContinuousClock().measure {
        #expect(throws: HTTPFault.malformed(.tooDeep)) { try JSONBody.decode(Bool.self, from: bomb) }
      }
    }
    #expect(spent.min().map { $0 < .milliseconds(50) } == true)
  }

  @Test("ten thousand values are read, one more is not")
  func count() throws {
    func list(_ count: Int) -> [UInt8] { Array("[\(Array(repeating: "0", count: count).joined(separator: ","))]".utf8) }
    #expect(try JSONBody.decode([Int].self, from: list(9999)).count == 9999)
    #expect(throws: HTTPFault.malformed(.tooManyValues)) { try JSONBody.decode([Int].self, from: list(10_000)) }
  }

  @Test(
    "media types",
    arguments: [
      ("application/json", true), ("Application/JSON", true), ("application/json; charset=utf-8", true),
      ("application/json;charset=\"UTF-8\"", true), ("application/json; charset=shift_jis", false), ("text/json", false),
      ("application/json, text/html", false), ("application/x-www-form-urlencoded", false), ("", false),
      ("application/json;", false), ("application/json; a=b; c=d", false),
    ])
  func mediaType(text: String, isAccepted: Bool) { #expect(JSONBody.isJSON(text) == isAccepted) }

  /// Whatever our reader takes, Foundation takes too, and as the same value: no text means two things.
  @Test("differential: 40,000 mutated texts against Foundation's reader")
  func differential() throws {
    var random = SystemRandomNumberGenerator()
    let seeds = [Self.whole, #"[1,-2.5e3,"\u00e9\n",[true,null],{}]"#, #"{"a":[{"b":""}],"c":0}"#].map { Array($0.utf8) }
    let alphabet = Array(#"{}[]",:\/bfnrtu0123456789abcdefE+-. tn"#.utf8) + [0, 0x1F, 0x7F, 0xC3, 0xA9, 0xFF]
    var accepted = 0
    for _ in 0..<40_000 {
      var text = seeds.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        let byte = alphabet.randomElement(using: &random) ?? 0
        switch Int.random(in: 0...2, using: &random) {
        case 0: text[place] = byte
        case 1: text.insert(byte, at: place)
        default: if text.count > 1 { text.remove(at: place) }
        }
      }
      guard let ours = try? JSONBody.decode(AnyJSON.self, from: text) else { continue }
      accepted += 1
      let theirs = try JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
      let same = ours.matches(theirs)
      #expect(same, "\(String(decoding: text, as: UTF8.self))")
      if !same { return }
    }
    #expect(accepted > 4000)
  }
}

/// Any JSON value, to compare two readers.
private indirect enum AnyJSON: Decodable {
  case null, bool(Bool), number(Double), string(String), array([AnyJSON]), object([String: AnyJSON])

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Key.self) {
      self = .object(
        try Dictionary(
          uniqueKeysWithValues: container.allKeys.map { ($0.stringValue, try container.decode(Self.self, forKey: $0)) }))
    } else if var container = try? decoder.unkeyedContainer() {
      var elements: [Self] = []
      while !container.isAtEnd { elements.append(try container.decode(Self.self)) }
      self = .array(elements)
    } else {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let flag = try? container.decode(Bool.self) {
        self = .bool(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .string(try container.decode(String.self))
      }
    }
  }

  func matches(_ other: Any) -> Bool {
    switch self {
    case .null: other is NSNull
    case .bool(let flag): (other as? Bool) == flag
    case .number(let number): (other as? NSNumber)?.doubleValue == number
    case .string(let text): (other as? String) == text
    case .array(let elements):
      (other as? [Any]).map { $0.count == elements.count && zip(elements, $0).allSatisfy { $0.matches($1) } } ?? false
    case .object(let members):
      (other as? [String: Any]).map { theirs in
        theirs.count == members.count && members.allSatisfy { key, value in theirs[key].map(value.matches) ?? false }
      } ?? false
    }
  }
}
