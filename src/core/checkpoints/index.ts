/** Checkpoints of other programs: what they are, and their values. */
export { type CheckpointFile, type CheckpointFiles, checkpointFromBlobs, checkpointFromUrl } from "./files";
export { type Inspection, type InspectOptions, inspectCheckpoint } from "./inspect";
export { checkpointTokenizer, type LoadOptions, loadCheckpoint } from "./load";
