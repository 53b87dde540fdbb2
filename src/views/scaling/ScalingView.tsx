/** The Scaling view: how quality moves with size, data and compute, and what more of them would buy. */
import { lookOf } from "../../core/experiments";
import { useLab, useLabStore } from "../../state/context";
import { SCALING_DRAFT } from "../sweeps/draft";
import { SweepPage } from "../sweeps/SweepPage";
import { SweepPanel } from "../sweeps/SweepPanel";
import { Scaling } from "./Scaling";
import "../../styles/sweeps.css";
import "../../styles/sweepPanel.css";

export default function ScalingView() {
  const { analyst } = useLab();
  const trials = useLabStore("trials", (s) => s.trials);
  const look = useLabStore("trials", (s) => lookOf(s.trials[0]?.sweep ?? null, "scaling"));
  const panel = <SweepPanel defaults={SCALING_DRAFT} />;
  return (
    <SweepPage
      title="Scaling"
      words="How quality moves with size and with data."
      about="A sweep over sizes, amounts of data and seeds gives the points. Here a law is fitted through them, with intervals, tested on the largest sizes, which it has not seen, and with what to doubt of it."
      panel={panel}
    >
      {trials.length > 0 ? <Scaling trials={trials} analyst={analyst} look={look} panel={panel} /> : null}
    </SweepPage>
  );
}
