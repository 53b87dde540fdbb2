import type { Domain } from "../types";
import { concepts } from "./concept";

export const travel: Domain = {
  name: "travel",
  topics: concepts(`
city break | two nights away; urban getaway; short visit to a capital | metropolitan stopover; long weekend downtown; old town ramble
beach holiday | sun and sand; seaside vacation; week by the sea | lagoon stay; coastal lounging; shoreline fortnight
train journey | rail trip; sleeper car; go without flying | interrail leg; carriage window ride; overnight couchette | track
mountain hike | walk in the hills; trail day; summit route | alpine trek; ridge traverse; cairn to cairn
road trip | driving holiday; car tour; scenic drive | highway loop; motoring odyssey; roadside diner run
camping weekend | sleep in a tent; night outdoors; canvas stay | pitched under stars; bivouac; woodland overnight
street food tour | eat like locals; cheap eats walk; night bazaar snacks | hawker crawl; stall hopping; skewers by lantern
museum day | art visit; see paintings; history exhibits | gallery hours; curated halls; antiquities wing
ski trip | snow holiday; winter slopes; learn to snowboard | powder piste week; chairlift chalet; apres
island hopping | ferry tour; small isles; boat between beaches | archipelago circuit; cyclades by catamaran; atoll chain
packing list | what to bring; luggage help; suitcase contents | carry on capsule; rolled kit inventory; duffel essentials
airport layover | long wait between flights; stopover hours; terminal time | transit lounge; gate to gate limbo; concourse nap
bike tour | cycling vacation; ride along the river; two wheels trip | pannier loop; velo route; pedalled towpath
northern lights | aurora; green sky; see polar glow | borealis chase; shimmering arctic curtain; solar storm night | light
safari | see lions; african animals; wildlife drive | savanna game viewing; big five dawn; serengeti jeep
hot springs | thermal bath; soak outdoors; natural spa | geothermal pools; onsen; steaming mineral basin | spring
wine region | vineyard visit; tasting rooms; grape country | cellar door day; rolling chateaux; harvest valley
digital nomad base | work from abroad; remote laptop town; coworking city | expat hub; freelance outpost; fibre speed colony
solo travel | going alone; trip by myself; single backpacker | unaccompanied wandering; party of one; lone rucksack
theme park | roller coasters; family rides; amusement tickets | queue skipping; log flume; thrill gates
`),
  features: concepts(`
a window seat | view from the plane; place by the pane on the train; watch landscape | porthole row; panoramic berth; glazed side pew
a local guide | someone who shows around; native expert; walking host | born there insider; resident storyteller; village escort
a rail pass | unlimited trains; one ticket for all; eurail | season rover; multi country voucher; flexi fare card
sunrise views | early morning scenery; dawn photos; first sun | daybreak panorama; pink horizon; golden hour lookout
a sea kayak | paddle boat; rowing along coast; small canoe | two seat sit on top; spray skirt hull; lagoon paddler
a hidden cove | secret beach; quiet bay; no tourists swim | tucked away inlet; locals only sands; cliff ringed cala
a night market | evening stalls; shopping after dark; lantern bazaar | midnight souk; dusk vendors; neon trading lanes
a hammock | hanging bed; nap net; tree lounge | strung cotton sling; palm tied cocoon; swaying siesta | bed
a rooftop pool | swim on top of hotel; high up water; terrace dip | sky level basin; thirtieth storey plunge; infinity ledge
a cable car | gondola; lift up the hill; hanging cabin | funicular; aerial tramway; ropeway pod
free breakfast | morning meal included; hotel buffet; food in the price | complimentary croissants; continental spread gratis; dawn pastries on the house
a paper map | no phone navigation; printed plan; folded chart | ordnance sheet; dog eared atlas; inked legend | sheet
travel insurance | cover if sick; lost bags protection; cancellation policy | claims hotline; reimbursed mishap; underwritten trip
a snorkel mask | look at fish; underwater goggles; reef swimming gear | tempered dive lens; coral gazing tube; fin set
`),
  situations: concepts(`
with small children | as a family; toddler in tow; kids along | pushchair friendly; nappies and naps; little legs approved
on a shoestring | for students; cheap; little cash | hostel prices; frugal; coins not cards
in the rainy season | wet weather; monsoon; when it pours | puddle months; showers daily; umbrella time
without a car | by public transport; no driving; only buses | timetable only; on foot and tram; licence free
in winter | when it is cold; december; off season snow | frosty months; short days; under icicles
for seniors | with my parents; older people; slow pace | retirees; gentle gradient; grandparents welcome
on a long weekend | three days; friday to monday; quick escape | seventy two hours; bank holiday; short haul
`),
  bindings: [
    { attribute: "kind", nouns: ["breakfast", "transfer", "wifi", "parking"], values: ["free", "paid", "shared", "private"] },
    { attribute: "size", nouns: ["backpack", "tent", "room"], values: ["small", "large", "light", "old"] },
  ],
  negatables: ["plane", "tour bus", "queue", "visa", "suitcase", "smartphone", "crowds"],
  fillers: [
    "Would go back tomorrow.",
    "My feet still hurt.",
    "Book early.",
    "We got lost twice and loved it.",
    "The photos do not do it justice.",
    "Nobody told us about this.",
  ],
};
