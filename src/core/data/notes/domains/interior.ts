/** Rooms, furniture and decoration. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const INTERIOR: Domain = {
  name: "interior",
  topics: concepts(`
    living room | lounge; cosy lounge; sitting area | front parlour; snug; elegant parlour
    small bedroom | tiny sleeping quarters; sleeping quarters; quiet quarters | compact boudoir; box-sized boudoir; restful boudoir
    home office | work corner; desk corner; desk area | laptop nook; writing nook; freelance den
    hallway | front entrance; narrow entrance; entry | vestibule; slim vestibule; foyer
    picture gallery | art display; group of artworks; artworks above the couch | cluster of canvases; hung canvases; canvas arrangement | frames
    pendant lamp | ceiling bulb; hanging bulb; bulb above the counter | dangling globe; rattan globe; paper globe | light
    bookcase | place for novels; storage for novels; paperback storage | built-in library; floor-to-ceiling library; literary alcove
    window blinds | privacy panels; blackout panels; glare protection | slatted louvres; cedar louvres; Roman louvres | shades
    wallpaper | patterned backdrop; peel and stick pattern; bold backdrop | botanical mural; pasted mural; scenic mural | rolls
    bed linen | bedding; cotton bedding; soft bedding | percale duvet set; washed percale; crisp percale | sheets
    bunk bed | sleeper for siblings; stacked sleeper; double-decker | two-tier berth; upper berth; cabin berth | beds
    wooden floor | timber surface; natural timber; hardwood | herringbone parquet; sanded parquet; waxed parquet | planks
    shaggy rug | thick carpet; fluffy carpet; soft carpet | deep-pile weave; Berber pile; woollen pile | mats
    walk-in shower | wet room; wash cubicle; modern wash cubicle | rainfall head; rainfall corner; glass-screened rainfall | showers
    pantry | food cupboard; groceries cupboard; space for dry groceries | larder; tidy larder; labelled larder | stock
    kitchen island | extra counter; breakfast counter; middle counter | central worktop; freestanding worktop; butcher-block worktop
    clothes rail | open wardrobe; uncovered wardrobe; closet alternative | garment stand; steel garment stand; hanger bar | racks
    apartment balcony | tiny terrace; city terrace; outdoor seating | fourth-floor perch; sunny perch; railing-side perch
    fireplace | log burner; wood stove; warm focal point | marble hearth; crackling hearth; mantel
    reading seat | cosy armchair; armchair corner; quiet armchair | tucked-away daybed; cushioned hideaway; page-turner hideaway
  `),
  features: concepts(`
    mint green | a soft pastel; fresh pastel; a pastel tint | pistachio tones; pale pistachio; cool celadon | mint
    houseplants | greenery; indoor greenery; lots of greenery | trailing pothos; monstera leaves; a lush monstera
    velvet cushions | plump pillows; colourful pillows; couch pillows | plush bolsters; scattered bolsters; chenille bolsters
    a large mirror | a big reflection; a tall reflection; a reflection trick | an arched looking glass; a leaning looking glass; silvered glass
    woven baskets | wicker boxes; natural wicker; wicker storage | seagrass hampers; jute hampers; handled hampers
    brass handles | golden hardware; shiny hardware; new knobs | antique pulls; warm metal pulls; polished pulls
    string lights | a little sparkle; evening sparkle; festive sparkle | twinkling LEDs; looped LEDs; a glowing garland
    exposed brick | bare masonry; rough masonry; an industrial look | raw clay blocks; weathered clay; loft-style blocks
    vintage furniture | second-hand finds; second-hand pieces; old pieces | flea-market treasures; mid-century treasures; auction treasures
    linen drapery | airy window hangings; flowing hangings; floor-length hangings | gauzy flax; sheer flax panels; unlined flax
    scented candles | nice smells; a calming smell; home fragrance | sandalwood wax; flickering wax; vanilla wax
    hidden storage | secret drawers; space for clutter; room for clutter | lift-up compartments; concealed compartments; under-seat compartments
    coat hooks | a place for handbags; order for jackets; somewhere for jackets | hammered pegs; a peg strip; a row of pegs | nails
    marble tiles | a stone look; veined stone; stone surfaces | Carrara slabs; polished Carrara; honed slabs
    a knitted throw | a warm blanket; a chunky blanket; sofa blankets | cable-stitch wool; fringed lambswool; folded lambswool
    art prints | modern posters; cheap posters; large posters | abstract lithographs; signed lithographs; paper cutouts | prints
  `),
  situations: concepts(`
    in a rented flat | for tenants; as a tenant; with a strict landlord | under a lease; without losing the deposit; with a deposit at stake
    over a weekend | until Sunday; by Sunday; from Saturday to Sunday | before Monday; from Friday night on; between Friday and Monday
    with low ceilings | in an attic; up in the attic; under a sloping roof | beneath the eaves; below the rafters; under slanted rafters
    in a dark room | with little daylight; without much daylight; where daylight is rare | facing north; on the north side; behind a gloomy courtyard
    for a calm mood | to relax; to unwind; for relaxing evenings | in a serene spirit; with serene quiet; in a hushed atmosphere
    for a young family | with toddlers; safe for toddlers; with wild toddlers | amid sticky fingers; around crawling babies; despite crayons
    without tools | for clumsy hands; with two left hands; for clumsy people | using only glue; with just adhesive tape; with adhesive strips
    in Scandinavian style | with a Nordic look; in a Nordic way; for Nordic taste | in hygge fashion; with Danish restraint; after Danish models
  `),
  bindings: [
    {
      attribute: "colour",
      nouns: ["walls", "doors", "cabinets", "curtains"],
      values: ["white", "sage", "navy", "terracotta", "grey", "cream"],
    },
    {
      attribute: "material",
      nouns: ["tables", "chairs", "shelves", "benches"],
      values: ["oak", "pine", "bamboo", "metal", "walnut", "birch"],
    },
  ],
  negatables: ["television", "plastic", "radiators", "leather", "chrome", "clocks", "speakers", "ladders"],
  fillers: [
    "It took one afternoon.",
    "I moved everything twice.",
    "Measure before you buy.",
    "My sister noticed at once.",
    "It still looks good a year later.",
    "The photos do not do it justice.",
    "I would do it again.",
    "Start small and wait a week.",
  ],
};
