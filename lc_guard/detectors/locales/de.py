"""German."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine keinen ist sind",
        "war waren wird werden wurde wurden worden hat haben hatte hatten sein seine seiner seinen ihr ihre ihren",
        "ihrer ich du er sie es wir mich mir dich dir ihn ihm uns euch sich mein meine meinen meiner dein deine",
        "unser unsere in im ins an am auf aus bei beim mit nach seit von vom zu zum zur für durch gegen ohne um",
        "über unter vor zwischen hinter neben wegen dass daß ob wenn weil als wie wo was wer wann warum welche",
        "welcher welches dieser diese dieses diesen diesem auch noch nur schon sehr so dann da dort hier heute",
        "gestern morgen immer wieder mehr man kann können konnte soll sollte muss müssen will wollen wollte möchte",
        "würde bitte danke ja nein guten hallo liebe lieber geehrte geehrter herr herrn frau geboren wohnt",
        "wohnhaft straße gruß grüße grüßen freundlichen jahre jahren uhr gemäß sowie bzw alle vorname nachname",
        "anschrift geburtsdatum telefon betreff bin bist habe gibt geht doch mal jetzt",
        "zwei drei bereits ersten seinem sagt kam werde statt sondern dessen später während deren erste jedoch",
        "bekannt zurück wäre selbst gemacht zwanzig kommt kommen machen damit denen sagte besonders zweiten ihnen",
        "früher etwa nahm leicht etwas zwar gewesen einige denn gleich vielen seien ganze weiter gegenüber bisher",
        "letzten viele unserer nichts gerade möglich davon vielleicht ganzen einmal darauf allem wohl jene einigen",
        "sollen ihrem zusammen natürlich nachdem hätte zehn indem ihres eben sechs hätten dazu daher würden endlich",
        "wenig vergangenen neun macht jede fünf überhaupt weit jeder heißt eigenen darunter besten sehen meines",
        "darüber dabei allerdings allein zunächst weniger weitere sah musste",
        # Requests and what they are about.
        "schreib schreibe schick schicke sende entwirf formuliere verfasse bereite erstelle suche prüfe übersetze",
        "überweise lösch lösche lade ladet ruf rufe rufen sage frag frage erklär erkläre mach mache buche buch",
        "kündige sperre storniere verschiebe erinnere erinner antworte antworten fasse fass zeig zeige gib hilf",
        "öffne korrigiere ändere vergleiche berechne informiere grüß rechnung vertrag nachricht einladung termin",
        "schreiben protokoll lebenslauf angebot bescheid zusammenfassen absagen erstellen senden schicken anrufen",
        "löschen prüfen übersetzen kontakt verdient arbeitet rückruf bestellung kündigung bericht",
        "bestell bestelle trag trage sprich mahne vergiss gratuliere fahr fahre kennst zahle zahl besuch besuche",
        "verbinde verkaufe kaufe kauf schließe speichere drucke teile melde reserviere notiere begrüße",
        "entschuldige bestätige bezahle stell stelle beantworte aktualisiere archiviere genehmige lehne",
        "geburtstag blumen adresse akte miete kunde kundin beschreibe nenne analysiere",
    ),
    letters="äöüß",
    titles=(
        r"(?:Herrn?|HERRN?|Frau|FRAU|Hr\.|Fr\.|Dr\.|Prof\.|Dipl\.-Ing\.|RA|RAin|Rechtsanw[aä]lt(?:in|e)?|Richter(?:in)?"
        r"|Staatsanw[aä]lt(?:in)?|Zeuge|Zeugin|Zeugen|Angeklagter?|Beschuldigter?|Minister(?:in)?|Bürgermeister(?:in)?"
        r"|Familie|Pfarrer|Schwester|Oberarzt|Oberärztin|Chefarzt|Chefärztin|Patient(?:in)?|Kläger(?:in)?|Beklagter?"
        r"|Torwart|Torhüter|Stürmer(?:in)?|Trainer(?:in)?|Kapitän|Schiedsrichter(?:in)?|Kolleg(?:e|en|in)"
        r"|Sprecher(?:in)?|Kommissar(?:in)?|Innenminister(?:in)?|Professor(?:in)?|Onkel|Tante|Opa|Oma"
        r"|Meister|PHM|Gartenfreund|Sachverständiger?)"
    ),
    name_labels=(
        *("name", "vorname", "nachname", "familienname", "geburtsname", "vor- und nachname", "vollständiger name"),
        *(
            "patient",
            "patientin",
            "kunde",
            "kundin",
            "mieter",
            "vermieter",
            "kontoinhaber",
            "kontoinhaberin",
            "hausarzt",
        ),
        *(
            "ansprechpartner",
            "ansprechpartnerin",
            "sachbearbeiter",
            "sachbearbeiterin",
            "unterzeichner",
            "antragsteller",
        ),
        *("antragstellerin", "zeuge", "zeugin", "kläger", "klägerin", "versicherter", "versicherte", "empfänger"),
    ),
    labels=words(
        "anschrift adresse wohnort ort straße plz geburtsdatum geburtsort telefon tel mobil fax e-mail betreff",
        "datum seite unterschrift kundennummer rechnungsnummer aktenzeichen az diagnose befund anamnese medikation",
        "therapie beruf familienstand staatsangehörigkeit geschlecht anlage anlagen von an cc konto iban bic",
        "steuernummer arbeitgeber",
    ),
    months=(
        *("januar|jänner|jan", "februar|feber|feb", "märz|mrz", "april|apr", "mai", "juni|jun", "juli|jul"),
        *("august|aug", "september|sept|sep", "oktober|okt", "november|nov", "dezember|dez"),
    ),
    ordinary=words(
        "umso daraufhin stattdessen seither demnach dennoch trotzdem deshalb deswegen außerdem zudem hingegen folglich",
        "somit mithin indessen unterdessen währenddessen infolgedessen schließlich letztlich anschließend zuvor danach",
        "ernst wolf rosa mark falk eiche august mai wilde engel viola iris linde heide stern",
        "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag gericht amtsgericht landgericht",
        "richter richterin kläger klägerin beklagte beklagter beklagten angeklagte angeklagter angeklagten zeuge",
        "zeugin zeugen staatsanwalt staatsanwaltschaft verteidiger rechtsanwalt rechtsanwältin käufer verkäufer",
        "mieter vermieter auftraggeber auftragnehmer vertrag vertragspartner kunde kunden patient patientin arzt",
        "ärztin herr herren frau frauen damen mann männer kind kinder eltern mutter vater bruder schwester sohn",
        "tochter familie gesellschaft firma regierung minister präsident polizei bürgermeister gemeinde stadt land",
        "staat kirche schule universität jahr jahre tag tage woche monat stunde uhr zeit herrn mehrwertsteuer",
        "rechnung betrag euro mark prozent artikel absatz satz paragraph anlage gesetz verordnung richtlinie",
        "weihnachten ostern pfingsten gott mensch menschen leben arbeit hallo danke bitte guten morgen abend grüße",
        "gruß sehr geehrte geehrter liebe lieber mit nein ja wer was wann wo wie warum frage antwort kaiser könig",
        "armee krieg partei haus berg fluss zug bahn bahnhof hotel bank post",
        "interviewer interviewerin moderator moderatorin befragte befragter sofort gestern heute endlich danach leider",
        "status priorität kategorie abteilung bearbeiter melder impressum datenschutz kontakt beilage betreff fazit",
        "entschuldigt anwesend protokoll kollege kollegin kollegen dr med",
    ),
    nicknames=words(
        "uwe gabi susi steffi micha basti flo andi olli moni conny ulli heinz horst gitti uschi sigi manni rudi",
        "hansi matze jule caro kathi resi sepp toni vroni nele",
    ),
    words_too=words(
        "anke ann ben beni dan ellen elli felice florian hagen ian inge kata ken lia max meta ole rina ron",
        "solange van rosa viola linde heide engel ernst wolf mark falk iris stern lore rose dina sunny summer",
        "melody angel grace joy hope art bill gene miles rich rick rob will may june april august mai tina lilly",
        "amber ruby hannes heiko sonnen carmen melissa kai adele arno armin lena",
    ),
    given_names=("de_DE", "de_AT", "de_CH"),
    small_nouns=False,
    endings=("s>",),
)
