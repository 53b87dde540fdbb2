/** What a graphics adapter says of itself. Apart from device.ts, for Node asks before tfjs may be loaded. */

export interface GpuAdapter {
  description: string;
  vendor: string;
  architecture: string;
  /** A CPU pretending to be a GPU: right results, times that are not latencies. */
  software: boolean;
}

export function describeAdapter(info: GPUAdapterInfo): GpuAdapter {
  const description = info.description || info.device || info.architecture || info.vendor || "unknown adapter";
  const words = `${description} ${info.vendor} ${info.architecture} ${info.device}`;
  const fallback = (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  return {
    description,
    vendor: info.vendor,
    architecture: info.architecture,
    software: fallback || /llvmpipe|lavapipe|swiftshader|softpipe|basic render|warp/i.test(words),
  };
}
