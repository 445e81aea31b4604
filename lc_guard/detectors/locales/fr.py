"""French."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "le la les l' un une des du de d' et ou mais ne n' pas plus rien jamais est sont était étaient été être a",
        "ai as ont avait avaient avoir sera serait fait faire je j' tu il elle on nous vous ils elles me m' te t'",
        "se s' lui leur leurs y en mon ma mes ton ta tes son sa ses notre nos votre vos ce cet cette ces c' qui",
        "que qu' quoi dont où quand comment pourquoi quel quelle quels quelles si dans sur sous avec sans pour par",
        "chez vers entre contre depuis pendant avant après au aux à comme aussi très bien encore toujours déjà ici",
        "là alors donc car parce puis tout toute tous toutes même autre autres peut peux pouvez doit faut veux",
        "voulez suis sommes êtes es avez avons bonjour merci oui non monsieur madame mme mlle cher chère salut",
        "cordialement né née demeurant rue ans heures ainsi selon afin lors celui celle ceux prénom nom adresse",
        "téléphone objet date naissance ville",
        "deux devant trois peu quelques près plusieurs vingt dix huit ayant nouveau soir première reste soit quatre",
        "moins demain assez mois fut laquelle réunion également cinq matin demande jours effet dernier rendre",
        "semble prix enfin sait personne somme trente seront longtemps eux étant quelque compris cela cours région",
        "seul douze chaque aurait trop vient seulement sept restent pense ouverte nombreux dès nommé tant notamment",
        "jour beaucoup lorsque environ lettre habite droit étais parmi mètres compte travaille tard lundi pris",
        "lequel dimanche reçu samedi pouvait fois contrat condamné cependant sujet préfet ensuite",
        # Requests and what they are about.
        "écris écrivez envoie envoyez prépare préparez rédige rédigez cherche cherchez vérifie vérifiez transfère",
        "transférez imprime planifie modifie appelle appelez rappelle rappelez résume résumez traduis traduisez",
        "annule annulez réponds répondez préviens prévenez supprime supprimez corrige corrigez donne donnez",
        "explique expliquez invitez réserve réservez relance relancez remercie contacte contactez combien gagne",
        "facture courriel rendu courrier poème montre aide demandez fais faites dites prends prenez relevé",
        "résiliation",
        "commande commandez notez parle parlez transmets transmettez remplace félicite félicitez passe passez",
        "connais connaissez paie payez oublie oubliez confirme confirmez achète achetez ouvre ferme enregistre",
        "partage inscris signale accepte décris liste fleurs fichier loyer anniversaire numéro tante oncle",
        "impayée voir toi",
    ),
    letters="çèêëîïôœùûâé",
    titles=(
        r"(?:MM?\.|Mmes?\.?|Mlles?\.?|Mgr\.?|Monsieur|MONSIEUR|Madame|MADAME|Mademoiselle|Messieurs|Mesdames|Me|Ma[iî]tre"
        r"|Dr\.?|Docteure?|Docteur|Pr\.?|Professeure?|Juge|Procureure?|Abbé|Père|Sœur|Maire|Ministre|Sénateur|Député"
        r"|Général|Colonel|Capitaine|Commandant|Lieutenant|Témoin|Prévenu|Veuve|Dame|Sieur"
        r"|[Tt]ante|[Oo]ncle|[Tt]onton|[Tt]ata|[Mm]amie|[Pp]api|[Mm]aire|[Mm]inistre|[Dd]éputée?"
        r"|[Ss]énat(?:eur|rice)|[Cc]ommissaire|[Aa]bbé|[Dd]octeure?|[Jj]uge|[Ee]ntraîneure?|[Cc]apitaine"
        r"|[Gg]ardien|[Aa]ttaquant|[Mm]onsieur|[Mm]adame"
        r"|roi|reine|pape|évêque|archevêque|cardinal|prince|princesse|duc|duchesse|comte|comtesse"
        r"|marquis|empereur|chanteur|chanteuse|acteur|actrice|réalisateur|réalisatrice|écrivain|poète"
        r"|philosophe|peintre|président|présidente|général|colonel|professeur|journaliste|frère|sœur"
        r"|fils|fille|épouse|mari|cousin|cousine|collègue|compagnon|compagne)"
    ),
    name_labels=(
        *("nom", "prénom", "prénoms", "nom et prénom", "nom et prénoms", "prénom et nom", "nom de famille"),
        *("nom de naissance", "nom complet", "nom d'usage", "patient", "patiente", "client", "cliente", "locataire"),
        *(
            "bailleur",
            "titulaire du compte",
            "titulaire",
            "médecin traitant",
            "interlocuteur",
            "signataire",
            "demandeur",
        ),
        *("demanderesse", "défendeur", "témoin", "assuré", "assurée", "destinataire", "expéditeur", "contact"),
    ),
    labels=words(
        "adresse ville rue code postal naissance lieu téléphone tél portable fax courriel e-mail mail objet date",
        "page signature dossier facture référence diagnostic antécédents traitement profession nationalité sexe",
        "situation pièces jointes de à cc compte iban bic siret siren employeur",
    ),
    months=(
        *("janvier|janv", "février|févr|fév", "mars", "avril|avr", "mai", "juin", "juillet|juil", "août"),
        *("septembre|sept", "octobre|oct", "novembre|nov", "décembre|déc"),
    ),
    ordinary=words(
        "lundi mardi mercredi jeudi vendredi samedi dimanche cour tribunal juge demandeur défendeur prévenu accusé",
        "témoin avocat procureur ministère ministre président présidente république état gouvernement parlement",
        "assemblée sénat chambre conseil commission mairie maire préfet police gendarmerie acheteur vendeur",
        "bailleur locataire client cliente patient patiente docteur médecin monsieur madame messieurs mesdames",
        "société entreprise contrat article loi décret règlement code noël pâques dieu roi empereur général armée",
        "guerre église école université ville rue place avenue boulevard gare hôtel banque bonjour merci",
        "cordialement salut cher chère oui non question réponse objet allemand français anglais facture montant",
        "euros francs ce cette il elle nous vous les des une dans pour mais aussi après",
        "enquêteur enquêtrice enquêté enquêtée interviewer animateur animatrice journaliste catégorie priorité statut",
        "salarié salariée absents absent absente présents interne bilan résolution",
        "bises bisous matricule poste normale",
        "commentaire prochain prochaine axes observations responsable titulaire greffier greffière dr ouvrez cliquez",
        "désolé désolée franchement parfait voilà ensuite hier enfin aujourd'hui",
    ),
    nicknames=words(
        "mimi jojo lulu nono titi manu fred seb momo gégé dédé mumu cathy sandrine véro isa caro steph flo domi",
        "jacquot toto loulou nico théo",
    ),
    words_too=words(
        "aimé ana claude eva louis manuel maria marine pierre romain victoire rose olive marguerite violette",
        "aurore aurélie olympe constance prudence clémence honoré aimée désiré désirée parfait bienvenue blanche",
        "claire céleste luce reine noël noëlle pascal lance colombe capucine jacinthe lys fleur ange solange",
        "charlotte madeleine catherine germaine franck franc martin guillemet gilles roland benjamin émile xavier",
        "robin",
    ),
    no_names_end=(
        "aient",
        "èrent",
        "ment",
        "tion",
        "tions",
    ),
    given_names=("fr_FR", "fr_CH"),
    says=words(
        "dit déclare déclaré déclara explique expliqué expliqua ajoute ajouté ajouta répond répondu répondit",
        "affirme affirmé affirma précise précisé souligne souligné conclut commente commenté raconte raconta",
        "demande demanda estime estimé rappelle indiqué confié confie écrit",
    ),
    does=words(
        "a est fut était avait va peut doit mourut naquit vit travaille habite meurt",
    ),
)
