import AuthTerms
import SmartCard
import Testing
import Workstation

/// Readers that say what they were told to say.
private struct ScriptedReaders: CardPort {
  let piv: CardFailure
  /// What the look for a My Number Card ends in; `nil`: there is one.
  let personal: CardFailure?

  func view() async throws(CardFailure) -> CardView { throw piv }
  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome { throw .unsupportedCard }
  func jpkiCard(isTaken: Bool) async throws(CardFailure) -> JPKICardView {
    if let personal { throw personal }
    return JPKICardView(reader: "Memory 00", triesLeft: 0, certificate: [])
  }
}

@Suite("a library beside the readers")
struct EitherCardsTests {
  /// A library whose process cannot be started: whoever asks it hears that, and nobody else does.
  private static let fromLibrary = CardFailure.module(.unusable)

  private func fault(_ piv: CardFailure, _ personal: CardFailure?) async throws -> CardFailure? {
    let library = ModuleCards(try TokenModule(library: "/nonexistent.so"), program: "/nonexistent/program")
    let cards = EitherCards(readers: ScriptedReaders(piv: piv, personal: personal), module: library)
    do throws(CardFailure) {
      _ = try await cards.view()
      return nil
    } catch { return error }
  }

  @Test("a My Number Card is shown to no library, and what may be one is not either")
  func notAsked() async throws {
    #expect(try await fault(.unsupportedCard, nil) == .unsupportedCard)
    let unknown: [CardFailure] = [
      .ambiguousCard, .readerBusy, .timedOut, .cardReset, .cardRemoved, .serviceLost, .accessDenied, .readerFault(7),
    ]
    for personal in unknown { #expect(try await fault(.unsupportedCard, personal) == personal) }
    for piv in [.noCard, .ambiguousCard, .readerBusy] as [CardFailure] {
      #expect(try await fault(piv, .unsupportedCard) == piv)
    }
  }

  @Test("a card that says anything to PIV's name may be of another kind; one that could not be asked is not known to be any")
  func kinds() async throws {
    let answers: [CardFailure] = [
      .unsupportedCard, .refused(StatusWord(rawValue: 0x6985)),
      .malformedCard(MalformedInput("card", expected: "a status word")),
    ]
    for piv in answers {
      #expect(piv.mayBeAnotherKind)
      #expect(try await fault(piv, nil) == piv)
      #expect(try await fault(piv, .unsupportedCard) == Self.fromLibrary)
    }
    for piv in [.noCard, .ambiguousCard, .readerBusy, .cardReset, .timedOut, .missingObject] as [CardFailure] {
      #expect(!piv.mayBeAnotherKind)
    }
  }

  @Test("where there certainly is none, the library is asked")
  func asked() async throws {
    for personal in [.unsupportedCard, .noCard, .noReader] as [CardFailure] {
      #expect(try await fault(.unsupportedCard, personal) == Self.fromLibrary)
    }
    #expect(try await fault(.serviceUnavailable, .serviceUnavailable) == Self.fromLibrary)
  }

  @Test("a card that was lost halfway is no proof that there is none, where that has to hold")
  func lost() async {
    func look(_ isSure: Bool, _ faults: [String: CardFailure]) async -> CardFailure? {
      do throws(CardFailure) {
        _ = try await ReaderCards.only(in: ["A", "B"], isSure: isSure) { (reader) async throws(CardFailure) -> String in
          if let fault = faults[reader] { throw fault }
          return reader
        }
        return nil
      } catch { return error }
    }
    for lost in [.cardReset, .cardRemoved] as [CardFailure] {
      #expect(await look(true, ["A": lost, "B": .unsupportedCard]) == lost)
      #expect(await look(false, ["A": lost, "B": .unsupportedCard]) == .unsupportedCard)
      #expect(await look(true, ["A": lost]) == nil)
    }
    #expect(await look(true, [:]) == .ambiguousCard)
    #expect(await look(true, ["A": .readerBusy]) == .readerBusy)
  }
}
