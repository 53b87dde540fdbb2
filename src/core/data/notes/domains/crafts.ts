import type { Domain } from "../types";
import { concepts } from "./concept";

export const crafts: Domain = {
  name: "crafts",
  topics: concepts(`
knitting a scarf | needle hobby; wool neck warmer; first stitches | garter rows; ribbed cowl; purled merino
watercolor painting | wet brush art; landscape colours; aquarelle | washes on cotton; granulating pigment; loose botanicals
pottery class | clay bowls; wheel throwing; ceramic course | glazed stoneware; pinched cups; kiln day
candle making | wax at home; scented jars; pour your own | soy tea lights; wooden wick; dipped tapers
scrapbook album | photo memories; paper pages; family pictures | washi journal; ephemera spread; die cut layout
macrame hanger | knot art; cord wall piece; boho rope | square hitch; fringed jute; looped dowel
origami cranes | paper folding; japanese birds; square creases | thousand senbazuru; valley and mountain; tessellated kami
wood carving | whittle; knife and stick; spoon from branch | gouged basswood; chip patterns; birch burl
film photography | analog camera; thirty five millimetre; old pictures | grainy portra; darkroom; rangefinder
soap making | cold process bars; lye recipe; natural wash | saponified olive; swirled loaf; cured castile | bar
embroidery hoop | needle flowers; thread picture; stitched ring | french knots; satin petals; dmc floss | ring
leather wallet | hide craft; card holder; hand sewn purse | saddle seams; bridle offcut; burnished edges
resin coasters | epoxy pour; shiny drink pads; mold casting | geode discs; tinted two part; bubble torch | mold
quilt blanket | patchwork; fabric squares; bed cover sewing | log cabin blocks; hand basted; fat quarter | patch
calligraphy cards | beautiful letters; pen and ink; hand lettering | copperplate; gothic nib; flourished script
beaded bracelets | small pearls jewelry; friendship bands; string colours | seed loom; miyuki peyote; elastic stack
furniture painting | chalk finish; redo table; colour old wood | milk layered dresser; distressed hutch; waxed upcycle | coat
paper flowers | crepe bouquet; no wilt roses; fake blooms | wired peony; tissue dahlia; cut petals
model trains | miniature railway; tiny locomotive; hobby track | ho gauge; diorama loop; brass steam | train
jewelry soldering | metal rings; silver work; torch craft | sterling bezel; flux and pickle; forged band | ring
`),
  features: concepts(`
a hot glue gun | melt sticks; fast bond; craft adhesive | trigger fed; molten bead; dual temperature
a cutting mat | self healing board; protect the table; grid base | a2 green; rotary safe; ruled surface | mat
recycled paper | old newspaper; eco sheets; reuse packaging | pulped scraps; deckle handmade; salvaged kraft | sheet
natural dyes | plant colour; onion skins; avocado pink | madder bath; indigo vat; marigold steeped | plant
gold leaf | shiny metal sheet; gilding; luxury accent | twenty three carat; imitation foil; size and burnish
a light box | tracing table; bright pad; copy drawing | led slab; a4 glow panel; backlit | light
acrylic paint | plastic colours; tube pigments; quick dry | heavy body; fluid polymer; student tubes
linen thread | strong string; bookbinding yarn; flax cord | waxed five ply; belgian spool; irish
a sanding block | smooth wood; grit paper; rough edges | two twenty abrasive; cork backed; fine garnet
a wooden frame | picture border; display edge; hang art | mitred walnut; float mount; reclaimed oak | frame
beeswax | honey product; natural polish; bee stuff | pastille; yellow block; melted comb
stencils | cut out shapes; repeat motif; spray template | mylar; pounced through; damask film
vintage fabric | old cloth; granny textile; retro cotton | feedsack; barkcloth; fifties remnant
a sewing machine | electric stitching; bernina; hem fast | overlocker; treadle singer; zigzag
`),
  situations: concepts(`
as a gift | present for friend; birthday surprise; for mom | wrapped with ribbon; keepsake; handed over
with kids | family craft; children project; little helpers | small fingers; classroom table; supervised
for christmas | december decoration; holiday season; under the tree | yuletide; advent evening; festive
in one evening | quick; few hours; tonight | after supper; finished by bedtime; single sitting
without tools | nothing special; bare hands; no equipment | scissors at most; kitchen drawer only; improvised
to sell online | etsy shop; small business; earn money | market stall; side hustle; listing ready
for beginners | first time; easy start; never tried | novice; starter level; gentle curve
`),
  bindings: [
    { attribute: "colour", nouns: ["yarn", "ribbon", "paper", "beads"], values: ["red", "white", "blue", "gold", "black"] },
    { attribute: "material", nouns: ["buttons", "needles", "hooks"], values: ["wooden", "bamboo", "steel", "plastic"] },
  ],
  negatables: ["glue", "scissors", "varnish", "kiln", "sewing", "plastic", "primer"],
  fillers: [
    "My first one was crooked.",
    "So relaxing.",
    "Ink on every finger.",
    "The second try was better.",
    "Pattern from an old book.",
    "I lost track of the hours.",
  ],
};
