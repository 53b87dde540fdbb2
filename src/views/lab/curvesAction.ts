/** The menu's item that saves the curves behind the charts of loss and recall. */
import { curvesCsv } from "../../charts/curves";
import type { ShownStages } from "../../state/stages";
import { saveText } from "../parts/download";
import type { Action } from "../parts/Menu";

/** @param stages asked for when the item is chosen: curves grow */
export function curvesAction(stages: () => ShownStages): Action {
  return { id: "csv", label: "Curves as CSV", run: () => saveText(curvesCsv(stages()), "curves.csv", "text/csv") };
}
