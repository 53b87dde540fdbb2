/** Training, sport and rest. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const FITNESS: Domain = {
  name: "fitness",
  topics: concepts(`
    morning jog | early run; run before breakfast; easy run | sunrise miles; slow dawn miles; conversational-pace miles | tracks
    yoga flow | gentle stretching; bendy stretching; stretching class | vinyasa sequence; asana sequence; asana practice | mats
    pull-up plan | upper-body strength; back strength; hauling myself upwards | chin-over-grip sets; doorway ladder; negative chin sets | bars
    core workout | tummy training; flat stomach training; stomach exercises | abdominal circuit; hollow-hold circuit; oblique circuit | planks
    strength training | lifting weights; getting stronger; weights at the gym | barbell hypertrophy; deadlift programme; progressive barbell overload
    swimming lessons | learning the crawl; pool training; pool exercise | freestyle drills; tumble-turn drills; kickboard laps
    marathon preparation | very long distances; forty-two kilometres; first big race | tapered mileage; mileage block; carb-loaded mileage | runs
    cycling training | bike workout; indoor bike; fast bike rides | turbo-trainer watts; threshold watts; cadence intervals
    bicep workout | bigger upper arms; strong arms; arm muscles | dumbbell hammers; preacher-bench dumbbells; supinated dumbbells | curls
    tricep workout | firmer back of arms; toned upper limbs; exercise against saggy arms | parallel-rail lowers; skull-crusher reps; rope pushdowns | dips
    chest workout | pushing exercise; torso exercise; torso muscles | bench pectorals; incline pectorals; pectoral flyes | presses
    home gymnastics | hanging from straps; circus-like exercise; body control | muscle-up routine; iron-cross holds; tuck-lever holds | rings
    boulder session | indoor wall sport; climbing wall sport; vertical sport | chalked slab problems; crimps and slopers; overhang problems | rocks
    racquet night | indoor ball duel; fast indoor game; fast court game | drop shots and boasts; volley and boast; tin-skimming volleys | squash
    football practice | soccer skills; kicking a ball; soccer with friends | dribbling on turf; five-a-side dribbles; nutmegs on turf | pitches
    weight loss plan | getting slimmer; slimming; fewer kilos | calorie deficit; steady deficit; fat-burning deficit | scales
    dance class | moving to music; fun with music; music workout | zumba steps; salsa choreography; choreographed zumba
    pilates routine | posture training; mat posture class; better posture | reformer spine series; hundred and roll-downs; spine articulation
    skipping workout | jumping with a cord; childhood jumping; fast jumping | double-unders; rope boxers' cardio; speed-rope cardio
    recovery day | lazy time off; rest between sessions; break from sport | regenerative stroll; sofa-and-sauna reset; restorative sauna
  `),
  features: concepts(`
    resistance bands | rubber loops; elastic loops; stretchy loops | latex tubes; latex strips; a tension strip
    a foam roller | self massage; massage for sore muscles; muscle massage | a grooved cylinder; fascia release; kneaded fascia | rolls
    cork blocks | props for stiff people; support for stiff hips; relief from stiffness | natural bricks; two bricks; bricks under the palms | blocks
    a kettlebell | a handled weight; a handy weight; an iron weight | Russian swings; a cannonball; goblet squats
    a stability ball | sitting and bouncing; a big bouncy seat; something bouncy | an inflated sphere; Swiss sphere drills; a burst-proof sphere | balls
    a heart rate monitor | pulse control; a pulse watch; pulse zones | a chest-strap sensor; wrist-sensor beats; beats per minute
    protein shakes | muscle drinks; a drink after sport; drinks for muscles | whey powder; vanilla whey; casein scoops
    interval sprints | short fast bursts; fast bursts; bursts of speed | tabata rounds; all-out hundreds; tabata repeats
    a step counter | daily walking goals; walking goals; ten thousand daily paces | a pedometer; pedometer streaks; a clipped-on pedometer
    breathing exercises | slow inhaling; more air; deep inhaling | pranayama; diaphragm work; box-pattern pranayama
    a training partner | a sport buddy; a friend to motivate; a buddy | an accountable companion; a spotter; a trusty spotter
    compression socks | tight hosiery; snug calves; calf support | graduated sleeves; knee-high squeeze; squeezing sleeves
    a warm-up | injury prevention; loosening first; loose joints first | dynamic mobility; hip openers; leg-swing mobility
    hot and cold baths | ice tubs; freezing tubs; an ice barrel | contrast plunges; two-minute plunges; alternating immersion
    upbeat songs | a motivating playlist; loud playlists; a fast playlist | pumping anthems; techno anthems; high-tempo tracks
    a workout diary | written goals; notes on progress; written progress | a logged journal; a lifting logbook; ticked logbook pages
  `),
  situations: concepts(`
    at home | in the living room; inside my own walls; within my own walls | beside the sofa; on the lounge carpet; on the hallway carpet
    for seniors | in old age; past seventy; for people past seventy | for pensioners; with stiff pensioners; at eighty
    after giving birth | after having a baby; since the baby came; after labour | postnatal; six weeks postpartum; in postpartum months
    with back pain | with a sore spine; when my spine hurts; despite a hurting spine | for aching lumbars; after a slipped disc; with lumbar trouble
    in the lunch break | at noon; between office meetings; between two meetings | over the midday gap; in a midday slot; around twelve
    with bad knees | without jumping; gentle on joints; with painful joints | on creaky kneecaps; at low impact; in low-impact form
    in cold weather | when it freezes; on freezing days; in the snow | at minus five; through icy fog; on frosty pavements
    on vacation | while travelling; in a hotel; in hotel rooms | away from base; beside the resort pool; on a resort beach
  `),
  bindings: [
    {
      attribute: "pace",
      nouns: ["lunges", "burpees", "crunches", "hops"],
      values: ["slow", "quick", "weighted", "assisted", "explosive", "paused"],
    },
    {
      attribute: "colour",
      nouns: ["leggings", "bottles", "towels", "laces"],
      values: ["black", "neon", "grey", "pink", "turquoise", "white"],
    },
  ],
  negatables: ["treadmill", "mirrors", "subscription", "coach", "supplements", "caffeine", "earbuds", "stopwatch"],
  fillers: [
    "Week three felt different.",
    "Consistency beats everything.",
    "I nearly gave up.",
    "Listen to your body.",
    "Drink enough water.",
    "Sore but happy.",
    "Numbers do not matter here.",
    "Anyone can do this.",
  ],
};
