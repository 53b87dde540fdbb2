import { useState } from "react";
import { useLab, useLabStore } from "../../state/context";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { browserAdvice } from "./browser";

/** Why this browser cannot train, and the ways on. */
export function NoWebGpu() {
  const { lab, recover, takeCpu } = useLab();
  const report = useLabStore("device", (s) => s.report);
  const recorded = useLabStore("recorded", (s) => s);
  const runError = useLabStore("run", (s) => s.error);
  const [copied, setCopied] = useState(false);
  if (!report || report.adapter) return null;
  const { name, advice } = browserAdvice(navigator.userAgent);
  const lost = report.problem && report.problem.kind !== "no-webgpu";
  // The run's own alert says it, with the way to go on.
  if (lost && runError) return null;
  if (lost && report.problem)
    return (
      <Alert report={report.problem}>
        <Button look="primary" onPress={() => void recover()}>
          Open the GPU again
        </Button>
      </Alert>
    );
  const copy = async () => {
    const link = lab.getState().link();
    const url = `${location.origin}${location.pathname}${link}`;
    await navigator.clipboard.writeText(url).catch(() => {
      location.hash = link;
    });
    setCopied(true);
  };
  return (
    <>
      <Alert
        kind="warn"
        report={{
          message: "This browser cannot train on your GPU",
          remedy: `You are on ${name}. ${report.problem?.message ?? ""} Nothing is broken, and there are ways on.`,
        }}
      />
      <div className="ways">
        <section className="card way">
          <h3>Here</h3>
          <p>{advice}</p>
          <Button onPress={() => void recover()}>Look for a GPU again</Button>
        </section>
        <section className="card way">
          <h3>Elsewhere</h3>
          <p>
            A current Chrome or Edge, Safari from version 26, or Firefox from version 141 on Windows (on other systems
            by a flag). The link carries your settings.
          </p>
          <Button icon="link" onPress={() => void copy()}>
            {copied ? "Link copied" : "Copy link"}
          </Button>
        </section>
        <section className="card way">
          <h3>On the CPU</h3>
          <p>
            The preset Tiny trains without a GPU too, on the CPU (WebAssembly). Its times say nothing about a GPU, and
            what is larger needs WebGPU.
          </p>
          <Button onPress={() => void takeCpu()}>Compute on the CPU</Button>
        </section>
        <section className="card way first">
          <h3>Watch a recorded run</h3>
          <p>
            {recorded.status === "ready"
              ? "Every step as it was measured, in the same charts."
              : recorded.status === "missing"
                ? "This copy of the page comes without its recorded run (recorded/default.zip). Make one with the command line: npm run lab -- run."
                : recorded.status === "failed"
                  ? `The recorded run cannot be read: ${recorded.error?.message ?? ""}`
                  : "It is being loaded."}
          </p>
          <Button
            look="primary"
            icon={recorded.playing ? "pause" : "play"}
            isDisabled={recorded.status !== "ready"}
            onPress={() => (recorded.playing ? recorded.pause() : recorded.play())}
          >
            {recorded.playing ? "Pause the replay" : "Play the replay"}
          </Button>
        </section>
      </div>
    </>
  );
}
