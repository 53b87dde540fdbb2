import type { Domain } from "../types";
import { concepts } from "./concept";

export const fitness: Domain = {
  name: "fitness",
  topics: concepts(`
morning run | jog before work; early jogging; sunrise five k | dawn miles; pre breakfast lap; easy tempo loop | run
yoga flow | stretching class; sun salutation; relax poses | vinyasa; downward dog sequence; asana series
home workout | train in living room; exercise at my place; indoor training | bodyweight circuit; carpet calisthenics; lounge sweat
weight lifting | dumbbells; build muscle; barbell training | progressive overload; heavy triples; iron session
pull ups | chin strength; upper back exercise; lift my body | dead hang ladder; lat negatives; kipping reps | bar
swimming laps | pool training; crawl technique; water cardio | freestyle intervals; flip turn lengths; chlorine metres
marathon plan | endurance race; forty two kilometres; first big race | twenty week build; long slow sundays; taper and carbs
core training | abs; flat belly; stomach exercises | plank variations; oblique work; trunk stability | trunk
cycling intervals | bike workout; spin class; indoor trainer | watt sprints; turbo blocks; threshold cadence
rock climbing | bouldering; indoor wall; learn ropes | crimpy routes; top rope beta; chalked holds | rock
dance cardio | zumba; fun aerobic; move to music | choreographed sweat; latin steps; groove class
rowing machine | ergometer; indoor boat; full body cardio | two thousand metre erg; flywheel strokes; catch and drive
boxing drills | punch training; fight fitness; heavy bag | jab cross combos; shadow sparring; mitts and footwork | ring
mobility routine | stiff hips; loosen joints; flexible body | ninety ninety flows; ankle circles; range work
step count goal | ten thousand walking; pedometer; move more | daily strides tally; lunchtime laps; ambling target
jump rope | skipping; hop cord; double unders | speed cable; boxer bounce; criss cross
pilates class | reformer; posture exercise; slow strength | hundred breaths; spring carriage; mat series | mat
trail running | jog in the forest; off road race; hills and mud | singletrack kilometres; root hopping; fell ascent | track
recovery day | rest from sport; sore muscles; overtrained | deload; foam rolled pause; restorative stroll
posture fix | hunched shoulders; neck pain from desk; stand straight | thoracic opening; chin tuck; scapular retraction
`),
  features: concepts(`
resistance bands | elastic loops; rubber straps; light travel equipment | latex tubes; mini hip circles; tension cords
a kettlebell | iron ball with handle; swing weight; russian bell | sixteen kilo cannonball; pood; goblet cast
a foam roller | massage tube; muscle rolling; knots tool | myofascial cylinder; grid log; release stick | roll
heart rate zones | pulse training; bpm watch; easy effort | aerobic threshold bands; chest strap data; zone two
protein shakes | whey drink; powder after gym; muscle smoothie | casein blend; scooped isolate; vegan pea mix
a yoga mat | non slip floor pad; exercise carpet; thin cushion | cork surface; rolled natural rubber; four millimetre | mat
interval timer | tabata clock; beep app; work and rest seconds | emom buzzer; countdown rounds; stopwatch chime
ankle weights | leg load; heavy cuffs; strap on kilos | sand filled wraps; shin sandbags; velcro ballast
a training partner | gym buddy; someone to work out with; accountability friend | spotter; sparring companion; pacing mate
ice baths | cold plunge; freezing tub; winter dip | chilled immersion; arctic barrel; shiver soak
minimalist shoes | barefoot style; thin soles; zero drop | wide toe box; five finger slippers; flexible huaraches
a smart watch | fitness tracker; gps on wrist; step bracelet | wearable; sensor band; lap buzzing timepiece
compression socks | tight stockings; swollen legs help; knee highs | graduated sleeves; circulation hose; calf squeeze
breathing drills | inhale technique; lungs exercise; calm respiration | box cadence; nasal ladder; diaphragm holds
`),
  situations: concepts(`
after pregnancy | postpartum; new mother; diastasis | fourth trimester; pelvic floor safe; with a newborn
with knee pain | bad joints; low impact; injured leg | meniscus friendly; patella kind; no jumping
over fifty | older adult; senior; at my age | midlife; silver years; longevity minded
in ten minutes | short session; no time; quick daily | coffee break length; six hundred seconds; blink and done
in a hotel room | while travelling; business trip; no gym | suitcase friendly; carpet tile space; between conferences
before breakfast | on empty stomach; fasted; early | prior to porridge; pre oats; at cockcrow
for absolute beginners | unfit; couch potato; never exercised | from zero; gentle ramp; newcomer
`),
  bindings: [
    { attribute: "pace", nouns: ["warm-up", "sprints", "cool-down", "squats"], values: ["slow", "fast", "short", "long"] },
    { attribute: "load", nouns: ["lunges", "rows", "presses"], values: ["light", "heavy", "weighted", "assisted"] },
  ],
  negatables: ["jumping", "machine", "running", "equipment", "caffeine", "music", "weights"],
  fillers: [
    "Legs like jelly.",
    "Week three and counting.",
    "Slow progress is progress.",
    "My coach approves.",
    "Sweat everywhere.",
    "No excuses left.",
  ],
};
