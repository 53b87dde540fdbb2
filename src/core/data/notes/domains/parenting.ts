import type { Domain } from "../types";
import { concepts } from "./concept";

export const parenting: Domain = {
  name: "parenting",
  topics: concepts(`
sleep training | baby wakes at night; get infant to bed; bedtime trouble | gradual self settling; nap schedule; dream feed plan | train
baby led weaning | start solids; first meals infant; purees or not | finger foods at six months; gnawing batons; spoonless introduction
potty training | toilet learning; leave diapers; pee in the pot | nappy free days; loo milestones; wee sticker chart | pot
screen time rules | tablet limits; too much tv; phone for kids | device curfew; media contract; pixel diet
birthday party | celebrate turning five; games and cake day; kids event | candle bash; balloon afternoon; goodie bag jamboree
lunch box ideas | school meals; packed snacks; what to put in the bag | bento compartments; thermos noodles; crustless triangles
homework help | after school study; maths tasks; motivate pupil | assignment hour; times tables drill; kitchen desk tutoring
sibling fights | brothers quarrel; jealous sister; kids hitting | rivalry truce; squabble referee; sharing turmoil
bedtime story | read at night; tale for little ones; pillow book | once upon a lull; dozing chapter; picture page ritual
tantrum handling | toddler screams; meltdown in shop; angry child | big feelings coaching; outburst calm; co regulation
rainy day play | bored indoors; wet weekend games; stuck at home | blanket fort; sofa obstacle course; kitchen percussion
first bike | learn to ride; balance cycling; training wheels | pedal milestone; wobbling two wheeler; stabilisers off
baby carrier | wrap for newborn; hands free infant; sling | ergonomic buckle pack; ring cloth; hip healthy pouch
stroller choice | pram; buggy for city; pushchair | folding pushcart; jogger wheels; twin seat carriage
family budget | cost of children; save with kids; household money | nappy fund; shared ledger; weekly envelope
nursery decor | newborn bedroom; crib place; infant space look | cot corner; mobile and mural; changing station
chores chart | kids cleaning; tasks at home; allowance jobs | duty board; dishwasher rota; starred tidy list | board
picky eating | fussy child; refuses vegetables; only pasta | neophobia; beige plate phase; one bite policy
language learning | bilingual kid; second tongue early; foreign words | minority speech at home; heritage vocabulary; immersion nanny
school start | first day of class; kindergarten begins; new pupil | satchel morning; gate goodbye; reception term
`),
  features: concepts(`
a white noise machine | sleep sound; shush box; calm hum | rain loop speaker; womb audio; fan drone
a reward sticker | star for good behavior; prize system; motivation chart | gold foil token; merit stamp; treat ladder | stick
a night light | scared of dark; small lamp; bedroom glow | moon plug; dimmable owl; amber toadstool | light
finger paint | messy art; kids colours; hands creative | washable tempera; palm smears; edible pigment
a sand tray | sensory play; digging indoors; beach box | kinetic grains; scoop and pour tub; mini dunes
wooden blocks | building toys; montessori bricks; stacking cubes | beech tower set; unit planks; unpainted cuboids
a memory game | matching cards; brain play; find pairs | flip and recall deck; snap tiles; concentration set
a picture schedule | visual routine; day plan with images; autism friendly plan | pictogram strip; magnet timetable; photo sequence
a calm corner | time out spot; quiet place; cool down area | feelings den; beanbag refuge; glitter jar nook
audio books | listening stories; cd for kids; spoken tales | narrated cassette; headphones saga; figurine speaker
a snack drawer | self serve food; hungry children shelf; quick bites place | reachable cracker bin; grab level; low fridge basket
a treasure hunt | clue search; pirate game; find hidden prizes | riddle trail; map quest; breadcrumb chase | track
bath toys | tub fun; rubber duck; water play | squirting boats; foam letters; floating cups
a growth chart | height ruler; measure kid; how tall | pencilled door marks; centimetre giraffe; inch ladder | scale
`),
  situations: concepts(`
for twins | two babies; double trouble; multiples | pair of newborns; duo; womb mates
for single parents | alone with kids; one adult; by myself | solo mum; lone dad; no second mum
with a newborn | baby just arrived; first weeks; infant home | fresh from hospital; fourth trimester; umbilical days
for teenagers | thirteen and over; puberty; high school age | adolescent; moody years; slammed doors
while working full time | job and kids; busy career; office parent | nine to five; childcare juggle; commuter
on long car rides | road travel; hours driving; back seat boredom | motorway stretch; booster miles; are we there yet
for shy children | anxious kid; introvert; afraid of others | slow to warm; timid; clings at the gate
`),
  bindings: [
    { attribute: "colour", nouns: ["balloons", "cups", "blankets", "crayons"], values: ["red", "blue", "yellow", "green", "pink"] },
    { attribute: "age", nouns: ["boys", "girls", "cousins"], values: ["younger", "older", "noisy", "sleepy"] },
  ],
  negatables: ["screens", "sugar", "batteries", "nuts", "shouting", "plastic toys", "naps"],
  fillers: [
    "Nobody cried, including me.",
    "It worked on day four.",
    "Coffee helps.",
    "Every child is different.",
    "Ask me again next week.",
    "My mother laughed at us.",
  ],
};
