/** Which code this is: written in by the build, from package.json and git. */
declare const __CODE_VERSION__: string | undefined;
export const codeVersion: string = typeof __CODE_VERSION__ === "undefined" ? "development" : __CODE_VERSION__;
