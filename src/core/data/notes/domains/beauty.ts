/** Skin, hair and make-up. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const BEAUTY: Domain = {
  name: "beauty",
  topics: concepts(`
    skincare routine | skin cleaning steps; complexion basics; daily complexion plan | cleanse-and-moisturise ritual; dermal regimen; five-bottle regimen
    bridal makeup | wedding day look; face for the wedding; wedding look | soft-glam ceremony glow; veil-ready glow; tear-proof glam
    manicure | pretty fingertips; hand beauty; painted fingertips | gel polish; cuticle care; almond tips and cuticles | nails
    hand care | relief for cracked fingers; cream for rough fingers; healing rough fingers | barrier balm; overnight knuckle balm; knuckle salve | palms
    curly hair care | taming a frizzy head; frizzy locks; wild frizzy locks | coily tresses; defined ringlets; bouncy ringlets | curls
    beach hairstyle | loose wavy look; messy wavy look; sea holiday hairdo | salt-spray tousle; tousled texture; undone tousle | waves
    braided updo | plaited hairdo; festive plaits; plaits around the head | woven chignon; milkmaid halo; pinned halo | crowns
    haircut | new hairdo; shorter head of hair; trim at the salon | feathered bob; choppy bob; graduated pixie | layers
    face mask | moisture treatment; facial pampering; pampering for tired skin | hydrogel veil; soaked hydrogel; clay cast | masks
    under-eye care | cream against dark circles; covering up dark circles; tired look remedy | caffeine gels; de-puffing crescents; cooling crescents | patches
    lipstick | lasting mouth colour; colour for the mouth; mouth makeup | matte rouge; crimson rouge; satin rouge | shades
    eyebrow shaping | fuller brows; neat brows; film-star brows | threaded arches; laminated arches; sculpted arches
    sun protection | cream against burning; sunburn prevention; burning prevention | SPF fluid; mineral SPF; zinc SPF
    acne treatment | fighting pimples; clear skin without pimples; pimple remedy | blemish control; spot-fading blemish serum; breakout control
    body scrub | smooth legs; smooth skin all over; leg peeling | sugar exfoliant; coffee-ground exfoliant; salt exfoliant
    home hair colour | dyeing my own head; dye from the chemist; gentle dye | balayage kit; bleach-free toner; henna tint
    perfume collection | nice fragrance; fragrance for dates; everyday fragrance | eau de toilette; bergamot eau; bottled musk
    beard grooming | facial hair for men; tidy moustache; moustache care | trimmed stubble; bristle oil; combed stubble | coats
    spa evening | relaxing bath at home; bath with bubbles; luxury bath | candlelit soak; magnesium soak; foamy tub ritual | wraps
    anti-ageing care | fewer wrinkles; younger skin; something against wrinkles | firming retinol; peptide retinol; fine-line eraser
  `),
  features: concepts(`
    powder brushes | tools for foundation; makeup tools; soft makeup tools | a dense kabuki; fluffy kabukis; stippling kabukis
    rosewater | a floral toner; flowery water; a flowery spray | damask petals; petal mist; a damask mist
    aloe gel | cooling jelly; green jelly; plant jelly | succulent pulp; chilled succulent sap; clear leaf pulp
    honey | sticky sweetness; kitchen-shelf sweetness; beekeeper goods | raw manuka; a spoon of manuka; hive gold
    coconut oil | tropical grease; greasy tropical goodness; greasy hair treatment | cold-pressed copra; melted copra; white palm-nut fat
    vitamin serum | brightening drops; drops for radiance; orange-scented drops | ascorbic ampoules; niacinamide; a dropper of ascorbic
    hyaluronic acid | intense moisture; lasting moisture; plumped cheeks | humectant layers; a water-binding humectant; a humectant
    glitter | something sparkly; sparkly lids; a sparkly accent | shimmer flakes; holographic shimmer; pressed shimmer
    false lashes | longer eye hairs; dramatic eyes; bigger eyes | fluttery mink strips; glued fringe; wispy fringe
    a jade roller | a facial massage stone; a massage stone; a cool stone tool | gua sha; nephrite gliding; a nephrite wheel | rolls
    cotton rounds | makeup removal; easy makeup removal; something for makeup removal | reusable bamboo discs; washable discs; micellar discs | pads
    heatless rods | overnight styling; styling without heat; gentle overnight styling | satin ropes; foam spirals; twisted foam | sticks
    a hair dryer | a blow-out; hot air; a blow-dry | an ionic diffuser; a salon-strength nozzle; a diffuser
    sparkling nail stickers | fingertip art; decals; fingertip decals | adhesive foils; adhesive rhinestones; chrome foils
    hair extensions | fake length; added length; instant length | clip-in wefts; taped wefts; sewn-in wefts
    lip balm | a soft kissable mouth; dry mouth relief; a kissable mouth | beeswax tins; shea butter sticks; tinted beeswax
  `),
  situations: concepts(`
    in five minutes | for late risers; when I oversleep; if I overslept | before the bus; with one coffee's time; while the kettle boils
    for sensitive skin | when everything itches; without itching; against redness and itching | on reactive complexions; for allergic types; on easily flushed complexions
    on oily skin | when my nose shines; when my forehead shines; with a shiny forehead | for sebum-rich zones; in the T-zone; with excess sebum
    for teenagers | in puberty; at fifteen; for a fourteen-year-old daughter | for adolescents; between school bells; among adolescents
    from the drugstore | with affordable brands; at affordable prices; from affordable brands | out of supermarket aisles; off the discount aisle; from the bargain aisle
    for New Year's Eve | for a fireworks party; at midnight; for the midnight toast | with countdown sparkle; for the countdown; by the final countdown
    for mature faces | over sixty; for ladies over sixty; past sixty | with laugh lines; for well-lived features; around proud laugh lines
    in humid heat | when I sweat; for sweaty days; on sweaty days | at tropical moisture levels; in muggy air; through muggy afternoons
  `),
  bindings: [
    {
      attribute: "finish",
      nouns: ["eyeliners", "blushes", "highlighters", "bronzers"],
      values: ["creamy", "powdered", "liquid", "glossy", "pearly", "baked"],
    },
    {
      attribute: "colour",
      nouns: ["ribbons", "barrettes", "headbands", "tweezers"],
      values: ["black", "golden", "rose", "lilac", "white", "emerald"],
    },
  ],
  negatables: ["silicone", "parabens", "alcohol", "concealer", "mascara", "hairspray", "filters", "sponges"],
  fillers: [
    "My skin said thank you.",
    "It took two weeks to show.",
    "Try it before a big day.",
    "No sponsor here.",
    "I have done this four times now.",
    "Less is more.",
    "My hairdresser taught me this.",
    "Be gentle.",
  ],
};
