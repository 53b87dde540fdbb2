import type { Domain } from "../types";
import { concepts } from "./concept";

export const pets: Domain = {
  name: "pets",
  topics: concepts(`
puppy training | teach young dog; sit and stay; new hound manners | clicker sessions; recall practice; pup obedience | train
cat litter box | kitty toilet; smelly tray; where felines pee | clumping sand pan; scooped clay; hooded loo | box
fish tank setup | aquarium; guppies home; glass water pet | planted nano cube; cycled freshwater; neon tetra basin | tank
dog walking | leash time; daily outing with hound; pull on lead | loose harness strolls; sniffari; twice round the block
parrot care | talking bird; budgie; cage friend | macaw enrichment; cockatiel perch; feathered companion
rabbit housing | bunny cage; indoor hutch; pet hare home | pen with tunnels; lop eared run; lagomorph condo | run
raw feeding | natural dog food; meat diet; barf | uncooked bones; offal bowl; prey model ration
cat grooming | brush long fur; shedding kitty; mats in coat | slicker strokes; persian detangle; undercoat rake | coat
hamster wheel | rodent exercise; small cage runner; noisy spinner | silent disc; syrian jogger; upright saucer
dog grooming | wash hound; trim poodle; smelly fur bath | clipped schnauzer; deshed shampoo; nail dremel
kitten adoption | get a cat; shelter rescue; baby feline | foster tabby; rehomed litter; two bonded moggies
reptile terrarium | lizard home; gecko; snake glass | bioactive vivarium; bearded dragon basking; heat gradient | scale
horse riding | learn equestrian; pony lesson; saddle hour | trotting circles; hacking out; dressage basics
separation anxiety | dog alone at home; barking when I leave; cries at the door | departure cues; panic free absence; camera desensitising
vet visit | animal doctor; vaccine check; sick pet | clinic carrier; annual jabs; stethoscope trip
backyard hens | chickens at home; fresh eggs; coop | bantam flock; laying pullets; ark and perch
guinea pigs | cavies; squeaky rodents; first pet for kids | wheeking pair; c and c grid; abyssinian herd
dog agility | jumps and tunnels; sport with hound; obstacle course | weave poles; seesaw contact; border collie league
cat tree | climbing tower; scratch post; high perch kitty | sisal column; carpeted ledges; feline skyscraper
senior dog | old hound; aging canine; grey muzzle | arthritic labrador; twilight years; geriatric mutt
`),
  features: concepts(`
a slow feeder | eats too fast; maze bowl; puzzle dish | ridged saucer; lick mat; gulp stopper | mat
a harness | no choke walking; chest strap; lead attachment | y front webbing; padded vest; clip at the sternum
catnip toys | herbal mouse; kitty drugs; kicker | silvervine stick; valerian pouch; nepeta filled | stick
a heated pad | warm bed; winter cushion; old joints comfort | low watt blanket; thermostat mat; snuggle disc | mat
freeze dried liver | training treats; meat snacks; smelly rewards | lyophilised offal; crumbly morsels; ox cubes
a gps collar | lost pet finder; tracking; where is my cat | satellite tag; geofence beacon; tracker neckband
a window perch | bird watching cat; sun seat; sill bed | suction hammock; ledge lounge; basking shelf
calming spray | pheromone; fireworks fear; relax animals | adaptil diffuser; lavender mist; soothing plug
a water fountain | drinks too little; flowing bowl; hydration | filtered spout; bubbling basin; stream dish
a crate | dog cage; den; sleep box | wire kennel; covered cube; collapsible carrier | box
live plants | natural aquarium; green tank; oxygen weeds | java fern; rooted vallisneria; mossy driftwood | plant
a flirt pole | chase toy; rope on stick; prey play | lure wand; fleece teaser; horsehide whip
a dental chew | teeth cleaning bone; bad breath; plaque | enzymatic strip; knuckle gnaw; tartar stick
a litter mat | sand on the floor; tracked grains; catch tray rug | honeycomb catcher; double layer grid; paw sifter | mat
`),
  situations: concepts(`
in an apartment | small flat; city living; no yard | third floor; lift only; urban loft
with a toddler | small kids; baby in house; family | crawling infant; sticky fingers; pram and paws
for allergic owners | sneezing; asthma; hair allergy | dander sensitive; hypoallergenic; itchy eyed
during summer heat | hot days; thirty degrees; too warm | heatwave; scorching asphalt; tongue out weather
on a tight budget | cheap; low cost; little money | thrift; pennies; donated supplies
with two cats | multi feline; second kitty; felines together | bonded duo; tabby plus ginger; resident and newcomer
for busy people | work all day; little time; long shifts | nine hours away; self sufficient; commuters
`),
  bindings: [
    { attribute: "colour", nouns: ["collar", "leash", "bowl", "bed"], values: ["red", "blue", "green", "orange", "grey"] },
    { attribute: "size", nouns: ["cage", "basket", "ball"], values: ["small", "large", "round", "soft"] },
  ],
  negatables: ["grain", "leash", "chicken", "bark collar", "cage", "flea drops", "litter"],
  fillers: [
    "Tail wags all round.",
    "He pretends to hate it.",
    "The vet was impressed.",
    "Fur on everything.",
    "She runs the house anyway.",
    "Treats were involved.",
  ],
};
