/** What a finished run that is kept here can be saved as: for a menu. */
import type { Lab } from "../../state/app";
import { EXPORT_CHOICES } from "../../state/exports";
import type { RunSummary } from "../../worker/protocol";
import { saveBlob } from "./download";
import type { Action } from "./Menu";

/** Where one fails, the store of the runs says why. */
export function runExports(app: Lab, { id, name }: Pick<RunSummary, "id" | "name">): Action[] {
  const { exportRun, exportFiles } = app.runs.getState();
  const save = async (made: Promise<Blob | null>, file: string) => {
    const blob = await made;
    if (blob) saveBlob(blob, file);
  };
  return [
    { id: "plain", label: "Run, as .zip", run: () => void save(exportRun(id, false), `${name}.zip`) },
    { id: "with", label: "Run, as .zip with checkpoints", run: () => void save(exportRun(id, true), `${name}.zip`) },
    ...EXPORT_CHOICES.map(({ label, what, form }) => ({
      id: `${what}-${form}`,
      label,
      run: () => void save(exportFiles(id, what, form), `${name}-${what}${form === "onnx" ? "-onnx" : ""}.zip`),
    })),
  ];
}
