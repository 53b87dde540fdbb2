import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LAWS } from "./laws";
import { readPoints } from "./points";

const read = (text: string, columns = {}, form: keyof typeof LAWS = "chinchilla") =>
  readPoints(text, "points.csv", LAWS[form], columns);

describe("readPoints", () => {
  it("takes usual names, other columns, blanks, quotes and a byte order mark", () => {
    expect(read('\ufeffnote, N ,D,loss\r\n"a, b",10,20,3\r\n\r\n,1e3,2e3,.5\r\n')).toEqual([
      { n: 10, d: 20, loss: 3 },
      { n: 1000, d: 2000, loss: 0.5 },
    ]);
  });

  it.each([";", "\t"])("takes files of other separators: %j", (separator) => {
    const text = ["N,D,loss", '10,20,"3"', "1e3,2e3,.5"].join("\n").replaceAll(",", separator);
    expect(read(`"a,b, c"${separator}${text.replaceAll("\n", `\n-${separator}`)}`)).toEqual([
      { n: 10, d: 20, loss: 3 },
      { n: 1000, d: 2000, loss: 0.5 },
    ]);
  });

  it("makes D out of FLOPs where there is no D", () => {
    expect(read("N,C,L\n10,600,2")).toEqual([{ n: 10, d: 10, loss: 2 }]);
    expect(read("size,cost,l2\n10,600,2", { N: "size", C: "cost", L: "l2" }, "D")).toEqual([{ n: 10, d: 10, loss: 2 }]);
  });

  it("asks for no column that the law does not use", () => {
    expect(read("N,loss,D\n10,2,x", {}, "N")).toEqual([{ n: 10, loss: 2 }]);
  });

  it.each([
    ["", /points.csv is empty/],
    ["N,D\n1,2", /no column for L. Its columns are "N", "D"/],
    ["N,L\n1,2", /no column for C or D/],
    ["N,D,L\n1,2,3\n1,x,3", /line 3, column "D": "x" is not a number above 0/],
    ['N,D,L\n"1\n",2,3\n1,2,', /line 4, column "L": "" is not/],
    ["N,D,L\n1,2,0", /line 2, column "L": "0"/],
    ["N,D,L\n1,2,NaN", /"NaN" is not/],
    ["N,D,L\n1,2", /line 2, column "L": ""/],
    ["N;D;L\n1;2;2,5", /line 2, column "L": "2,5" is not/],
    ['N,D,L\n"1,2,3', /is not a CSV file/],
  ])("refuses %j", (text, words) => expect(() => read(text)).toThrow(words));

  it("refuses a column that is not there by its name", () => {
    expect(() => read("N,D,L\n1,2,3", { N: "size" })).toThrow(/no column "size" for N/);
  });

  it("reads back any positive numbers", () => {
    const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(positive, positive, positive), { maxLength: 20 }), (rows) => {
        const text = ["N,D,L", ...rows.map((row) => row.join(","))].join("\n");
        expect(read(text)).toEqual(rows.map(([n, d, loss]) => ({ n, d, loss })));
      }),
    );
  });
});
