/**
 * Files as texts for a language model to learn from, each of which stands for itself: plain text parted at blank lines or,
 * where there are none, at line breaks; Markdown as a corpus is cut; JSON lines by their field `text`.
 */
import { LabError } from "../errors";
import { type DataFile, isDataFile, lineBatches } from "./files";
import { counted, firstFew, Problems } from "./problems";
import { fieldOf, kindOf, recordBatches, wellFormed } from "./records";
import { textDocs } from "./texts";
import { documentText } from "./types";
import { startReading, type Watch } from "./watch";

const PLAIN = /\.(txt|md|markdown)(\.gz)?$/i;
const MARKDOWN = /\.(md|markdown)(\.gz)?$/i;
const RECORDS = /\.(jsonl|ndjson)(\.gz)?$/i;

/** Texts of a plain file. */
export function partedTexts(lines: readonly string[]): string[] {
  const text = lines.join("\n").trim();
  const parted = /\n\s*\n/.test(text) ? text.split(/\n\s*\n/) : text.split("\n");
  return parted.map((part) => part.trim()).filter(Boolean);
}

/** What of the files is read: .txt, .md and .jsonl, also gzipped; alone a file of any other kind of name, as plain text. */
function sorted(files: readonly DataFile[]): { taken: DataFile[]; left: string[] } {
  const [first] = files;
  if (files.length === 1 && first && !isDataFile(first.path)) return { taken: [first], left: [] };
  const taken = files.filter(({ path }) => PLAIN.test(path) || RECORDS.test(path));
  const left = files.filter((file) => !taken.includes(file)).map(({ path }) => path);
  if (taken.length > 0) return { taken, left };
  throw new LabError(
    "bad-input",
    left.length === 0 ? "There is no text file among these." : `Not a text file: ${firstFew(left, left.length)}.`,
    "Give .txt, .md or .jsonl files, a folder or a .zip of them.",
  );
}

/**
 * Reads the texts.
 * @throws LabError "bad-input" with file, line and field: no text file, no UTF-8, no JSON object, no text; "stopped"
 */
export async function readLanguageTexts(
  files: readonly DataFile[],
  watch: Watch = {},
): Promise<{ texts: string[]; notices: string[] }> {
  const { taken, left } = sorted(files);
  const reading = startReading(taken, watch);
  const problems = new Problems();
  const texts: string[] = [];
  for (const file of taken) {
    if (RECORDS.test(file.path)) {
      for await (const records of recordBatches(file, problems, reading))
        for (const { at, value, escaped } of records) {
          const text = fieldOf(value, "text") ?? fieldOf(value, "contents");
          const title = fieldOf(value, "title") ?? "";
          if (typeof text !== "string")
            problems.add(file.path, at, "text", text === undefined ? "it is missing." : `it is ${kindOf(text)}.`);
          else if (typeof title !== "string") problems.add(file.path, at, "title", `it is ${kindOf(title)}.`);
          else texts.push(wellFormed(documentText({ id: "", title, text }), escaped).trim());
        }
      continue;
    }
    const lines: string[] = [];
    for await (const batch of lineBatches(file, problems, { blank: true, onRead: reading.begin(file) })) {
      for (const { text } of batch) lines.push(text);
      await reading.breathe();
    }
    // One by one: a list of a million arguments is more than a call takes.
    if (MARKDOWN.test(file.path)) for (const doc of textDocs(file.path, lines)) texts.push(documentText(doc));
    else for (const text of partedTexts(lines)) texts.push(text);
  }
  problems.throwIfAny();
  const some = texts.filter(Boolean);
  if (some.length === 0)
    throw new LabError("bad-input", "There is no text in these files.", "Check that they are the right ones.");
  const notices = [`${counted(some.length, "text")} from ${counted(taken.length, "file")}.`];
  if (left.length > 0) notices.push(`Not used: ${firstFew(left, left.length)}.`);
  return { texts: some, notices };
}
