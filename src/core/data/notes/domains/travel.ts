/** Trips, stays and getting there. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const TRAVEL: Domain = {
  name: "travel",
  topics: concepts(`
    city break | urban short trip; weekend in town; town weekend | metropolitan getaway; two-night metropolis; museum getaway
    beach holiday | lying by the ocean; lazy seaside days; seaside vacation | sandy shore escape; lagoon escape; turquoise lagoon | palms
    hiking tour | long walks in nature; walking trip; several days of walking | waymarked rambles; ridge ramble; hut-to-hut trek | tracks
    surf camp | learning to ride breakers; riding ocean breakers; ocean lesson | swell school; longboard week; dawn swell | waves
    ski week | winter sports vacation; snow sports; downhill snow fun | pistes and powder; alpine pistes; chairlifts and pistes
    train journey | going by rail; rail trip; scenic rail | sleeper carriage; panoramic carriage; slow locomotive
    road trip | driving around; tour by car; car tour | motoring loop; rented convertible; coastal motoring | jam
    camping trip | sleeping outdoors; nights outdoors; nights in a tent | canvas under stars; bivouac; lakeside bivouac | pitches
    food tour | tasting local dishes; eating like locals; local eating | street-stall crawl; market crawl; tapas crawl | bars
    island hopping | several isles; ferries between isles; isles by boat | archipelago route; Cyclades route; atoll-to-atoll voyage
    safari | wild animals in Africa; seeing lions; lions and elephants | big-five drive; savannah drive; game reserve
    cruise | big ship vacation; weeks on a ship; sailing with a cabin | ocean liner; liner with balconies; fjord steamer
    spa retreat | wellness days; wellness rest; days of massage | thermal baths; sulphur baths; bathhouse stay | springs
    museum day | looking at paintings; culture for rainy hours; culture tour | curated halls; old masters; curated exhibits | prints
    cycling route | trip by bike; days on a bike; bike holiday | pedalling along rivers; towpath pedalling; loaded panniers
    national park visit | canyons and geysers; famous canyons; wild America | ranger-led wilderness; protected wilderness; backcountry wilderness
    farm stay | holiday among cows; countryside with animals; countryside week | agriturismo; haybarn lodging; working dairy lodging
    honeymoon | couple's dream trip; trip after the wedding; newlywed trip | overwater villa; secluded villa; champagne for newly-marrieds
    climbing trip | vertical adventure; ropes and mountains; mountain adventure with ropes | crags and bolts; limestone crags; multi-pitch granite | rocks
    lake swimming | refreshing bathing; natural bathing spots; outdoor bathing spots | plunge from a jetty; wild plunge; tarn plunge | dips
  `),
  features: concepts(`
    carry-on luggage | one small bag; only hand baggage; a cabin bag | a forty-litre backpack; a light rucksack; a rucksack
    a hard suitcase | a strong wheeled case; a rolling case; a solid case | polycarbonate spinners; a scuffed shell; a dented shell | trunks
    a roof box | extra car space; more car space; car top space | aerodynamic carriers; crossbars; overhead crossbar storage | racks
    trekking poles | walking aids; something to lean on; balance aids | carbon staffs; telescopic staffs; cork-grip staffs | sticks
    a phrasebook | basic language skills; a few foreign words; some language help | learned greetings; local greetings; pocket dictionary pages
    travel insurance | cover for accidents; cover for mishaps; health cover | a signed policy; an annual policy; reimbursed claims
    a paper map | printed directions; offline directions; directions without a phone | a folded chart; an ordnance chart; contour charts | sheets
    noise-cancelling headphones | quiet on planes; peace on planes; peace and quiet | muffled engines; muffling earcups; over-ear silence
    a window seat | a good view; views during the ride; views from above | a porthole; clouds through the porthole; clouds behind the pane
    street markets | local shopping; shopping outdoors; shopping with locals | haggling at stalls; bazaar stalls; souk stalls
    a sleeping bag | a warm night; warm camping nights; warmth at night | a down cocoon; a mummy cocoon; a quilted cocoon | rolls
    hostel dorms | cheap shared rooms; shared rooms; rooms with strangers | backpacker digs; youth lodging; six-person digs | beds
    sunset views | an evening sky; a pretty evening sky; golden skies | dusk panoramas; crimson horizons; blazing dusk
    a guided tour | a local expert; explanations by an expert; an expert leading | a licensed docent; a docent's stories; an umbrella-waving docent
    a rail pass | one ticket for everything; a flat-rate ticket; unlimited tickets | an interrail voucher; a seven-day voucher; a prepaid voucher
    airport lounges | comfort before flying; comfort between flights; nicer waiting | complimentary buffets; priority access; buffet and armchairs
  `),
  situations: concepts(`
    in the rainy season | in monsoon weather; despite monsoon; when it rains a lot | with daily downpours; between downpours; through grey drizzle
    as a solo woman | alone as a female; travelling alone; alone abroad | with no companion; unaccompanied; for independent ladies
    with grandparents | with older relatives; with the elderly; with elderly parents | alongside seniors; three generations together; with retired seniors
    in a wheelchair | with limited mobility; without stairs; for limited mobility | on step-free routes; with ramps throughout; along level ramps
    in high summer | in August; in the main season; during the August rush | at peak heat; among peak crowds; at forty degrees
    at Christmas | over the December holidays; during December; in late December | at yuletide; amid mulled-wine stalls; with carols everywhere
    for students | during a semester; with a university card; at university | on campus wages; for undergraduates; between exams
    without flying | without planes; staying on the ground; with no airport | overland; entirely overland; at sea level
  `),
  bindings: [
    {
      attribute: "style",
      nouns: ["cafes", "hotels", "shops", "bridges"],
      values: ["modern", "historic", "quiet", "famous", "hidden", "colourful"],
    },
    {
      attribute: "direction",
      nouns: ["villages", "coasts", "forests", "valleys"],
      values: ["northern", "southern", "eastern", "western", "central"],
    },
  ],
  negatables: ["souvenirs", "tolls", "visa", "wifi", "breakfast", "nightlife", "sightseeing", "tipping"],
  fillers: [
    "We stayed four nights.",
    "The timetable lied.",
    "Book early.",
    "I would go back tomorrow.",
    "Nobody there was in a hurry.",
    "We met lovely people.",
    "Keep some change ready.",
    "It was worth every hour.",
  ],
};
