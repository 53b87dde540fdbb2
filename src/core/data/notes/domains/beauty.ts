import type { Domain } from "../types";
import { concepts } from "./concept";

export const beauty: Domain = {
  name: "beauty",
  topics: concepts(`
skincare routine | face care; what to put on my skin; morning and night products | complexion ritual; layered regimen; barrier steps
curly hair care | frizzy locks; define ringlets; wavy head | coil method; plopped spirals; scrunched waves
gel manicure | nails that last; polish at home; shiny fingertips | cured lacquer; shellac; chip proof talons | nail
smoky eye | dark makeup; evening eyelids; dramatic look | blended kohl; charcoal lids; sultry crease
lip stain | long lasting lipstick; red mouth; kiss proof colour | pigmented tint; bitten berry; velvet pout
acne treatment | pimples; spotty face; breakout help | blemish protocol; salicylic gel; clogged pore plan | patch
hair dye | change my colour; cover grey; go blonde | permanent toner; foil highlights; root glossing
eyebrow shaping | thin brows; shape over eyes; pluck or thread | laminated arches; microbladed strokes; tinted tails
beard grooming | facial hair men; trim stubble; mustache | whisker balm; sculpted jawline; goatee fade
sun protection | spf cream; avoid burn; uv face lotion | zinc block; broad spectrum fluid; mineral screen
bridal makeup | wedding face; ceremony look; long wear beauty | aisle ready glam; veil proof base; altar glow
short haircut | bob; pixie; chop my hair | cropped shag; nape length; textured undercut
perfume pick | nice smell; signature fragrance; scent for her | eau with sillage; bottled accord; amber jus
body scrub | smooth legs; dry skin removal; sugar exfoliator | coffee polish; grainy buff; dead cell sloughing
lash lift | longer eyelashes; curl without mascara; open gaze | keratin perm; fluttery fringe; upturned tips
face mask | sheet on skin; clay pack; sunday self care | hydrating veil; kaolin layer; bubbling mud | sheet
dark circles | tired eyes; bags under eye; sleepy look | under orbital shadows; puffy hollows; brightening concealer
scalp care | dandruff; itchy head; flaky roots | follicle tonic; exfoliated crown; sebum balance | scale
nail art | pretty designs on hands; painted tips; patterned fingers | stamped decals; marbled lacquer; dotted talons | nail
blush placement | rosy cheeks; pink face; where to put rouge | draped flush; sun kissed apples; lifted cheekbone
`),
  features: concepts(`
vitamin c | brightening serum; antioxidant drops; glow acid | ascorbic ampoule; citrus derived active; l form
retinol | anti wrinkle cream; aging product; night vitamin a | encapsulated retinoid; adapalene; cell turnover
hyaluronic acid | moisture serum; plump skin; hydrating drops | water binding molecules; dewy humectant; triple weight
tea tree oil | natural antiseptic; spot drops; herbal antiseptic | melaleuca; diluted terpinene; aussie essence
a jade roller | stone massage; depuff tool; cool face gadget | rose quartz glide; gua sha; chilled crystal | roll
rose water | flower mist; face spray; gentle toner | damask hydrosol; petal spritz; bulgarian distillate
a silk pillowcase | sleep on smooth fabric; no hair breakage; bed cover | mulberry slip; satin headrest; charmeuse
dry shampoo | no wash powder; refresh greasy hair; second day spray | rice starch puff; invisible aerosol; root absorber
niacinamide | pore minimizer; vitamin b serum; oil control | ten percent solution; nicotinamide; sebum regulator
coconut oil | natural hair mask; kitchen moisturizer; tropical fat | virgin copra; melted balm; cold pressed kernel
a heat protectant | before straightener; save hair from iron; styling spray | thermal shield; two hundred degree mist; blowout primer
cream blush | soft cheek colour; stick rouge; dewy pink | balm pot flush; melting putty; jelly tint
micellar water | makeup remover; gentle cleanser; cotton pad liquid | surfactant spheres; no rinse solution; bioderma style
setting powder | matte finish; stop shine; fix foundation | translucent talc; pressed veil; baked dust
`),
  situations: concepts(`
for sensitive skin | easily red; allergic; gentle only | reactive complexion; fragrance intolerant; rosacea kind
for oily skin | shiny face; greasy; big pores | sebum prone; t zone slick; combination
over forty | mature; aging; older women | perimenopausal; fine line years; seasoned
for teenagers | school age; first products; young daughter | adolescent; puberty friendly; high schooler
in five minutes | rushed morning; quick; no time | before the bus; three product dash; express
for dark skin | melanin; deep tone; brown complexion | rich pigment; ebony hues; no white cast
on vacation | carry on size; holiday; beach week | travel minis; resort ready; under hundred millilitres
`),
  bindings: [
    { attribute: "colour", nouns: ["lips", "nails", "lids", "liner"], values: ["red", "nude", "brown", "pink", "gold"] },
    { attribute: "texture", nouns: ["serum", "cleanser", "sunscreen"], values: ["thick", "watery", "creamy", "foaming"] },
  ],
  negatables: ["fragrance", "alcohol", "parabens", "heat", "glitter", "foundation", "bleach"],
  fillers: [
    "My skin has never been calmer.",
    "Test it behind the ear first.",
    "Two weeks until results.",
    "The bottle is tiny.",
    "Not sponsored.",
    "My sister stole it.",
  ],
};
