/** Babies, children and family days. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const PARENTING: Domain = {
  name: "parenting",
  topics: concepts(`
    baby carrier | carrying my newborn; carrying an infant; snuggling a newborn close | ergonomic sling; buckle sling; stretchy sling | wraps
    baby party | celebration before birth; celebration for mums-to-be; mums-to-be get-together | bump brunch; nursery-themed brunch; stork tea | showers
    breastfeeding start | nursing a newborn; nursing problems; feeding my newborn | lactation rhythm; latch and let-down; milk-supply rhythm | pumps
    toddler sleep | bedtime for a two-year-old; peaceful bedtime; getting kids to bed | nap transitions; lullaby ritual; drowsy lullaby hour
    building toys | construction set; towers for little builders; stacking play | Duplo cubes; wooden cubes; interlocking cubes | blocks
    model railway | train set; toy trains; electric trains | wooden locomotive loop; Brio loop; tunnel and locomotive loop | tracks
    garden trampoline | jumping outside; something to jump on; jumping fun | netted bouncer; sunken bouncer; backyard bouncer | springs
    tablet time | limits for TV; less TV; TV rules | device hours; digital media hours; pixel-free device pact | screens
    family game night | playing cards together; cards around the table; evening of playing together | dice and counters; snakes-and-ladders dice; cooperative dice league | boards
    first day of school | starting primary; start of primary class; becoming a pupil | satchel and cone; enrolment morning; satchel photo
    potty training | leaving nappies behind; getting rid of nappies; life without nappies | toilet learning; diaper-free week; tiny toilet triumphs
    birthday party | celebrating turning five; cake with invited friends; celebrating with little guests | balloon afternoon; balloons and candles; pinata afternoon
    bath time | hair-washing without drama; soaping a wild kid; washing soap-shy kids | bubbly tub splash; splashing ducks; rubber-duck splash | tanks
    reading aloud | stories at night; good stories; stories for little ones | picture-book hour; narrated fairy tales; pop-up tales
    nursery decor | infant's bedroom; bedroom for a newborn; room ready before birth | cot and changing corner; woodland crib theme; pastel cot theme
    lunch boxes | food for kindergarten; snacks for kindergarten; packed kindergarten food | bento compartments; bento skewers; bento dinosaurs
    pocket money | coins for kids; teaching kids finance; weekly coins | allowance jars; three-jar allowance; chore-free allowance
    sibling peace | ending fights between brothers; stopping sisters from fighting; handling a jealous brother | rivalry truce talks; squabble truce plan; squabble-free week
    tantrum rescue | screaming at the supermarket; calming an angry toddler; calming a screaming toddler | meltdown first aid; floor-kicking meltdown plan; stormy outburst plan
    homework routine | maths at the desk; studying after class; maths exercises | worksheet hour; spelling worksheets; assignments without tears
  `),
  features: concepts(`
    finger paint | messy art; toddler art; non-toxic colours | washable tempera; smeared tempera; handprint tempera | prints
    a play mat | a padded crawling area; a soft crawling area; crawling space | an activity blanket; quilted foam; interlocking foam | mats
    a night lamp | bedside comfort; bedside glow; comfort in the dark | a luminous bunny; a moon projector; a dim amber bunny | light
    a reward chart | praise for good behaviour; a behaviour system; a way to praise | gold stars; sticker columns; a fridge-door star grid
    a sandpit | digging outside; a place for digging; shovels for digging | moulds and buckets; a buried-treasure box; grainy castles
    a stroller | a buggy; a light buggy; a foldable buggy | a pushchair; an all-terrain pushchair; a compact pram
    a pacifier | something to suck; thumb-sucking relief; a soother for sucking | a silicone dummy; an orthodontic dummy; a clipped dummy
    modelling dough | something to knead; kneading fun; stuff to knead | salt-based putty; scented putty; squishy plasticine | rolls
    puppets | a little theatre; role play figures; theatre figures | sock monsters; felt crocodiles; velvet marionettes
    board books | unbreakable pages; pages for babies; tear-proof pages | chunky cardboard flaps; lift-the-flap cardboard; chewable flaps
    a swing | something on ropes; a flying seat; a seat on ropes | a tyre pendulum; an apple-tree pendulum; a garden pendulum
    white noise | a hum for sleep; calming sounds; sounds from the womb | a whirring machine; static and rainfall; looped rainfall
    a safety gate | stairs protection; secure stairs; a stairs barrier | a doorway grille; a pressure-fit grille; a lockable grille | bars
    musical toys | drums; something to drum on; a drumming corner | xylophones; maracas; a tinkling glockenspiel
    a treasure hunt | hidden clues; a search game; a search with clues | a pirate quest; a pirate trail; a scavenger quest
    dress-up clothes | costumes; princess costumes; superhero costumes | capes and tiaras; a trunk of capes; cardboard armour | crowns
  `),
  situations: concepts(`
    for single parents | when mum is alone; without another adult; as the only adult | in one-income households; with one pair of arms; on one income
    with twins | with both at once; for both at once; if both cry | times two; in double trouble; through doubled chaos
    on long car rides | with bored passengers; while driving far; when driving far | on the motorway; for highway hours; between motorway exits
    on rainy afternoons | when we cannot go out; stuck indoors; in bad weather | under dripping gutters; while puddles fill; with dripping windowpanes
    for working mothers | with a full-time job; besides my job; next to a job | around shift plans; between commute and pick-up; alongside a career
    at kindergarten age | when they are four; for preschool kids; in preschool | in the pre-reading years; for the under-sixes; before letters are learned
    in bilingual homes | with two languages; when dad speaks French; in two languages | between mother tongues; in both tongues; across tongues
    with little sleep | when everyone is tired; for exhausted parents; while exhausted | on three hours' rest; through bleary mornings; with bleary eyes
  `),
  bindings: [
    {
      attribute: "colour",
      nouns: ["bibs", "rompers", "teddies", "mobiles"],
      values: ["yellow", "striped", "grey", "peach", "white", "dotted"],
    },
    {
      attribute: "material",
      nouns: ["spoons", "rattles", "puzzles", "beakers"],
      values: ["beech", "bamboo", "rubber", "steel", "cork", "maple"],
    },
  ],
  negatables: ["batteries", "babysitters", "bribes", "sweets", "plastic", "deadlines", "clowns", "timetables"],
  fillers: [
    "Every child is different.",
    "This too shall pass.",
    "We laughed a lot.",
    "My coffee went cold.",
    "It worked on the second day.",
    "Trust your gut.",
    "The little one was proud.",
    "Nobody cried.",
  ],
};
