"""Polish."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "i a w we z ze na do o od po za przy pod nad przez przed między dla bez u ku oraz lub albo ale lecz nie",
        "tak jest są był była było byli były być będzie będą ma mają miał miała mam jestem ja ty on ona ono my wy",
        "oni one mnie mi mną ciebie ci cię go jego jej jemu mu nią nim ich im się sobie mój moja moje mojego twój",
        "swój swoje swoją swojego nasz nasza wasz ten ta to te tego tej tym tych temu tę tą który która które",
        "którego której którzy których co kto kogo czego gdzie kiedy jak dlaczego czy że żeby aby bo ponieważ gdy",
        "jeśli jeżeli więc już jeszcze tylko także też również bardzo może można trzeba proszę dziękuję dzień",
        "dobry cześć pan pani pana panu panią państwo szanowny szanowna pozdrawiam poważaniem roku lat dnia",
        "urodzony urodzona zamieszkały zamieszkała ul imię nazwisko adres telefon temat data wczoraj dziś dzisiaj",
        "jutro wszystko sobą tu tam teraz potem zawsze nigdy ok tys zł",
        "został podczas wszystkie jako wtedy znowu dwa dobrze trzy domu dni zmiany wiele wszystkich trzech ponownie",
        "pomoc zwrot spotkaniu spotkanie skąd ponad osób około mieszka została należy nowe brak informacje chcesz",
        "zapytaj zapadnie wzięli wygrał wiem urodzenia trzeciej strzelił sobotę rano późno przyszła przyszedł",
        "przyjdzie przyjadą prawa pracuje postępowania podpisany podał piszę otworzył osiem odpowiedź oddalił mogą",
        "mleko minut kwotę kosztów jutra imieniu hasło gra dwóch dwadzieścia czekam cicho chleb chciał apelację",
        "nowy zostało historii dane obok poniżej uruchomić narzędzi możesz dodaj pewno nową zmian wyniki wiadomość",
        "tekst więcej spróbuj puste każdej dowiedzieć wymagane systemie pytania pracy powodu pomiędzy podstawie",
        "zobaczenia zainstalować współpracy szybko otwiera odpowiada nowego naciśnij",
        # Requests and what they are about.
        "napisz wyślij przygotuj znajdź sprawdź prześlij wydrukuj zaplanuj zmień zapisz zadzwoń oddzwoń streść",
        "przetłumacz odwołaj odpisz powiadom usuń popraw podaj wyjaśnij zaproś zarezerwuj przypomnij powiedz umów",
        "przełóż podziękuj pokaż pomóż ile zarabia umowę fakturę streszczenie zaproszenie akta maila stolik",
        "wiersz pismo wizytę numer kontakt zebraniu zebranie umowa faktura zamówienie klient klienta rachunek",
        "zamów zanotuj porozmawiaj przekaż zastępuje niezapłacona zapomnij pogratuluj wpadnij znasz zapłać",
        "odwiedź połącz potwierdź kup sprzedaj otwórz zamknij udostępnij zgłoś zaktualizuj zarchiwizuj zaakceptuj",
        "odrzuć opisz przeanalizuj wymień porównaj kwiaty plik czynsz urodziny cioci babcię poproś opowiedz",
        "doradź wypisz zrób daj",
    ),
    letters="ąęłśźżćń",
    titles=(
        r"(?:[Pp]an(?:a|u|em|ie|i|ią|owie)?|PAN(?:A|U|EM|I|IĄ)?|[Dd]r\.?|[Pp]rof\.?|[Mm]gr\.?|[Ii]nż\.|[Hh]ab\.|[Mm]ec\.|[Aa]dw\.|[Aa]dwokata?"
        r"|[Rr]adca|[Ss]ędzia|[Ss]ędziego|[Ss]ędzi|[Pp]rokuratora?|[Śś]wiadek|[Śś]wiadka|[Oo]skarżon(?:y|a|ego|ej|emu)"
        r"|[Pp]acjent(?:a|ka|ki|owi)?|[Mm]inist(?:er|ra)|[Pp]osła?|[Ks]s\.|[Kk]siędza|[Ks]siądz|[Dd]oktora?|[Pp]rofesora?"
        r"|[Bb]urmistrz|[Ww]ójt|[Ss]iostra|[Pp]owod(?:a|owi|em)|[Pp]owód(?:ka|ki)?"
        r"|[Rr]adn(?:y|a|ego|ej)|[Tt]rener(?:a|ka)?|[Ii]nżynier(?:a)?|[Mm]ecenasa?|[Pp]rezesa?"
        r"|[Pp]rzewodnicząc(?:y|a|ego|ej)|[Pp]od?inspektor|[Ii]nspektor|[Pp]rezydenta?|[Pp]remiera?"
        r"|[Pp]oseł|[Pp]osłanka|[Ss]enatora?|[Dd]yrektora?|[Bb]iegł(?:y|a|ego)|[Oo]rdynator|[Bb]abci[ai]?"
        r"|[Cc]ioci[ai]?|[Ww]ujek|[Ww]ujka|[Dd]ziadek|[Dd]ziadka|[Pp]aństw[oa]|[Bb]ramkarza?"
        r"|[Nn]apastnika?"
        r"|król|króla|królowa|papież|papieża|biskup|biskupa|arcybiskup|kardynał|książę|księcia|księżna"
        r"|cesarz|cesarza|aktor|aktora|aktorka|piosenkarz|piosenkarka|reżyser|reżysera|pisarz|pisarza"
        r"|pisarka|poeta|malarz|generał|generała|pułkownik|kapitan|kapitana|dziennikarz|dziennikarka"
        r"|brat|brata|siostra|syn|syna|córka|żona|mąż|kolega|koleżanka)"
    ),
    name_labels=(
        *(
            "imię",
            "nazwisko",
            "imię i nazwisko",
            "nazwisko i imię",
            "imiona",
            "nazwisko rodowe",
            "pacjent",
            "pacjentka",
        ),
        *("klient", "klientka", "najemca", "wynajmujący", "właściciel rachunku", "lekarz prowadzący", "lekarz"),
        *("podpisano", "podpisał", "podpisała", "świadek", "powód", "powódka", "pozwany", "pozwana", "wnioskodawca"),
        *("wnioskodawczyni", "nadawca", "odbiorca", "adresat", "ubezpieczony", "ubezpieczona", "kontakt", "obecni"),
        *("nieobecni", "nieobecny", "nieobecna", "imię ojca", "imię matki", "imiona rodziców"),
    ),
    labels=words(
        "adres zamieszkania miejscowość miasto ulica kod pocztowy telefon tel komórka faks e-mail email temat data",
        "urodzenia miejsce płeć wiek pesel nip regon numer sprawa sygnatura faktura rozpoznanie wywiad leczenie",
        "badanie zawód obywatelstwo narodowość stan cywilny załącznik załączniki podpis od do konto rachunek iban",
        "pracodawca",
    ),
    months=(
        *("stycznia|styczeń|sty", "lutego|luty|lut", "marca|marzec|mar", "kwietnia|kwiecień|kwi", "maja|maj"),
        *("czerwca|czerwiec|cze", "lipca|lipiec|lip", "sierpnia|sierpień|sie", "września|wrzesień|wrz"),
        *("października|październik|paź", "listopada|listopad|lis", "grudnia|grudzień|gru"),
    ),
    ordinary=words(
        "mecenasie prezesie dyrektorze marszałku profesorze doktorze ministrze poniedziałek wtorek środa środę",
        "czwartek piątek sobota sobotę niedziela niedzielę sąd sądu sądem sędzia oskarżony oskarżona powód powódka",
        "pozwany pozwana świadek świadka adwokat prokurator prokuratura prezydent prezydenta premier minister",
        "ministerstwo rząd sejm senat państwo gmina miasto burmistrz wójt starosta policja policjanci kupujący",
        "sprzedający sprzedawca najemca wynajmujący zamawiający wykonawca klient pacjent pacjentka lekarz doktor",
        "pan pani panie panowie państwa spółka firma umowa artykuł ustawa rozporządzenie kodeks boże narodzenie",
        "wielkanoc bóg boga król wojna wojsko kościół szkoła uniwersytet ulica plac hotel bank cześć dziękuję",
        "pozdrawiam tak nie pytanie odpowiedź temat polski angielski faktura kwota złotych zarząd zarządu rada",
        "prezes prezesa dyrektor biuro urząd wniosek szanowny szanowna szanowni proszę dzień dobry zalecenia",
        "wywiad badanie załączniki alergie w na po z do od jak gdy jednak ale to jest są był była było jego jej",
        "ich nasz nasza dziś dzisiaj wczoraj jutro",
        "prowadzący prowadząca rozmówca rozmówczyni opiekun opiekunka kategoria ocena poczta bezpieczeństwo status",
        "priorytet leki oddział neurologia kardiologia lokal zarządca wolne wnioski",
        "działa decyzja pogoda polecam najgorzej",
        "zgłaszający zgłaszająca protokolant protokolantka przewodniczący przewodnicząca",
        "kierownik działu dział reklamacji",
        "uzasadnienie wyrok leczenia szpitalnego obecni nieobecni podpis uchwała regulamin buziaki dopiero teraz lp",
    ),
    nicknames=words(
        "kasia gosia basia asia zosia ania ola ela ula hania jola iwona krysia stasia marysia tosia lidka magda",
        "aga iza tomek bartek maciek wojtek jacek krzysiek staszek zbyszek franek kuba janek radek mietek heniek",
        "marek rysiek jurek olek kasią gosią basią anią olą elą tomkiem bartkiem kaśka gośka aśka zośka",
    ),
    words_too=words(
        "maciej róża lilia nela pola maja kaja malwina kalina jagoda laura sara mira bożena luna",
    ),
    no_names_end=(
        "amy",
        "emy",
        "imy",
        "ymy",
        "acie",
        "ecie",
        "icie",
        "ęto",
        "łem",
        "łam",
        "liśmy",
        "łyśmy",
        "ość",
        "ości",
    ),
    given_names=("pl_PL",),
    endings=(
        *(
            "a>",
            "owi>",
            "em>",
            "iem>",
            "ie>",
            "u>",
            "y>a",
            "i>a",
            "ę>a",
            "ą>a",
            "o>a",
            "ie>a",
            "iego>i",
            "iemu>i",
            "im>i",
        ),
        *("a>i", "iej>i", "ą>i", "ka>ek", "kowi>ek", "kiem>ek"),
    ),
    says=words(
        "powiedział powiedziała mówi mówił mówiła dodał dodała dodaje wyjaśnił wyjaśniła wyjaśnia",
        "odpowiedział odpowiedziała stwierdził stwierdziła podkreślił podkreśliła podkreśla zaznaczył",
        "zaznaczyła oświadczył oświadczyła zapytał zapytała twierdzi tłumaczy tłumaczył tłumaczyła zauważył",
        "zauważyła napisał napisała",
    ),
    does=words(
        "-ł -ła",
        "jest był była ma miał miała może musi zmarł zmarła został została mieszka pracuje",
    ),
)
