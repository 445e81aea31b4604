"""Verbs that requests begin with: ``Email Maria Lopez`` names Maria Lopez and says what is to be done.

Transitive verbs of WordNet 3.1 (Princeton University; its licence is in NOTICE), by these rules: one word; a sentence
frame with an object; counted three times or more in its sense-tagged texts, and there a verb at least once in four
times. Left out is what Faker's lists have as a given name or surname, such as ``bill``, ``mark`` and ``park``: those
may be the name. Added are a few that few people are called, and verbs of office and chat that its texts do not have.
"""

from __future__ import annotations

import re

from lc_guard.detectors.vocabulary import vocabulary

VERBS = frozenset(
    """
    abandon abet abide abolish absorb abstract abuse accelerate accept acclaim accommodate accompany accomplish
    accord accost accumulate accuse ache achieve acknowledge acquiesce acquire act activate adapt add address
    adhere adjoin adjourn adjust administer admire admit adopt adorn advance advertise advise advocate affect
    affirm affix afford aggravate agitate agree aid aim alarm alert alienate align allege alleviate allocate allot
    allow alter alternate amaze ambush amend amplify amuse analyze anchor announce annoy anonymize answer
    anticipate apologize appeal appear appease applaud apply appoint apportion appreciate apprehend approach
    appropriate approve approximate argue arise arouse arrange arrest arrive articulate ascend ascertain ascribe
    ask assail assault assemble assent assert assess assign assimilate assist associate assume assure astound
    attach attack attain attempt attend attest attract attribute augment authorize autofill avail average avert
    avoid await awaken babble bake balance balk bang banish baptize bar base bask bat bathe batter bawl bcc be beam
    bear beckon become befall beg begin behave behold belie believe bellow belong bench bend benefit beset besmirch
    bestow bet bethink betray bevel bewilder bid bind blame blast bleed blend bless blink block blow blur boast
    boil bolster bolt bomb book boom boost border borrow bother bounce bound bow brace brandish break breathe brief
    bring bristle broaden broil brood brush bubble buckle buffer buffet build bulge bump bunch burn burst butt buy
    buzz bypass cackle calculate calibrate call calm campaign cancel capitalize capture care caress carve cast
    catalogue catapult catch cater cause caution cavort cc cease celebrate centrifuge certify challenge change
    chant characterize charge chart chatter cheat check chew chide chill choke choose choreograph circle circulate
    cite claim clamber clamor clamp clang clap clarify clasp classify clean clear click climb clinch cling clog
    close clothe cluster clutch coalesce coax cock coin collaborate collapse collect comb combat combine come
    command commemorate commence commend comment commit communicate commute compare compel compensate compete
    compile complain complete complicate compliment comply compose compound comprehend compress comprise compromise
    compute conceal concede conceive concentrate concern conclude concur condemn condense conduct confess confide
    confine confirm confront confuse congratulate connect conquer consent consider consign consist consolidate
    conspire constitute construct construe consult consume consummate contact contain contaminate contemplate
    contend contest continue contract contradict contrast contribute control converse convert convict convince cool
    cooperate coordinate cope copy correct correlate correspond corroborate cost cough counsel count counter
    counteract couple cover crack crackle cradle crash crave crawl create credit creep cringe criticize croon
    crouch crow crowd crown crucify crush cry crystallize cuddle culminate cultivate cure curl curse curtail cut
    dab damage damn dampen dance dangle darken dart dazzle deal debug debut deceive decide declare decline
    decompose decorate decrease decry dedicate deduce deduct deem defeat defend defer define defy delay delegate
    delete delight deliver demand demonstrate demythologize denote denounce dent deny depart depend depict deposit
    depress deprive derive descend describe desert deserve design designate desire despise destine destroy detach
    detect determine detonate devastate develop deviate devise devote diagnose dial dialyze dictate die
    differentiate diffuse dig dilate dilute diminish dine dip direct disagree disappear disappoint disapprove
    discard discern discharge discipline disclose discontinue discount discourage discover discriminate discuss
    disdain dislike dismiss disobey dispatch dispel dispense disperse display dispose dispute disregard disrupt
    disseminate dissipate dissolve dissuade distill distinguish distort distract distribute distrust disturb dive
    divert divide divorce dm do document dodge dominate donate doom double doubt downgrade download draft drag
    drain dramatize drape draw dread dream dress drift drill drink drip drive drop drown dry dub duck dump
    duplicate dwarf dwell earn ease eat economize educate ejaculate eject elaborate elect elevate elicit eliminate
    elude email embody embrace emerge emphasize employ empty enable enact enclose encompass encounter encourage end
    endanger endear endeavor endorse endow endure enforce engage engender engulf enhance enjoin enjoy enlarge
    enlist enrich enrol enroll ensue ensure entail enter entertain entitle entrust envelop envision envy epitomize
    equal equate equip erase erect err erupt escalate escape escort espouse establish estimate evade evaluate evoke
    evolve exaggerate exalt examine exceed exchange excite exclaim exclude excuse execute exemplify exercise exert
    exhaust exhibit exist expand expect expel expend experience expire explain explode exploit explore export
    expose expound express extend exterminate extract extrapolate face facilitate fade fail falsify falter
    fascinate fashion fasten fathom favor fax fear feature feed feel fell fetch fete fight file fill filter finance
    find finish fire fit fix flank flap flash flatten flatter flaunt flee flick flinch fling flip float flop
    flounder flourish flow flush fly focus fold follow forbid force forecast forego foresee forestall forge forget
    forgive form formulate forsake fortify forward found fractionate frame free freeze fret frighten frown
    frustrate fulfil fulfill fumble furnish fuse fuss gain gallop gather gaze gear generalize generate gesticulate
    get give glance glare glaze glide glimpse glint glorify glower glue gnaw go gobble google gouge govern grab
    graduate grapple grasp graze greet grind grip groan grope grow grumble grunt guarantee guess guide gulp gush
    hail halt hamper handle hang happen harangue harbor harness harvest hasten hatch hate haul haunt have heal hear
    heat heave heed heighten help hesitate hide hinder hint hire hit hitch hobble hold honeymoon hop hover huddle
    hum hurl hurry hurtle hush hustle hypothesize identify ignite ignore illuminate illumine illustrate imagine
    imbed imitate impair impart impede implement implore imply import impose impress imprison improve improvise
    impute inaugurate incite incline include incorporate increase incur indicate induce induct indulge infect infer
    infiltrate inflict influence inform infuriate ingest inhabit inherit initiate inject injure inquire insert
    insist inspect inspire instal install institute instruct insulate insult insure integrate intend intensify
    intercept interfere interlace interpose interpret interrupt intersect intervene interview intimate intimidate
    intone introduce intrude inure invade invent invest investigate invite invoice invoke involve irritate isolate
    issue itch itemize jab jam jeer jeopardize jerk join jump justify keep keynote kidnap kill kneel knit knock
    know label lack lag lap lapse lash laugh launch lay layer lead leap learn leave lecture leer lend lessen let
    liberate lick lift like limit limp linger link list listen live load loathe locate lock lodge log look loosen
    lose lower lug lull lunge lurch lure lurk magnify mail maintain make manage maneuver manifest manipulate
    manufacture map march masquerade match matter mature maximize mean measure meditate meet melt memorize mend
    mention merge merit message migrate mingle minimize minister mirror mislead miss mistake misunderstand mitigate
    mix mobilize mock modernize modify moisten mold monitor monopolize mortar motivate mount mourn move multiply
    mumble murmur muse muster mutter nag name necessitate need neglect negotiate nest nestle neutralize nod
    nominate notch note notice notify nourish nudge nurse obey object oblige obliterate obscure observe obstruct
    obtain occupy occur offer officiate offset omit onboard open operate oppose ordain order organize orient
    originate oust outdistance outline outweigh overcome overhear overlap overlook overpower overreach override
    overrun overtake overthrow overturn pacify pack paint parade parallel paraphrase pardon participate pass paste
    patch patrol patronize pay peel pen penalize penetrate perceive perch perform permit perpetuate persist
    personify persuade pertain pervade phone photograph pick pile pin pinch ping pinpoint pioneer pitch pity place
    plague plan play plead please pledge plod plot plow pluck plunge point poise poison poke polarize ponder
    populate portray pose possess post postpone postulate pour practice praise pray preach precede precipitate
    predict prefer prepare prescribe present preserve preside press presume presuppose pretend prevail prevent
    prick print probe proceed proclaim procure prod produce profess profit prohibit project prolong promise promote
    prompt pronounce proofread propel propose prosecute protect protest prove provide provoke prowl pry publicize
    publish pucker puff pull pump punch punish purchase purify purport pursue push put putt puzzle qualify quarrel
    quell query question quicken quit quote race rack radiate rage raise rally range ransack rap rape ratify
    rationalize rattle reach react reactivate reaffirm realize reap reappear rear rearrange reassemble reassure
    rebel rebook rebuff rebuild rebuke rebut recall recapture recede receive recite reckon recognize recollect
    recommend reconcile reconsider reconstruct record recount recover recreate recruit recur redact redeem reduce
    reek reel reelect reenact reexamine refer refine reflect refuel refund refuse refute regain regard register
    regret regulate rehearse reign reimburse reinforce reiterate reject rejoice rejoin relate relax release
    relegate relieve relinquish remain remand remark remedy remember remind reminisce remodel remove rename render
    renew rent reopen reorganize repair repay repeal repeat repel rephrase replace replenish reply report represent
    reproduce repudiate request require reread reschedule rescind rescue resemble resent reserve reside resign
    resist resolve resort respect respond rest restore restrict result resume resuspend retain retire retort
    retrace retract retreat retrieve return reunite revamp reveal revel revere reverse revert review revise revive
    rewrite rid ride ridicule rig rip ripple rise risk rival roam roast romanticize rot rotate rub ruin rule run
    rustle sacrifice sag sail salute salvage sanction satisfy save savor say scamper scan scare scatter schedule
    scoff scold scoot score scorn scramble scrape scratch screen scribe scrub scrutinize scuttle seal search seat
    secede secure see seek seem segregate seize select sell send sense separate serve set settle sew shake shape
    share sharpen shatter shave shed shield shift shock shoot shop shorten shout shove show shower shriek shrink
    shuffle shun shut sicken sidestep sidle sigh sign signal signify simmer simplify simulate sin sink sip sit
    situate skid skirt skype slack slacken slam slap slash slaughter sleep slice slide slip slop slow slug slump
    smack smash smell smile smooth smother smuggle snap snarl snatch sneak sneer sniff snort snub snuggle soak
    soften solder solicit solve sorb sound sour sow span spare spark speak spear specialize specify speculate speed
    spell spend spill spin spit splash splinter split spoil sponsor spot sprawl spray spread sprinkle spur spy
    squat squawk squeeze stagger stain stake stalk stall stammer stamp stand stare start startle starve state stay
    steady steal steam stem step stick stiffen stifle stimulate sting stipulate stir stoop stop store straddle
    straggle straighten strain strangle stray stream strengthen stress stretch strew strike strip strive stroke
    struggle stud study stuff stumble stun subdue subject submerge submit subscribe subside subsidize substitute
    subtract succeed succumb suck suffer suffice suffocate suffuse suggest suit summarise summarize summon
    superimpose supersede supervise supplant supplement supply support suppose suppress surmise surmount surpass
    surprise surrender surround survey survive suspect suspend sustain swallow swarm sway swear sweep swell swim
    swing swirl switch swoop symbolize sympathize synthesize systematize tabulate tackle tag take talk tap taste
    taunt tax teach tear tease telephone televise tell tempt tend term terminate test testify text thank thaw
    thicken think thrash thread threaten thrill throttle throw thrust thump thwart tick tie tighten tilt tip tire
    toast tolerate topple torture toss total totter touch tour track trade trail train tramp trample transcend
    transcribe transfer transform translate transmit transmute transplant transport transpose trap travel traverse
    tread treat trigger trim triple trot trudge trust try tuck tug tumble turn twine twirl twist twitch
    underestimate underlie underline undermine underscore understand undertake underwrite undo unfold unify unite
    unleash unload unlock unscrew unsubscribe untie update upgrade uphold upload upset urge use utilize utter
    vacate validate vanish vary veil vent venture verify vest victimize vie view violate visit visualize volunteer
    vote vow wag wait wake walk wallop wallow wander want warn warp warrant waste watch wave waver wax weaken wear
    weave wed weigh welcome wheel whip whirl whisper whistle whoop widen wield wiggle win wince wink wipe wire wish
    withdraw withhold withstand witness wobble wonder woo work worry worship wrangle wrap wreck wrench wrestle
    wrinkle write yank yearn yield zoom
    e-mail ban depose evict grade impersonate owe profile subpoena unassign unblock unfollow uninvite
    unmute
    """.split()  # noqa: SIM905 - a list of words reads as one
)
"""Base forms, lower case."""

GREETINGS = frozenset(["please", "kindly", "hi", "hello", "hey", "dear", "thanks", "attn", "cc", "sorry"])
"""Words before a name that address somebody, lower case."""

# What may stand before the verb of a request in its sentence.
_ASKING = frozenset(
    [
        *("please", "pls", "kindly", "and", "then", "or", "to", "also", "now", "just", "lets", "you", "i", "we"),
        *("will", "can", "could", "would", "must", "should", "not", "never", "always", "dont", "do", "next", "first"),
        *("finally", "but", "so", "step", "task", "action", "todo", "reminder", "help", "me", "us", "let"),
    ]
)
# "Loop in Iris", "Reply to Iris"
_WITH_PARTICLE = re.compile(r" (?:in|to|with|on|up|out|for|back) (?=[A-Z])")
# Verbs that few people are called, and hardly anybody before another given name.
_ALSO_GIVEN = frozenset({"bill", "chase", "page", "ring"})
_WORD_BEFORE = re.compile(r"([^\W\d_]+(?:['’][^\W\d_]+)?)[ \u00a0]*$")
# Without a blank inside one word; every other sign but &, and an emoji, begins a sentence or a part of one.
_INSIDE_WORD = "'’-/@#_"


def is_verb(text: str, start: int, end: int) -> bool:
    """Whether all that was found is the verb of a request, and the name is what follows it."""
    verb = text[start:end].lower()
    follows = verb in VERBS and text[end : end + 1] in (" ", "\u00a0") and text[end + 1 : end + 2].isupper()
    if not follows:
        follows = (verb in VERBS or verb == "loop") and _WITH_PARTICLE.match(text, end, end + 12) is not None
    return follows and begins_request(text, start)


def is_also_verb(text: str, word: re.Match[str], end: int) -> bool:
    """Whether the first word of a name is a verb: of ``Chase Iris Koval`` it is, of ``Chase Whitmore`` it is none."""
    if word[1].lower() not in _ALSO_GIVEN or not begins_request(text, word.start()):
        return False
    given, _, surname = text[word.end() : end].partition(" ")
    return surname[:1].isupper() and given[:1].isupper() and not vocabulary().is_ordinary(given)


def begins_request(text: str, at: int) -> bool:
    """Whether an imperative may stand at an offset: where a sentence begins, or behind a word such as please."""
    before = text[max(0, at - 40) : at]
    word = _WORD_BEFORE.search(before)
    if word is None:
        bare = before.rstrip(" \t\u00a0")
        glued = bare == before and bare[-1:] in _INSIDE_WORD
        return not bare or not (bare[-1].isalnum() or bare[-1] == "&" or glued)
    return word[1].replace("'", "").replace("’", "").lower() in _ASKING
