import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { READY, readyExperiment } from "../../core/experiments";
import { costWords, ReadyItem } from "./ReadyList";

const drawn = (key: string, cost?: Parameters<typeof ReadyItem>[0]["cost"]) =>
  renderToStaticMarkup(
    <ReadyItem one={readyExperiment(key)} cost={cost} isDisabled={false} onStart={() => undefined} />,
  );

it("says of each experiment what it asks, what to expect and what it takes", () => {
  const html = drawn("c", { small: { trials: 5, flops: 2.87e12 }, full: { trials: 1, flops: 3e13 } });
  const { question, source } = readyExperiment("c");
  for (const words of [question, source, "5 trials and 2.87 TFLOP a seed, 3 seeds", "1 trial and 30 TFLOP a seed"])
    expect(html).toContain(words.replaceAll("'", "&#x27;"));
  expect(html).toContain("Run small");
  expect(html).toContain("Run full");
});

it("does not show a cost before it is counted", () => {
  for (const { key } of READY) expect(drawn(key)).toContain("Counting the operations");
  expect(costWords({ trials: 1, flops: 1e12 }, 3)).toBe("1 trial and 1 TFLOP a seed, 3 seeds");
});
