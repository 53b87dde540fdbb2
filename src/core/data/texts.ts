/**
 * Text and Markdown files as a corpus. A file is a document; its first heading is the title. A file of more than 2,000
 * characters is cut: Markdown at its headings, then, like plain text, at blank lines into pieces of at most 2,000
 * characters; a paragraph that is longer alone is cut after a sentence, or a blank where no sentence ends.
 */
import { LabError } from "../errors";
import { type DataFile, lineBatches } from "./files";
import { counted } from "./problems";
import type { Doc } from "./types";
import type { Reading } from "./watch";

/** Characters of a piece: about 400 words, more than any tower here reads. */
export const LONGEST_PIECE = 2000;

interface Section {
  /** Empty before the first heading. */
  heading: string;
  text: string;
}

const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** Front matter (between --- lines) is metadata; of it the title is taken. */
function frontMatter(lines: readonly string[]): { title: string; from: number } {
  if (lines[0]?.trim() !== "---") return { title: "", from: 0 };
  const end = lines.findIndex((line, i) => i > 0 && (line.trim() === "---" || line.trim() === "..."));
  if (end < 0) return { title: "", from: 0 };
  const entry = lines.slice(1, end).find((line) => /^title:/i.test(line));
  const title =
    entry
      ?.slice(6)
      .trim()
      .replace(/^(["'])(.*)\1$/, "$2") ?? "";
  return { title, from: end + 1 };
}

/** The parts of a Markdown file between its headings; # inside code is no heading. */
function sections(lines: readonly string[]): Section[] {
  const all: { heading: string; lines: string[] }[] = [{ heading: "", lines: [] }];
  let fence = "";
  for (const [i, line] of lines.entries()) {
    const mark = FENCE.exec(line)?.[1];
    if (mark && (fence === "" || (mark[0] === fence[0] && mark.length >= fence.length)))
      fence = fence === "" ? mark : "";
    const heading = fence === "" ? HEADING.exec(line) : null;
    // A line under a line of text makes that a heading.
    const under = fence === "" && /^ {0,3}(=+|-+)[ \t]*$/.test(line) && /\S/.test(lines[i - 1] ?? "");
    const before = all.at(-1)!;
    if (heading) all.push({ heading: (heading[2] ?? "").trim(), lines: [] });
    else if (under && before.lines.at(-1) === lines[i - 1])
      all.push({ heading: before.lines.pop()!.trim(), lines: [] });
    else before.lines.push(line);
  }
  return all.map(({ heading, lines }) => ({ heading, text: lines.join("\n").trim() }));
}

/** Cuts at blank lines, then at sentences, then at blanks: each piece is at most LONGEST_PIECE characters. */
export function pieces(text: string): string[] {
  if (text.length <= LONGEST_PIECE) return [text];
  const out: string[] = [];
  let now = "";
  const add = (part: string, between: string) => {
    if (now !== "" && now.length + between.length + part.length > LONGEST_PIECE) {
      out.push(now);
      now = "";
    }
    now = now === "" ? part : now + between + part;
  };
  for (const paragraph of text.split(/\n[ \t]*\n/)) {
    let rest = paragraph.trim();
    while (rest.length > LONGEST_PIECE) {
      const head = rest.slice(0, LONGEST_PIECE);
      const sentence = Math.max(...[". ", "! ", "? ", ".\n", "。"].map((mark) => head.lastIndexOf(mark)));
      const blank = Math.max(head.lastIndexOf(" "), head.lastIndexOf("\n"));
      let cut = sentence > LONGEST_PIECE / 4 ? sentence + 1 : blank > LONGEST_PIECE / 4 ? blank : LONGEST_PIECE;
      // Not through a character that takes two.
      if (/[\uD800-\uDBFF]/.test(rest[cut - 1]!)) cut--;
      add(rest.slice(0, cut).trim(), "\n\n");
      rest = rest.slice(cut).trim();
    }
    if (rest !== "") add(rest, "\n\n");
  }
  if (now !== "") out.push(now);
  return out;
}

/** The documents of one file. Ids are the path, with #2, #3 ... for the pieces after the first. */
export function textDocs(path: string, lines: readonly string[]): Doc[] {
  const markdown = /\.(md|markdown)(\.gz)?$/i.test(path);
  const front = markdown ? frontMatter(lines) : { title: "", from: 0 };
  const body = lines.slice(front.from);
  const parts = markdown ? sections(body) : [{ heading: "", text: body.join("\n").trim() }];
  const title = front.title || (parts.find(({ heading }) => heading !== "")?.heading ?? "");
  const found: Omit<Doc, "id">[] = [];
  const length = parts.reduce((sum, { heading, text }) => sum + heading.length + text.length + 4, 0);
  if (length <= LONGEST_PIECE) {
    const whole = parts.map(({ heading, text }) => [heading === title ? "" : heading, text].filter(Boolean).join("\n"));
    found.push({ title, text: whole.filter(Boolean).join("\n\n") });
  } else
    for (const { heading, text } of parts) {
      const own = heading === "" || heading === title ? title : title === "" ? heading : `${title}: ${heading}`;
      for (const piece of pieces(text)) if (piece !== "") found.push({ title: own, text: piece });
    }
  return found
    .filter((doc) => doc.title !== "" || doc.text !== "")
    .map((doc, i) => ({ id: i === 0 ? path : `${path}#${i + 1}`, ...doc }));
}

/**
 * Reads text files as a corpus.
 *
 * @throws LabError bad-input: no UTF-8, nothing in any file; stopped
 */
export async function readTexts(
  files: readonly DataFile[],
  reading: Reading,
): Promise<{ docs: Doc[]; notices: string[] }> {
  const docs: Doc[] = [];
  let cut = 0;
  let empty = 0;
  for (const file of files) {
    const lines: string[] = [];
    for await (const batch of lineBatches(file, { blank: true, onRead: reading.begin(file) })) {
      for (const { text } of batch) lines.push(text);
      await reading.breathe();
    }
    const own = textDocs(file.path, lines);
    if (own.length > 1) cut++;
    if (own.length === 0) empty++;
    docs.push(...own);
  }
  if (docs.length === 0)
    throw new LabError("bad-input", "There is no text in these files.", "Check that they are the right ones.");
  const notices = [`${counted(docs.length, "document")} from ${counted(files.length, "file")}.`];
  if (cut > 0)
    notices.push(
      `${counted(cut, "file")} of more than ${LONGEST_PIECE.toLocaleString("en-US")} characters were cut at headings and blank lines.`,
    );
  if (empty > 0) notices.push(`${counted(empty, "file")} without any text.`);
  return { docs, notices };
}
