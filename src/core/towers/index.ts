/** Towers: configuration, parameters, forward pass. */

export { l2Normalise } from "../../gpu/l2Normalise";
export { huggingFaceConfig, studentInitProblem, type TowerRole, towerConfig, towerFromHuggingFace } from "./config";
export { decoderForward, towerForward } from "./forward";
export {
  countParameters,
  decays,
  embeddingInit,
  firstLastInit,
  forwardFlops,
  initTower,
  isEmbedding,
  parameterSpecs,
} from "./parameters";
