/** The CPU's backend with its program files, which the page brings along; loaded only when it is asked for. */
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { openWasm } from "../gpu/wasm";

/** @throws LabError "no-webgpu" where it cannot be loaded */
export const openCpu = () => openWasm({ plain, simd });
