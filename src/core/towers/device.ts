/** A tower's parameters on the GPU: own buffers, updated in place by the optimizer. */

import type { Gpu } from "../../gpu/device";
import { disposeOwn, ownTensor, readTensors } from "../../gpu/step";
import { LabError } from "../errors";
import type { DeviceParameters, HostParameters, TowerConfig } from "./types";

/** A tower on the device. */
export interface Tower {
  config: TowerConfig;
  parameters: DeviceParameters;
}

export function uploadTower(gpu: Gpu, config: TowerConfig, host: HostParameters): Tower {
  const parameters: DeviceParameters = {};
  for (const [name, { shape, values }] of host) parameters[name] = ownTensor(gpu, { shape, dtype: "float32" }, values);
  return { config, parameters };
}

export async function downloadTower(gpu: Gpu, tower: Tower): Promise<HostParameters> {
  const names = Object.keys(tower.parameters);
  const values = await readTensors(
    gpu,
    names.map((name) => tower.parameters[name]!),
  );
  return new Map(names.map((name, i) => [name, { shape: tower.parameters[name]!.shape, values: values[i]! }]));
}

/** Overwrites the tower's parameters; throws LabError "bad-input" naming the tensor whose shape does not fit. */
export function writeTower(gpu: Gpu, tower: Pick<Tower, "parameters">, host: HostParameters): void {
  for (const [name, tensor] of Object.entries(tower.parameters)) {
    const found = host.get(name);
    if (!found || found.values.length !== tensor.size)
      throw new LabError(
        "bad-input",
        `Tensor ${name}: ${found ? found.shape.join(" x ") : "missing"} in the checkpoint, ${tensor.shape.join(" x ")} here.`,
        "Load it with the settings it was made with.",
      );
    gpu.device.queue.writeBuffer(
      gpu.backend.tensorMap.get(tensor.dataId).resource as GPUBuffer,
      0,
      found.values as BufferSource,
    );
  }
}

export function disposeTower(gpu: Gpu, tower: Tower): void {
  for (const tensor of Object.values(tower.parameters)) disposeOwn(gpu, tensor);
}
