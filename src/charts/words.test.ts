import { expect, it } from "vitest";
import {
  bytes,
  clock,
  compact,
  count,
  duration,
  flops,
  loss,
  ms,
  percent,
  plain,
  share,
  signed,
  signedPercent,
  tick,
} from "./words";

it("writes numbers as the page does", () => {
  expect(count(401408)).toBe("401,408");
  expect([share(0.748), share(1), share(-0.0431, 2), share(null), share(Number.NaN), share(-0.0001)]).toEqual([
    ".748",
    "1.000",
    "−.04",
    "–",
    "–",
    ".000",
  ]);
  expect([signed(0.043), signed(-0.02), signed(0)]).toEqual(["+.043", "−.020", ".000"]);
  expect([percent(0.8612), percent(1, 0), percent(undefined)]).toEqual(["86.1\u2009%", "100\u2009%", "–"]);
  expect([signedPercent(0.0154), signedPercent(-0.0061), signedPercent(-0.0001), signedPercent(null)]).toEqual([
    "+1.5\u2009%",
    "−0.6\u2009%",
    "0.0\u2009%",
    "–",
  ]);
  // Two learning rates must not look alike: 3e−5 is another one.
  expect([tick(3.5e-5), tick(2.5e-5), tick(3e-5), tick(-1e-5)]).toEqual(["3.5e−5", "2.5e−5", "3e−5", "−1e−5"]);
  expect([tick(0), tick(0.05), tick(-0.3), tick(1200), tick(3e6), tick(1e-5)]).toEqual([
    "0",
    ".05",
    "−.3",
    "1,200",
    "3M",
    "1e−5",
  ]);
  expect([plain(64), plain(4000), plain(0.05), plain(1 / 3), plain(26_230.3)]).toEqual([
    "64",
    "4,000",
    "0.05",
    "0.3333",
    "26,230",
  ]);
  expect([loss(0.127), loss(4.1), loss(0), loss(Number.NaN), loss(null), loss(1e-5)]).toEqual([
    ".127",
    "4.10",
    "0",
    "not finite",
    "–",
    "1.0e−5",
  ]);
  expect([duration(3.14), duration(42), duration(159), duration(7380), duration(-1)]).toEqual([
    "3.1 s",
    "42 s",
    "2 min 39 s",
    "2 h 03 min",
    "–",
  ]);
  expect([clock(159), clock(-3)]).toEqual(["2:39", "0:00"]);
  expect([bytes(412e6), bytes(2e9), bytes(7600000), bytes(12)]).toEqual(["412 MB", "2.0 GB", "7.6 MB", "12 B"]);
  expect([flops(1.2e12), flops(690_000), flops(12)]).toEqual(["1.2 TFLOP", "690 kFLOP", "12 FLOP"]);
  expect([ms(6.83), ms(0.3), ms(120.4), ms(null)]).toEqual(["6.8", ".30", "120", "–"]);
  expect([compact(999), compact(184_000), compact(2.5e6)]).toEqual(["999", "184k", "2.5M"]);
});
