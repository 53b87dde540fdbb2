/** Gardens, balconies and pots. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const GARDENING: Domain = {
  name: "gardening",
  topics: concepts(`
    raised vegetable beds | growing boxes; wooden boxes; homegrown veg | built-up plots; timber-edged plots; knee-high plots | beds
    front lawn | nice grass; green grass; grass for playing | seeded turf; mown turf; patchy turf | patches
    compost heap | rotting kitchen scraps; garden waste pile; waste pile | black humus bin; turned humus; worm-rich humus
    herb spiral | fresh kitchen flavours; kitchen corner outside; flavours for cooking | thyme and sage mound; stacked thyme mound; aromatic mound | mint
    rose border | thorny flowers; Valentine flowers; thorny beauties | floribunda edge; rambling floribundas; old English blooms
    tomato patch | home-grown salad fruit; red salad fruit; juicy salad fruit | cherry vines; staked vines; beefsteak vines
    palm corner | tropical trees; exotic trees; exotic holiday feeling | potted fronds; hardy fronds; feathery fronds | palms
    garden pond | still water; a home for newts; small water feature | lily pool; frog pool; lined pool | tanks
    rockery | alpine stones; stones on a slope; stony slope | boulder terrace; gravel and boulders; sedum among boulders | rocks
    flowering hedge | green privacy; privacy from the street; living fence | clipped hawthorn row; lilac row; dense privet row | screens
    fruit trees | own apples and pears; home orchard; small orchard | trained espaliers; dwarf plums; pruned espaliers
    berry bushes | currants at home; snacks to pick; own raspberries | gooseberry canes; fruiting canes; netted canes
    pumpkin plot | big autumn gourds; Halloween gourds; orange gourds | sprawling cucurbits; Hokkaido runners; trailing cucurbits | squash
    wildflower meadow | insect-friendly area; something for insects; unmown area | cornflower and poppy mix; scythed poppies; daisies and poppies
    shade garden | plants without sun; sunless corner; gloomy corner | hostas and ferns; woodland ferns; under-tree hostas | shades
    spring bulbs | March flowers; colour in March; post-winter flowers | snowdrops and daffodils; naturalised crocuses; clumps of daffodils
    greenhouse | warm glass shelter; glass shelter for seedlings; growing under glass | polytunnel; tomato polytunnel; unheated cloche
    hanging baskets | porch flowers; flowers at head height; overhead flowers | trailing petunias; suspended petunias; tumbling lobelia
    cactus collection | spiny desert plants; easy desert plants; desert windowsill | potted succulents; agave and aloe; grafted succulents
    garden path | walkway to the shed; dry walkway; walkway through the yard | stepping slabs; winding flagstones; mossy flagstones | tracks
  `),
  features: concepts(`
    morning sun | early brightness; bright mornings; bright early hours | dawn rays; eastern exposure; gentle dawn rays | light
    terracotta containers | clay planters; red planters; planters that breathe | unglazed vessels; earthenware vessels; frost-proof earthenware | pots
    drip irrigation | automatic watering; hands-free watering; watering on a timer | porous hoses; trickle lines; trickle hoses
    bark mulch | a weed cover; something against weeds; fewer weeds | shredded chips; wood chips; chipped prunings
    a climbing clematis | something growing upwards; an upward grower; a purple upward grower | twining stems; a twining jackmanii; a trellis scrambler
    bamboo canes | plant supports; support for tall plants; simple supports | upright poles; tied poles; a tripod of poles | sticks
    soft twine | garden string; strong string; natural string | jute cord; knotted jute; looped jute | ties
    rainwater barrels | collected rain; saved rain; free rain | downpipe butts; brimming butts; an oak butt
    ladybirds | aphid hunters; helpful beetles; natural pest control | spotted predators; spotted larvae; red spotted helpers
    lavender edging | bee-friendly scent; purple scent; a scented margin | Provence shrubs; clipped grey shrubs; Hidcote shrubs
    a cold frame | seedling protection; a seedling nursery; seedling covers | a lidded box; an old sash lid; glazed lids | frames
    ornamental grasses | tall airy tufts; airy movement; swaying tufts | miscanthus plumes; pampas; feathery plumes
    horse manure | natural fertiliser; strong fertiliser; cheap fertiliser | rotted dung; stable dung; riding-school dung
    solar lanterns | evening glow; lamps without cables; lamps along the lawn | sun-charged globes; dusk-triggered globes; little charged beacons
    a wooden bench | somewhere to sit; a place to sit; somewhere for tea | slatted teak; weathered teak; a teak settle
    nasturtiums | edible flowers; edible petals; pretty edible leaves | peppery orange blooms; peppery trumpets; self-sown trumpets
  `),
  situations: concepts(`
    on a windy balcony | where it blows hard; with strong gusts; despite gusts | in a stiff breeze; twelve storeys up; on a breezy ledge
    in heavy clay | with sticky soil; in wet soil; with badly drained soil | on claggy earth; in dense claggy loam; on compacted loam
    during a drought | when water is scarce; without rain for weeks; in rainless weeks | in a parched summer; under a hosepipe ban; through a parched July
    for absolute beginners | for people starting out; for someone new; for newcomers | for novices; with novice fingers; as a first-timer
    in a cold climate | with hard winters; with late frosts; despite late frosts | in zone four; in the mountain north; under months of snow
    on a steep hill | on a slanted site; where the ground falls away; on slanted ground | on a gradient; on a terraced gradient; down a gradient
    in a tiny yard | for mini backyards; in a minimal backyard; in a mini backyard | on nine square metres; on one square metre; in a pocket courtyard
    for lazy weekends | with little upkeep; with little weeding; without constant weeding | with low maintenance; at one hour weekly; for hammock hours
  `),
  bindings: [
    {
      attribute: "colour",
      nouns: ["tulips", "dahlias", "asters", "pansies"],
      values: ["white", "pink", "crimson", "yellow", "violet", "apricot"],
    },
    {
      attribute: "material",
      nouns: ["gates", "arches", "fences", "steps"],
      values: ["iron", "cedar", "willow", "steel", "oak", "concrete"],
    },
  ],
  negatables: ["pesticides", "gnomes", "peat", "fleece", "statues", "weedkiller", "machines", "salt"],
  fillers: [
    "Patience pays.",
    "The first year was a failure.",
    "Check it every few days.",
    "I learned this from my uncle.",
    "By June it looked wonderful.",
    "My knees complained a little.",
    "Next year I will double it.",
    "Write the date on a label.",
  ],
};
