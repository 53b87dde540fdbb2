/** Clothes, shoes and accessories. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const FASHION: Domain = {
  name: "fashion",
  topics: concepts(`
    winter coat | warm jacket; long warm jacket; jacket for frost | woollen parka; quilted parka; hooded parka | coats
    white sneakers | clean trainers; comfortable trainers; everyday trainers | plain plimsolls; leather plimsolls; canvas plimsolls | runners
    little black dress | cocktail outfit; evening outfit; classic outfit for dates | dark sheath; fitted midi sheath; knee-length sheath
    denim jeans | blue trousers; casual trousers; cotton trousers | selvedge bootcuts; indigo bootcuts; rinse-washed bootcuts
    silk scarf | neck cloth; elegant neck cloth; something around the neck | printed foulard; satin foulard; knotted bandana | wraps
    office suit | business clothes; formal business look; work clothes | tailored blazer set; pinstripe two-piece; pinstripe blazer | ties
    summer hat | beach sun cover; sunny headwear; beach headwear | straw panama; wide-brimmed fedora; raffia fedora | caps
    statement jewellery | bold earrings; big earrings; eye-catching accessories | chunky gemstones; stacked bangles; sculptural bangles | rings
    swimwear | bathing outfit; something for the pool; pool outfit | bikinis and briefs; high-cut bikinis; lined board briefs | trunks
    reading glasses | spectacles; everyday spectacles; eyewear | tortoiseshell rims; acetate rims; round rims | frames
    sunglasses | dark lenses; eye protection; cool dark lenses | polarised aviators; mirrored aviators; mirrored wayfarers | shades
    ankle boots | autumn footwear; leather footwear; footwear for puddles | chelseas; suede chelseas; block-heeled booties
    high heels | party shoes; elegant shoes; tall shoes | stilettos; patent stilettos; pointed stilettos | pumps
    tote bag | large handbag; everyday handbag; handbag for everything | canvas carryall; roomy shopper; folded shopper
    knit sweater | cosy pullover; chunky pullover; thick pullover | cashmere jumper; cable jumper; cropped jumper
    sleeveless top | shirt without arms; cool summer shirt; hot-weather shirt | ribbed camisole; racerback vest; jersey camisole | tanks
    pleated skirt | something swishy; flowing feminine clothing; swishy bottom half | accordion-fold midi; tartan kilt; satin kilt
    hair accessories | things for a ponytail; ponytail holders; ponytail decoration | satin scrunchies; claw clips; barrettes | bows
    wedding guest outfit | clothes for a marriage; marriage party clothes; ceremony clothes | floral gown; chiffon gown; draped gown
    capsule wardrobe | minimal closet; few clothes that match; matching clothes | thirty-piece edit; pared-down edit; well-chosen edit
  `),
  features: concepts(`
    animal patterns | wild motifs; zebra motifs; bold wild motifs | leopard spots; snakeskin; a leopard trim | prints
    layered pieces | several thin clothes; many thin clothes; thin clothes combined | stacked knits; a cardigan over turtlenecks; a gilet underneath | layers
    gold chains | shiny necklaces; necklaces; a shiny necklace | gilded links; a curb-link choker; herringbone links
    pearl buttons | pretty fastenings; nicer fastenings; iridescent fastenings | nacre studs; shell studs; nacre discs
    a leather belt | a defined waist; a waist accent; emphasis on the waist | a cinched buckle; a saddle-stitched buckle; a slim buckle
    corduroy | ribbed cotton; soft ribs; a retro ribbed fabric | needlecord; wide-wale cloth; velvety wales
    ribbon details | feminine touches; romantic touches; girly touches | grosgrain loops; velvet loops; dangling grosgrain
    elbow patches | protected sleeves; mended sleeves; a professor look | suede ovals; stitched ovals; contrasting ovals | patches
    wide legs | loose bottoms; a loose cut; a loose fit | palazzo flare; culottes; a billowing hem
    puff sleeves | big shoulders; volume at the shoulders; dramatic shoulders | balloon arms; gathered arms; ballooning arms
    striped socks | patterned hosiery; fun hosiery; colourful hosiery | banded crew pairs; banded calf-highs; ringed calf-highs
    a rain jacket | wet weather protection; waterproof protection; something waterproof | a rubberised anorak; a hooded anorak; a taped-seam mac | shells
    earthy tones | forest colours; desert colours; nature-inspired hues | rust and ochre; camel and ochre; umber shades
    lace trim | delicate edges; see-through edges; romantic edges | chantilly borders; crocheted borders; scalloped borders
    woollen gloves | warm fingers; protection for fingers; cosy fingers | knitted mittens; felted mittens; fleece mittens
    a pocket square | a breast handkerchief; a folded handkerchief; a colourful handkerchief | a silk pochette; a paisley pochette; a dotted pochette
  `),
  situations: concepts(`
    for a job interview | to impress a boss; when meeting a boss; to get hired | before the recruiter; facing recruiters; at the assessment desk
    for petite women | for small heights; if you are tiny; at a small height | under five foot three; for a five-foot frame; at five foot nothing
    for curvy bodies | in plus sizes; for bigger sizes; in bigger sizes | in XL; for fuller figures; on fuller figures
    during pregnancy | with a growing belly; for expectant mums; with a baby belly | in the third trimester; by the second trimester; over a bump
    on casual Friday | at a relaxed workplace; for a relaxed office; where dress codes are relaxed | in a no-tie firm; in a sneaker-friendly agency; in a start-up agency
    for a night out | for clubbing; to go dancing; when we go dancing | under disco balls; on the disco floor; till the last taxi
    from thrift stores | bought used; from used clothes; with used finds | pre-loved; out of charity bins; from charity racks
    for men over fifty | for older gentlemen; as a mature gentleman; for mature guys | past half a century; with silver temples; in the silver years
  `),
  bindings: [
    {
      attribute: "colour",
      nouns: ["sandals", "blouses", "leggings", "tights"],
      values: ["beige", "red", "navy", "olive", "lilac", "ivory"],
    },
    {
      attribute: "fabric",
      nouns: ["collars", "linings", "cuffs", "straps"],
      values: ["linen", "cotton", "velvet", "tweed", "mesh", "flannel"],
    },
  ],
  negatables: ["zips", "logos", "sequins", "fur", "polyester", "ironing", "underwire", "embroidery"],
  fillers: [
    "Compliments all day.",
    "It fits better than expected.",
    "I wore it three times this week.",
    "Try it on first.",
    "The mirror agreed.",
    "Check the care label.",
    "My best friend wants one too.",
    "It never goes out of style.",
  ],
};
