import { describe, expect, it } from "vitest";
import { dataFile } from "./dataFile.test-helper";
import { partedTexts, readLanguageTexts } from "./languageTexts";

describe("texts to learn from", () => {
  it("are parted at blank lines, or where there are none at line breaks", () => {
    expect(partedTexts(["a", "b", " ", "c", ""])).toEqual(["a\nb", "c"]);
    expect(partedTexts(["a", "b", ""])).toEqual(["a", "b"]);
    expect(partedTexts([" "])).toEqual([]);
  });

  it("come of plain text, Markdown and JSON lines; what else lies there is named", async () => {
    const { texts, notices } = await readLanguageTexts([
      dataFile("x/a.txt", "One.\n\nTwo."),
      dataFile("x/b.md", "# Bread\n\nFlour."),
      dataFile("x/c.jsonl", '{"text":"Three."}\n{"_id":1,"title":"Four","text":"five"}\n{"contents":"Six."}\n'),
      dataFile("x/d.csv", "a,b"),
    ]);
    expect(texts).toEqual(["One.", "Two.", "Bread. Flour.", "Three.", "Four. five", "Six."]);
    expect(notices).toEqual(["6 texts from 3 files.", 'Not used: "x/d.csv".']);
    // Alone, a file without a known ending is plain text.
    expect((await readLanguageTexts([dataFile("corpus", "One.\nTwo.")])).texts).toEqual(["One.", "Two."]);
  });

  it("are refused with file, line and field", async () => {
    const lines = dataFile("c.jsonl", '{"text":"One."}\n{"text":3}\nno\n{"words":"x"}\n{"text":"a","title":[]}');
    await expect(readLanguageTexts([lines])).rejects.toThrow(
      [
        "The files have 4 faults.",
        "c.jsonl, line 3: this is not JSON; each line must be one JSON object.",
        "c.jsonl, line 2, field text: it is a number.",
        "c.jsonl, line 4, field text: it is missing.",
        "c.jsonl, line 5, field title: it is a list.",
      ].join("\n"),
    );
    await expect(readLanguageTexts([dataFile("d.csv", "a,b")])).rejects.toThrow('Not a text file: "d.csv".');
    await expect(readLanguageTexts([])).rejects.toThrow("There is no text file");
    await expect(readLanguageTexts([dataFile("a.txt", " \n")])).rejects.toThrow("There is no text in these files.");
    await expect(readLanguageTexts([dataFile("a.txt", Uint8Array.of(97, 10, 0xff))])).rejects.toThrow(/a.txt, line 2/);
  });
});
