/** WordNet's own database files (wndb(5WN), senseidx(5WN) of WordNet 3.1), as far as a reverse dictionary needs them. */

/** The four files data.noun, data.verb, data.adj and data.adv, and index.sense, as text. */
export interface Dictionary {
  data: Record<PartOfSpeech, string>;
  senses: string;
}

export const PARTS_OF_SPEECH = ["noun", "verb", "adj", "adv"] as const;
export type PartOfSpeech = (typeof PARTS_OF_SPEECH)[number];

/** A set of words of one meaning. */
export interface Synset {
  /** Letter and offset of its line: n02086723. */
  id: string;
  lemmas: string[];
  /** The kind of relation ("@" is-a, "~" kinds, ...), the synset it leads to and there the lemma's number, 0 for all. */
  links: { kind: string; to: string; lemma: number }[];
  definition: string;
  examples: string[];
}

const LETTER: Record<string, string> = { n: "n", v: "v", a: "a", s: "a", r: "r" };

/** Words are joined by _, and adjectives may say where they stand: galore(ip). */
const lemmaOf = (word: string) => word.replace(/\([a-z]+\)$/, "").replaceAll("_", " ");

/** The definition of a gloss, and the examples in quotation marks after it. */
function glossOf(gloss: string): Pick<Synset, "definition" | "examples"> {
  const at = gloss.search(/[;:,]?\s*"/);
  const rest = at < 0 ? "" : gloss.slice(at);
  const definition = (at < 0 ? gloss : gloss.slice(0, at)).trim().replace(/[;:]$/, "").trim();
  return { definition, examples: [...rest.matchAll(/"([^"]+)"/g)].map((match) => match[1]!.trim()).filter(Boolean) };
}

/** The synsets of one data file, in its order. The licence above them is passed over: its lines begin with blanks. */
export function parseData(text: string): Synset[] {
  const synsets: Synset[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("  ")) continue;
    const bar = line.indexOf(" | ");
    const fields = line.slice(0, bar).split(" ");
    const letter = LETTER[fields[2]!]!;
    const words = Number.parseInt(fields[3]!, 16);
    const lemmas = Array.from({ length: words }, (_, i) => lemmaOf(fields[4 + 2 * i]!));
    const first = 5 + 2 * words;
    const links = Array.from({ length: Number(fields[first - 1]) }, (_, i) => {
      const [kind, offset, pos, place] = fields.slice(first + 4 * i, first + 4 * i + 4) as [
        string,
        string,
        string,
        string,
      ];
      return { kind, to: LETTER[pos]! + offset, lemma: Number.parseInt(place.slice(2), 16) };
    });
    synsets.push({ id: letter + fields[0], lemmas, links, ...glossOf(line.slice(bar + 3)) });
  }
  return synsets;
}

/** How often each synset was met in the texts that WordNet's makers tagged: the sum over its words. */
export function parseCounts(senses: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of senses.split("\n")) {
    if (line === "") continue;
    const [key, offset, , count] = line.split(" ") as [string, string, string, string];
    const letter = "nvara"[Number(key[key.indexOf("%") + 1]) - 1]!;
    if (count !== "0") counts.set(letter + offset, (counts.get(letter + offset) ?? 0) + Number(count));
  }
  return counts;
}
