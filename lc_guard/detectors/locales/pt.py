"""Portuguese, of Portugal and Brazil."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "o a os as um uma uns umas de do da dos das em no na nos nas num numa por pelo pela pelos pelas para com",
        "sem sob sobre entre até desde contra ao aos à às e ou mas não nem é são era eram foi foram ser estar está",
        "estão estava tem têm tinha há havia haver ter eu tu você vocês ele ela nós eles elas me te se lhe lhes",
        "meu minha meus minhas teu tua seu sua seus suas nosso nossa este esta estes estas esse essa isso isto",
        "aquele que quem qual quais quando onde como porque porquê também já ainda sempre nunca mais muito menos",
        "bem aqui ali então pois todo toda todos todas outro outra mesmo pode podem deve fazer faz vai bom dia boa",
        "tarde noite olá oi obrigado obrigada senhor senhora sr sra caro cara exmo exma querido querida",
        "cumprimentos atenciosamente sim anos nascido rua nome apelido morada endereço telefone assunto data ontem",
        "hoje amanhã segundo após durante",
        "dois depois três diz primeira tudo pontos maior primeiro grupo outros quatro duas oito fora qualquer lugar",
        "vem disse meio seria pouco mês vezes vinte fim enquanto além teve dez alguns exemplo algumas milhões assim",
        "através ano sistema relação outras possível questão ponto deverá tão posição muitos embora vão próprio",
        "poderá quer falta vários dizer reunião empresa país pessoas nível novos frente acordo conta sete quarta",
        "política passado geral devem coisa apoio cidade cerca terceiro próxima perto maioria decisão pedido vêm",
        "trabalho jogo aquela empresas processo melhor tentar porém longe disso terá seja mundo afirmou quase",
        "início direita contrato países povo nossos nessa esses escola caminho perdeu",
        # Requests and what they are about.
        "escreve escreva envia envie prepara redige redija procura verifica verifique reencaminha imprime imprima",
        "agende altere liga ligue resuma traduz traduza cancela cancele responde responda avisa avise apaga",
        "apague corrige corrija explica explique convida convide reserva manda mande lembra lembre pergunta",
        "pergunte quanto ganha faça diga marca mensagem carta fatura resumo consulta convite currículo contacto",
        "contato poema cliente recibo",
        "encomenda encomende aponta fala fale passa passe substitui esqueças esqueça conheces conhece paga pague",
        "visita visite confirma confirme compra compre vende abre abra fecha guarda partilha anota atualiza",
        "arquiva aceita recusa descreve descreva analisa compara ficheiro arquivo renda aniversário avó tia",
        "mostra ajuda sugere dá",
    ),
    letters="ãõ",
    titles=(
        r"(?:Sr(?:es)?\.?ª?|Sra?s?\.?|Senhor(?:a|es|as)?|SENHORA?|D\.|Dona|Dom|Dr\.?ª?|Dra\.?|Doutora?|Prof\.?ª?|Profa\.?"
        r"|Professora?|Eng\.?ª?|Engenheir[oa]|Arq\.?|Juiz|Juíza|Desembargadora?|Procuradora?|Advogad[oa]|Ministr[oa]"
        r"|Deputad[oa]|Senadora?|Governadora?|Prefeit[oa]|Padre|Frei|Irmã|Testemunha|Arguid[oa]|Paciente"
        r"|senhora?|sr\.|sra\.|doutora?"
        r"|[Ss]eu|[Dd]ona|[Tt]i[oa]?|[Aa]v[óô]|[Vv]ereadora?|[Aa]utarca|[Tt]reinadora?|[Tt]écnic[oa]"
        r"|[Dd]elegad[oa]|[Pp]rofessora?|[Jj]uíza?|[Mm]inistr[oa]|[Aa]rquitet[oa]|[Jj]ornalista|[Mm]aestro"
        r"|[Aa]vançado|[Aa]tacante|Enf\.?ª?|Eng\.?º|Sr\.ª|[Pp]refeit[oa]|[Dd]eputad[oa]|[Aa]dvogad[oa]"
        r"|rei|rainha|papa|bispo|arcebispo|cardeal|príncipe|princesa|duque|duquesa|conde|condessa"
        r"|marquês|imperador|cantor|cantora|ator|atriz|diretor|diretora|realizador|escritor|escritora"
        r"|poeta|filósofo|pintor|presidente|general|coronel|capitão|senador|governador|irmão|irmã|filho"
        r"|filha|esposa|marido|colega|companheiro|companheira)"
    ),
    name_labels=(
        *("nome", "apelido", "sobrenome", "nome completo", "paciente", "cliente", "utente", "titular"),
        *("titular da conta", "inquilino", "senhorio", "médico", "médica", "assinado", "destinatário", "remetente"),
        *("autor", "autora", "réu", "ré", "testemunha", "requerente", "contacto", "contato", "segurado", "presentes"),
        *("nome do pai", "nome da mãe", "filiação"),
    ),
    labels=words(
        "morada endereço rua cidade localidade bairro código postal cep telefone telemóvel celular fax email",
        "e-mail assunto data nascimento naturalidade sexo idade nif cpf rg cnpj processo fatura referência",
        "diagnóstico antecedentes medicação tratamento profissão nacionalidade estado civil anexos assinatura de",
        "para conta iban empregador",
    ),
    months=(
        *("janeiro|jan", "fevereiro|fev", "março|mar", "abril|abr", "maio|mai", "junho|jun", "julho|jul", "agosto|ago"),
        *("setembro|set", "outubro|out", "novembro|nov", "dezembro|dez"),
    ),
    ordinary=words(
        "segunda terça quarta quinta sexta segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado",
        "domingo tribunal juiz juíza réu ré autor autora arguido arguida testemunha advogado ministério público",
        "procurador presidente presidência governo ministro estado câmara assembleia senado congresso prefeitura",
        "prefeito polícia comprador vendedor senhorio inquilino arrendatário locador locatário cliente paciente",
        "utente doutor doutora médico senhor senhora empresa sociedade contrato artigo lei decreto regulamento",
        "código natal páscoa deus rei guerra exército igreja escola universidade cidade rua praça avenida hotel",
        "banco olá oi obrigado obrigada cumprimentos atenciosamente sim não pergunta resposta assunto português",
        "inglês fatura valor euros reais o a os as um uma em no na segundo após mas já",
        "entrevistador entrevistadora entrevistado entrevistada moderador apresentador",
        "condómino condómina permilagem fração",
        "estado prioridade categoria solicitante atendente relator relatora adjuntos",
        "adjunto representados venho funcionou",
        "corrigido encerrado assinatura secretário secretária vereador vereadora autarca",
        "perito perita finalmente ontem",
    ),
    nicknames=words(
        "zé bia duda neide tonho chico beto nando tati gabi rafa lú dudu juju malu cacá guto léo tião nena",
        "toninho quim zeca lena manel mimi nelo tó xico",
    ),
    words_too=words(
        "clara dom eduardo flor marco marcos vitória rosa aurora luz paz graça glória esperança estrela íris",
        "margarida violeta pérola alba alma luna lua celeste bela linda mel maria brisa serena inocência socorro",
        "conceição fátima dores piedade prudência perpétua augusta augusto bento benta clemente constante cruz",
        "domingos fausto feliz félix justo justa lino narciso pio santa santo sereno severo severa vasco vera",
        "leal bárbara branca bruno bruna caio emanuel germano romano leão heitor kauê davi isis lara mirela",
    ),
    no_names_end=(
        "amos",
        "emos",
        "imos",
        "ámos",
        "aram",
        "eram",
        "iram",
        "ção",
        "ções",
        "mente",
    ),
    given_names=("pt_PT", "pt_BR"),
    says=words(
        "disse diz dito declarou declara explicou explica acrescentou acrescenta respondeu responde afirmou",
        "afirma comentou comenta ressaltou destacou concluiu perguntou exclamou contou garantiu lembrou",
        "salientou sublinhou",
    ),
    does=words(
        "-ou -eu -iu",
        "é foi era tinha havia está vai pode deve morreu nasceu escreveu vive trabalha tem teve",
    ),
)
