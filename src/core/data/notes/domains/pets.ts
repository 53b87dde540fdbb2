/** Animals at home. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const PETS: Domain = {
  name: "pets",
  topics: concepts(`
    puppy training | teaching a young dog; teaching sit and stay; young dog manners | eight-week whelp lessons; clicker obedience; clicker sessions
    dog basket | snooze place; snooze spot; pup's snooze corner | orthopaedic canine couch; canine hammock; bolstered canine couch | beds
    freshwater aquarium | fish at home; goldfish; colourful fish | planted nano; tetra shoal; aquascape with tetras | tanks
    tortoise care | slow reptile; reptile in the garden; reptile that hibernates | Hermann's carapace; armoured grazers; carapace check | shells
    bearded dragon | lizard at home; desert lizard; calm lizard | basking pogona; sand-coloured pogona; pogona vivarium | scales
    rabbit enclosure | home for bunnies; bunnies outside; bunnies on the grass | burrow-proof warren; lop-ear warren; movable hutch | runs
    backyard hens | own chickens; fresh egg supply; keeping chickens | clucking layers-to-be; bantam coop; speckled bantams
    cat tree | climbing tower for kitties; kitty furniture; scratching tower | feline lookout; sisal column; feline sisal castle | trunks
    kitten arrival | baby cat moving in; adopted baby cat; adopting a baby cat | mewling furball; rescued moggy; tabby newcomer
    parrot cage | talking bird; home for a bird; bird house indoors | macaw aviary; cockatoo aviary; roomy aviary with perches
    hamster home | small rodent habitat; rodent for kids; small rodent setup | burrow and wheel; deep-litter terrarium; glass-walled terrarium
    dog walking | outings with a hound; hound exercise; daily hound rounds | slack-lead loops; lead-free forest loops; sniffari loops | tracks
    fur grooming | less shedding; less hair everywhere; brushing a long-haired pet | undercoat comb-out; detangled undercoat; slicker session | coats
    homemade treats | healthy rewards; rewards for good pets; snacks for pets | baked liver biscuits; peanut biscuits; dried liver bites
    senior dog care | old stiff-legged companion; ageing four-legged friend; old four-legged friend | arthritic grey muzzle; grey muzzle comfort; golden-years ramp
    litter box | indoor toilet; smell-free toilet; cat toilet | clumping tray; silica tray; pine-pellet tray
    horse riding | time in the saddle; first saddle lessons; pony lessons | dressage hacks; cantering hacks; equestrian mornings
    vet visit | animal doctor appointment; calm doctor appointment; yearly animal check | vaccination; clinic trip; jabs at the clinic
    guinea pigs | squeaking friends; two squeaking pals; small cuddly squeakers | cavies; long-haired cavies; trio of cavies
    bird feeder | food for sparrows; breakfast for robins; robins in winter | seed silo; suet dispenser; sunflower-seed silo
  `),
  features: concepts(`
    chew toys | something to gnaw; gnawing fun; safe gnawing | knotted rope; natural rubber bones; deer antlers | sticks
    fetch toys | throwing games; things to throw; throwing and bringing back | tennis bouncers; squeaky bouncers; floating bouncers | balls
    feeding dishes | somewhere to eat from; food containers; clean food containers | anti-gulp stoneware; raised stoneware; stainless troughs | bowls
    a bow collar | a cute neckband; a pretty neckband; a cute neck accessory | a bandana clip; a gentleman's tartan band; a tartan band | ties
    a harness | control without choking; strolls without choking; safer pulling | a padded Y-shaped vest; a padded no-slip vest; chest straps
    catnip | cat craziness; crazy playtime; a crazy-making herb | nepeta pouches; dried nepeta; stuffed nepeta mice | mint
    a heat lamp | reptile warmth; warmth underneath; constant warmth | infrared basking; a ceramic emitter; a basking bulb | light
    tall grass | something green to nibble; greens to nibble; fresh nibbles | sprouted oat blades; wheat blades; barley blades
    timothy hay | dry fodder; daily fodder; lots of fodder | meadow bales; sun-dried bales; crisp meadow stalks
    driftwood | natural underwater decoration; underwater hideouts; roots as decoration | spiderwood; boiled mopani; mossy spiderwood
    a cooling pad | summer refreshment; a refreshing place; refreshing rest | a gel-filled cushion; self-chilling gel; a damp gel cushion | pads
    a travel crate | safe transport; transport by car; a transport cage | an airline-approved kennel; a collapsible kennel; a boot-sized kennel
    a GPS tracker | a finder for runaways; an alert for escapes; escape alarms | satellite tags; a live location tag; a satellite pendant
    flea protection | relief from itching; parasite control; a cure for parasites | spot-on drops; tick tweezers; monthly tick drops
    puzzle feeders | mental exercise; games for smart animals; boredom relief | snuffle rugs; sliding kibble compartments; a kibble maze
    soft shampoo | a bath for stinkers; washing without tears; washing away smells | oatmeal lather; hypoallergenic lather; a lavender lather
  `),
  situations: concepts(`
    in a city apartment | on the top floor; on the fourth floor; without any yard | between concrete blocks; up four flights; in an urban high-rise
    with allergies | when I sneeze; for sneezing owners; without sneezing | despite histamine; with antihistamines nearby; for sniffly noses
    while at work | when nobody is home; for lonely hours; alone all day | during owner absence; till owners return; until keys jingle
    for shy animals | with a fearful one; for anxious ones; when they are fearful | for timid souls; with skittish rescues; around skittish strays
    with other pets | in a multi-animal house; for several species; between cats and dogs | amid a menagerie; within a mixed pack; across a peaceful menagerie
    during thunderstorms | with fireworks; when it is loud; against loud bangs | under rumbling clouds; at lightning hour; while thunder rolls
    for first-time owners | without experience; for inexperienced people; with zero experience | for newbie keepers; in a keeper's debut month; in a keeper's debut
    on farm land | in the countryside; with a big meadow; on a big meadow | across open acres; between barns; on rural acres
  `),
  bindings: [
    {
      attribute: "coat",
      nouns: ["poodles", "spaniels", "terriers", "collies"],
      values: ["brown", "white", "black", "spotted", "fluffy", "wiry"],
    },
    {
      attribute: "colour",
      nouns: ["leashes", "blankets", "carriers", "tunnels"],
      values: ["red", "blue", "green", "checked", "yellow", "violet"],
    },
  ],
  negatables: ["grain", "bells", "visitors", "vinegar", "muzzles", "ribbons", "cameras", "perfume"],
  fillers: [
    "Tail wags all round.",
    "Ask a professional if unsure.",
    "The shelter staff told me this.",
    "Patience helps.",
    "Ours took to it in a day.",
    "The sofa survived.",
    "Go slowly.",
    "We are all happier now.",
  ],
};
