import type { Domain } from "../types";
import { concepts } from "./concept";

export const gardening: Domain = {
  name: "gardening",
  topics: concepts(`
balcony garden | growing on a terrace; apartment greens; outdoor ledge plants | railing planters; fourth floor allotment; potted veranda
tomato plants | red fruit vines; growing love apples; salad crop | cordon cherries; beefsteak trusses; heirloom brandywine
rose pruning | cut back roses; flower bush trim; when to clip | outward bud snips; hybrid tea shaping; floribunda secateurs
herb spiral | kitchen garden; grow basil and thyme; cooking plants bed | snail shaped aromatics; stacked stone oregano; culinary coil
compost heap | make soil from waste; rotting bin; kitchen scraps pile | decomposing bay; black gold; turned humus
raised beds | wooden boxes; boxed veg patch; elevated soil | sleeper edged plots; framed allotment tiers; planked growing troughs | bed
lawn care | green grass; mowing tips; yard turf | striped sward; scarified ryegrass; fescue feeding
wildflower meadow | flowers for bees; natural field; poppies and daisies | cornflower sowing; nectar rich sward; self seeding oxeye
vegetable seeds | start from seed; what to sow; spring planting | germination trays; pricked out seedlings; drilled carrots
succulents | desert plants; low water pots; cactus | echeveria; sedum rosettes; fleshy haworthia
fruit trees | apples at home; small orchard; backyard pears | espaliered bramley; grafted plum; dwarf rootstock
potted lemon | citrus indoors; sour fruit in a container; mediterranean tree | meyer standard; conservatory calamondin; fragrant limone
garden pond | water feature; frogs and fish; small lake | wildlife basin; lily tank; lined sunken pool | tank
rock garden | alpine bed; gravel planting; stones and flowers | scree slope; saxifrage crevice; boulder tiers | rock
climbing vines | cover a fence; green wall; ivy | clematis trellis; scrambling honeysuckle; twining wisteria
spring bulbs | tulips; daffodils; early flowers | narcissus; forced hyacinth; crocus drift | spring
berry bushes | growing blueberries; raspberries; soft fruit | currant cordons; gooseberry thicket; caned loganberry
greenhouse build | glass house; grow in winter; plastic tunnel | polycarbonate lean to; glazed cold frame; hoop structure | frame
hedge trimming | shape bushes; privacy shrubs; box shaping | clipped yew; topiary line; laurel shearing
houseplant rescue | dying indoor plant; brown leaves; save my fern | repotted calathea; root rot revival; wilted ficus cure | plant
`),
  features: concepts(`
drip irrigation | automatic watering; hose system; while on holiday | slow emitters; leaky pipe; timed trickle
wood chip mulch | cover soil; keep weeds down; bark layer | arborist shavings; shredded ramial; thick duff
worm castings | natural fertilizer; soil food; compost animals product | vermicompost; red wiggler humus; tiger loam
a rain barrel | collect water; storm storage; free watering | downpipe butt; roof runoff cistern; gutter drum
copper tape | slug stopper; snail protection; pest barrier | metallic band; anti mollusc strip; electrifying ribbon
a trellis | climbing support; vine frame; vertical lattice | obelisk; willow wigwam; pea netting | frame
self watering pots | planters with reservoir; forgetful owner containers; wicking tubs | capillary sumps; hydro cachepots; false bottomed urns
bee hotel | insect house; pollinator home; bugs shelter | drilled mason tubes; bamboo nesting bundle; solitary apiary
grow lights | indoor lamps for plants; led for seedlings; winter brightness | full spectrum tubes; purple photon bars; sodium bulbs | light
companion planting | what grows well together; marigold trick; natural pest control | basil beside nightshades; nasturtium decoys; guild layout
cold frame | protect from frost; winter salad box; mini greenhouse | glazed lid; hardening off case; sash topped bay | frame
stone edging | border for beds; path rim; garden line | cobble kerb; slate trim; granite setts
leaf mould | autumn soil; rotted foliage; brown leaves use | bagged woodland humus; crumbly beech litter; two year oak debris | mold
a potting bench | work table outdoors; plant workspace; garden counter | zinc topped station; slatted repotting trestle; shed worktop
`),
  situations: concepts(`
in full shade | without sun; under trees; on the north side | dappled canopy; gloomy corner; zero direct rays
in clay soil | heavy ground; sticky earth; bad drainage | claggy loam; waterlogged subsoil; potters dirt
for beginners | first garden; no experience; easy to grow | foolproof; novice friendly; hard to kill
in early april | after winter; when to plant now; start of the season | last frost week; easter tide; as days lengthen
with little water | in drought; dry summer; hot climate | xeric; parched months; once weekly sip
in a windy place | on a roof; exposed site; by the coast | gale battered; salt blown; gusty ledge
on a rented plot | community allotment; shared yard; not my own land | leased strip; council patch; borrowed ground
`),
  bindings: [
    { attribute: "colour", nouns: ["tulips", "roses", "pansies", "lilies"], values: ["red", "white", "yellow", "purple", "pink"] },
    { attribute: "container", nouns: ["herbs", "berries", "lettuces"], values: ["potted", "boxed", "hanging", "sunken"] },
  ],
  negatables: ["pesticide", "peat", "mower", "thorns", "fence", "plastic", "slugs"],
  fillers: [
    "The snails have opinions.",
    "First harvest this week.",
    "Patience is everything.",
    "My grandmother taught me this.",
    "It rained the whole time.",
    "Hands full of dirt and happy.",
  ],
};
