/** A run as files: its tables, loaded when asked for, and what the worker makes for other programs. */
import type { RunResult } from "../core/formats/result";
import type { ExportForm, ExportWhat } from "../worker/protocol";

/** What a finished run gives to other programs, each as a .zip. */
export const EXPORT_CHOICES: readonly { label: string; what: ExportWhat; form: ExportForm }[] = [
  { label: "Student, for sentence-transformers", what: "student", form: "folder" },
  { label: "Student, as ONNX", what: "student", form: "onnx" },
  { label: "Teacher, for sentence-transformers", what: "teacher", form: "folder" },
  { label: "Vectors, for NumPy", what: "vectors", form: "npy" },
  { label: "Vectors, as safetensors", what: "vectors", form: "safetensors" },
  { label: "Rankings, for trec_eval", what: "rankings", form: "trec" },
  { label: "Collection, in BEIR form", what: "data", form: "beir" },
];

export async function resultCsv(result: RunResult): Promise<string> {
  const { resultTable, toCsv } = await import("../core/formats/export");
  return toCsv(resultTable(result));
}

export async function resultJson(result: RunResult): Promise<string> {
  const { resultTable, toJson } = await import("../core/formats/export");
  return toJson(resultTable(result));
}
