/** Towers: configuration, parameters, forward pass. */

export { l2Normalise } from "../../gpu/l2Normalise";
export { studentInitProblem, type TowerRole, towerConfig } from "./config";
export { towerForward, towerStates } from "./forward";
export { huggingFaceConfig, towerFromHuggingFace, type VectorRule } from "./huggingFace";
export {
  countParameters,
  decays,
  embeddingInit,
  forwardFlops,
  initTower,
  isEmbedding,
  layersInit,
  parameterSpecs,
} from "./parameters";
