import type { Domain } from "../types";
import { concepts } from "./concept";

export const fashion: Domain = {
  name: "fashion",
  topics: concepts(`
capsule wardrobe | few clothes; minimal closet; ten pieces | edited rail; thirty garment system; pared back staples
wedding outfit | dress for ceremony; guest look; what to wear to a marriage | nuptials ensemble; bridal party attire; confetti ready suit
office look | work clothes; business casual; smart for meetings | boardroom tailoring; desk to dinner; polished nine to five
denim jacket | jean top; blue trucker; casual layer | stonewashed coat; selvedge outerwear; faded indigo | coat
summer dress | light gown; sunny day frock; floaty midi | linen shift; strappy sundress; cotton tea length
winter coat | warm outerwear; cold weather parka; long wool | puffer; shearling; down filled overcoat | coat
white sneakers | clean trainers; everyday shoes; plimsolls | leather court kicks; minimalist tennis pair; crisp lace ups
knit sweater | warm jumper; cosy pullover; wool top | cable cardigan; chunky aran; cashmere crew
thrift haul | secondhand finds; charity shop clothes; used bargains | vintage rummage; preloved treasures; flea rail
leather boots | ankle shoes; tough footwear; autumn pair | chelsea; broken in brogues; oiled hide
silk scarf | neck accessory; square for hair; printed cloth | foulard; twill carre; knotted bandana
rain gear | waterproof clothes; stay dry; wet day jacket | taped seams; anorak; oilskin slicker
sewing project | make my own clothes; stitch a skirt; beginner pattern | handmade garment; darted bodice; overlocked hem | pattern
gym clothes | workout wear; leggings; sport outfit | moisture wicking set; compression tights; training kit
tote bag | big handbag; shopping carrier; everyday shoulder sack | canvas shopper; woven carryall; roomy hobo
jewelry layering | necklaces together; stacked rings; chains combo | mixed metals; pendant cascade; bangle pile | ring
bow tie | formal neckwear; tuxedo accessory; dapper knot | self tied butterfly; black silk dickie; batwing
swim suit | bikini; beach wear; pool clothes | one piece maillot; trunks; bandeau set | trunk
hat styling | cap ideas; fedora; sun headwear | brimmed panama; felt trilby; beret tilt
plus size style | curvy outfits; flattering bigger body; full figure clothes | inclusive cuts; generous fit; fuller silhouette
`),
  features: concepts(`
a belted waist | cinched middle; defined figure; sash | nipped centre; obi; drawn in silhouette
deep pockets | place for phone; useful pouches; hands in dress | roomy patch compartments; hidden side slits; cargo bellows | patch
gold buttons | shiny fasteners; metal closures; fancy snaps | brass shanks; gilt toggles; crested studs
wide sleeves | loose arms; bell shaped cuffs; flowing top | balloon cut; bishop volume; kimono drape
a linen blend | breathable cloth; natural summer material; flax fabric | slubby weave; half hemp; airy woven
a high collar | covered neck; turtle neck; mock top | funnel; mandarin stand; roll up polo
wide legs | flared pants; loose trousers; palazzo | culotte cut; barrel silhouette; bell bottomed
bold print | big flowers; graphic design; loud motif | oversize paisley; splashy abstract; statement ikat | pattern
a low heel | comfortable shoes; kitten height; walkable pumps | block of three centimetres; stacked inch; flat enough to dance
elastic waistband | stretchy pants; comfy after lunch; pull on | rubberised drawstring; ribbed yoke; shirred back
recycled fabric | sustainable clothes; eco material; plastic bottles cloth | upcycled offcuts; reclaimed fibre; circular textile
a matching set | same top and bottom; two piece; coordinated | twin co ord; paired separates; head to toe
leather straps | brown bands; bag handle; sturdy carrying | veg tanned ties; saddle stitched handles; hide lacing
a satin lining | smooth inside; silky interior; no static | acetate inner; glossy under layer; bemberg
`),
  situations: concepts(`
for tall women | long legs; when sleeves are too short; above one eighty | extra length; statuesque frame; leggy proportions
on hot days | heatwave; when I sweat; thirty five degrees | scorching afternoons; sweltering commute; tropics friendly
for a job interview | first impression; hiring meeting; look professional | recruiter ready; panel approved; candidate polished
for date night | romantic evening; dinner for two; meet someone | candlelit rendezvous; tryst; flirty hours
for petite frames | short person; small body; under one sixty | cropped proportions; pint sized; shorter inseam
while pregnant | baby bump; maternity; growing belly | expectant; third trimester; nursing ready
on casual friday | relaxed work day; dress down; end of week | laid back desk; unbuttoned afternoon; weekend eve
`),
  bindings: [
    { attribute: "colour", nouns: ["shirt", "trousers", "shoes", "jacket"], values: ["white", "black", "red", "navy", "beige"] },
    { attribute: "fabric", nouns: ["skirt", "blouse", "gloves"], values: ["silk", "wool", "cotton", "velvet"] },
  ],
  negatables: ["zipper", "ironing", "logo", "heels", "polyester", "bra", "pockets"],
  fillers: [
    "Got so many compliments.",
    "Fits like it was made for me.",
    "Wore it all day.",
    "My wallet is happy.",
    "Mirror selfie below.",
    "Never thought I would wear this.",
  ],
};
