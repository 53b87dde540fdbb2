/** Making things by hand. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const CRAFTS: Domain = {
  name: "crafts",
  topics: concepts(`
    knitted hat | wool beanie; warm beanie; handmade head warmer | ribbed toque; double-brim toque; bobble toque | caps
    crochet toys | stuffed animals; cuddly handmade animals; yarn animals | amigurumi; mini amigurumi; hooked octopus
    pottery class | clay dishes; making mugs from clay; clay vases | wheel-thrown stoneware; glazed stoneware; kiln-fired ceramics | bowls
    embroidery hoop | needle art; flowers with a needle; needle pictures | satin-stitch sampler; floss sampler; cross-stitch sampler | frames
    tie-dye shirts | colourful spirals on cotton; hippie tops; hippie spirals | shibori resist; rubber-banded indigo; indigo shibori | ties
    patchwork quilt | blanket from scraps; scrap blanket; heirloom blanket | pieced log-cabin coverlet; basted calico; hexagon coverlet | patches
    block printing | stamping on fabric; stamps for textiles; potato stamps | carved lino; linocut motifs; inked lino | prints
    soap making | homemade bars for washing; washing bars; natural washing bars | cold-process lye; saponified olive oil; lye and goat milk | blocks
    candle making | pouring wax; homemade wax gifts; wax in jars | slender soy pillars; dipped tapers; soy tapers
    flower pressing | drying blossoms; blossoms in a book; keeping blossoms flat | preserved herbarium; herbarium pages; botanical specimens | presses
    table runner | dining cloth; long dining cloth; festive dining cloth | linen strip; hemstitched strip; mitred linen | runners
    notice panel | pin wall for photos; pin wall; memo wall | cork surface; felt-covered cork; ribboned cork | boards
    carnival masks | disguise for a ball; Venetian disguise; fancy disguise | papier-mache visages; feathered visages; gilded papier-mache | masks
    paper flowers | eternal bouquet; fake bouquet; bouquet that never dies | crepe peonies; folded peonies; tissue blooms
    leather wallet | homemade purse; purse for men; slim purse | saddle-stitched billfold; hide cardholder; tooled hide
    macrame hanger | knots for plants; knotted plant holder; boho knots | braided cotton cords; fringed cords; square-hitch cords
    friendship bracelets | wrist bands for kids; camp wrist bands; woven wrist bands | chevron threads; beaded chevrons; floss chevrons | rings
    gift wrapping | pretty packaging; packaging for presents; presents with style | kraft parcels; ribboned parcels; furoshiki parcels | bows
    scrapbook | photo memories; baby photo memories; keeping holiday memories | mounted ephemera; journal spreads; washi-taped spreads
    wreath making | door decoration; Advent door decoration; circle for the door | willow garlands; eucalyptus garlands; wired eucalyptus | crowns
  `),
  features: concepts(`
    chunky yarn | very thick wool; thick wool; bulky wool | merino roving; arm-knit roving; jumbo skeins | balls
    washi tape | decorative sticky paper; sticky paper; pretty sticky paper | patterned masking strips; pastel masking strips; masking reels | rolls
    acrylic paint | opaque colours; an opaque finish; colours in tubes | a pigment layer; pigment gloss; two pigment layers | coats
    watercolours | see-through hues; gentle hues; school hues | translucent washes; wet-on-wet washes; bleeding washes
    a glue gun | strong fixing; hot fixing; quick fixing | melted adhesive; molten adhesive; an adhesive pistol | sticks
    glass beads | little shiny pearls; coloured pearls; shiny pearls | lampwork drops; Murano drops; faceted seeds
    old newspapers | recycled pages; yesterday's pages; pages already read | yellowed headlines; torn headlines; shredded gazettes | sheets
    driftwood sticks | branches from the beach; washed-up branches; bare branches | salt-bleached twigs; bleached limbs; tide-worn limbs
    dried orange slices | citrus decoration; natural citrus; fruit decoration | translucent clementine discs; oven-crisped discs; clementine wheels
    gold leaf | a luxurious metal effect; a metal effect; shimmering metal | gilding flakes; brushed-on gilding; gilding foil
    a sewing machine | straight seams; fast seams; neat seams | an overlocker; a treadle Singer; a motor-driven needle
    felt | soft craft fabric; thick craft fabric; non-fraying craft fabric | needle-punched wool; matted fleece; matted wool
    epoxy resin | clear casting; a clear coating; transparent casting | glassy polymer; cured polymer; two-part polymer
    chalk | dusty school colour; a dusty look; dusty pastels | powdery gypsum; gypsum lines; a powdery matte finish
    a cutting plotter | precise shapes; vinyl shapes; automatic shapes | a Cricut; digital blades; a desktop blade bot
    sea shells | beach finds; finds from the sand; treasures from the sand | cowries; drilled cockles; cockles and cowries | shells
  `),
  situations: concepts(`
    with school classes | for teachers; as a teacher; for twenty pupils | in lesson form; in a double lesson; among noisy classmates
    as a gift | for a friend's birthday; to give away; for giving away | under ribbon and bow; to surprise mum; as a surprise
    from recycled things | out of rubbish; from rubbish; from old stuff | upcycled; from upcycled bits; out of salvaged bits
    for left-handers | when right is wrong; if right feels wrong; against right-sided habits | in mirrored motion; for southpaws; as a southpaw
    at Easter | for the spring feast; around Good Friday; with bunnies and lambs | for the egg hunt; in Lent; through Lent
    to sell online | to earn something; for extra earnings; to earn from home | in an Etsy shop; as a side hustle; for marketplace profits
    without mess | for tidy people; without sweeping up; with no sweeping | on a spotless table; leaving no crumbs; on a spotless carpet
    during winter evenings | when days get short; by the fire; in dark months | while snow falls; under a reading lamp; as snow piles up
  `),
  bindings: [
    {
      attribute: "colour",
      nouns: ["buttons", "tassels", "envelopes", "pompoms"],
      values: ["red", "mustard", "teal", "silver", "cream", "coral"],
    },
    {
      attribute: "size",
      nouns: ["baskets", "trays", "crates", "lanterns"],
      values: ["large", "small", "narrow", "round", "square", "tall"],
    },
  ],
  negatables: ["scissors", "glitter", "varnish", "staples", "nails", "plastic", "templates", "solvents"],
  fillers: [
    "My hands needed something to do.",
    "Mistakes give it character.",
    "Half an hour to learn.",
    "A podcast helps.",
    "It looks better from far away.",
    "I gave the first one away.",
    "Cut twice if you must.",
    "So much calmer than scrolling.",
  ],
};
