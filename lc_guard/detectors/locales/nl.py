"""Dutch."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "de het een en of maar niet geen is zijn was waren wordt worden werd werden heeft hebben had hadden heb ik",
        "jij je u hij zij ze wij we jullie mij me hem haar ons hun zich mijn jouw uw onze dit dat deze die er hier",
        "daar waar wie wat wanneer waarom hoe welke als dan toen om te van voor met op aan bij in uit door over",
        "onder tussen naar tot sinds na tegen zonder ook nog al wel zo dus want omdat kan kunnen kon zou zouden",
        "moet moeten mag wil willen gaat gaan doen deed meer zeer heel alle veel andere goede goed ja nee dank",
        "bedankt hartelijk hallo beste geachte heer mevrouw mijnheer meneer groet groeten vriendelijke jaar uur",
        "geboren wonende straat nu altijd weer eens toch alleen men den der des ter ten volgens tijdens voornaam",
        "achternaam naam adres telefoon onderwerp geboortedatum plaats vandaag gisteren morgen",
        "zal zullen thans eerste binnen terwijl geven omtrent mede gehad eerst verder gegeven geheel slechts echter",
        "wegens nooit aldus gelijk geweest liet besluit vooral zegt vergadering dagen weg sedert moest doet jaren",
        "zijnde daarop buiten bepaald zelfs volgende niets iets voorstel gedurende gelegen betreffende gemeente",
        "zaak komen ander thuis drie leden misschien indien vroeger ontvangen genomen zitting weinig ieder grond",
        "dezelfde bijna nemen maken welk vragen kunt juist enkel daarna zeggen heden vraag kwam brengen zeker",
        "twintig spoedig maandag benoemd aldaar woont tijd dag zien vele vrij opnieuw mogen komt betaalt behalve",
        "blijven toestand provincie einde waarin vorige voort mogelijk daarin",
        # Requests and what they are about.
        "schrijf stuur maak zoek controleer wijzig bewaar vertaal annuleer antwoord bedank waarschuw verwijder",
        "verbeter geef nodig reserveer herinner hoeveel verdient zeg bel bericht factuur afspraak uitnodiging",
        "samenvatting rekening gedicht tafel opzegging klant bestelling dokter goedemorgen",
        "bestel noteer praat vervangt vergeet feliciteer betaal bezoek verbind bevestig koop verkoop deel sluit",
        "bewerk archiveer accepteer weiger beschrijf analyseer vergelijk bloemen bestand huur verjaardag",
        "onbetaalde tante oma opa zet schrap",
    ),
    letters="",
    titles=(
        r"(?:[Dd]e heer|[Dd]e heeren|[Hh]eer|Dhr\.?|dhr\.?|Mevr\.?|mevr\.?|Mw\.?|mw\.?|[Mm]evrouw"
        r"|[Mm]ej\.?|[Mm]ejuffrouw|Meneer|meneer"
        r"|Mr\.|mr\.|Dr\.|dr\.|Drs\.|drs\.|Ir\.|ir\.|Prof\.|prof\.|Professor|Ds\.|ds\.|Rechter|rechter|Minister|minister"
        r"|Burgemeester|burgemeester|Wethouder|wethouder|Dokter|dokter|Getuige|getuige|Verdachte|verdachte|Patiënte?"
        r"|patiënte?|Pater|Zuster|Familie|familie|Fam\."
        r"|[Kk]eeper|[Ss]pits|[Aa]anvaller|[Tt]rainer|[Cc]oach|[Rr]aadslid|[Ff]ractievoorzitter"
        r"|[Ww]oordvoerder|[Hh]oogleraar|[Oo]fficier|[Tt]ante|[Oo]om|[Oo]pa|[Oo]ma|[Bb]uurvrouw|[Bb]uurman"
        r"|[Mm]eester|[Jj]uf"
        r"|koning|koningin|paus|bisschop|aartsbisschop|kardinaal|prins|prinses|hertog|hertogin|graaf"
        r"|gravin|keizer|zanger|zangeres|acteur|actrice|regisseur|schrijver|schrijfster|dichter"
        r"|filosoof|schilder|president|premier|generaal|kolonel|kapitein|senator|journalist|broer|zus"
        r"|zoon|dochter|echtgenote|echtgenoot|collega)"
    ),
    name_labels=(
        *("naam", "voornaam", "voornamen", "achternaam", "volledige naam", "patiënt", "patiënte", "klant", "cliënt"),
        *("cliënte", "huurder", "verhuurder", "rekeninghouder", "huisarts", "contactpersoon", "ondertekend", "getuige"),
        *("eiser", "eiseres", "gedaagde", "aanvrager", "verzekerde", "ontvanger", "afzender", "aanwezig", "afwezig"),
    ),
    labels=words(
        "adres woonplaats plaats straat postcode geboortedatum geboorteplaats telefoon tel mobiel fax e-mail email",
        "onderwerp datum pagina handtekening klantnummer factuurnummer dossier diagnose anamnese medicatie",
        "behandeling beroep nationaliteit geslacht burgerlijke staat bijlage bijlagen van aan cc rekening iban bsn",
        "werkgever",
    ),
    months=(
        *("januari|jan", "februari|febr|feb", "maart|mrt", "april|apr", "mei", "juni|jun", "juli|jul", "augustus|aug"),
        *("september|sept|sep", "oktober|okt", "november|nov", "december|dec"),
    ),
    ordinary=words(
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag rechtbank gerechtshof hof rechter eiser",
        "eiseres gedaagde verdachte getuige advocaat officier justitie minister ministerie regering kamer raad",
        "staat gemeente burgemeester wethouder wethouders politie koper verkoper huurder verhuurder klant patiënt",
        "patiënte dokter arts heer heeren heren mevrouw mijnheer dames bedrijf maatschappij overeenkomst artikel",
        "wet besluit verordening kerstmis pasen god koning koningin oorlog leger kerk school universiteit stad",
        "straat plein hotel bank hallo hoi bedankt groet groeten groetjes ja nee vraag antwoord onderwerp",
        "nederlands engels factuur bedrag euro gulden de het een in van voor met dit dat goedendag geachte beste",
        "voorzitter commissie directeur vereeniging vereniging bijlagen medicatie voorgeschiedenis",
        "interviewer interviewster respondent vraag antwoord presentator ondergetekende werknemer werkgever teamleider",
        "status prioriteit categorie afdeling functie thuis gisteren vandaag",
        "morgen daarna eindelijk voorvoegsel civiel",
        "strafrecht aanwezig afwezig notulen agenda rondvraag opening privacy contact kantonrechter griffier partijen",
    )
    # daarmee, hiervoor, waarin: always of these parts
    | {
        first + second
        for first in ("daar", "hier", "waar", "er")
        for second in words(
            "aan achter bij boven door in langs mee naar naast na om onder op over tegen toe uit van voor"
        )
    },
    nicknames=words(
        "jip ans joop truus wim henk kees sjaak mies riet loes bep jopie teun sjors wout jaap nel gerrie marleen",
        "ilse",
    ),
    words_too=words(
        "ben chris ellen els inge jan ken leen lieke lien lieven lot mare max mees noor pol rik sep sien sten",
        "ties tijn toon tuur elke daan bas roos lente linde iris bloem merel dirk duif senna wolf fee faith joy",
        "grace sterre sky nora mila lana luna vos hart bram cas dries hanna mart milan sam stan tom ton ward will",
        "zoë lars lieve lies stef stijn sus",
    ),
    no_names_end=(
        "heid",
        "heden",
        "lijk",
    ),
    given_names=("nl_NL", "nl_BE"),
    says=words(
        "zei zegt verklaarde verklaart antwoordde antwoordt vertelde vertelt aldus vroeg vraagt benadrukte",
        "benadrukt stelde meent riep reageerde concludeert schreef",
    ),
    does=words(
        "is was heeft had werd wordt kan moet gaat overleed woont werkt",
    ),
)
