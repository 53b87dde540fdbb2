/** Towers: configuration, parameters, forward pass. */
export { huggingFaceConfig, studentInitProblem, towerConfig, towerFromHuggingFace, type TowerRole } from "./config";
export { l2Normalise, towerForward } from "./forward";
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
