"""Italian."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "il lo la i gli le l' un un' uno una di del dello della dei degli delle dell' d' c' a al allo alla ai agli",
        "alle all' da dal dallo dalla dai dagli dalle dall' in nel nello nella nei negli nelle nell' su sul sullo",
        "sulla sui sugli sulle sull' con per tra fra e ed o ma non né è sono era erano fu essere stato stata stati",
        "ha hanno aveva avevano avere ho abbiamo io tu lui lei noi voi loro mi ti si ci vi ne mio mia miei mie tuo",
        "tua suo sua suoi sue nostro nostra vostro questo questa questi queste quello quella che chi cosa cui come",
        "dove quando perché quale quali quanto se anche già ancora sempre mai più molto bene qui poi così tutto",
        "tutta tutti tutte altro altra altri stesso può possono deve fare fa sia buongiorno ciao grazie signor",
        "signora sig gentile egregio caro cara saluti cordiali distinti sì no dopo prima durante presso secondo",
        "nato nata residente via anni nome cognome indirizzo telefono oggetto data città ieri oggi domani ore",
        "tre giorni ogni siamo davanti hai lavoro vicino niente nessuna ero detto riunione firmato domanda sarà",
        "siano nulla fuori forse viene entro visto trenta stia stanno scuola scorso presentato presa pieno persone",
        "mancanza insieme eri avanti anno abbastanza modifiche andato vivono viveva vive vinto venti trasferì",
        "terapia studia squadra spese somma scrivo scadenza sabato ricorso racconta problema pittore pagamento",
        "negato nascita nacque minuti maggio lettera lavora gol giornale freddo dott conviene contratto conto",
        "confermato condannato collaborazione annunciato abbraccio testo dati codice messaggio tue senza",
        "informazioni apre richiesta restano registro punti pubblico presente ottenere invio effettuato documenti",
        "dettagli continuare arrestato aperto aggiungere",
        # Requests and what they are about.
        "scrivi scriva scrivere invia inviate manda prepara preparate redigi cerca cercate controlla inoltra",
        "stampa pianifica modifica chiama chiamate riassumi traduci annulla rispondi avvisa cancella correggi",
        "dammi spiega invita prenota ricorda fai fammi dimmi chiedi sposta guadagna abita fattura riassunto",
        "appuntamento invito pratica tavolo numero poesia cliente ordine disdetta fotosintesi",
        "ordina segna parla passa sostituisce dimenticare auguri conosci paga pagate passami conferma compra",
        "vendi apri chiudi salva condividi annota aggiorna archivia accetta rifiuta descrivi analizza elenca",
        "confronta fiori affitto compleanno zia nonna insoluta aiutami mostrami raccontami consiglia trova togli",
        "aggiungi vai",
    ),
    letters="òìàù",
    titles=(
        r"(?:Sigg?\.(?:r[ai]\.?)?|Sig\.?ra|Sig\.?na|Signor[ae]?|SIGNOR[AE]?|Signorina|Dott\.?(?:ssa|ri)?|Dottor(?:e|essa)?|Dr\.(?:ssa)?"
        r"|Prof\.?(?:ssa)?|Professor(?:e|essa)?|Avv\.?(?:ti|to)?|Avvocato|Ing\.|Ingegner[e]?|Arch\.|Geom\.|Rag\.|Giudice"
        r"|On\.|Onorevole|Ministro|Sindaco|Don|Suor|Padre|Mons\.|Monsignor[e]?|Teste|Imputat[oa]|Paziente|Notaio"
        r"|sig\.(?:ra)?|signor[ae]?|dott\.(?:ssa)?|dottor(?:e|essa)?|avv\.|ing\.|arch\.|prof\.(?:ssa)?"
        r"|[Zz]i[oa]|[Nn]onn[oa]|[Cc]ugin[oa]|[Ss]indac[oa]|[Aa]ssessor[ea]|[Mm]inistr[oa]|[Gg]iudice"
        r"|[Aa]vvocat[oa]|[Aa]ttaccante|[Pp]ortiere|[Tt]ecnico|[Aa]llenator[e]|[Pp]rocurator[e]"
        r"|[Cc]omandante|[Pp]refetto|[Nn]otaio|[Cc]hef|[Tt]este|[Aa]gente|prof\.ssa|dott\.ssa|dr\.ssa"
        r"|rag\.|geom\."
        r"|re|papa|ingegnere|vescovo|arcivescovo|cardinale|principe|principessa|duca|duchessa|conte"
        r"|contessa|marchese|imperatore|cantante|attore|attrice|regista|arbitro|bassista|batterista"
        r"|chitarrista|scrittore|scrittrice|poeta|filosofo|presidente|senatore|generale|colonnello"
        r"|capitano|maestro|maestra|cognato|cognata|fratello|sorella|figlio|figlia|moglie|marito"
        r"|collega|compagno|compagna)"
    ),
    name_labels=(
        *("nome", "cognome", "nome e cognome", "cognome e nome", "nominativo", "paziente", "cliente", "intestatario"),
        *("intestatario del conto", "medico curante", "medico", "firmato", "destinatario", "mittente", "ricorrente"),
        *("resistente", "attore", "convenuto", "teste", "testimone", "locatore", "conduttore", "richiedente"),
        *("referente", "assicurato", "assicurata", "contatto", "presenti", "assenti"),
    ),
    labels=words(
        "indirizzo residenza domicilio via città comune provincia cap telefono tel cellulare fax email e-mail pec",
        "oggetto data nascita luogo sesso età codice fiscale partita iva pratica fattura riferimento diagnosi",
        "anamnesi terapia esame obiettivo professione nazionalità cittadinanza stato civile allegati firma da a",
        "conto iban datore lavoro",
    ),
    months=(
        *("gennaio|genn|gen", "febbraio|febbr|feb", "marzo|mar", "aprile|apr", "maggio|mag", "giugno|giu"),
        *("luglio|lug", "agosto|ago", "settembre|sett|set", "ottobre|ott", "novembre|nov", "dicembre|dic"),
    ),
    ordinary=words(
        "lunedì martedì mercoledì giovedì venerdì sabato domenica tribunale corte giudice pubblico ministero",
        "imputato imputata ricorrente resistente attore convenuto teste testimone avvocato presidente presidenza",
        "governo ministro stato camera senato parlamento regione provincia comune sindaco polizia carabinieri",
        "questura acquirente venditore locatore conduttore cliente paziente dottore dottoressa medico signore",
        "signora signori società ditta impresa contratto articolo legge decreto regolamento codice natale pasqua",
        "dio re guerra esercito chiesa scuola università città via piazza corso albergo banca buongiorno buonasera",
        "ciao grazie saluti distinti cordiali sì no domanda risposta oggetto italiano inglese fattura importo euro",
        "il lo la gli le un una in con per dopo questo questa quando perché non si ho è sono anamnesi terapia",
        "esame allegati allergie titolare responsabile direzione direttore consiglio spett egregio gentile",
        "intervistatore intervistatrice intervistato intervistata conduttrice moderatore reparto ufficio uffici",
        "elenco",
        "stato priorità assente assenti presente presenti operatore operatrice segretario segretaria coordinatore",
        "coordinatrice musica matematica storia chiusa aperta sinistri referto ieri",
        "finalmente fuori vediamo figlia figlio",
        "moglie marito soldi papa pontefice ministri esteri senatori deputati paesi comuni patria madonna regno",
        "imperatore finanze giustizia ferrovie benché poiché affinché perciò pertanto ciò difatti sicché purché",
        "anziché",
    ),
    nicknames=words(
        "beppe peppe pino gigi titti cri fede lele robi ale vale simo ste nico gio tano mimmo enzo nando franci",
        "dani tommi ludo ricky pippo lella mari giò totò",
    ),
    words_too=words(
        "donna",
        "amico amica massimo salvi chiara rosa viola gioia serena bianca aurora fiore gemma grazia letizia vera",
        "vita stella",
        "pace sole franco fausto felice vittoria libero costante prudente allegra benedetta bruna bruno celeste",
        "clemente consolata diletta domenica donato eva fiorenza fortunata fortunato giusta giusto gloria greco",
        "innocente luce luna margherita marina marino mercedes mora morena narciso nera olmo onesto onesta",
        "pacifico perla piera primo prima puccio quarto quinto rocco romana romano ruggero sabato santa sante",
        "santo santi serafino settimio severa severo silvestre sereno temperanza tosca tranquillo ultimo vincenza",
        "virtù zita amato amata dina dora ada delia lidia iva ivo mina nina tina rina lina pia pio ugo leone leo",
        "drago marcello fedele valore carola isa diamante eligio fulvia fulvio",
    ),
    no_names_end=(
        "iamo",
        "ranno",
        "remmo",
        "arono",
        "irono",
        "ate",
        "ete",
        "ite",
        "zione",
        "zioni",
        "mente",
        "tà",
        "armi",
        "arsi",
        "arla",
        "atosi",
    ),
    given_names=("it_IT",),
    says=words(
        "disse dice detto dichiara dichiarò dichiarato spiega spiegò spiegato aggiunge aggiunse aggiunto",
        "rispose risponde risposto afferma affermò affermato commenta commentò commentato sottolinea",
        "sottolineato ribadito conclude concluse concluso esclamò domandò chiese sostiene racconta raccontò",
        "ricorda",
    ),
    does=words(
        "-ò",
        "ha è fu era aveva ebbe morì nacque sta va viene venne può deve scrisse scrive lavora vive abita",
    ),
)
