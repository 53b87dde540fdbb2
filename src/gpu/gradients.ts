/**
 * Where gradients wait for the optimizer: one buffer (or few, where a device binds little at once) that holds, for every
 * trained tensor, the partial sums that the kernels wrote, unsummed. The optimizer adds them up as it reads them, so that
 * neither the sums over blocks of rows nor the sum over a tensor's uses cost a dispatch of their own.
 *
 * A tensor of several models (kernels/models.ts) is one tensor here: its partial sums are each [models, ...].
 *
 * A tensor has one place a use. What does not come from a kernel of ours is copied to a free place, or added to the
 * first one where none is left: always right, one dispatch for several tensors.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Gpu } from "./device";
import { dispatch, linearGrid, readBinding, writeBinding } from "./dispatch";
import { segmentBuffers } from "./flat";
import type { GradientSink } from "./kernels/op";
import { threadHead } from "./kernels/wgsl";
import { createAdder } from "./totals";

/** Partial sums that a tensor's place holds: together about 2^17 values, so that a small tensor is summed by many threads. */
export const mostPartials = (size: number): number => Math.max(1, Math.min(128, Math.ceil(2 ** 17 / size)));

/** Partial sums of one use: `count` tensors in a row, from value `offset` of the segment's buffer on. */
export interface Contribution {
  offset: number;
  count: number;
}

interface Place {
  segment: number;
  /** First value in the segment's buffer, one for each use. */
  offsets: number[];
  contributions: Contribution[];
  size: number;
  /** Partial sums that it holds; as many as each of its models alone would, so that each is summed as if alone. */
  most: number;
  /** Where the sum of earlier pieces goes, and whether it is there. */
  total: number;
  added: boolean;
}

export interface GradientStore {
  readonly buffers: readonly GPUBuffer[];
  /** The segment that a tensor's gradient is in. */
  segmentOf(index: number): number;
  sink(index: number): GradientSink;
  /** Forgets the last step's contributions. */
  begin(): void;
  /** Puts gradients that are tensors in their places; by index of the trained tensor. */
  put(gradients: readonly { index: number; tensor: Tensor }[]): void;
  contributions(index: number): readonly Contribution[];
  /** Adds what there is to the total of the pieces before, so that the places are free again. */
  addUp(): void;
  dispose(): void;
}

/**
 * @param tensors how large each trained tensor is, of how many models, and how often a step uses it
 * @param inPieces whether there are totals, for `addUp`
 */
export function createGradientStore(
  gpu: Gpu,
  tensors: readonly { size: number; uses: number; models?: number }[],
  inPieces = false,
): GradientStore {
  const adder = createAdder(gpu);
  const mostOf = ({ size, models = 1 }: { size: number; models?: number }) => mostPartials(size / models);
  const bytesOf = (tensor: { size: number; models?: number }) =>
    Math.ceil((4 * tensor.size * mostOf(tensor)) / 256) * 256;
  const {
    places: packed,
    buffers,
    dispose,
  } = segmentBuffers(
    gpu,
    tensors.map((tensor) => bytesOf(tensor) * tensor.uses + (inPieces ? 4 * tensor.size : 0)),
  );
  const places = tensors.map((tensor, i): Place => {
    const { segment, offset } = packed[i]!;
    return {
      segment,
      offsets: Array.from({ length: tensor.uses }, (_, use) => (offset + use * bytesOf(tensor)) / 4),
      contributions: [],
      size: tensor.size,
      most: mostOf(tensor),
      total: (offset + tensor.uses * bytesOf(tensor)) / 4,
      added: false,
    };
  });
  /** The next free place of a tensor, as `count` partial sums. */
  const claim = (place: Place, count: number): Contribution => {
    const offset = place.offsets[place.contributions.length];
    if (offset === undefined || count < 1 || count > place.most) throw new Error(`no place for ${count} partial sums`);
    const contribution = { offset, count };
    place.contributions.push(contribution);
    return contribution;
  };
  const all = ({ total, added, contributions }: Place): Contribution[] =>
    added ? [{ offset: total, count: 1 }, ...contributions] : contributions;
  return {
    buffers,
    segmentOf: (index) => places[index]!.segment,
    sink(index) {
      const place = places[index]!;
      return {
        get most() {
          return place.contributions.length < place.offsets.length ? place.most : 0;
        },
        take(count) {
          const { offset } = claim(place, count);
          return { buffer: buffers[place.segment]!, offset: offset * 4, size: count * place.size * 4 };
        },
      };
    },
    begin() {
      for (const place of places) {
        place.contributions = [];
        place.added = false;
      }
    },
    put(gradients) {
      const most = gpu.device.limits.maxStorageBuffersPerShaderStage - 1;
      buffers.forEach((buffer, segment) => {
        const here = gradients
          .filter(({ index }) => places[index]!.segment === segment)
          .map(({ index, tensor }) => {
            const place = places[index]!;
            if (tensor.size !== place.size) throw new Error(`a gradient of ${tensor.size} values, not ${place.size}`);
            const free = place.contributions.length < place.offsets.length;
            return { tensor, add: !free, offset: free ? claim(place, 1).offset : place.contributions[0]!.offset };
          });
        for (let i = 0; i < here.length; i += most) {
          const group = here.slice(i, i + most);
          const items = group.map(({ tensor, add, offset }) => ({ size: tensor.size, add, offset }));
          dispatch(
            gpu.backend,
            {
              key: `put-gradients ${items.map((x) => `${x.size}${x.add ? "+" : "@"}${x.offset}`).join(" ")}`,
              workgroups: linearGrid(items.reduce((sum, x) => sum + x.size, 0)).workgroups,
              code: () => putCode(items),
            },
            group.map(({ tensor }) => tensor),
            [{ buffer }],
          );
        }
      });
    },
    contributions: (index) => all(places[index]!),
    addUp() {
      if (!inPieces) throw new Error("no place for a sum of gradients");
      buffers.forEach((buffer, segment) => {
        const here = places.filter((place) => place.segment === segment && place.contributions.length > 0);
        adder.add(
          buffer,
          here.map((place) => ({ size: place.size, to: place.total, from: all(place) })),
        );
        for (const place of here) {
          place.contributions = [];
          place.added = true;
        }
      });
    },
    dispose() {
      adder.dispose();
      dispose();
    },
  };
}

/** Reads tensors; writes each to the buffer from its offset on, or adds it to what is there. */
export function putCode(items: readonly { size: number; add: boolean; offset: number }[]): string {
  const total = items.reduce((sum, x) => sum + x.size, 0);
  let first = 0;
  const branches = items.map(({ size, add, offset }, k) => {
    const from = first;
    first += size;
    const to = `b${items.length}[${offset}u + e]`;
    return `if (i < ${first}u) {
    let e = i - ${from}u;
    ${to} ${add ? "+=" : "="} b${k}[e];
  }`;
  });
  return `${items.map((_, k) => readBinding(k, "array<f32>")).join("")}${writeBinding(items.length, "array<f32>")}
${threadHead(linearGrid(total).index, total)}
  ${branches.join(" else ")}
}`;
}
