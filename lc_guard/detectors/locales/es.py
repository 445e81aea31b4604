"""Spanish."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "el la los las lo un una unos unas de del y e o u pero no ni es son era eran fue fueron ser estar está",
        "están estaba ha han había habían haber he hemos tiene tienen tenía hay yo tú él ella ello nosotros",
        "ustedes usted ellos ellas me te se le les nos mi mis tu tus su sus nuestro nuestra este esta estos estas",
        "ese esa eso esto aquel que qué quien quién cual cuál cuando cuándo donde dónde como cómo porque por para",
        "con sin en al a ante bajo contra desde entre hacia hasta según sobre tras durante muy más menos también",
        "ya aún todavía siempre nunca si sí bien aquí allí entonces pues todo toda todos todas otro otra otros",
        "mismo misma puede pueden debe hacer hace buenos días buenas tardes hola gracias señor señora don doña",
        "estimado estimada querido querida saludo saludos años paciente nacido calle nombre apellidos dirección",
        "teléfono fecha asunto así cada ayer hoy mañana presenta",
        "realizó día tratamiento después nacimiento clínico asistenciales siendo derecho exploración realizar",
        "estudio evolución antecedentes ingreso derecha lesión física diagnóstico nivel izquierda masa edad ojo",
        "realiza primera normales cuadro encuentra siguiente lesiones células presencia posible presentaba pruebas",
        "además semanas clínica ningún otras aunque cirugía mostró cuenta enfermedad año consulta debido",
        "alteraciones interés signos diámetro presentó muestra intervención fiebre veces tamaño negativo aspecto",
        "vía varios través pesar dosis dicho delante acude mejoría sospecha informó presentar síndrome seguimiento",
        "resto personales ocho lleva región imagen servicio pérdida ninguna manera leve tórax datos sólo cuatro",
        "grado comentarios añadió radiografía orina varias sigue quirúrgica inició observa tomografía quirúrgico",
        "negativos",
        # Requests and what they are about.
        "escribe escriba escríbele envía envíe envíale prepara redacta redacte busca busque revisa reenvía",
        "imprime imprima planifica planifique modifica modifique llame llámale resuma traduzca cancela cancele",
        "contesta responde responda avisa avise borra borre corrige corrija dame deme explica explique invita",
        "reserva manda mande mándale recuérdale recuérdame pregunta pregúntale cuánto gana haz haga dile dígale",
        "vive correo mensaje carta factura cita expediente currículum reunión invitación contrato resumen poema",
        "número cliente informe pedido",
        "pide pida apunta apunte habla hable pasa pase sustituye olvides olvide felicita felicite pásate conoces",
        "conoce paga pague visita visite ponme confirma confirme compra compre vende abre abra cierra guarda",
        "comparte anota actualiza archiva acepta rechaza analiza compara archivo alquiler cumpleaños abuela tía",
        "impagada enséñame ayúdame cuéntame propón",
    ),
    letters="ñ¿¡",
    titles=(
        r"(?:D\.ª?|D[ñn]?a\.|Don|DON|Doña|DOÑA|Sr(?:es)?\.?|Sra(?:s)?\.?|Srta\.?|Señor(?:a|ita|es)?|SEÑORA?|Dr\.?|Dra\.?"
        r"|Doctora?|Prof\.?|Profesora?|Lic\.?|Licenciad[oa]|Ing\.?|Juez|Jueza|Magistrad[oa]|Fiscal|Abogad[oa]|Alcalde(?:sa)?"
        r"|Ministr[oa]|Padre|Sor|Fray|Testigo|Letrad[oa]|Procurador[a]?"
        r"|[Tt]ío|[Tt]ía|[Pp]rim[oa]|[Aa]buel[oa]|[Aa]lcalde(?:sa)?|[Cc]oncejala?|[Tt]eniente|[Pp]ortavoz"
        r"|[Ee]ntrenadora?|[Dd]on|[Dd]oña|[Ss]eñor(?:a|ita)?|[Dd]octora?|[Mm]inistr[oa]|[Cc]onsejer[oa]"
        r"|[Jj]uez|[Jj]ueza|[Aa]bogad[oa]|[Ee]nfermer[oa]|[Dd]elegad[oa]|[Pp]erit[oa]|[Hh]nos\."
        r"|rey|reina|papa|obispo|arzobispo|cardenal|príncipe|princesa|duque|duquesa|conde|condesa"
        r"|marqués|emperador|cantante|actor|actriz|director|directora|escritor|escritora|poeta|filósofo"
        r"|pintor|presidente|presidenta|general|coronel|capitán|profesor|profesora|periodista|hermano"
        r"|hermana|hijo|hija|esposa|esposo|marido|colega|compañero|compañera)"
    ),
    name_labels=(
        *("nombre", "apellidos", "apellido", "nombre y apellidos", "nombre completo", "primer apellido"),
        *("segundo apellido", "paciente", "cliente", "clienta", "titular", "titular de la cuenta", "arrendatario"),
        *("arrendador", "médico", "médico responsable", "remitente", "destinatario", "firmado", "fdo", "demandante"),
        *("demandado", "testigo", "solicitante", "contacto", "asegurado", "asegurada", "remitido por"),
    ),
    labels=words(
        "dirección domicilio calle ciudad localidad provincia municipio cp teléfono tel móvil fax correo email",
        "e-mail asunto fecha nacimiento lugar país sexo edad dni nie nif nass nhc cipa episodio diagnóstico",
        "antecedentes tratamiento exploración evolución profesión nacionalidad expediente factura referencia",
        "anexos firma de para cuenta iban médico",
    ),
    months=(
        *("enero|ene", "febrero|feb", "marzo|mar", "abril|abr", "mayo", "junio|jun", "julio|jul", "agosto|ago"),
        *("septiembre|setiembre|sept|sep", "octubre|oct", "noviembre|nov", "diciembre|dic"),
    ),
    ordinary=words(
        "lunes martes miércoles jueves viernes sábado domingo tribunal juzgado sala audiencia juez magistrado",
        "fiscal acusado demandante demandado testigo abogado letrado presidente presidenta gobierno ministerio",
        "ministro estado congreso senado ayuntamiento alcalde policía guardia civil comprador vendedor arrendador",
        "arrendatario cliente paciente doctor doctora médico señor señora empresa sociedad contrato artículo ley",
        "decreto reglamento código navidad dios rey guerra ejército iglesia escuela universidad ciudad calle plaza",
        "avenida hotel banco hola gracias saludo saludos sí no pregunta respuesta asunto español inglés factura",
        "importe euros tac rmn ecografía radiografía hospital servicio urgencias urología exploración antecedentes",
        "tratamiento diagnóstico evolución el la los las un una en se al",
        "entrevistador entrevistadora entrevistado entrevistada moderador presentador presentadora motivo valoración",
        "estado prioridad categoría coeficiente propietario propietaria chat",
        "efectivamente rehabilitación ordinaria acta",
        "comunidad gerente gerencia jefe jefa responsable asistentes ausentes perfecto",
        "finalmente dr votan sirva servid",
    ),
    nicknames=words(
        "paco pepe nacho lola chus merche cris nuria manolo quique charo maite pili paqui toñi chema kike javi",
        "santi rafa dani sergi toni nando goyo tere conchi mamen susi vero moni lupe beto memo raúl lucía",
    ),
    words_too=words(
        "abril carina clara corona dan diana dolores evita flor flora iris julio luz mar máxima máximo pilar",
        "primitiva rico rosa salud severo vasco blanca benigno benigna consuelo mercedes remedios socorro",
        "angustias soledad paz esperanza amparo milagros rosario concepción asunción encarnación guadalupe gloria",
        "victoria virtudes cruz estrella aurora alba alma jacinto narciso margarita violeta perla mora ángel",
        "ángeles rufina nieves paloma esmeralda marina celeste fermín inocencia jordana leal custodio cándido",
        "cándida justo justa amable plácido modesto modesta prudencio clemente bueno fausto félix feliz lino",
        "domingo reyes trinidad",
    ),
    no_names_end=(
        "amos",
        "emos",
        "imos",
        "aron",
        "ieron",
        "ción",
        "ciones",
        "mente",
    ),
    given_names=("es_ES",),
    says=words(
        "dijo dice dicho declaró declara explicó explica añadió añade agregó respondió responde contestó",
        "afirmó afirma aseguró asegura comentó señaló señala manifestó subrayó recalcó concluyó preguntó",
        "exclamó relató indicó sostuvo",
    ),
    does=words(
        "-ó",
        "ha es fue era había está va puede debe murió nació escribió vive trabaja tiene",
    ),
)
