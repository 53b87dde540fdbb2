/** The checkpoints that are kept here, and those on the way. */
export { checkpointLibrary, type Library, type StoredCheckpoint } from "./library";
export { hubModel, hubModelName, type Remote, remoteFiles, urlModel } from "./remote";
