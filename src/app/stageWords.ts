import type { StageName } from "../core/formats/result";

/** What each stage is called in a sentence. */
export const STAGE_WORDS: Record<StageName, string> = {
  data: "reading",
  stage1: "stage 1",
  index: "index",
  stage2: "stage 2",
  scalingdoc: "ScalingDoc",
  twinbert: "TwinBERT",
  evaluation: "evaluation",
};
