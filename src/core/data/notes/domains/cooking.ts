/** Cooking and baking at home. */

import type { Domain } from "../types";
import { concepts } from "./concept";

export const COOKING: Domain = {
  name: "cooking",
  topics: concepts(`
    sourdough bread | crusty loaf; loaf without yeast; home loaf | levain boule; wild ferment bake; slow risen dough
    tomato soup | blended red starter; warm red broth; red vegetable broth | passata bisque; velvety bisque; simmered passata
    dinner rolls | little soft buns; fluffy table buns; buns for guests | brioche rounds; pillowy milk rounds; pull-apart milk rounds | rolls
    granola bars | chewy oat snack; oat squares; oat snack for school | sticky muesli slices; muesli fingers; honey muesli | bars
    cheese platter | brie nibbles; party nibbles; nibbles to share | grazing feast; cheddar and crackers; gouda and crackers | boards
    fruit jam | berry preserve; sweet toast topping; toast topping | strawberry conserve; jars of conserve; apricot conserve | jam
    vegetable curry | spicy Indian dinner; mild Indian dish; Indian coconut dish | chickpea masala; fragrant masala; turmeric masala
    beef stew | hearty meat casserole; meat for winter; thick meat casserole | braised chuck; tender braise; ox cheek braise | pots
    fish tacos | Mexican seafood; seafood in corn shells; Mexican street food | crispy cod tortillas; cod and lime; lime slaw tortillas | wraps
    pizza | Italian takeaway; thin Italian pie; pie with melted cheese | stretched margherita; crisp margherita crust; bubbling mozzarella crust
    pancakes | sweet breakfast stack; weekend flapjacks; fluffy flapjacks | griddled buttermilk batter; griddle rounds; buckwheat crepes
    layer cake | birthday sponge; tall party dessert; frosted sponge | stacked gateau; three-tier gateau; raspberry gateau | layers
    potato salad | cold spuds; barbecue spuds; picnic side dish | mustardy fingerlings; dilled fingerlings; waxy fingerlings
    roast chicken | whole bird dinner; Sunday bird; juicy bird | golden poultry; crisp-skin poultry; poultry with gravy
    grain bowl | healthy office lunch; filling rice lunch; packed lunch | quinoa and greens; barley and greens; warm farro mix | bowls
    pasta bake | cheesy noodles; noodle casserole; family noodle dish | penne gratin; bubbling gratin; macaroni gratin
    stir fry | quick Chinese dinner; fast Chinese supper; Asian veg dish | sizzling wok toss; wok-tossed greens; hot wok noodles
    iced coffee | cold caffeine drink; summer latte; chilled latte | overnight brew; espresso over cubes; slow drip brew
    hummus | smooth bean paste; bean starter; Middle Eastern starter | tahini swirl; lemony garbanzos; tahini puree | dips
    apple crumble | warm fruit pudding; autumn pudding; pudding with custard | orchard cobbler; cinnamon cobbler; streusel from the orchard
  `),
  features: concepts(`
    roasted garlic | sweet cloves; soft cloves; mellow cloves | caramelised bulbs; golden bulbs; squeezed bulbs
    fresh mint | cooling leaves; cool green leaves; cooling herbs | peppermint sprigs; torn spearmint; spearmint | mint
    lemon zest | citrus peel; tangy yellow peel; a citrus note | grated rind; fragrant rind; sharp rind
    chilli flakes | some heat; spicy heat; a fiery kick | crushed cayenne; smoky cayenne; a cayenne sprinkle
    toasted nuts | crunchy almonds; something crunchy; a crunchy top | browned hazelnuts; warm pecans; broken pecans
    basil pesto | herby sauce; green Italian sauce; a herby drizzle | genovese paste; bright genovese; pine kernel paste
    maple syrup | a runny sweetener; natural sweetener; a sticky sweetener | amber tree sap; amber glaze; woodland sap
    dark chocolate | rich cocoa; bitter cocoa; cocoa pieces | melted ganache; glossy ganache; seventy percent ganache
    pickled onions | something sour; sour pink slices; sour crunch | brined shallots; vinegar shallots; tart shallots | rings
    homemade stock | a soup base; savoury base; rich soup liquid | simmered bones; bones and peelings; bone bouillon | stock
    smoked paprika | Spanish spice; earthy red spice; earthy spice | pimenton; dusky pimenton; rust-coloured powder
    feta | crumbly cheese; salty cheese; Greek cheese | brined sheep curd; marinated curd; tangy curd
    wooden skewers | bamboo spikes; little spikes; barbecue spikes | kebab spears; threaded kebabs; threaded spears | sticks
    kitchen scales | exact weighing; a way to weigh; careful weighing | measured portions; a digital balance; gram-precise measures | scales
    a baking tray | one flat tin; a flat tin; a big tin | rimmed metal; lined metal; a nonstick metal pan | sheets
    a slow cooker | a crock pot; an all-day pot; a plug-in pot | a countertop braiser; eight hours on low; eight quiet hours
  `),
  situations: concepts(`
    on a small budget | for very little money; without much money; when money is tight | at low cost; for a few coins; on the cheap
    for two people | for a couple; for me and my partner; for my partner | for a pair; as a duo; in duo portions
    on a weeknight | after a workday; after a long workday; on a busy workday | on tired Tuesdays; in the midweek rush; on a Thursday
    for a crowd | for many guests; for a large company; when many guests come | for twenty hungry mouths; to feed a gang; for the whole gang
    in thirty minutes | in a hurry; when time runs out; for a fast meal | in half an hour; within half an episode; before the half-hour bell
    for picky children | for fussy kids; when kids are fussy; for choosy kids | against mealtime protests; for small refusers; at a table of refusers
    in a tiny kitchen | in a studio flat; with little counter space; in a cramped flat | on a single hotplate; on two burners; beside a two-burner hob
    for the freezer | to prepare in advance; to store for later; for meals in advance | as a big batch; in dated batches; by the batch
  `),
  bindings: [
    {
      attribute: "cut",
      nouns: ["carrots", "mushrooms", "courgettes", "leeks"],
      values: ["diced", "sliced", "shredded", "whole", "roasted", "steamed"],
    },
    {
      attribute: "colour",
      nouns: ["napkins", "plates", "candles", "cups"],
      values: ["white", "blue", "yellow", "black", "purple", "orange"],
    },
  ],
  negatables: ["oven", "sugar", "eggs", "flour", "butter", "salt", "soy", "alcohol"],
  fillers: [
    "Took me three tries.",
    "The neighbours asked twice.",
    "Nothing was left over.",
    "Taste as you go.",
    "My grandmother would approve.",
    "I make it every month.",
    "Do not skip the resting time.",
    "Clean up while you wait.",
  ],
};
