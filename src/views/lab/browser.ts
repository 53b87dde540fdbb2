/** Which browser this is, in words, and what it needs for WebGPU. Only ever used to explain. */

export interface BrowserAdvice {
  /** "Firefox on Linux". */
  name: string;
  advice: string;
}

/** Reads a user agent; unknown ones get the general advice. */
export function browserAdvice(agent: string): BrowserAdvice {
  const system = /Android/.test(agent)
    ? "Android"
    : /iPhone|iPad/.test(agent)
      ? "iOS"
      : /Windows/.test(agent)
        ? "Windows"
        : /Mac OS X|Macintosh/.test(agent)
          ? "macOS"
          : /Linux|X11/.test(agent)
            ? "Linux"
            : "";
  const version = (pattern: RegExp) => agent.match(pattern)?.[1] ?? "";
  const named = (name: string, v: string) => `${name}${v ? ` ${v}` : ""}${system ? ` on ${system}` : ""}`;
  if (/Firefox\/|FxiOS\//.test(agent))
    return {
      name: named("Firefox", version(/(?:Firefox|FxiOS)\/(\d+)/)),
      advice:
        system === "Windows"
          ? "Firefox has WebGPU on Windows from version 141: check your version in Help, About."
          : "Firefox has WebGPU switched on from version 141 on Windows; elsewhere it depends on the version and may need dom.webgpu.enabled in about:config. Check your version, or use Chrome or Edge.",
    };
  if (/Edg\//.test(agent)) {
    const edge = version(/Edg\/(\d+)/);
    return { name: named("Edge", edge), advice: chromium("edge", system, Number(edge)) };
  }
  if (/Chrome\/|CriOS\//.test(agent)) {
    const chrome = version(/(?:Chrome|CriOS)\/(\d+)/);
    return { name: named("Chrome", chrome), advice: chromium("chrome", system, Number(chrome)) };
  }
  if (/Safari\//.test(agent))
    return {
      name: named("Safari", version(/Version\/(\d+)/)),
      advice: "Safari has WebGPU from version 26: check your version, and update the system where it is older.",
    };
  return {
    name: system ? `a browser on ${system}` : "this browser",
    advice: "Use a current Chrome or Edge, Safari from version 26, or Firefox from version 141 on Windows.",
  };
}

/** The first Chromium with WebGPU; on Android it came with 121. */
const CHROMIUM_SINCE = 113;
const ANDROID_SINCE = 121;

function chromium(scheme: "chrome" | "edge", system: string, version: number): string {
  // There every browser is built on Safari's engine.
  if (system === "iOS")
    return "On iOS every browser has WebGPU from iOS 26: check your version, and update the system.";
  const since = system === "Android" ? ANDROID_SINCE : CHROMIUM_SINCE;
  if (version < since) return `WebGPU comes with version ${since}: update the browser.`;
  const linux =
    system === "Linux"
      ? " On Linux, starting it with --enable-unsafe-webgpu --enable-features=Vulkan often helps."
      : " Hardware acceleration may be switched off in its settings.";
  return `This version has WebGPU, but the GPU is kept from it; ${scheme}://gpu says why.${linux}`;
}
