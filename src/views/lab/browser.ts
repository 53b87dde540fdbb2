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
  if (/Edg\//.test(agent)) return { name: named("Edge", version(/Edg\/(\d+)/)), advice: chromium("edge", system) };
  if (/Chrome\/|CriOS\//.test(agent))
    return { name: named("Chrome", version(/(?:Chrome|CriOS)\/(\d+)/)), advice: chromium("chrome", system) };
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

function chromium(scheme: "chrome" | "edge", system: string): string {
  const start = "It has WebGPU from version 113: check your version.";
  const linux =
    system === "Linux"
      ? " On Linux it depends on the driver; starting the browser with --enable-unsafe-webgpu --enable-features=Vulkan often helps."
      : "";
  return `${start}${linux} Where the version is recent, ${scheme}://gpu says what keeps the GPU away: hardware acceleration may be switched off in the settings.`;
}
