/** `lab fit`: a scaling law through points of a CSV file. */
import { LabError } from "../core/errors";
import { fitLaw, type LawFit } from "../core/scaling/fit";
import { LAW_NAMES, LAWS, type LawName } from "../core/scaling/laws";
import { type PointColumns, readPoints } from "../core/scaling/points";
import { parseFlags, seeHelp, whole } from "./arguments";
import { bytesOf } from "./read";

const USAGE = `Usage: npm run lab -- fit --points FILE --form N|D|ND|chinchilla [options]

Fits a scaling law to the points of a CSV file with a header line.

  N           L = (A/N)^alpha + delta
  D           L = (B/D)^beta + delta
  ND          L = [(A/N)^(alpha/beta) + B/D]^beta + delta
  chinchilla  L = E + A/N^alpha + B/D^beta

  --columns N=…,D=…,C=…,L=…  which column holds what: size, data, training FLOPs (D = C / 6N where there is no D), loss;
                             columns of the names N, D, C, L, loss are found without it
  --drop-highest-loss K      leave out the K points of the highest loss; 0 unless given
  --hold-out K               sizes held out to check the law; a tenth of them, the largest, unless given
  --samples N                bootstrap samples of the intervals; 500 unless given
  --seed N                   seed of the bootstrap; 7 unless given
  --json                     one JSON object on standard output, full precision, nothing else
  -h, --help                 this text

The loss is Huber's (1e-3) of the residuals of ln L, summed. Intervals: 95 %, residual bootstrap with leverage correction.
Where no law can be fitted (too few points, flat, rising) the constants are null, flags say why, and the exit code is 1.
`;

const FLAGS = {
  points: { type: "string" },
  form: { type: "string" },
  columns: { type: "string", default: "" },
  "drop-highest-loss": { type: "string", default: "0" },
  "hold-out": { type: "string" },
  samples: { type: "string", default: "500" },
  seed: { type: "string", default: "7" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const MOST_POINTS = 1_000_000;
const MOST_SAMPLES = 100_000;
const MOST_SEED = 2 ** 31 - 1;

function usage(message: string): never {
  throw new LabError("bad-setting", message, seeHelp("fit"));
}

function columnsOf(text: string): PointColumns {
  const columns: PointColumns = {};
  for (const pair of text === "" ? [] : text.split(",")) {
    const at = pair.indexOf("=");
    const key = pair.slice(0, at);
    const name = pair.slice(at + 1).trim();
    if (!(key === "N" || key === "D" || key === "C" || key === "L") || name === "")
      usage(`--columns wants pairs such as N=size,L=loss with N, D, C or L, not "${pair.slice(0, 60)}".`);
    columns[key] = name;
  }
  return columns;
}

function toText(fit: LawFit): string {
  const words = fit.flags.map((flag) => `  ${flag}`);
  if (!fit.parameters) return `${["No law was fitted.", ...words].join("\n")}\n`;
  const figure = (value: number) => value.toPrecision(5);
  const lines = [`${"constant".padEnd(10)} ${"value".padStart(12)}   95 % interval`];
  for (const [name, value] of Object.entries(fit.parameters)) {
    const { low, high } = fit.intervals![name]!;
    lines.push(`${name.padEnd(10)} ${figure(value).padStart(12)}   ${figure(low)} to ${figure(high)}`);
  }
  lines.push(
    "",
    `${fit.points} points; objective ${fit.objective!.toExponential(6)}; R2 of ln L ${fit.r2!.toFixed(4)}.`,
  );
  const { heldOut } = fit;
  lines.push(
    heldOut
      ? `Fitted without the largest ${heldOut.sizes === 1 ? "size" : `${heldOut.sizes} sizes`} (${heldOut.points} ${heldOut.points === 1 ? "point" : "points"}), it misses ` +
          `them by ${(heldOut.meanError * 100).toFixed(1)} % in the mean, ${(heldOut.maxError * 100).toFixed(1)} % at most.`
      : "Too few sizes to hold one out.",
  );
  if (words.length > 0) lines.push("", "To doubt:", ...words);
  return `${lines.join("\n")}\n`;
}

/**
 * @param args what follows `fit`
 * @returns the exit code: 1 where no law can be fitted
 * @throws LabError bad-setting or bad-input for bad usage or a bad file
 */
export async function fitCommand(args: string[]): Promise<number> {
  const values = parseFlags("fit", args, FLAGS);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (!values.points) usage("--points FILE is missing: the points to fit.");
  if (!LAW_NAMES.some((name) => name === values.form))
    usage(
      values.form
        ? `--form is N, D, ND or chinchilla, not "${values.form}".`
        : "--form is missing: N, D, ND or chinchilla.",
    );
  const form = values.form as LawName;
  const number = (name: "drop-highest-loss" | "samples" | "seed" | "hold-out", least: number, most: number) =>
    whole("fit", name, values[name]!, least, most);
  const drop = number("drop-highest-loss", 0, MOST_POINTS);
  const options = {
    samples: number("samples", 1, MOST_SAMPLES),
    seed: number("seed", 0, MOST_SEED),
    holdOut: values["hold-out"] === undefined ? undefined : number("hold-out", 1, MOST_POINTS),
  };
  const columns = columnsOf(values.columns);
  const text = new TextDecoder().decode(await bytesOf(values.points));
  const points = readPoints(text, values.points, LAWS[form], columns);
  const kept = drop > 0 ? points.toSorted((a, b) => a.loss - b.loss).slice(0, -drop) : points;
  const fit = fitLaw(form, kept, options);
  process.stdout.write(values.json ? `${JSON.stringify(fit, null, 2)}\n` : toText(fit));
  return fit.parameters ? 0 : 1;
}
